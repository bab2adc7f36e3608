/** The main job: build, push, tag, read back, outputs; then crane and another engine confirm what is there. */

import { beforeAll, describe, expect, test } from '@jest/globals';
import { branchPush, headSha, pullRequest, type RunEvent, tagPush } from '../support/event.ts';
import { lab } from '../support/lab.ts';
import { type Runner, readActionManifest, type StepResult, uniqueName } from '../support/step.ts';
import { openSuite } from '../support/suite.ts';

const suite = openSuite('engine', 'registry', 'client');

interface Published {
  readonly runner: Runner;
  readonly step: StepResult;
  /** `registry/path`, of the one destination. */
  readonly name: string;
}

/** Publishes an image that holds one file with a text of its own. */
async function publishHello(
  inputs: Readonly<Record<string, string>>,
  { event = branchPush('main'), beforeDocker = '' }: { event?: RunEvent; beforeDocker?: string } = {},
): Promise<Published> {
  const image = uniqueName('app');
  const repository = `octo-org/${image}`;
  const runner = suite.action.newRunner({ engine: suite.engine, event, repository, token: 'ghs_canary', beforeDocker });
  runner.write('Dockerfile', 'FROM scratch\nCOPY hello.txt /hello.txt\n');
  runner.write('hello.txt', `Hello from ${image}\n`);
  const step = await runner.main({ registry: suite.registry, ...inputs });
  return { runner, step, name: `${suite.registry}/${repository}` };
}

describe('two tags', () => {
  let published: Published;
  let outputs: Readonly<Record<string, string>>;
  beforeAll(async () => {
    published = await publishHello({ tags: '1.0\nstable', labels: 'com.example.team=octo' });
    outputs = published.step.outputs;
  });

  test('the step succeeds, without an error or a warning', () => {
    const { exitCode, commands, log } = published.step;
    expect({ exitCode, log }).toEqual({ exitCode: 0, log: expect.any(String) });
    expect(commands.filter(({ name }) => name === 'error' || name === 'warning')).toEqual([]);
  });

  test('both tags are there, and have the digest of the outputs', async () => {
    const { name } = published;
    expect(await suite.client.tagsOf(name)).toEqual(['1.0', 'stable']);
    expect(await suite.client.digestOf(`${name}:1.0`)).toBe(outputs.digest);
    expect(await suite.client.digestOf(`${name}:stable`)).toBe(outputs.digest);
  });

  test('the reference is that of the content, which another client finds by it', async () => {
    const [, stem] = published.name.split('octo-org/');
    expect(outputs.reference).toBe(`${published.name}@${outputs.digest}`);
    expect(await suite.client.contentOf(outputs.reference ?? '', 'hello.txt')).toBe(`Hello from ${stem}\n`);
  });

  test('an engine that did not build it pulls it by the reference', async () => {
    const other = await lab['engine-containerd']();
    const { exitCode, log } = await suite.action
      .newRunner({ engine: other.environment })
      .run(['docker', 'pull', outputs.reference ?? '']);
    expect({ exitCode, log }).toEqual({ exitCode: 0, log: expect.stringContaining(`Digest: ${outputs.digest}`) });
  });

  test('the image has the labels of the outputs: those of the repository and those of the input', async () => {
    const labels = await suite.client.labelsOf(`${published.name}:1.0`);
    expect(labels).toMatchObject({
      'com.example.team': 'octo',
      'org.opencontainers.image.revision': headSha,
      'org.opencontainers.image.licenses': 'MIT',
      'org.opencontainers.image.version': '1.0',
    });
    const asLines = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
    expect(outputs.labels?.split('\n').sort()).toEqual(asLines.sort());
  });

  test('the further outputs name the same image', () => {
    expect(outputs).toMatchObject({
      image: `${published.name}:1.0`,
      tags: `${published.name}:1.0\n${published.name}:stable`,
      'tag-names': '1.0\nstable',
      version: '1.0',
      registry: suite.registry,
      repository: published.name.slice(suite.registry.length + 1),
      'package-url': '',
      published: 'true',
      reason: '',
      imageid: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
    });
    expect(Object.values(JSON.parse(outputs.platforms ?? ''))).toEqual([outputs.digest]);
    expect(JSON.parse(outputs.metadata ?? '')).toMatchObject({ 'containerimage.digest': outputs.digest });
    expect(JSON.parse(outputs.plan ?? '')).toMatchObject({ schema: 1, push: { value: true } });
  });

  test('the log ends with what was published, and as what', () => {
    const { stdout } = published.step;
    expect(stdout.trimEnd().split('\n').at(-1)).toBe(`Published ${outputs.reference} as 1.0, stable`);
  });

  test('every output of action.yml is written, and no other', () => {
    expect(Object.keys(outputs).sort()).toEqual(Object.keys(readActionManifest().outputs).sort());
  });

  test('one push serves both tags', () => {
    const builds = published.runner.commands().filter(({ args }) => args.includes('build'));
    expect(builds.length).toBeGreaterThan(0);
    for (const { args } of builds) expect(args.filter((arg) => arg === '--tag')).toHaveLength(1);
  });

  test('nothing is left of the step, before its post and after', async () => {
    const { runner, step } = published;
    expect(runner.filesIn(runner.temp)).toEqual([]);
    expect(await runner.post(step)).toMatchObject({ exitCode: 0, log: '' });
    expect(runner.filesIn(runner.temp)).toEqual([]);
  });
});

