/** Bake files: each target is an image of its own, with the names, checks and reports of any other. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { headSha } from '../support/event.ts';
import { startMeddlingRegistry } from '../support/meddling-registry.ts';
import { type Runner, type RunnerOptions, type StepResult, uniqueName } from '../support/step.ts';
import { openSuite } from '../support/suite.ts';

const suite = openSuite('engine', 'containerd', 'registry', 'client', 'busybox');

/** Two targets in a group, one of which begins with a third. */
const linked = `
variable "SAID" { default = "by default" }
group "default" { targets = ["app", "worker"] }
target "base" {
  dockerfile-inline = "FROM scratch\\nCOPY hello.txt /hello.txt\\n"
}
target "app" {
  contexts = { base = "target:base" }
  dockerfile-inline = "FROM base\\nARG SAID\\nLABEL said=$SAID\\nCOPY app.txt /app.txt\\n"
  args = { SAID = SAID }
  labels = { "org.opencontainers.image.title" = "The app, as baked", "com.example.dollar" = "$\${x} %%{y}" }
}
target "worker" {
  dockerfile = "Dockerfile.worker"
}
`;

interface Baking extends RunnerOptions {
  readonly files?: Readonly<Record<string, string>>;
}

function aRunner(
  bakeFile = linked,
  { files = {}, repository = `octo-org/${uniqueName('bake')}`, ...options }: Baking = {},
): Runner & { readonly name: string } {
  const runner = suite.action.newRunner({
    engine: suite.engine,
    repository,
    token: 'ghs_canary-of-the-job',
    ...options,
  });
  const all = {
    'docker-bake.hcl': bakeFile,
    'hello.txt': 'Hello\n',
    'app.txt': 'app\n',
    'Dockerfile.worker': 'FROM scratch\nCOPY hello.txt /worker.txt\n',
    ...files,
  };
  for (const [path, text] of Object.entries(all)) runner.write(path, text);
  return { ...runner, name: `${suite.registry}/${repository}` };
}

function bake(runner: Runner, inputs: Readonly<Record<string, string>> = {}, env = {}): Promise<StepResult> {
  return runner.main({ bake: 'docker-bake.hcl', registry: suite.registry, ...inputs }, env);
}

interface TargetOutput {
  readonly image: string;
  readonly reference: string;
  readonly digest: string;
  readonly tags: readonly string[];
  readonly published: boolean;
  readonly reason: string;
  readonly platforms: Readonly<Record<string, string>>;
}

function targetsIn({ outputs }: StepResult): Readonly<Record<string, TargetOutput>> {
  return JSON.parse(outputs.bake ?? '{}');
}

describe.each(['engine', 'containerd'] as const)('the targets of a group: %s', (engine) => {
  test('are built together, and each is an image of its own', async () => {
    const runner = aRunner(linked, { engine: suite[engine] });
    const step = await bake(runner, { tags: '1.0\nlatest' }, { SAID: 'by a variable' });
    expect(step.failure).toBe('');
    const { app, worker } = targetsIn(step);
    expect(Object.keys(targetsIn(step))).toEqual(['app', 'worker']);
    expect(app).toMatchObject({
      image: `${runner.name}/app:1.0`,
      tags: [`${runner.name}/app:1.0`, `${runner.name}/app:latest`],
      published: true,
      reason: '',
      platforms: { 'linux/amd64': app?.digest },
    });
    expect(step.outputs).toMatchObject({
      digest: app?.digest,
      reference: app?.reference,
      image: app?.image,
      published: 'true',
      tags: [...(app?.tags ?? []), ...(worker?.tags ?? [])].join('\n'),
    });
    expect(await suite.client.digestOf(`${runner.name}/app:latest`)).toBe(app?.digest);
    expect(await suite.client.digestOf(`${runner.name}/worker:1.0`)).toBe(worker?.digest);
    expect(await suite.client.contentOf(app?.reference ?? '', 'hello.txt')).toBe('Hello\n');
    expect(await suite.client.contentOf(worker?.reference ?? '', 'worker.txt')).toBe('Hello\n');
    expect(await suite.client.labelsOf(app?.reference ?? '')).toMatchObject({
      said: 'by a variable',
      'org.opencontainers.image.title': 'The app, as baked',
      'org.opencontainers.image.version': '1.0',
      'com.example.dollar': '${x} %{y}',
    });
    expect(await suite.client.labelsOf(worker?.reference ?? '')).toMatchObject({
      'org.opencontainers.image.title': runner.name.split('/').at(-1),
    });
    const started = runner.commands().map(({ args }) => args.slice(0, 2).join(' '));
    expect(started.filter((each) => each.startsWith('bake'))).toEqual(['bake --print', 'bake --file']);
    expect(step.summary).toContain('## Published 2 images');
    expect(step.summary).toContain(app?.digest);
    expect(step.summary).toContain(worker?.digest);
    expect(step.summary).toContain('| Target | Platform | Size |');
    expect(step.log).toContain(`Published ${worker?.reference} as 1.0, latest`);
    await runner.post(step);
  });
});

