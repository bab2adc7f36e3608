import { describe, expect, test } from '@jest/globals';
import { InputError } from '../../../src/errors.ts';
import { parseRegistry } from '../../../src/image/registry-name.ts';
import { formatRepository } from '../../../src/image/repository.ts';
import { nothingDone } from '../../../src/plan/outcome.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import { plan } from '../../../src/plan/plan-publish.ts';
import { noRegistryAuth } from '../../../src/registry/credential.ts';
import { formatOutputs } from '../../../src/report/outputs.ts';
import { aPlan, aRun, buildIn, planned, sha, someInputs } from '../../support/builders.ts';
import { thrownBy } from '../../support/to-throw-code.ts';

const names = ({ destinations }: Plan): readonly string[] =>
  destinations.map(({ repository }) => formatRepository(repository));
const tagsOf = ({ description }: Plan): readonly string[] => description.tags.map(({ tag }) => tag);

describe('with no inputs a run publishes its repository’s image', () => {
  test.each([
    [
      'a release tag v1.2.3 as 1.2.3, 1.2, 1 and latest',
      { GITHUB_REF: 'refs/tags/v1.2.3' },
      ['1.2.3', '1.2', '1', 'latest'],
    ],
    ['a tag of 0.x without its major version', { GITHUB_REF: 'refs/tags/v0.4.1' }, ['0.4.1', '0.4', 'latest']],
    ['a tag that is no version as itself and latest', { GITHUB_REF: 'refs/tags/stable' }, ['stable', 'latest']],
    ['a tag whose name is one of prereleases as itself alone', { GITHUB_REF: 'refs/tags/nightly' }, ['nightly']],
    ['a branch as itself', { GITHUB_REF: 'refs/heads/feature/x' }, ['feature-x']],
  ])('%s', (_title, env, tags) => {
    const plan = aPlan({}, aRun(env));
    expect(names(plan)).toEqual(['ghcr.io/octo-org/octo-app']);
    expect(tagsOf(plan)).toEqual(tags);
    expect(plan.push).toMatchObject({ value: true, reason: 'someone with write access pushed the branch or tag' });
  });

  test('a pull request is built and not pushed', () => {
    const run = aRun({ GITHUB_EVENT_NAME: 'pull_request', GITHUB_REF: 'refs/pull/15/merge' });
    const plan = aPlan({}, run);
    expect(tagsOf(plan)).toEqual(['pr-15']);
    expect(plan.push).toMatchObject({
      value: false,
      reason: expect.stringContaining('the run is for pull request 15'),
    });
  });

  test.each([
    ['true', true],
    ['false', false],
  ])('push: %s is obeyed, also there', (push, value) => {
    const run = aRun({ GITHUB_EVENT_NAME: 'pull_request', GITHUB_REF: 'refs/pull/15/merge' });
    expect(aPlan({ push }, run).push).toMatchObject({ value, reason: `\`push\` is ${push}` });
  });

  test('the commit is that of the checkout, and a note says so', () => {
    const commit = 'f'.repeat(40);
    const { description, notes } = planned({ tags: 'type=sha' }, aRun(), {
      metadata: { now: new Date(0), checkedOutCommit: commit },
    }).plan;
    expect(description.tags.map(({ tag }) => tag)).toEqual(['sha-fffffff']);
    expect(description.labels).toContainEqual({ name: 'org.opencontainers.image.revision', value: commit });
    expect(notes).toEqual([
      expect.stringContaining(`checked out at commit ${commit}, and the run is for commit ${sha}`),
    ]);
    expect(planned({}, aRun(), { metadata: { now: new Date(0), checkedOutCommit: sha } }).plan.notes).toEqual([]);
  });

  test('on GitHub’s other products in their registries', () => {
    const of = (server: string) => names(aPlan({}, aRun({ GITHUB_SERVER_URL: server })));
    expect(of('https://octo-corp.ghe.com')).toEqual(['containers.octo-corp.ghe.com/octo-org/octo-app']);
    expect(of('https://ghes.example')).toEqual(['docker.ghes.example/octo-org/octo-app/octo-app']);
  });
});

