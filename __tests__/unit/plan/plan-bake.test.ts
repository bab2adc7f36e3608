import { describe, expect, test } from '@jest/globals';
import { parseDockerfile } from '../../../src/build/dockerfile-stages.ts';
import { gatherFaults } from '../../../src/errors.ts';
import { formatTagReference } from '../../../src/image/reference.ts';
import { formatRepository } from '../../../src/image/repository.ts';
import { parseRegistryAuth } from '../../../src/login/registry-auth.ts';
import type { Planned, PlannedBake } from '../../../src/plan/plan.ts';
import { targetOf } from '../../../src/plan/target.ts';
import { noRegistryAuth } from '../../../src/registry/credential.ts';
import { aRun, bakePlanned } from '../../support/builders.ts';

/** Target → the references that it is published as. */
function references({
  baked,
}: Pick<Planned, 'baked'> & { readonly baked: PlannedBake }): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(
    baked.targets.map(({ name, plan }) => [
      name,
      plan.destinations.flatMap((destination) =>
        targetOf(destination, plan.description).tags.map((tag) => formatTagReference(destination.repository, tag)),
      ),
    ]),
  );
}

const two = { app: {}, worker: {} };
const stranger = aRun(
  { GITHUB_EVENT_NAME: 'pull_request_target' },
  { pull_request: { number: 7, head: { sha: 'a'.repeat(40), repo: { full_name: 'mallory/app' } } } },
);

describe('an image is named', () => {
  test.each([
    ['after the repository, if it is the only one', { app: {} }, {}, { app: ['ghcr.io/octo-org/octo-app:main'] }],
    [
      'after repository and target, if there are several',
      two,
      {},
      { app: ['ghcr.io/octo-org/octo-app/app:main'], worker: ['ghcr.io/octo-org/octo-app/worker:main'] },
    ],
    [
      'in the three segments of a Docker registry',
      two,
      { registry: 'docker' },
      {
        app: ['docker.pkg.github.com/octo-org/octo-app/app:main'],
        worker: ['docker.pkg.github.com/octo-org/octo-app/worker:main'],
      },
    ],
    [
      'as `image` says',
      two,
      { image: 'x/{{target}}' },
      { app: ['ghcr.io/octo-org/x/app:main'], worker: ['ghcr.io/octo-org/x/worker:main'] },
    ],
    [
      'as `images` says, in each registry',
      two,
      { images: 'ghcr.io/o/{{ target }}\nquay.io/o/x-{{target}}' },
      {
        app: ['ghcr.io/o/app:main', 'quay.io/o/x-app:main'],
        worker: ['ghcr.io/o/worker:main', 'quay.io/o/x-worker:main'],
      },
    ],
    [
      'in one repository, told apart by `flavor`',
      two,
      { image: 'x', flavor: 'suffix=-{{target}},onlatest=true', tags: '1.0\nlatest' },
      {
        app: ['ghcr.io/octo-org/x:1.0-app', 'ghcr.io/octo-org/x:latest-app'],
        worker: ['ghcr.io/octo-org/x:1.0-worker', 'ghcr.io/octo-org/x:latest-worker'],
      },
    ],
    [
      'by whole references in `tags` of an input',
      two,
      { tags: 'ghcr.io/o/{{target}}:2' },
      { app: ['ghcr.io/o/app:2'], worker: ['ghcr.io/o/worker:2'] },
    ],
    [
      'by `tags` of the bake file, `latest` last',
      { app: { tags: ['ghcr.io/O/app:latest', 'ghcr.io/o/app:1.2', 'quay.io/o/app', 'local'] } },
      {},
      { app: ['ghcr.io/o/app:1.2', 'ghcr.io/o/app:latest', 'quay.io/o/app:latest'] },
    ],
    [
      'by the inputs, whatever the bake file says',
      { app: { tags: ['ghcr.io/o/app:1.2'] } },
      { tags: '3' },
      { app: ['ghcr.io/octo-org/octo-app:3'] },
    ],
    [
      'by the inputs also if they name the registry alone',
      { app: { tags: ['ghcr.io/o/app:1.2'] } },
      { registry: 'localhost:5000' },
      { app: ['localhost:5000/octo-org/octo-app:main'] },
    ],
  ])('%s', (_what, targets, texts, expected) => {
    expect(references(bakePlanned(targets, { token: 'secret', ...texts }))).toEqual(expected);
  });

  test('by its target alone in a terminal that names the image with it', () => {
    expect(references(bakePlanned(two, { owner: 'o', image: '{{target}}' }))).toEqual({
      app: ['ghcr.io/o/app:main'],
      worker: ['ghcr.io/o/worker:main'],
    });
  });

  test('as any other on a release', () => {
    const run = aRun({ GITHUB_REF: 'refs/tags/v1.2.3' });
    expect(references(bakePlanned(two, {}, run)).worker).toEqual(
      ['1.2.3', '1.2', '1', 'latest'].map((tag) => `ghcr.io/octo-org/octo-app/worker:${tag}`),
    );
  });
});