describe('what is baked', () => {
  test('is one image of one target, named as ever', async () => {
    const runner = aRunner();
    const step = await bake(runner, { 'bake-targets': 'worker', tags: '1.0' });
    expect(step.failure).toBe('');
    expect(step.outputs).toMatchObject({ image: `${runner.name}:1.0`, tags: `${runner.name}:1.0`, published: 'true' });
    expect(Object.keys(targetsIn(step))).toEqual(['worker']);
    expect(step.summary).toContain(`## Published <code>${runner.name}:1.0</code>`);
  });

  test('are the targets of a matrix, changed by `bake-set`, with `{{target}}` in the tags of one repository', async () => {
    const matrix = `
target "m" {
  name = "m-\${replace(v, ".", "-")}"
  matrix = { v = ["1.0", "2"] }
  args = { V = v }
  dockerfile-inline = "FROM scratch\\nARG V\\nARG W\\nLABEL v=$V w=$W\\nCOPY hello.txt /\\n"
}
`;
    const runner = aRunner(matrix);
    const step = await bake(runner, {
      'bake-targets': 'm',
      'bake-set': 'm-2.args.V=three\n*.args.W=for all, and "more"',
      image: 'octo/app',
      tags: 'type=raw,value=1.2-{{target}}',
    });
    expect(step.failure).toBe('');
    const { 'm-1-0': one, 'm-2': two } = targetsIn(step);
    const name = `${suite.registry}/octo-org/octo/app`;
    expect([one?.tags, two?.tags]).toEqual([[`${name}:1.2-m-1-0`], [`${name}:1.2-m-2`]]);
    expect(await suite.client.labelsOf(one?.reference ?? '')).toMatchObject({ v: '1.0', w: 'for all, and "more"' });
    expect(await suite.client.labelsOf(two?.reference ?? '')).toMatchObject({ v: 'three' });
  });

  test('has the inputs of a build in every target: arguments, secrets, platforms, labels', async () => {
    const runner = aRunner(`
group "default" { targets = ["one", "two"] }
target "base" {
  dockerfile-inline = "FROM ${suite.busybox}\\nRUN --mount=type=secret,id=word,required=true cat /run/secrets/word | sha256sum > /word.txt\\n"
}
target "one" {
  contexts = { base = "target:base" }
  dockerfile-inline = "FROM base\\nARG SAID\\nLABEL said=$SAID\\n"
}
target "two" { dockerfile-inline = "FROM scratch\\nARG SAID\\nLABEL said=$SAID\\nCOPY hello.txt /\\n" }
`);
    const inputs = { 'build-args': 'SAID=by an input', secrets: 'word=canary-of-the-build', platforms: 'linux/amd64' };
    const step = await bake(runner, { ...inputs, tags: '1.0', labels: 'com.example.target={{target}}' });
    expect(step.failure).toBe('');
    for (const [name, target] of Object.entries(targetsIn(step))) {
      expect(Object.keys(target.platforms)).toEqual(['linux/amd64']);
      expect(await suite.client.labelsOf(target.reference)).toMatchObject({
        said: 'by an input',
        'com.example.target': name,
      });
    }
    expect(await suite.client.contentOf(targetsIn(step).one?.reference ?? '', 'word.txt')).toMatch(/^[0-9a-f]{64} /);
    for (const { args } of runner.commands()) expect(args.join(' ')).not.toContain('canary');
  });

  test('is named by the `tags` of the bake file, if no input names it', async () => {
    const repository = `octo-org/${uniqueName('named')}`;
    const name = `${suite.registry}/${repository}`;
    const runner = aRunner(`
target "default" {
  dockerfile = "Dockerfile.worker"
  tags = ["${name}:latest", "${name}:3.1", "local-name"]
}
`);
    const step = await runner.main({ bake: 'docker-bake.hcl' });
    expect(step.failure).toBe('');
    expect(step.outputs).toMatchObject({ tags: `${name}:3.1\n${name}:latest`, version: '3.1' });
    expect(step.log).toContain('The tag "local-name" of the target "default" has no repository');
  });

  test('writes the files of a target that makes no image, beside those that do', async () => {
    const runner = aRunner(`
group "default" { targets = ["app", "files", "nothing"] }
target "app" { dockerfile = "Dockerfile.worker" }
target "files" {
  dockerfile-inline = "FROM scratch\\nCOPY hello.txt /out.txt\\n"
  output = ["type=local,dest=out"]
}
target "nothing" {
  dockerfile-inline = "FROM ${suite.busybox}\\nRUN true\\n"
  output = ["type=cacheonly"]
}
`);
    const step = await bake(runner, { tags: '1.0' });
    expect(step.failure).toBe('');
    expect(step.outputs.image).toBe(`${runner.name}:1.0`);
    expect(runner.filesIn(runner.workspace)).toContain('out/out.txt');
  });

  test('stays on the runner if nothing is pushed, with its names', async () => {
    const runner = aRunner();
    const step = await bake(runner, { tags: '1.0', push: 'false', owner: 'octo-org' });
    expect(step.failure).toBe('');
    expect(step.outputs).toMatchObject({ published: 'false', reason: '`push` is false' });
    for (const target of ['app', 'worker']) {
      expect((await runner.run(['docker', 'image', 'inspect', `${runner.name}/${target}:1.0`])).exitCode).toBe(0);
    }
    expect(step.summary).toContain('## Built, and not published: 2 images');
  });

  test('is loaded into the engine, too, with `load`', async () => {
    const runner = aRunner();
    const step = await bake(runner, { tags: '1.0', load: 'true' });
    expect(step.failure).toBe('');
    expect(targetsIn(step).app?.published).toBe(true);
    expect((await runner.run(['docker', 'image', 'inspect', `${runner.name}/app:1.0`])).exitCode).toBe(0);
  });

  test('is what a Compose file builds', async () => {
    const compose = `services:\n  web.app:\n    image: web\n    build: {context: ., dockerfile: Dockerfile.worker}\n  db: {image: postgres}\n`;
    const runner = aRunner(linked, { files: { 'compose.yml': compose } });
    const step = await bake(runner, { bake: 'compose.yml', 'bake-targets': 'web.app', tags: '1.0' });
    expect(step.failure).toBe('');
    expect(Object.keys(targetsIn(step))).toEqual(['web_app']);
  });

  test('is the same from a terminal', async () => {
    const runner = aRunner();
    const args = ['--bake', 'docker-bake.hcl', '--registry', suite.registry, '--owner', 'octo-org'];
    const name = uniqueName('terminal');
    const more = ['--image', `${name}/{{target}}`, '--tags', '1.0', '--push', 'true'];
    const line = (target: string): string => `${suite.registry}/octo-org/${name}/${target}`;
    const ended = await runner.terminal('cli.js', [...args, ...more], { GITHUB_TOKEN: 'ghs_canary-of-the-job' });
    expect({ exitCode: ended.exitCode, log: ended.exitCode === 0 ? '' : ended.log }).toEqual({ exitCode: 0, log: '' });
    expect(await suite.client.tagsOf(line('worker'))).toEqual(['1.0']);
    expect(ended.stdout.replaceAll(/@sha256:\w+/g, '@')).toBe(
      `${line('app')}@\n${line('app')}:1.0\n${line('worker')}@\n${line('worker')}:1.0\n`,
    );
  });
});