describe('the image goes where the inputs say', () => {
  test.each([
    ['another owner and image', { owner: 'Hubot', image: 'Tools/api' }, ['ghcr.io/hubot/tools/api']],
    ['another registry', { registry: 'localhost:5000' }, ['localhost:5000/octo-org/octo-app']],
    ['the legacy registry', { registry: 'docker', image: 'x' }, ['docker.pkg.github.com/octo-org/octo-app/x']],
    ['full names', { images: 'ghcr.io/a/b\ndocker.io/c/d' }, ['ghcr.io/a/b', 'docker.io/c/d']],
    [
      'full names before the other inputs',
      { images: 'ghcr.io/a/b', owner: 'x', image: 'y', registry: 'docker' },
      ['ghcr.io/a/b'],
    ],
    ['a full name in the legacy registry', { images: 'docker.pkg.github.com/a/b/c' }, ['docker.pkg.github.com/a/b/c']],
    ['no name at all', { images: 'name=ghcr.io/a/b,enable=false' }, []],
  ])('%s', (_title, inputs, expected) => {
    expect(names(aPlan({ ...inputs, tags: '1' }))).toEqual(expected);
  });

  test.each([
    ['twice', 'ghcr.io/a/b\nghcr.io/c/d\nghcr.io/a/b'],
    ['in another case', 'ghcr.io/a/b\nghcr.io/c/d\nGHCR.io/A/B'],
    ['three times', 'ghcr.io/a/b,ghcr.io/a/b\nname=ghcr.io/a/b\nghcr.io/c/d'],
  ])('an image that `images` lists %s is published once, and a note says so', (_title, images) => {
    const plan = aPlan({ images });
    expect(names(plan)).toEqual(['ghcr.io/a/b', 'ghcr.io/c/d']);
    expect(plan.notes).toEqual(['`images` lists ghcr.io/a/b more than once. The image goes there once.']);
  });

  test('and the reason is in the plan', () => {
    expect(aPlan().destinations[0]?.registry.reason).toBe('the run is on github.com');
    expect(aPlan({ images: 'ghcr.io/a/b' }).destinations[0]?.registry.reason).toBe('`images` names it');
    expect(aPlan({ owner: 'Hubot' }).notes).toEqual([expect.stringContaining('"Hubot" is written "hubot"')]);
  });

  test.each([
    ['an imitated registry', { registry: 'ghrc.io' }, 'REGISTRY_INVALID'],
    ['an imitated registry in images', { images: 'ghrc.io/a/b' }, 'REGISTRY_INVALID'],
    ['an owner without a valid name', { owner: 'guigz-' }, 'REPOSITORY_INVALID'],
    ['too few segments for the Docker registry', { images: 'docker.pkg.github.com/a/b' }, 'REPOSITORY_INVALID'],
    ['too many segments for the Docker registry', { images: 'docker.pkg.github.com/a/b/c/d' }, 'REPOSITORY_INVALID'],
    ['no owner in the Container registry', { images: 'ghcr.io/app' }, 'REPOSITORY_INVALID'],
    [
      'several platforms for the Docker registry',
      { registry: 'docker', platforms: 'linux/amd64,linux/arm64' },
      'INDEX_UNSUPPORTED',
    ],
    [
      'what refers to an image for the Docker registry',
      { images: 'ghcr.io/a/b\ndocker.pkg.github.com/a/b/c', source: 'docker://ghcr.io/a/c', referrers: 'true' },
      'INPUTS_CONTRADICT',
    ],
  ] as const)('%s is refused', (_title, inputs, code) => {
    expect(() => aPlan(inputs)).toThrowCode(code);
  });

  test('an image that nothing names is asked for', () => {
    const run = aRun({ GITHUB_REPOSITORY: '' }, { repository: undefined });
    expect(() => aPlan({ owner: 'octo-org' }, run)).toThrowCode('REPOSITORY_INVALID');
    expect(names(aPlan({ registry: 'localhost:5000', image: 'app', tags: '1' }, run))).toEqual(['localhost:5000/app']);
  });
});