test('twenty tags are one image', async () => {
  const tags = Array.from({ length: 20 }, (_, index) => `2.${index}`);
  const { step, name } = await publishHello({ tags: tags.join('\n') });
  expect(step.exitCode).toBe(0);
  expect(await suite.client.tagsOf(name)).toEqual(tags.toSorted());
  const digests = await Promise.all(tags.map((tag) => suite.client.digestOf(`${name}:${tag}`)));
  expect(new Set(digests)).toEqual(new Set([step.outputs.digest]));
  expect(step.outputs['tag-names']?.split('\n')).toEqual(tags);
});

describe('without the input `tags`', () => {
  test.each([
    { run: 'a push to main', event: branchPush('main'), tags: ['main'] },
    { run: 'a push to a branch with a slash', event: branchPush('feature/x'), tags: ['feature-x'] },
    { run: 'the git tag v1.2.3', event: tagPush('v1.2.3'), tags: ['1.2.3', '1.2', '1', 'latest'] },
    { run: 'the git tag v0.4.0', event: tagPush('v0.4.0'), tags: ['0.4.0', '0.4', 'latest'] },
    { run: 'the prerelease v2.0.0-rc.1', event: tagPush('v2.0.0-rc.1'), tags: ['2.0.0-rc.1'] },
    { run: 'a git tag that is no version', event: tagPush('spring-7'), tags: ['spring-7', 'latest'] },
    { run: 'the git tag of a nightly build', event: tagPush('nightly-7'), tags: ['nightly-7'] },
    { run: 'a pull request that is told to push', event: pullRequest(7), push: 'true', tags: ['pr-7'] },
  ])('$run publishes $tags', async ({ event, push = 'auto', tags }) => {
    const { step, name } = await publishHello({ push }, { event });
    expect(step).toMatchObject({ exitCode: 0, failure: '' });
    expect(step.outputs['tag-names']?.split('\n')).toEqual(tags);
    expect(step.outputs.version).toBe(tags[0]);
    expect(await suite.client.tagsOf(name)).toEqual(tags.toSorted());
  });
});

describe('what is only built', () => {
  test.each([
    { run: 'a pull request', push: 'auto', event: pullRequest(7), reason: 'pull request 7' },
    { run: '`push: false`', push: 'false', event: branchPush('main'), reason: '`push` is false' },
  ])('$run builds, pushes nothing and says why', async ({ push, event, reason }) => {
    const { runner, step, name } = await publishHello({ push }, { event });
    expect(step).toMatchObject({ exitCode: 0, failure: '' });
    expect(step.outputs).toMatchObject({
      published: 'false',
      reason: expect.stringContaining(reason),
      digest: '',
      reference: '',
      imageid: expect.stringMatching(/^sha256:/),
    });
    expect(step.commands.filter(({ name }) => name === 'notice').map(({ data }) => data)).toEqual([
      expect.stringContaining(reason),
    ]);
    await expect(suite.client.tagsOf(name)).rejects.toThrow('NAME_UNKNOWN');
    const { exitCode } = await runner.run(['docker', 'image', 'inspect', step.outputs.image ?? '']);
    expect(exitCode).toBe(0);
  });

  test('a Dockerfile that fails fails the step of a pull request too', async () => {
    const runner = suite.action.newRunner({ engine: suite.engine, event: pullRequest(8) });
    runner.write('Dockerfile', 'FROM scratch\nCOPY missing.txt /\n');
    expect(await runner.main({ registry: suite.registry })).toMatchObject({ exitCode: 1, code: 'BUILD_FAILED' });
  });
});