describe('a plan is refused', () => {
  test.each([
    ['two targets under one reference', two, { image: 'x' }, 'INPUTS_CONTRADICT'],
    ['one reference by a tag of its own', two, { image: 'x', tags: '{{target}}\nlatest' }, 'INPUTS_CONTRADICT'],
    [
      'one reference by the bake file',
      { a: { tags: ['ghcr.io/o/x:1'] }, b: { tags: ['ghcr.io/o/x:1'] } },
      {},
      'INPUTS_CONTRADICT',
    ],
    ['a check', { a: { call: 'check' } }, {}, 'BAKE_INVALID'],
    ['no image', { a: { output: [{ type: 'cacheonly' }] } }, {}, 'BAKE_INVALID'],
    ['no target', {}, {}, 'BAKE_INVALID'],
    ['a tag that is none', { a: { tags: ['ghcr.io/o/x:a b'] } }, {}, 'BAKE_INVALID'],
    ['a digest', { a: { tags: [`ghcr.io/o/x@sha256:${'a'.repeat(64)}`] } }, {}, 'BAKE_INVALID'],
    ['a registry that imitates one', { a: { contexts: { x: 'docker-image://ghrc.io/o/x' } } }, {}, 'REGISTRY_INVALID'],
    [
      'a secret that is a token of the runner',
      { a: { secret: [{ id: 'ACTIONS_RUNTIME_TOKEN' }] } },
      {},
      'BAKE_INVALID',
    ],
    ['a secret that is a login', { a: { secret: [{ id: 'x', env: 'DOCKER_AUTH_CONFIG' }] } }, {}, 'BAKE_INVALID'],
    [
      'several platforms for a Docker registry',
      { a: { platforms: ['linux/amd64', 'linux/arm64'] } },
      { registry: 'docker' },
      'INDEX_UNSUPPORTED',
    ],
    ['an SBOM that no target makes', { a: {} }, { attest: 'sbom' }, 'INPUTS_CONTRADICT'],
  ] as const)('for %s', (_what, targets, texts, code) => {
    expect(() => bakePlanned(targets, texts)).toThrowCode(code);
  });

  test('for a secret from the credentials of a cache', () => {
    const targets = { a: { secret: [{ id: 'x', env: 'AWS_SECRET_ACCESS_KEY' }] } };
    expect(() => bakePlanned(targets, {}, aRun(), { cacheVariables: ['AWS_SECRET_ACCESS_KEY'] })).toThrowCode(
      'BAKE_INVALID',
    );
    expect(() => bakePlanned(targets)).not.toThrow();
  });
});