describe('a dry run', () => {
  test('fills in what a bake file asks of the image, though no input has an expression', async () => {
    const file = `target "default" {
  args = { VERSION = "{{meta.version}}", MADE = "{{meta.date 'YYYY'}}" }
  contexts = { made = "made-{{meta.date 'YYYY'}}" }
}
`;
    const runner = aRunner(file, { files: { Dockerfile: 'FROM scratch\n', 'made-1970/a.txt': 'a\n' } });
    const step = await bake(runner, { tags: '1.0', 'dry-run': 'true' }, { SOURCE_DATE_EPOCH: '0' });
    expect(step.failure).toBe('');
    const { build } = JSON.parse(step.outputs.plan ?? '{}');
    expect(build.buildArgs).toEqual(expect.arrayContaining(['VERSION=1.0', 'MADE=1970']));
    expect(build.buildContexts.join()).toMatch(/^made=.*made-1970$/);
  });

  test('prints the plan of each target, and contacts nothing', async () => {
    const runner = aRunner();
    const step = await bake(runner, { tags: '1.0', 'dry-run': 'true' }, { DOCKER_HOST: 'unix:///nobody' });
    expect(step.failure).toBe('');
    expect(step.log).toContain(`${runner.name}/app`);
    expect(step.log).toContain(`${runner.name}/worker`);
    expect(Object.values(targetsIn(step)).map(({ image, published }) => [image, published])).toEqual([
      [`${runner.name}/app:1.0`, false],
      [`${runner.name}/worker:1.0`, false],
    ]);
    const { bake: planned } = JSON.parse(step.outputs.plan ?? '{}');
    expect(planned.targets.map(({ target }: { target: string }) => target)).toEqual(['app', 'worker']);
    expect(step.summary).toContain('## Plan for 2 images');
    expect(runner.commands().map(({ args }) => args[0])).toEqual(['version', 'bake']);
    expect(runner.filesIn(runner.temp)).toEqual([]);
    expect(await runner.post(step)).toMatchObject({ exitCode: 0, log: '' });
  });
});