test('what docker prints on standard error is no failure: its exit code decides', async () => {
  const beforeDocker = `echo 'ERROR: WARNING! denied: this is not an error' >&2`;
  const { step, name } = await publishHello({ tags: '1.0' }, { beforeDocker });
  expect(step.log).toContain('this is not an error');
  expect(step).toMatchObject({ exitCode: 0, code: '' });
  expect(await suite.client.digestOf(`${name}:1.0`)).toBe(step.outputs.digest);
});

test('an exit code other than 0 is a failure, though docker printed nothing', async () => {
  const beforeDocker = 'case "$*" in *build*--tag*) exit 3;; esac';
  const { runner, step } = await publishHello({ tags: '1.0' }, { beforeDocker });
  expect(step).toMatchObject({ exitCode: 1, code: 'BUILD_FAILED', failure: expect.stringContaining('exit code 3') });
  expect(runner.filesIn(runner.temp)).toEqual([]);
});

test('nothing that a build prints is a command to the runner', async () => {
  const { busybox } = await lab.images();
  const runner = suite.action.newRunner({ engine: suite.engine, repository: `octo-org/${uniqueName('app')}` });
  const hostile = ["'::error::planted'", "'##[set-env name=PLANTED]yes'", "'::stop-commands::x'"];
  // Something new each time, or the build would come out of the cache and print nothing.
  runner.write(
    'Dockerfile',
    `FROM ${busybox}\nRUN echo ${uniqueName('run')}; printf '\\n%s\\n' ${hostile.join(' ')}\n`,
  );
  const step = await runner.main({ registry: suite.registry, tags: '1.0', labels: 'planted=##[error]planted' });
  expect(step.log).toContain('::error::planted');
  expect(step).toMatchObject({ exitCode: 0, env: {} });
  expect(step.commands.filter(({ data }) => data.includes('planted') || data === 'yes')).toEqual([]);
});

test('build arguments, target and file reach the build', async () => {
  const image = uniqueName('app');
  const runner = suite.action.newRunner({ engine: suite.engine, repository: `octo-org/${image}` });
  runner.write('services/api/hello.txt', 'Hello\n');
  runner.write(
    'docker/Dockerfile.api',
    'FROM scratch AS wanted\nARG VERSION\nCOPY hello.txt /\nLABEL got=$VERSION\nFROM scratch\nCOPY missing.txt /\n',
  );
  const step = await runner.main({
    registry: suite.registry,
    tags: '1.0',
    context: 'services/api',
    file: 'docker/Dockerfile.api',
    target: 'wanted',
    'build-args': 'VERSION=1 2=3',
  });
  expect(step).toMatchObject({ exitCode: 0, failure: '' });
  expect(await suite.client.labelsOf(step.outputs.reference ?? '')).toMatchObject({ got: '1 2=3' });
});

test('names are lower-cased, and the log says so', async () => {
  const name = uniqueName('Octo-App');
  const runner = suite.action.newRunner({ engine: suite.engine, repository: `Octo-Org/${name}` });
  runner.write('Dockerfile', 'FROM scratch\nCOPY Dockerfile /\n');
  const step = await runner.main({ registry: suite.registry, tags: 'Kept-1.0' });
  expect(step.outputs.image).toBe(`${suite.registry}/octo-org/${name.toLowerCase()}:Kept-1.0`);
  expect(step.log).toContain(`"${name}" is written "${name.toLowerCase()}"`);
  expect(await suite.client.digestOf(step.outputs.image ?? '')).toBe(step.outputs.digest);
});
