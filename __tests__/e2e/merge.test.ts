/**
 * Fan-in: the legs of a matrix, each in a job of its own, and the job that merges them. crane confirms what is there after.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { startBuildKit } from '../support/buildkit.ts';
import { branchPush, pullRequest, tagPush } from '../support/event.ts';
import { startMeddlingRegistry } from '../support/meddling-registry.ts';
import { type RunnerOptions, readActionManifest, type StepResult, uniqueName } from '../support/step.ts';
import { openSuite } from '../support/suite.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const suite = openSuite('engine', 'containerd', 'withoutBuildx', 'registry', 'busybox', 'client');

type Inputs = Readonly<Record<string, string>>;

/** One workflow run: its jobs share a repository and an ID. */
interface WorkflowRun {
  /** `registry/path` */
  readonly name: string;
  /** A job that stages one leg; `text` is the content of its one file. */
  leg(platform: string, options?: LegOptions): Promise<StepResult>;
  merge(inputs?: Inputs, options?: RunnerOptions): Promise<StepResult>;
}

interface LegOptions {
  readonly text?: string;
  readonly attempt?: number;
  readonly engine?: Readonly<Record<string, string>>;
  readonly inputs?: Inputs;
  /** Above its last line, which copies the text. */
  readonly dockerfile?: string;
  /** Endpoint of a BuildKit that the runner has chosen. */
  readonly builder?: string;
  readonly runner?: RunnerOptions;
}

let runs = 0;

function newRun(image = uniqueName('fan-in')): WorkflowRun {
  const repository = `octo-org/${image}`;
  // As on GitHub: other runs of the same repository have other numbers.
  const env = (attempt: number) => ({ GITHUB_RUN_ID: id, GITHUB_RUN_ATTEMPT: String(attempt) });
  const id = `${Date.now()}${runs++}`;
  const event = tagPush('v1.2.3');
  return {
    name: `${suite.registry}/${repository}`,
    async leg(
      platform,
      {
        text = platform,
        attempt = 1,
        engine = suite.containerd,
        inputs = {},
        dockerfile = `FROM ${suite.busybox}`,
        ...options
      } = {},
    ) {
      const runner = suite.action.newRunner({
        engine,
        event,
        repository,
        token: 'ghs_canary',
        env: env(attempt),
        ...options.runner,
      });
      runner.write('Dockerfile', `${dockerfile}\nCOPY leg.txt /leg.txt\n`);
      runner.write('leg.txt', text);
      if (options.builder !== undefined) {
        const create = ['docker', 'buildx', 'create', '--driver', 'remote', '--use', options.builder] as const;
        expect(await runner.run(create)).toMatchObject({ exitCode: 0 });
      }
      const step = await runner.main({ registry: suite.registry, stage: 'true', platforms: platform, ...inputs });
      expect(runner.filesIn(runner.temp)).toEqual([]);
      return step;
    },
    async merge(inputs = {}, options = {}) {
      const { env: given, ...others } = options;
      const runner = suite.action.newRunner({
        subAction: 'merge',
        // A merge needs no engine.
        engine: { PATH: '/usr/bin:/bin', DOCKER_HOST: 'unix:///nonexistent/docker.sock' },
        event,
        repository,
        token: 'ghs_canary',
        env: { ...env(1), ...given },
        ...others,
      });
      const step = await runner.main({ registry: suite.registry, ...inputs });
      expect(runner.filesIn(runner.temp)).toEqual([]);
      return step;
    },
  };
}

const markers = (tags: readonly string[]) => tags.filter((tag) => tag.startsWith('_staged.'));