describe('of a bake file that a stranger may have written', () => {
  test('the names and the caches do not count, and notes say so', () => {
    const cache = [{ type: 'registry', ref: 'ghcr.io/octo-org/octo-app:latest' }];
    const app = { tags: ['ghcr.io/octo-org/other:latest'], 'cache-to': cache, 'cache-from': cache };
    const planned = bakePlanned({ app }, { push: 'true' }, stranger);
    expect(references(planned).app?.every((each) => each.startsWith('ghcr.io/octo-org/octo-app:'))).toBe(true);
    const [target] = planned.baked.targets;
    expect(target?.plan.build.cacheTo).toEqual([]);
    expect(target?.plan.build.cacheFrom).toHaveLength(1);
    expect(target?.plan.notes.filter((note) => note.includes('a stranger may have written'))).toHaveLength(2);
  });

  test('no SSH key of the runner goes to a build, unless `allow` says so', () => {
    const app = { ssh: [{ id: 'default' }] };
    expect(() => bakePlanned({ app }, {}, stranger)).toThrowCode('BAKE_INVALID');
    expect(bakePlanned({ app }, { allow: 'ssh' }, stranger).baked.allow).toEqual(['ssh']);
    expect(() => bakePlanned({ app })).not.toThrow();
  });
});

test('no Git context that a bake file names is fetched with the token of the job', () => {
  const { baked } = bakePlanned({ app: { context: 'https://github.com/octo-org/private.git' } });
  expect(baked.targets[0]?.plan.build.gitSecret).toBe('');
  expect(baked.targets[0]?.plan.notes.join()).toContain('secrets: GIT_AUTH_TOKEN.github.com=');
});

describe('labels and annotations', () => {
  const labelsOf = ({ baked }: { readonly baked: PlannedBake }): Readonly<Record<string, string>> =>
    Object.fromEntries(
      (baked.targets[0]?.plan.build.labels ?? []).map((label) => [
        label.slice(0, label.indexOf('=')),
        label.slice(label.indexOf('=') + 1),
      ]),
    );
  const title = 'org.opencontainers.image.title';

  test('that the bake file gives are left as they are', () => {
    const labels = { [title]: 'Baked', 'org.opencontainers.image.revision': 'baked' };
    const given = labelsOf(bakePlanned({ app: { labels } }));
    expect(given[title]).toBeUndefined();
    // What the run knows better.
    expect(given['org.opencontainers.image.revision']).toBe('860c1904a1ce19322e91ac35af1ab07466440c37');
  });

  test('that an input gives go before those of the bake file', () => {
    const given = labelsOf(
      bakePlanned({ app: { labels: { [title]: 'Baked' } } }, { labels: `${title}=Of {{target}}` }),
    );
    expect(given[title]).toBe('Of app');
  });

  test('that the Dockerfile gives count as ever', () => {
    const dockerfileOf = () => parseDockerfile(`FROM scratch\nLABEL ${title}="Of the file"\n`);
    expect(labelsOf(bakePlanned({ app: {} }, {}, aRun(), { dockerfileOf }))[title]).toBeUndefined();
  });

  test('an annotation of the bake file takes the place of a default one, unless an input has it', () => {
    const app = { annotations: [`index,manifest:${title}=Baked`] };
    const namesOf = (texts: Readonly<Record<string, string>>): readonly string[] =>
      bakePlanned({ app }, texts).baked.targets[0]?.plan.build.annotations.map(({ name }) => name) ?? [];
    expect(namesOf({})).not.toContain(title);
    expect(namesOf({ annotations: `${title}=Input` })).toContain(title);
    expect(bakePlanned({ app }).baked.targets[0]?.plan.build.needsAnnotations).toBe(true);
  });
});