describe('all or nothing', () => {
  test('one target that fails to build keeps the tags of the others where they are', async () => {
    const runner = aRunner(`
group "default" { targets = ["bad", "good"] }
target "bad" { dockerfile-inline = "FROM ${suite.busybox}\\nRUN exit 3\\n" }
target "good" { dockerfile = "Dockerfile.worker" }
`);
    const step = await bake(runner, { tags: '1.0' });
    expect(step).toMatchObject({ exitCode: 1, code: 'BUILD_FAILED' });
    expect(step.failure).toContain('Target bad: The build failed');
    expect(step.failure).toContain('in `RUN exit 3`');
    expect(step.failure).toContain('docker buildx bake');
    await expect(suite.client.digestOf(`${runner.name}/good:1.0`)).rejects.toThrow();
  });

  test('one repository that the registry refuses ends the step before the build', async () => {
    const denied = { status: 403, error: { code: 'DENIED', message: 'requested access to the resource is denied' } };
    using registry = await startMeddlingRegistry(suite.registry, (request) =>
      /^POST \/v2\/.*\/worker\/blobs\/uploads/.test(request) ? denied : undefined,
    );
    const runner = aRunner();
    const step = await bake(runner, { tags: '1.0', registry: registry.address });
    expect(step).toMatchObject({ exitCode: 1, code: 'PUSH_DENIED' });
    expect(step.failure).toContain('/worker');
    expect(runner.commands().filter(({ args }) => args.includes('--file') && !args.includes('--print'))).toEqual([]);
    await expect(suite.client.digestOf(`${runner.name}/app:1.0`)).rejects.toThrow();
  });

  test('tags move when all images are whole, `latest` of all last', async () => {
    const requests: string[] = [];
    using registry = await startMeddlingRegistry(suite.registry, (request) => {
      requests.push(request);
      return undefined;
    });
    const runner = aRunner();
    const step = await bake(runner, { tags: '1.0\n1\nlatest', registry: registry.address });
    expect(step.failure).toBe('');
    const puts = requests.flatMap(
      (request) => /^PUT \/v2\/.*\/(\w+)\/manifests\/(?!sha256)(.+)$/.exec(request)?.slice(1).join(' ') ?? [],
    );
    expect(puts).toEqual(['app 1.0', 'app 1', 'worker 1.0', 'worker 1', 'app latest', 'worker latest']);
    const firstTag = requests.findIndex((request) => /^PUT .*\/manifests\/1\.0$/.test(request));
    const lastContent = requests.findLastIndex((request) => /^PUT .*\/(?:manifests\/sha256|blobs\/)/.test(request));
    expect(lastContent).toBeLessThan(firstTag);
  });

  test('a tag that does not move says which of all have', async () => {
    const broken = { status: 400, error: { code: 'MANIFEST_INVALID', message: 'no' } };
    using registry = await startMeddlingRegistry(suite.registry, (request) =>
      /^PUT .*\/worker\/manifests\/1\.0$/.test(request) ? broken : undefined,
    );
    const runner = aRunner();
    const step = await bake(runner, { tags: '1.0\nlatest', registry: registry.address });
    expect(step.exitCode).toBe(1);
    expect(step.failure).toMatch(/worker, sha256:\w+ is whole; moved to it: none; not moved: 1\.0, latest\./);
    expect(step.failure).toMatch(/In \S+\/app moved: 1\.0\./);
    expect(await suite.client.tagsOf(`${runner.name}/app`)).toEqual(['1.0']);
  });
});