interface Entry {
  readonly digest: string;
  readonly mediaType: string;
  readonly platform: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

async function entriesOf(reference: string): Promise<readonly Entry[]> {
  const { manifests } = await suite.client.manifestOf(reference);
  return Array.isArray(manifests) ? manifests : [];
}

async function platformsOf(reference: string): Promise<readonly string[]> {
  const name = ({ os, architecture, variant }: Entry['platform']) =>
    [os, architecture, variant].filter(Boolean).join('/');
  return (await entriesOf(reference)).map(({ platform }) => name(platform));
}

const platforms = 'linux/amd64,linux/arm64';
const attempt2 = { env: { GITHUB_RUN_ATTEMPT: '2' } };
const succeeded = { exitCode: 0, code: '', failure: '' };

describe('two legs and their merge', () => {
  let run: WorkflowRun;
  let legs: readonly StepResult[];
  let staged: readonly string[];
  let merged: StepResult;
  beforeAll(async () => {
    run = newRun();
    legs = await Promise.all([run.leg('linux/amd64'), run.leg('linux/arm64')]);
    staged = await suite.client.tagsOf(run.name);
    merged = await run.merge({
      platforms,
      annotations: 'com.example.team=octo\nmanifest-descriptor[linux/arm64]:com.example.tier=1',
    });
  });

  test('succeed, without an error or a warning', () => {
    for (const step of [...legs, merged]) {
      expect(step).toMatchObject(succeeded);
      expect(step.commands.filter(({ name }) => ['error', 'warning', 'notice'].includes(name))).toEqual([]);
    }
  });

  test('a leg has no public tag; its outputs name it by its digest', async () => {
    expect(markers(staged)).toEqual(staged);
    expect(staged.length).toBe(2);
    for (const [index, platform] of ['linux/amd64', 'linux/arm64'].entries()) {
      const { outputs = {} } = legs[index] ?? {};
      expect(outputs).toMatchObject({
        published: 'false',
        tags: '',
        image: '',
        reference: `${run.name}@${outputs.digest}`,
      });
      expect(outputs.reason).toContain('`merge`');
      expect(JSON.parse(outputs.platforms ?? '')).toEqual({ [platform]: outputs.digest });
      expect(await suite.client.contentOf(outputs.reference ?? '', 'leg.txt')).toBe(platform);
    }
  });

  test('the index has the two platforms, whose images are those of the legs', async () => {
    expect((await entriesOf(`${run.name}:1.2.3`)).map(({ digest, platform }) => [digest, platform])).toEqual([
      [legs[0]?.outputs.digest, { architecture: 'amd64', os: 'linux' }],
      [legs[1]?.outputs.digest, { architecture: 'arm64', os: 'linux' }],
    ]);
    expect(await suite.client.contentOf(`${run.name}:1.2.3`, 'leg.txt', 'linux/arm64')).toBe('linux/arm64');
    expect(await suite.client.contentOf(`${run.name}:1.2.3`, 'leg.txt', 'linux/amd64')).toBe('linux/amd64');
  });

  test('the index is an OCI index with the default annotations and those of the input', async () => {
    expect(await suite.client.manifestOf(`${run.name}:1.2.3`)).toMatchObject({
      mediaType: 'application/vnd.oci.image.index.v1+json',
      annotations: {
        'com.example.team': 'octo',
        'org.opencontainers.image.version': '1.2.3',
        'org.opencontainers.image.description': 'An app to publish',
      },
    });
  });

  test('an image in the index has the annotations of its descriptor', async () => {
    const entries = await entriesOf(`${run.name}:1.2.3`);
    expect(entries.map(({ annotations }) => annotations)).toEqual([undefined, { 'com.example.tier': '1' }]);
    expect(merged.outputs.annotations).toContain('manifest-descriptor[linux/arm64]:com.example.tier=1');
  });

  test('all tags are those of a publish, have the digest of the outputs, and the markers are gone', async () => {
    expect(await suite.client.tagsOf(run.name)).toEqual(['1', '1.2', '1.2.3', 'latest']);
    for (const tag of ['1', '1.2', '1.2.3', 'latest'])
      expect(await suite.client.digestOf(`${run.name}:${tag}`)).toBe(merged.outputs.digest);
  });

  test('the outputs of the merge are those of a publish', () => {
    expect(merged.outputs).toMatchObject({
      image: `${run.name}:1.2.3`,
      reference: `${run.name}@${merged.outputs.digest}`,
      'tag-names': '1.2.3\n1.2\n1\nlatest',
      version: '1.2.3',
      published: 'true',
      reason: '',
    });
    expect(JSON.parse(merged.outputs.platforms ?? '')).toEqual({
      'linux/amd64': legs[0]?.outputs.digest,
      'linux/arm64': legs[1]?.outputs.digest,
    });
    expect(JSON.parse(merged.outputs.plan ?? '')).toMatchObject({ schema: 1, legs: { kind: 'staged' } });
  });

  test('every output of merge/action.yml is written, and no other', () => {
    expect(Object.keys(merged.outputs).sort()).toEqual(Object.keys(readActionManifest('merge').outputs).sort());
  });

  test('an engine that built nothing of it pulls it', async () => {
    const runner = suite.action.newRunner({ engine: suite.engine });
    const { exitCode, log } = await runner.run(['docker', 'pull', merged.outputs.reference ?? '']);
    expect({ exitCode, log }).toEqual({ exitCode: 0, log: expect.stringContaining(merged.outputs.digest ?? '?') });
  });

  test('merging again, with nothing staged any more, is refused and moves nothing', async () => {
    expect(await run.merge({ platforms, tags: 'again' })).toMatchObject({ exitCode: 1, code: 'LEG_MISSING' });
    expect(await suite.client.tagsOf(run.name)).toEqual(['1', '1.2', '1.2.3', 'latest']);
  });
});

describe('a lone leg is published as it was staged, with its digest', () => {
  test.each([
    { what: 'an image', inputs: {}, mediaType: 'application/vnd.oci.image.manifest.v1+json' },
    {
      what: 'an index of an image and its attestation',
      inputs: { provenance: 'mode=min' },
      mediaType: 'application/vnd.oci.image.index.v1+json',
    },
  ])('$what', async ({ inputs, mediaType }) => {
    const run = newRun();
    const leg = await run.leg('linux/amd64', { inputs });
    const merged = await run.merge({ platforms: 'linux/amd64' });
    for (const step of [leg, merged]) expect(step).toMatchObject(succeeded);
    const { digest, platforms: images } = leg.outputs;
    expect(merged.outputs).toMatchObject({ digest, platforms: images, annotations: '', published: 'true' });
    const tags = ['1', '1.2', '1.2.3', 'latest'];
    expect(await suite.client.tagsOf(run.name)).toEqual(tags);
    for (const tag of tags) expect(await suite.client.digestOf(`${run.name}:${tag}`)).toBe(digest);
    expect(await suite.client.manifestOf(`${run.name}:1.2.3`)).toMatchObject({ mediaType });
  });

  test('also if `digests` names it, and if `images` adds a repository, which gets a copy', async () => {
    const run = newRun();
    const { outputs } = await run.leg('linux/arm64');
    const { digest = '' } = outputs;
    const copy = `${suite.registry}/octo-org/${uniqueName('copy')}`;
    expect(await run.merge({ registry: '', images: `${run.name}\n${copy}`, digests: digest })).toMatchObject(succeeded);
    for (const name of [run.name, copy]) expect(await suite.client.digestOf(`${name}:1.2.3`)).toBe(digest);
    expect(await suite.client.contentOf(`${copy}:latest`, 'leg.txt', 'linux/arm64')).toBe('linux/arm64');
  });

  test('`annotations` that it would have to get are left out with a warning', async () => {
    const run = newRun();
    const { outputs } = await run.leg('linux/amd64');
    const merged = await run.merge({ annotations: 'com.example.team=octo' });
    expect(merged.outputs.digest).toBe(outputs.digest);
    const warnings = merged.commands.filter(({ name }) => name === 'warning').map(({ data }) => data);
    expect(warnings).toEqual([expect.stringContaining('`annotations` were not written')]);
  });

  test('a merge that was interrupted goes on, and another image under the version stays', async () => {
    const run = newRun();
    const { outputs } = await run.leg('linux/amd64');
    await run.leg('linux/amd64', { text: 'another', attempt: 2 });
    expect(await run.merge({ 'if-exists': 'fail', tags: '1.0' }, attempt2)).toMatchObject(succeeded);
    expect(await suite.client.digestOf(`${run.name}:1.0`)).not.toBe(outputs.digest);
    const next = newRun(run.name.split('/').at(-1));
    const leg = await next.leg('linux/amd64', { text: 'next' });
    await suite.client.tag(leg.outputs.reference ?? '', '2.0');
    const merged = await next.merge({ 'if-exists': 'fail', tags: '2.0\n2' });
    expect(merged).toMatchObject(succeeded);
    expect(await suite.client.digestOf(`${run.name}:2`)).toBe(leg.outputs.digest);
    await next.leg('linux/amd64', { text: 'later' });
    expect(await next.merge({ 'if-exists': 'fail', tags: '2.0' })).toMatchObject({ exitCode: 1, code: 'TAG_EXISTS' });
  });
});

describe('legs of other builders', () => {
  test('the classic image store and a Docker without buildx push by digest too', async () => {
    const run = newRun();
    const legs = [
      await run.leg('linux/amd64', { engine: suite.engine, inputs: { platforms: '' } }),
      await run.leg('linux/arm64', { engine: suite.containerd }),
    ];
    for (const leg of legs) expect(leg).toMatchObject(succeeded);
    expect(markers(await suite.client.tagsOf(run.name)).length).toBe(2);
    expect(await run.merge({ platforms })).toMatchObject(succeeded);
    expect(await suite.client.contentOf(`${run.name}:1.2.3`, 'leg.txt', 'linux/arm64')).toBe('linux/arm64');

    const older = newRun();
    expect(await older.leg('linux/amd64', { engine: suite.withoutBuildx, inputs: { platforms: '' } })).toMatchObject(
      succeeded,
    );
    expect(await older.merge({ platforms: 'linux/amd64' })).toMatchObject(succeeded);
    expect(await suite.client.contentOf(`${older.name}:latest`, 'leg.txt', 'linux/amd64')).toBe('linux/amd64');
  });

  test('a BuildKit of its own pushes by digest itself', async () => {
    const run = newRun();
    await using buildkit = await startBuildKit();
    const { log, ...leg } = await run.leg('linux/arm64', { builder: buildkit.endpoint });
    expect(leg).toMatchObject(succeeded);
    expect(log).toContain('pushing manifest');
    expect(await run.leg('linux/amd64')).toMatchObject(succeeded);
    expect(await run.merge({ platforms })).toMatchObject(succeeded);
    expect(await suite.client.contentOf(`${run.name}:1.2.3`, 'leg.txt', 'linux/arm64')).toBe('linux/arm64');
  });

  test('an image that an earlier step built is staged as it is', async () => {
    const run = newRun();
    const runner = suite.action.newRunner({ engine: suite.containerd });
    runner.write('Dockerfile', `FROM ${suite.busybox}\nCOPY Dockerfile /leg.txt\n`);
    const archive = join(runner.workspace, 'image.tar');
    const argv = ['docker', 'buildx', 'build', '--platform', 'linux/arm64', '--provenance', 'false'] as const;
    const built = await runner.run([...argv, '--output', `type=oci,dest=${archive}`, runner.workspace]);
    expect(built).toMatchObject({ exitCode: 0 });
    const leg = await run.leg('', { inputs: { source: `oci-archive:${archive}` } });
    expect(leg).toMatchObject(succeeded);
    expect(await run.leg('linux/amd64')).toMatchObject(succeeded);
    expect(await run.merge({ platforms })).toMatchObject(succeeded);
    expect((await entriesOf(`${run.name}:1.2.3`))[1]?.digest).toBe(leg.outputs.digest);
  });

  test('a leg goes wherever else `outputs` and `load` say', async () => {
    const folder = temporaryFolder();
    const run = newRun();
    await using buildkit = await startBuildKit();
    const inputs = (dest: string) => ({ outputs: `type=local,dest=${join(folder, dest)}`, load: 'true' });
    const legs = [
      await run.leg('linux/amd64', { inputs: inputs('amd64') }),
      await run.leg('linux/arm64', { engine: suite.engine, builder: buildkit.endpoint, inputs: inputs('arm64') }),
    ];
    for (const leg of legs) expect(leg).toMatchObject(succeeded);
    expect(readFileSync(join(folder, 'amd64/leg.txt'), 'utf8')).toBe('linux/amd64');
    expect(readFileSync(join(folder, 'arm64/leg.txt'), 'utf8')).toBe('linux/arm64');
    for (const [index, engine] of [suite.containerd, suite.engine].entries()) {
      const inspect = ['docker', 'image', 'inspect', legs[index]?.outputs.imageid ?? ''] as const;
      expect(await suite.action.newRunner({ engine }).run(inspect)).toMatchObject({ exitCode: 0 });
    }
    expect(await run.merge({ platforms })).toMatchObject(succeeded);
  });

  test('each leg keeps a cache of its own, which the merge leaves alone', async () => {
    const run = newRun();
    const runner = { event: branchPush('main') };
    for (const platform of platforms.split(','))
      expect(await run.leg(platform, { inputs: { cache: 'registry' }, runner })).toMatchObject(succeeded);
    expect(await run.merge({ platforms, tags: '1.0' })).toMatchObject(succeeded);
    expect(await suite.client.tagsOf(run.name)).toEqual([
      '1.0',
      'buildcache-main-linux-amd64',
      'buildcache-main-linux-arm64',
    ]);
  });

  test('a leg of two platforms is joined with a leg of one', async () => {
    const run = newRun();
    const two = await run.leg('linux/arm64,linux/arm/v7', { dockerfile: 'FROM scratch' });
    expect(two).toMatchObject(succeeded);
    expect(Object.keys(JSON.parse(two.outputs.platforms ?? '')).sort()).toEqual(['linux/arm/v7', 'linux/arm64']);
    expect(await run.leg('linux/amd64')).toMatchObject(succeeded);
    expect(await run.merge()).toMatchObject(succeeded);
    expect(await platformsOf(`${run.name}:1.2.3`)).toEqual(['linux/amd64', 'linux/arm/v7', 'linux/arm64']);
  });
});

describe('a run that is run again', () => {
  test('in part: the failed leg of attempt 2 joins the other of attempt 1', async () => {
    const run = newRun();
    const amd64 = await run.leg('linux/amd64');
    expect(await run.merge({ platforms })).toMatchObject({ exitCode: 1, code: 'LEG_MISSING' });
    const arm64 = await run.leg('linux/arm64', { attempt: 2 });
    expect(await run.merge({ platforms }, attempt2)).toMatchObject(succeeded);
    expect((await entriesOf(`${run.name}:1.2.3`)).map(({ digest }) => digest)).toEqual([
      amd64.outputs.digest,
      arm64.outputs.digest,
    ]);
    expect(markers(await suite.client.tagsOf(run.name))).toEqual([]);
  });

  test('with a leg that was there: the later attempt counts, the log says so, and both markers go', async () => {
    const run = newRun();
    const first = await run.leg('linux/arm64', { text: 'first' });
    await run.leg('linux/amd64');
    await run.leg('linux/arm64', { text: 'second', attempt: 2 });
    expect(markers(await suite.client.tagsOf(run.name)).length).toBe(3);
    const merged = await run.merge({ platforms }, attempt2);
    expect(merged).toMatchObject(succeeded);
    expect(merged.log).toContain(`Left out ${first.outputs.reference}, because attempt 2 staged linux/arm64 again`);
    expect(await suite.client.contentOf(`${run.name}:1.2.3`, 'leg.txt', 'linux/arm64')).toBe('second');
    expect(markers(await suite.client.tagsOf(run.name))).toEqual([]);
  });

  test('with a leg of the same content: one marker a attempt, one platform', async () => {
    const run = newRun();
    await run.leg('linux/amd64', { engine: suite.engine, inputs: { platforms: '', labels: '' } });
    const leg = await run.leg('linux/amd64', {
      engine: suite.engine,
      attempt: 2,
      inputs: { platforms: '', labels: '' },
    });
    expect(await run.merge({ platforms: 'linux/amd64' }, attempt2)).toMatchObject(succeeded);
    expect(await suite.client.digestOf(`${run.name}:1.2.3`)).toBe(leg.outputs.digest);
    expect(markers(await suite.client.tagsOf(run.name))).toEqual([]);
  });
});

test('two runs in one repository at once never mix', async () => {
  const image = uniqueName('fan-in');
  const [one, other] = [newRun(image), newRun(image)];
  const legs = await Promise.all([
    one.leg('linux/amd64', { text: 'one' }),
    other.leg('linux/arm64', { text: 'other' }),
    other.leg('linux/amd64', { text: 'other' }),
  ]);
  for (const step of legs) expect(step).toMatchObject(succeeded);
  expect(await one.merge({ platforms, tags: 'one' })).toMatchObject({ exitCode: 1, code: 'LEG_MISSING' });
  await one.leg('linux/arm64', { text: 'one' });
  const merges = await Promise.all([one.merge({ platforms, tags: 'one' }), other.merge({ platforms, tags: 'other' })]);
  for (const step of merges) expect(step).toMatchObject(succeeded);
  for (const text of ['one', 'other']) {
    for (const platform of platforms.split(','))
      expect(await suite.client.contentOf(`${one.name}:${text}`, 'leg.txt', platform)).toBe(text);
  }
  expect(await suite.client.tagsOf(one.name)).toEqual(['one', 'other']);
});

test('two images of one run in one repository are told apart by their names', async () => {
  const run = newRun();
  for (const stage of ['alpine', '3.12'])
    for (const platform of platforms.split(',')) await run.leg(platform, { text: stage, inputs: { stage } });
  expect(await run.merge({ platforms })).toMatchObject({ exitCode: 1, code: 'LEG_MISSING' });
  for (const stage of ['alpine', '3.12'])
    expect(await run.merge({ platforms, stage, tags: stage })).toMatchObject(succeeded);
  for (const stage of ['alpine', '3.12'])
    expect(await suite.client.contentOf(`${run.name}:${stage}`, 'leg.txt', 'linux/arm64')).toBe(stage);
  expect(await suite.client.tagsOf(run.name)).toEqual(['3.12', 'alpine']);
});

describe('explicit digests', () => {
  test('are joined, with the attestations of a leg that is an index, and no marker is needed', async () => {
    const run = newRun();
    const amd64 = await run.leg('linux/amd64');
    const reference = `${run.name}:attested`;
    const runner = suite.action.newRunner({ engine: suite.containerd });
    runner.write('Dockerfile', `FROM ${suite.busybox}\nCOPY Dockerfile /leg.txt\n`);
    const argv = ['docker', 'buildx', 'build', '--platform', 'linux/arm64', '--provenance', 'mode=min'] as const;
    const built = await runner.run([...argv, '--push', '--tag', reference, runner.workspace]);
    expect(built).toMatchObject({ exitCode: 0 });
    const attested = await suite.client.digestOf(reference);
    const leg = await entriesOf(reference);
    expect(leg.length).toBe(2);

    const merged = await run.merge({ digests: `${amd64.outputs.digest}\n${attested}`, platforms, tags: 'joined' });
    expect(merged).toMatchObject(succeeded);
    const [first, ...rest] = await entriesOf(`${run.name}:joined`);
    expect(first?.digest).toBe(amd64.outputs.digest);
    expect(rest).toEqual(leg);
    expect(rest[1]?.annotations).toMatchObject({ 'vnd.docker.reference.digest': rest[0]?.digest });
    expect(JSON.parse(merged.outputs.plan ?? '')).toMatchObject({ legs: { kind: 'digests' } });
    expect(markers(await suite.client.tagsOf(run.name)).length).toBe(1);
  });

  test('of which one is not there are refused by its name, and nothing is tagged', async () => {
    const run = newRun();
    const { outputs = {} } = await run.leg('linux/amd64');
    const unknown = `sha256:${'0'.repeat(64)}`;
    const step = await run.merge({ digests: `${outputs.digest},${unknown}` });
    expect(step).toMatchObject({ exitCode: 1, code: 'LEG_MISSING', failure: expect.stringContaining(unknown) });
    expect(await suite.client.tagsOf(run.name)).toEqual(markers(await suite.client.tagsOf(run.name)));
  });

  test('of which one is the marker of a leg are refused', async () => {
    const run = newRun();
    await run.leg('linux/amd64');
    const [marker = ''] = markers(await suite.client.tagsOf(run.name));
    const digests = await suite.client.digestOf(`${run.name}:${marker}`);
    expect(await run.merge({ digests })).toMatchObject({ exitCode: 1, code: 'LEG_FOREIGN' });
  });
});

describe('a version that already exists', () => {
  test('is left as it is by `if-exists: skip`, in the legs and in the merge', async () => {
    const run = newRun();
    await run.leg('linux/amd64');
    const first = await run.merge({ platforms: 'linux/amd64' });
    const later = await run.leg('linux/amd64', { text: 'later', inputs: { 'if-exists': 'skip' } });
    const merged = await run.merge({ platforms: 'linux/amd64', 'if-exists': 'skip' });
    for (const step of [later, merged]) {
      expect(step).toMatchObject({ ...succeeded, outputs: { published: 'false', digest: first.outputs.digest } });
      expect(step.outputs.reason).toContain('1.2.3 already exists');
      const notices = step.commands.filter(({ name }) => name === 'notice').map(({ data }) => data);
      expect(notices).toEqual([expect.stringContaining('1.2.3 already exists')]);
    }
    expect(await suite.client.contentOf(`${run.name}:1.2.3`, 'leg.txt', 'linux/amd64')).toBe('linux/amd64');
    expect(markers(await suite.client.tagsOf(run.name))).toEqual([]);
  });

  test('is left as it is by `if-exists: skip` where another run published it since the legs, whose markers go', async () => {
    const run = newRun();
    await run.leg('linux/amd64');
    const other = newRun(run.name.split('/').at(-1));
    await other.leg('linux/amd64', { text: 'of another run' });
    expect(await other.merge({ tags: '1.2.3' })).toMatchObject(succeeded);
    const merged = await run.merge({ 'if-exists': 'skip' });
    expect(merged).toMatchObject({ ...succeeded, outputs: { published: 'false' } });
    expect(await suite.client.tagsOf(run.name)).toEqual(['1.2.3']);
  });

  test.each(['skip', 'fail'])(
    'by a merge that failed half way is finished with `%s`, under the same digest',
    async (policy) => {
      let isRefused = true;
      using meddling = await startMeddlingRegistry(suite.registry, (request) =>
        isRefused && /^PUT .*\/manifests\/1$/.test(request)
          ? { status: 403, error: { code: 'DENIED', message: 'Not now.' } }
          : undefined,
      );
      const run = newRun();
      for (const platform of platforms.split(',')) await run.leg(platform);
      const inputs = { registry: meddling.address, platforms, 'if-exists': policy };
      expect(await run.merge(inputs)).toMatchObject({ exitCode: 1, code: 'PUSH_DENIED' });
      const begun = await suite.client.digestOf(`${run.name}:1.2.3`);
      isRefused = false;
      const finished = await run.merge(inputs, attempt2);
      expect(finished).toMatchObject({ ...succeeded, outputs: { published: 'true', digest: begun } });
      expect(await suite.client.tagsOf(run.name)).toEqual(['1', '1.2', '1.2.3', 'latest']);
      for (const tag of ['1', '1.2', '1.2.3', 'latest'])
        expect(await suite.client.digestOf(`${run.name}:${tag}`)).toBe(begun);
    },
  );

  test('by a merge of other legs of the run already exists: `fail` fails', async () => {
    const run = newRun();
    for (const platform of platforms.split(',')) await run.leg(platform);
    const [marker = ''] = markers(await suite.client.tagsOf(run.name));
    await suite.client.tag(`${run.name}:${marker}`, '1.2.3');
    const merged = await run.merge({ platforms, 'if-exists': 'fail' });
    expect(merged).toMatchObject({ exitCode: 1, code: 'TAG_EXISTS' });
    expect(markers(await suite.client.tagsOf(run.name)).length).toBe(2);
  });

  test('fails the merge with `if-exists: fail`, and the legs stay', async () => {
    const run = newRun();
    await run.leg('linux/amd64');
    await run.merge({ platforms: 'linux/amd64' });
    await run.leg('linux/amd64', { text: 'later' });
    const merged = await run.merge({ platforms: 'linux/amd64', 'if-exists': 'fail' });
    expect(merged).toMatchObject({ exitCode: 1, code: 'TAG_EXISTS' });
    expect(markers(await suite.client.tagsOf(run.name)).length).toBe(1);
  });
});

describe('nothing is tagged, and all markers stay,', () => {
  /** Of the legs that are there. */
  async function refusal(run: WorkflowRun, inputs: Inputs): Promise<StepResult> {
    const before = await suite.client.tagsOf(run.name);
    const step = await run.merge(inputs);
    expect(step.exitCode).toBe(1);
    expect(step.outputs).toEqual({});
    expect(await suite.client.tagsOf(run.name)).toEqual(before);
    expect(markers(before)).toEqual(before);
    return step;
  }

  test('when a leg is missing', async () => {
    const run = newRun();
    await run.leg('linux/amd64');
    const step = await refusal(run, { platforms: 'linux/amd64,linux/arm64,linux/s390x' });
    expect(step.code).toBe('LEG_MISSING');
    expect(step.failure).toContain('no leg for linux/arm64, linux/s390x');
  });

  test('when a platform is there twice', async () => {
    const run = newRun();
    const legs = [await run.leg('linux/amd64', { text: 'one' }), await run.leg('linux/amd64', { text: 'other' })];
    const step = await refusal(run, {});
    expect(step.code).toBe('LEG_TWICE');
    for (const { outputs } of legs) expect(step.failure).toContain(outputs.digest);
  });

  test('when an index has the platform of another leg', async () => {
    const run = newRun();
    await run.leg('linux/arm64');
    await run.leg('linux/amd64,linux/arm64', { dockerfile: 'FROM scratch' });
    expect((await refusal(run, { platforms })).code).toBe('LEG_TWICE');
  });

  test('when a platform is there that is not expected', async () => {
    const run = newRun();
    await run.leg('linux/amd64');
    await run.leg('linux/arm64');
    const step = await refusal(run, { platforms: 'linux/amd64' });
    expect(step).toMatchObject({ code: 'LEG_FOREIGN', failure: expect.stringContaining('linux/arm64') });
  });

  test('when a marker of another run was given a name of this one', async () => {
    const image = uniqueName('fan-in');
    const [one, other] = [newRun(image), newRun(image)];
    await one.leg('linux/amd64');
    const [marker = ''] = markers(await suite.client.tagsOf(one.name));
    await other.leg('linux/arm64');
    const [theirs = ''] = markers(await suite.client.tagsOf(one.name)).filter((tag) => tag !== marker);
    const [, run = '', attempt = ''] = marker.split('.');
    await suite.client.tag(`${one.name}:${theirs}`, `_staged.${run}.${attempt}.${theirs.split('.').at(-1)}`);
    expect((await refusal(one, { platforms })).code).toBe('LEG_FOREIGN');
  });

  test('when a leg was removed since it was staged', async () => {
    const run = newRun();
    const { outputs } = await run.leg('linux/amd64');
    await run.leg('linux/arm64');
    const response = await fetch(`http://${suite.registry}/v2/${outputs.repository}/manifests/${outputs.digest}`, {
      method: 'DELETE',
    });
    expect(response.status).toBe(202);
    const step = await refusal(run, { platforms });
    expect(step).toMatchObject({ code: 'LEG_MISSING', failure: expect.stringContaining(outputs.digest ?? '?') });
  });
});

describe('refused before anything is contacted is', () => {
  const offline = { registry: '127.0.0.1:9' };

  test.each([
    { what: 'a leg for a Docker registry', inputs: { registry: 'docker' }, code: 'INDEX_UNSUPPORTED' },
    { what: 'a name that is none', inputs: { ...offline, stage: 'Alpine 3' }, code: 'INPUT_INVALID' },
  ])('$what', async ({ inputs, code }) => {
    const step = await newRun().leg('linux/amd64', { inputs });
    expect(step).toMatchObject({ exitCode: 1, code });
  });

  test.each([
    { what: 'a merge in a Docker registry', inputs: { registry: 'docker' }, code: 'INDEX_UNSUPPORTED' },
    { what: 'a digest that is none', inputs: { ...offline, digests: 'sha256:abc' }, code: 'DIGEST_INVALID' },
    { what: 'a merge of nothing', inputs: { ...offline, stage: 'false' }, code: 'INPUT_INVALID' },
    { what: 'a platform that is none', inputs: { ...offline, platforms: 'amiga' }, code: 'PLATFORM_INVALID' },
  ])('$what', async ({ inputs, code }) => {
    expect(await newRun().merge(inputs)).toMatchObject({ exitCode: 1, code });
  });

  test('a merge outside of a run, which no leg can belong to', async () => {
    const step = await newRun().merge(offline, { env: { GITHUB_RUN_ID: '' } });
    expect(step).toMatchObject({ exitCode: 1, code: 'RUN_UNKNOWN' });
  });
});

describe('where nothing is published', () => {
  test('a leg of a pull request is built only, and its merge says why it does nothing', async () => {
    const run = newRun();
    const leg = await run.leg('linux/amd64', { runner: { event: pullRequest(7) } });
    expect(leg).toMatchObject({ ...succeeded, outputs: { published: 'false', digest: '' } });
    const merged = await run.merge({ platforms }, { event: pullRequest(7) });
    expect(merged).toMatchObject({ ...succeeded, outputs: { published: 'false', digest: '' } });
    expect(merged.outputs.reason).toContain('pull request 7');
    await expect(suite.client.tagsOf(run.name)).rejects.toThrow('NAME_UNKNOWN');
  });

  test('a dry run prints which legs it would merge', async () => {
    const step = await newRun().merge({ registry: '127.0.0.1:9', 'dry-run': 'true', platforms });
    expect(step).toMatchObject({ ...succeeded, outputs: { published: 'false', version: '1.2.3' } });
    expect(step.log).toMatch(/Legs +run [0-9]+, attempt 1 +because `digests` is empty/);
    expect(step.log).toMatch(/Platforms +linux\/amd64, linux\/arm64/);
  });
});

test('a merge moves no tag backwards, and no marker counts as a version', async () => {
  const run = newRun();
  await run.leg('linux/amd64');
  await suite.client.tag(`${run.name}:${markers(await suite.client.tagsOf(run.name))[0]}`, '2.0.0');
  expect(await run.merge({ platforms: 'linux/amd64' })).toMatchObject(succeeded);
  expect(await suite.client.tagsOf(run.name)).toEqual(['1', '1.2', '1.2.3']);
});

describe('of two images of which one has a higher version', () => {
  const tags = 'type=semver,pattern={{major}}';

  test.each(['first', 'second'])('only the other gets tags where it is the %s, and no marker stays', async (which) => {
    const run = newRun();
    const other = `${run.name}-other`;
    const images = (which === 'first' ? [run.name, other] : [other, run.name]).join('\n');
    const { outputs } = await run.leg('linux/amd64', { inputs: { images, tags } });
    await suite.client.tag(`${run.name}@${outputs.digest}`, '1.9.0');
    const merged = await run.merge({ images, tags });
    expect(merged).toMatchObject({ ...succeeded, outputs: { published: 'true', tags: `${other}:1\n${other}:latest` } });
    expect(await suite.client.tagsOf(run.name)).toEqual(['1.9.0']);
    expect(await suite.client.tagsOf(other)).toEqual(['1', 'latest']);
  });

  test('nothing is published where all have one, and no marker stays', async () => {
    const run = newRun();
    const { outputs } = await run.leg('linux/amd64', { inputs: { tags } });
    await suite.client.tag(`${run.name}@${outputs.digest}`, '1.9.0');
    const merged = await run.merge({ tags });
    expect(merged).toMatchObject({ ...succeeded, outputs: { published: 'false', digest: '' } });
    expect(merged.outputs.reason).toBe('each of its tags would move backwards');
    expect(await suite.client.tagsOf(run.name)).toEqual(['1.9.0']);
  });
});