describe('what every target has', () => {
  test('the inputs of a build, joined with its own', () => {
    const app = {
      args: { A: '1', B: '2' },
      'cache-from': [{ type: 'gha' }],
      attest: [{ type: 'provenance', mode: 'min' }, { type: 'sbom' }],
      platforms: ['linux/arm64'],
      output: [
        { type: 'image', compression: 'zstd', name: 'x', push: 'true' },
        { type: 'local', dest: 'out' },
      ],
    };
    const texts = { 'build-args': 'B=3', 'cache-from': 'type=local,src=c', provenance: 'mode=max' };
    const build = bakePlanned({ app }, texts).baked.targets[0]?.plan.build;
    expect(build).toMatchObject({
      bakeTarget: 'app',
      buildArgs: ['A=1', 'B=2', 'B=3'],
      cacheFrom: [{ type: 'gha' }, { type: 'local' }],
      attestations: [{ type: 'sbom' }, { type: 'provenance', attributes: [['mode', 'max']] }],
      platforms: [{ architecture: 'arm64' }],
      outputs: [
        { type: 'image', attributes: [['compression', 'zstd']] },
        { type: 'local', attributes: [['dest', 'out']] },
      ],
    });
    expect(bakePlanned({ app }, { platforms: 'linux/amd64' }).baked.targets[0]?.plan.build.platforms).toEqual([
      { os: 'linux', architecture: 'amd64' },
    ]);
  });

  test('the version of the image in arguments, also of a target that others link to', () => {
    const targets = { app: { args: { A: '1' }, contexts: { base: 'target:base' } }, base: {} };
    const texts = { 'bake-targets': 'app', tags: '1.2', 'build-args': 'V={{meta.version}}' };
    const { baked } = bakePlanned(targets, texts);
    expect(baked.targets[0]?.plan.build.buildArgs).toEqual(['A=1', 'V=1.2']);
    expect(baked.others[0]?.request.buildArgs).toEqual(['V=1.2']);
  });

  test('a cache of its own', () => {
    const caches = bakePlanned(two, {
      cache: 'registry',
      image: 'x',
      flavor: 'suffix=-{{target}},onlatest=true',
    }).baked.targets.map(({ plan }) => plan.build.cache.writes);
    expect(caches).toEqual(['main-app', 'main-worker']);
  });

  test('a login for its registry: `token` is for one, whichever target names the others', () => {
    const targets = { a: { tags: ['registry.example/o/a:1'] }, b: { tags: ['other.example/o/b:1'] } };
    const auth = {
      ...noRegistryAuth,
      ...parseRegistryAuth('- {registry: other.example, username: u, password: p}', gatherFaults()),
    };
    const { baked } = bakePlanned(targets, { token: 'password' }, aRun(), { registryAuth: auth });
    expect(baked.targets.map(({ plan }) => plan.destinations[0]?.credential.kind)).toEqual(['runner', 'registry-auth']);
  });

  test('a right to the files that an input names', () => {
    const texts = {
      'secret-files': 'x=/home/me/x',
      ssh: 'default',
      'cache-to': 'type=local,dest=../cache',
      'build-contexts': 'a=../a\nb=docker-image://alpine',
    };
    expect(bakePlanned({ app: {} }, texts).baked.allow).toEqual([
      'ssh',
      'fs.read=/home/me/x',
      'fs.read=../a',
      'fs.write=../cache',
    ]);
  });
});

test('the plan has the plan of each target, and names what is built beside them', () => {
  const targets = {
    base: { output: [{ type: 'cacheonly' }] },
    app: { contexts: { base: 'target:base' } },
    files: { output: [{ type: 'local', dest: 'out' }] },
  };
  const { plan, baked } = bakePlanned(targets, { 'bake-targets': 'app,files' });
  expect(plan.bake).toMatchObject({ targets: [{ target: 'app' }], others: ['files'] });
  expect(plan.destinations.map(({ repository }) => formatRepository(repository))).toEqual([
    'ghcr.io/octo-org/octo-app',
  ]);
  expect(baked.others.map(({ name, isAsked }) => [name, isAsked])).toEqual([
    ['base', false],
    ['files', true],
  ]);
});