describe('a version of one target that exists', () => {
  async function publishedApp(): Promise<{
    readonly name: string;
    readonly digest: string;
    readonly repository: string;
  }> {
    const runner = aRunner();
    const step = await bake(runner, { tags: '1.0', 'bake-targets': 'app', image: '', images: `${runner.name}/app` });
    expect(step.failure).toBe('');
    return {
      name: runner.name,
      digest: step.outputs.digest ?? '',
      repository: runner.name.slice(suite.registry.length + 1),
    };
  }

  test('`skip` leaves that target out of the build', async () => {
    const { name, digest, repository } = await publishedApp();
    const runner = aRunner(linked, { repository });
    const again = suite.action.newRunner({ engine: suite.engine, repository });
    for (const path of runner.filesIn(runner.workspace))
      again.write(path, readFileSync(join(runner.workspace, path), 'utf8'));
    again.write('app.txt', 'another\n');
    const step = await bake(again, { tags: '1.0\nlatest', 'if-exists': 'skip' });
    expect(step.failure).toBe('');
    const { app, worker } = targetsIn(step);
    expect(app).toMatchObject({ published: false, digest, tags: [`${name}/app:1.0`] });
    expect(app?.reason).toContain('already exists');
    expect(worker).toMatchObject({ published: true, tags: [`${name}/worker:1.0`, `${name}/worker:latest`] });
    expect(step.outputs.published).toBe('true');
    const [, built] = again.commands().filter(({ args }) => args[0] === 'bake');
    expect(built?.args.at(-1)).toBe('worker');
    expect(built?.args).not.toContain('app');
    expect(step.summary).toContain('## Published 1 of 2 images');
  });

  test('`fail` fails before the build', async () => {
    const { repository } = await publishedApp();
    const again = suite.action.newRunner({ engine: suite.engine, repository });
    again.write('docker-bake.hcl', linked);
    again.write('hello.txt', 'Hello\n');
    again.write('app.txt', 'app\n');
    again.write('Dockerfile.worker', 'FROM scratch\nCOPY hello.txt /\n');
    const step = await bake(again, { tags: '1.0', 'if-exists': 'fail' });
    expect(step).toMatchObject({ exitCode: 1, code: 'TAG_EXISTS' });
    expect(again.commands().filter(({ args }) => args[0] === 'bake')).toHaveLength(1);
  });

  test('`skip-unless-base-changed` builds the target whose base image has moved, and no other', async () => {
    const base = `octo-org/${uniqueName('base')}`;
    const publishBase = async (text: string): Promise<void> => {
      const runner = suite.action.newRunner({ engine: suite.engine, repository: base });
      runner.write('Dockerfile', `FROM ${suite.busybox}\nRUN echo ${text} > /base.txt\n`);
      expect(await runner.main({ registry: suite.registry, tags: '1' })).toMatchObject({ failure: '' });
    };
    await publishBase('first');
    const runner = aRunner(`
group "default" { targets = ["moved", "still"] }
target "moved" { dockerfile-inline = "FROM ${suite.registry}/${base}:1\\nCOPY hello.txt /\\n" }
target "still" { dockerfile-inline = "FROM ${suite.busybox}\\nCOPY hello.txt /\\n" }
`);
    const inputs = { tags: '1.0', 'if-exists': 'skip-unless-base-changed' };
    const publishedBy = async (): Promise<readonly boolean[]> => {
      const step = await bake(runner, inputs);
      expect(step.failure).toBe('');
      return Object.values(targetsIn(step)).map(({ published }) => published);
    };
    expect(await publishedBy()).toEqual([true, true]);
    expect(await publishedBy()).toEqual([false, false]);
    await publishBase('second');
    expect(await publishedBy()).toEqual([true, false]);
    expect((await suite.client.contentOf(`${runner.name}/moved:1.0`, 'base.txt')).trim()).toBe('second');
  });

  test('`update` moves no tag to an image that is the same', async () => {
    const runner = aRunner();
    const env = { SOURCE_DATE_EPOCH: '1700000000' };
    const first = await bake(runner, { tags: '1.0', 'if-exists': 'update' }, env);
    expect(first.failure).toBe('');
    const second = await bake(runner, { tags: '1.0', 'if-exists': 'update' }, env);
    expect(second.failure).toBe('');
    expect(Object.values(targetsIn(second)).map(({ published }) => published)).toEqual([false, false]);
    expect(second.outputs.digest).toBe(first.outputs.digest);
  });
});