describe('each destination has its login', () => {
  test('the job’s token for the product, the runner’s for others', () => {
    const plan = aPlan({ images: 'ghcr.io/a/b\nlocalhost:5000/c', username: 'octocat' });
    expect(plan.destinations.map(({ credential }) => credential)).toMatchObject([
      { kind: 'token', username: 'octocat' },
      { kind: 'runner' },
    ]);
  });

  test('or that of registry-auth', () => {
    const logins = [{ registry: parseRegistry('docker.io'), username: 'robot', password: 'canary-password' }];
    const { plan } = planned({ images: 'octo/app' }, aRun(), { registryAuth: { ...noRegistryAuth, logins } });
    expect(plan.destinations[0]?.credential).toMatchObject({ kind: 'registry-auth', username: 'robot' });
  });

  test('a push to GitHub without a token is refused, a build is not', () => {
    expect(() => aPlan({ token: '' })).toThrowCode('TOKEN_MISSING');
    expect(aPlan({ token: '', push: 'false' }).destinations[0]?.credential.kind).toBe('runner');
  });

  test('the plan holds no secret', () => {
    const { plan } = planned({ token: 'ghs_canary' });
    expect(JSON.stringify(plan)).not.toContain('canary');
  });
});

describe('what is built is in the plan', () => {
  test('as the inputs say, with the labels of the image', () => {
    const platforms = 'linux/amd64';
    const plan = aPlan({
      context: 'api',
      file: 'api/Dockerfile',
      target: 'run',
      platforms,
      'build-args': 'A=1',
      labels: 'a=b',
    });
    expect(plan.build).toMatchObject({
      context: 'api',
      file: 'api/Dockerfile',
      target: 'run',
      platforms: [{ os: 'linux', architecture: 'amd64' }],
      buildArgs: ['A=1'],
      labels: expect.arrayContaining(['a=b', `org.opencontainers.image.revision=${sha}`]),
    });
    expect(plan).toMatchObject({ schema: 1, loginScope: 'step', verify: 'manifest', retries: 5 });
  });

  test('and looked at before anything runs', () => {
    const checkBuild = (): void => {
      throw new InputError('CONTEXT_MISSING', { message: 'No.', remedy: 'Yes.' });
    };
    expect(() => planned({}, aRun(), { checkBuild })).toThrowCode('CONTEXT_MISSING');
  });
});

describe('names of the image inside of a build', () => {
  const run = aRun({ GITHUB_REF: 'refs/tags/v1.2.3' });
  const argsOf = (text: string, isSet = false): readonly string[] =>
    buildIn(planned({ 'build-args': text }, run, { isSet: () => isSet }).plan).buildArgs;

  test.each([
    ['the version', 'V={{meta.version}}', ['V=1.2.3']],
    ['several in one value, with blanks', 'V={{ meta.version }}+{{meta.sha}}', [`V=1.2.3+${sha.slice(0, 7)}`]],
    ['the git tag', 'T={{meta.tag}}', ['T=v1.2.3']],
    ['a date with its format', "D={{meta.date 'YYYYMMDD'}}", ['D=20260102']],
    ['a date of a time zone', "D={{meta.date 'HH' tz='Asia/Tokyo'}}", ['D=12']],
    ['other braces stay', 'T={{ .Name }} {{version}}', ['T={{ .Name }} {{version}}']],
    [
      'a variable of docker/metadata-action',
      'DOCKER_METADATA_OUTPUT_VERSION',
      ['DOCKER_METADATA_OUTPUT_VERSION=1.2.3'],
    ],
    ['any other name alone stays', 'VERSION', ['VERSION']],
  ])('%s', (_title, text, args) => {
    expect(argsOf(text)).toEqual(args);
  });

  test('a variable that docker/metadata-action has left is taken as it is', () => {
    expect(argsOf('DOCKER_METADATA_OUTPUT_VERSION', true)).toEqual(['DOCKER_METADATA_OUTPUT_VERSION']);
  });

  test('also in `build-contexts`', () => {
    const plan = aPlan({ 'build-contexts': 'base=docker-image://octo/base:{{meta.version}}' }, run);
    expect(buildIn(plan).buildContexts).toEqual(['base=docker-image://octo/base:1.2.3']);
  });

  test('a name that there is not is an error, which lists those that there are', () => {
    expect(thrownBy(() => argsOf('V={{meta.verison}}'))).toMatchObject({
      code: 'EXPRESSION_INVALID',
      message: 'The expression {{meta.verison}} in "V={{meta.verison}}" names nothing.',
      remedy: expect.stringContaining('version'),
    });
  });
});