describe('a bake file that is refused before anything else', () => {
  const refused = async (text: string, inputs: Readonly<Record<string, string>> = {}, options: Baking = {}) => {
    const runner = aRunner(text, options);
    const step = await bake(runner, { tags: '1.0', ...inputs });
    expect(step.exitCode).toBe(1);
    expect(
      runner
        .commands()
        .filter(
          ({ args }) =>
            !['version', 'bake'].includes(args[0] ?? '') || (args[0] === 'bake' && !args.includes('--print')),
        ),
    ).toEqual([]);
    return step;
  };

  test.each([
    ['an error of HCL', 'target "x" {\n  tags = [\n}\n', {}, 'docker-bake.hcl:'],
    ['an unknown target', linked, { 'bake-targets': 'nope' }, 'failed to find target nope'],
    ['an unknown key', linked, { 'bake-set': '*.nope=1' }, 'unknown key'],
    ['a file that is not there', linked, { bake: 'other.hcl' }, 'other.hcl'],
    ['a check', 'target "default" { call = "check" }\n', {}, 'call = "check"'],
    [
      'a secret of the job',
      'target "default" { secret = ["id=t,env=ACTIONS_RUNTIME_TOKEN"] }\n',
      {},
      'ACTIONS_RUNTIME_TOKEN',
    ],
    ['no image', 'target "default" { output = ["type=cacheonly"] }\n', {}, 'makes an image'],
    ['a tag that is none', 'target "default" { tags = ["ghcr.io/o/app:a b"] }\n', { tags: '', registry: '' }, 'a b'],
  ])('%s', async (_what, text, inputs, words) => {
    const step = await refused(text, inputs);
    expect(step.code).toBe('BAKE_INVALID');
    const [{ properties } = { properties: {} }] = step.commands.filter(({ name }) => name === 'error');
    expect(properties).toMatchObject(words.startsWith('docker-bake.hcl') ? { file: 'docker-bake.hcl' } : {});
    expect(step.failure).toContain(words);
  });

  test('two targets under one reference', async () => {
    const step = await refused(linked, { image: 'one' });
    expect(step.code).toBe('INPUTS_CONTRADICT');
    expect(step.failure).toContain('The targets "app" and "worker"');
    expect(step.failure).toContain('{{target}}');
  });

  test('a context that is not there', async () => {
    const step = await refused('target "default" { context = "nowhere" }\n');
    expect(step.code).toBe('CONTEXT_MISSING');
    expect(step.failure).toContain('`context` of the target "default" is "nowhere"');
  });

  test('inputs that a bake file says for itself', async () => {
    const runner = aRunner();
    const step = await bake(runner, { file: 'Dockerfile', target: 'x', call: 'check', stage: 'true', outputs: 'out' });
    expect(step).toMatchObject({ exitCode: 1, code: 'INPUTS_CONTRADICT' });
    expect(step.failure).toContain('`file`, `target`, `outputs`, `call`, `stage`');
    expect(runner.commands()).toEqual([]);
  });

  test('by a buildx that knows no bake', async () => {
    const runner = aRunner();
    const step = await bake(runner, { tags: '1.0', 'dry-run': 'true' }, oldBuildx(runner));
    expect(step).toMatchObject({ exitCode: 1, code: 'BUILDX_MISSING' });
    expect(step.failure).toContain('A dry run installs nothing');
  });
});