describe('whole references in `tags`', () => {
  /** What is published, in full. */
  function publishedBy(texts: Parameters<typeof planned>[0], env: Record<string, string> = {}): readonly string[] {
    const { plan } = planned(texts, aRun(env));
    const { tags } = formatOutputs(plan, nothingDone(plan, ''));
    return tags.split('\n');
  }
  const release = { GITHUB_REF: 'refs/tags/v1.2.3' };

  test.each([
    ['name the image', { tags: 'ghcr.io/octo-org/other:1.2' }, {}, ['ghcr.io/octo-org/other:1.2']],
    [
      'are exactly what is published',
      { tags: 'ghcr.io/o/a:1.2\ndocker.io/o/b:latest' },
      {},
      ['ghcr.io/o/a:1.2', 'docker.io/o/b:latest'],
    ],
    [
      'may stand on one line',
      { tags: 'ghcr.io/o/a:1.2,ghcr.io/o/a:latest' },
      {},
      ['ghcr.io/o/a:1.2', 'ghcr.io/o/a:latest'],
    ],
    ['are of Docker Hub without a registry', { tags: 'octo/app:1' }, {}, ['docker.io/octo/app:1']],
    ['may have a port', { tags: 'localhost:5000/app:1.2' }, {}, ['localhost:5000/app:1.2']],
    ['are latest without a tag', { tags: 'ghcr.io/o/a' }, {}, ['ghcr.io/o/a:latest']],
    [
      'may have upper case in the name, and keep that of the tag',
      { tags: 'ghcr.io/Octo/App:V1' },
      {},
      ['ghcr.io/octo/app:V1'],
    ],
    [
      'stand beside rules, which are for all images',
      { tags: 'type=semver,pattern={{version}}\nghcr.io/o/a:stable' },
      release,
      ['ghcr.io/o/a:1.2.3', 'ghcr.io/o/a:latest', 'ghcr.io/o/a:stable'],
    ],
    [
      'stand beside `images`',
      { images: 'ghcr.io/o/b', tags: 'type=raw,value=x\nghcr.io/o/a:y' },
      {},
      ['ghcr.io/o/b:x', 'ghcr.io/o/a:x', 'ghcr.io/o/a:y'],
    ],
    ['take no prefix', { tags: 'ghcr.io/o/a:1\ntwo', flavor: 'prefix=p-' }, {}, ['ghcr.io/o/a:1', 'ghcr.io/o/a:p-two']],
    ['may hold an expression', { tags: 'ghcr.io/o/a:{{branch}}' }, {}, ['ghcr.io/o/a:main']],
    ['and a rule may name the same tag', { tags: 'ghcr.io/o/a:1\n1' }, {}, ['ghcr.io/o/a:1']],
  ])('%s', (_title, texts, env, published) => {
    expect([...publishedBy(texts, env)].toSorted()).toEqual([...published].toSorted());
  });

  test('give the version of the image, if no rule does', () => {
    expect(aPlan({ tags: 'ghcr.io/o/a:1.2' }).description.version).toBe('1.2');
  });

  test.each([
    ['a digest', `ghcr.io/o/a@sha256:${'a'.repeat(64)}`, 'TAG_RULE_INVALID'],
    ['a malformed name', 'ghcr.io/o//a:1', 'REPOSITORY_INVALID'],
    ['a malformed tag', 'ghcr.io/o/a:-1', 'TAG_INVALID'],
    ['a branch', 'feature/x', 'TAG_INVALID'],
  ] as const)('are refused with %s', (_title, tags, code) => {
    expect(() => aPlan({ tags })).toThrowCode(code);
  });
});