/** A plugin that says it is of the year 2019. */
function oldBuildx(runner: Runner): Readonly<Record<string, string>> {
  const folder = join(runner.home, 'old');
  mkdirSync(join(folder, 'cli-plugins'), { recursive: true });
  writeFileSync(join(folder, 'cli-plugins', 'docker-buildx'), '#!/bin/sh\necho github.com/docker/buildx v0.3.1 x\n', {
    mode: 0o755,
  });
  return { DOCKER_CONFIG: folder };
}

test('a step that the runner ends ends the bake, and leaves nothing', async () => {
  const runner = aRunner(
    `target "default" {\n  dockerfile-inline = "FROM ${suite.busybox}\\nRUN echo begun && sleep 600\\n"\n}\n`,
  );
  const running = runner.start({ bake: 'docker-bake.hcl', registry: suite.registry, tags: '1.0' });
  let log = '';
  running.process.stdout?.on('data', (text: string) => {
    log += text;
    if (/\bbegun$/m.test(log)) running.process.kill('SIGTERM');
  });
  const step = await running.ended;
  expect(step).toMatchObject({ code: 'CANCELLED' });
  expect(runner.filesIn(runner.temp)).toEqual([]);
  expect(await runner.post(step)).toMatchObject({ exitCode: 0, log: '' });
  await expect(suite.client.digestOf(`${runner.name}:1.0`)).rejects.toThrow();
}, 60_000);