test('the faults of all inputs are reported together', () => {
  const checkBuild = (): void => {
    throw new InputError('CONTEXT_MISSING', { message: 'No.', remedy: 'Yes.' });
  };
  const inputs = { owner: 'guigz-', tags: 'type=nothing', flavor: 'x', labels: '{{', annotations: 'manifst:a=b' };
  expect(() => planned(inputs, aRun(), { checkBuild })).toThrowCode(
    'TAG_RULE_INVALID',
    'FLAVOR_INVALID',
    'EXPRESSION_INVALID',
    'ANNOTATION_INVALID',
    'REPOSITORY_INVALID',
    'CONTEXT_MISSING',
  );
});

test('an image that is there already gets no labels and annotations, so none are told', () => {
  const { plan, describe } = planned({ source: 'docker://ghcr.io/octo-org/app:1.0' });
  for (const description of [plan.description, describe(['2.0.0'])]) {
    expect(description).toMatchObject({ version: 'main', labels: [], annotations: [] });
  }
});

test('the description is made again with the tags that the registry has', () => {
  const { describe: again } = planned({}, aRun({ GITHUB_REF: 'refs/tags/v1.4.9' }));
  expect(again([]).tags.map(({ tag }) => tag)).toEqual(['1.4.9', '1.4', '1', 'latest']);
  expect(again(['2.0.0']).tags.map(({ tag }) => tag)).toEqual(['1.4.9', '1.4', '1']);
});

describe('the cache of a build', () => {
  const run = aRun({
    GITHUB_REF: 'refs/heads/feature/x',
    GITHUB_RUN_ID: '7',
    GITHUB_RUN_ATTEMPT: '1',
  });

  test.each([
    ['a whole image is named after the branch', {}, 'feature-x'],
    ['a whole image of given platforms, too', { platforms: 'linux/arm64' }, 'feature-x'],
    ['a leg, after its platform, too', { stage: 'true', platforms: 'linux/arm/v7' }, 'feature-x-linux-arm-v7'],
    [
      'a leg of a named image, after both',
      { stage: 'alpine', platforms: 'linux/arm64' },
      'feature-x-alpine-linux-arm64',
    ],
    ['a leg that names no platform, after the branch', { stage: 'true' }, 'feature-x'],
  ])('%s', (_title, inputs, name) => {
    const { cache } = buildIn(aPlan({ cache: 'auto', ...inputs }, run));
    expect(cache.writes).toBe(name);
    expect(cache.reads).toContain(name);
  });

  test('has a name that tells legs apart under the longest branch', () => {
    const long = aRun({ GITHUB_REF: `refs/heads/${'x'.repeat(200)}`, GITHUB_RUN_ID: '7', GITHUB_RUN_ATTEMPT: '1' });
    const names = ['linux/amd64', 'linux/arm64'].map(
      (platforms) => buildIn(aPlan({ cache: 'auto', stage: 'true', platforms }, long)).cache.writes,
    );
    expect(new Set(names).size).toBe(2);
    for (const name of names) expect(name.length).toBe(100);
  });
});

test.each([
  ['cache-from', { 'cache-from': 'type=registry,ref=ghrc.io/octo/app:cache' }],
  ['cache-to', { 'cache-to': 'type=registry,ref=ghcr.com/octo/app:cache' }],
  ['build-contexts', { 'build-contexts': 'base=docker-image://ghrc.io/octo/base:1' }],
])('a host that imitates one of GitHub’s is refused in %s', (_input, texts) => {
  expect(() => aPlan(texts)).toThrowCode('REGISTRY_INVALID');
});

test('what is no reference of an image is the builder’s to judge', () => {
  expect(() =>
    aPlan({ 'cache-from': 'type=registry,ref=$CACHE', 'build-contexts': 'a=docker-image://' }),
  ).not.toThrow();
});

describe('a Git context of the run’s own server', () => {
  const context = 'https://github.com/octo-org/octo-app.git#refs/pull/15/merge';
  const fork = { number: 15, pull_request: { number: 15, head: { repo: { full_name: 'stranger/octo-app' } } } };

  test('is fetched with the job’s token on a push', () => {
    const plan = aPlan({ context });
    expect(buildIn(plan).gitSecret).toBe('GIT_AUTH_TOKEN.github.com');
    expect(plan.notes).toEqual([]);
  });

  test.each([
    ['pull_request_target', fork],
    ['issue_comment', {}],
  ])('is fetched without it on %s, where a stranger may have written the Dockerfile', (GITHUB_EVENT_NAME, payload) => {
    const plan = aPlan({ context, push: 'false' }, aRun({ GITHUB_EVENT_NAME }, payload));
    expect(buildIn(plan).gitSecret).toBe('');
    expect(plan.notes).toEqual([expect.stringContaining('secrets: GIT_AUTH_TOKEN.github.com=${{ github.token }}')]);
  });

  test('has the token that the workflow gives by name', () => {
    const run = aRun({ GITHUB_EVENT_NAME: 'issue_comment' });
    const plan = aPlan({ context, push: 'false', secrets: 'GIT_AUTH_TOKEN.github.com=ghs_x' }, run);
    expect(buildIn(plan).secrets).toMatchObject([{ id: 'GIT_AUTH_TOKEN.github.com' }]);
    expect(plan.notes).toEqual([]);
  });
});

test.each([[{ registry: 'docker' }], [{ images: 'docker.pkg.github.com/octo-org/octo-app/app' }]])(
  'a registry that GitHub has given up is noted (%j)',
  (texts) => {
    expect(aPlan(texts).notes).toEqual([expect.stringContaining('docker.pkg.github.com closes on 2025-02-24')]);
  },
);

describe('`if-exists: skip-unless-base-changed`', () => {
  const texts = { 'if-exists': 'skip-unless-base-changed' } as const;
  const planOf = (more: Readonly<Record<string, string>>, base: string | undefined) =>
    plan(someInputs({ ...texts, ...more }), aRun(), {
      metadata: { now: new Date(0) },
      registryAuth: noRegistryAuth,
      checkBuild: () => undefined,
      checkSource: () => undefined,
      baseOf: () => base,
    }).plan;

  test('has the base image of the Dockerfile in its plan', () => {
    expect(planOf({}, 'alpine:3').build?.base).toBe('alpine:3');
  });

  test.each([
    { what: 'names none', more: {}, base: undefined },
    {
      what: 'names one that `build-contexts` replaces',
      more: { 'build-contexts': 'alpine:3=./rootfs' },
      base: 'alpine:3',
    },
  ])('says so if the Dockerfile $what', ({ more, base }) => {
    const { build, notes } = planOf(more, base);
    expect(build?.base).toBeUndefined();
    expect(notes).toEqual(expect.arrayContaining([expect.stringContaining('names no base image')]));
  });

  test('contradicts `source`', () => {
    expect(() => planOf({ source: 'docker://ghcr.io/octo-org/app:1' }, undefined)).toThrowCode('INPUTS_CONTRADICT');
  });
});