describe('a bake file of a stranger', () => {
  const event = {
    env: { GITHUB_EVENT_NAME: 'pull_request_target', GITHUB_REF: 'refs/heads/main' },
    payload: { pull_request: { number: 7, head: { sha: headSha, repo: { full_name: 'mallory/app' } } } },
  };

  test('gets no token of the job by a variable, names no image, and writes no cache', async () => {
    const name = `${suite.registry}/octo-org/${uniqueName('stolen')}`;
    const runner = aRunner(
      `
variable "ACTIONS_RUNTIME_TOKEN" { default = "" }
variable "ACTIONS_ID_TOKEN_REQUEST_TOKEN" { default = "" }
variable "INPUT_TOKEN" { default = "" }
variable "GITHUB_TOKEN" { default = "" }
target "default" {
  dockerfile = "Dockerfile.worker"
  labels = { stolen = "<\${ACTIONS_RUNTIME_TOKEN}\${ACTIONS_ID_TOKEN_REQUEST_TOKEN}\${INPUT_TOKEN}\${GITHUB_TOKEN}>" }
  tags = ["${name}:1.0"]
  cache-to = ["type=registry,ref=${name}:latest"]
}
`,
      { event, engine: suite.containerd },
    );
    const env = {
      ACTIONS_RUNTIME_TOKEN: 'canary-of-the-runtime',
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'canary-of-the-identity',
      GITHUB_TOKEN: 'ghs_canary-of-the-job',
    };
    const step = await bake(runner, { push: 'true', registry: '', images: `${runner.name}`, tags: '1.0' }, env);
    expect(step.failure).toBe('');
    expect(await suite.client.labelsOf(step.outputs.reference ?? '')).toMatchObject({ stolen: '<>' });
    expect(step.log).toContain('a stranger may have written the bake file');
    await expect(suite.client.tagsOf(name)).rejects.toThrow();
  });

  test('reads no file outside of the checkout', async () => {
    const runner = aRunner(
      'target "default" {\n  dockerfile = "Dockerfile.worker"\n  contexts = { home = "../home" }\n}\n',
      { event },
    );
    const step = await bake(runner, { push: 'true', tags: '1.0' });
    expect(step).toMatchObject({ exitCode: 1, code: 'BAKE_REFUSED' });
    expect(step.failure).toContain('fs.read=../home');
    const allowed = await bake(runner, { push: 'true', tags: '1.0', allow: 'fs.read=../home' });
    expect(allowed.failure).toBe('');
  });
});

test('a secret that the bake file takes from a variable reaches the build, and is no part of an image', async () => {
  const runner = aRunner(`
target "default" {
  dockerfile-inline = "FROM ${suite.busybox}\\nRUN --mount=type=secret,id=word,required=true cat /run/secrets/word | wc -c > /length.txt\\n"
  secret = ["id=word,env=WORD"]
}
`);
  const step = await bake(runner, { tags: '1.0', 'no-cache': 'true' }, { WORD: 'twelve-chars' });
  expect(step.failure).toBe('');
  expect((await suite.client.contentOf(step.outputs.reference ?? '', 'length.txt')).trim()).toBe('12');
  // The token of the job stays behind, whatever the variable is called.
  const withheld = await bake(runner, { tags: '1.1', 'no-cache': 'true' }, { WORD: 'ghs_canary-of-the-job' });
  expect(withheld.failure).toBe('');
  expect(withheld.log).toContain('has a secret from the variable WORD, which holds a login of this step');
  expect((await suite.client.contentOf(withheld.outputs.reference ?? '', 'length.txt')).trim()).toBe('0');
  const given = await bake(runner, { tags: '1.2', 'no-cache': 'true', secrets: 'word=canary-given' });
  expect(given.failure).toBe('');
  expect((await suite.client.contentOf(given.outputs.reference ?? '', 'length.txt')).trim()).toBe('12');
});

test('text of a bake file is no command to the runner, and forges no output', async () => {
  const forged = '\\n::error::forged\\n::set-output name=digest::forged\\nEOF\\ndigest=forged\\n';
  const runner = aRunner(`
target "default" {
  dockerfile = "Dockerfile.worker"
  labels = { "a\${"\\n"}::error::name" = "${forged}", "org.opencontainers.image.title" = "${forged}" }
  args = { "X" = "$\${y} ${forged}" }
  description = "${forged}"
}
`);
  const step = await bake(runner, { tags: '1.0' });
  expect(step.failure).toBe('');
  expect(step.commands.filter(({ name, data }) => name === 'error' || data.startsWith('forged'))).toEqual([]);
  expect(step.outputs.digest).toMatch(/^sha256:/);
});
