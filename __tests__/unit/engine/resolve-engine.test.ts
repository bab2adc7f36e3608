import { describe, expect, test } from '@jest/globals';
import { parseBuilder } from '../../../src/build/builder-choice.ts';
import { assetName, checksumOf, isAtLeast, parseRelease, releasePlatform } from '../../../src/build/buildx-releases.ts';
import { actionsCacheOf, type CachePlan, formatCache, resolveCache } from '../../../src/build/cache.ts';
import { can, engineKinds, featureNames, missingFeatures } from '../../../src/build/capabilities.ts';
import { type RunnerFacts, resolveDigestPush, resolveEngine } from '../../../src/engine/resolve-engine.ts';
import { parsePlatform } from '../../../src/image/platform.ts';
import { aBuild, someRunnerFacts } from '../../support/builders.ts';
import { thrownBy } from '../../support/to-throw-code.ts';

const several = aBuild({ platforms: ['linux/amd64', 'linux/arm64'].map(parsePlatform) });
const plain = aBuild();
const classic = someRunnerFacts();
const { docker } = classic;
const containerd = someRunnerFacts({ docker: docker && { ...docker, imageStore: 'containerd' } });
const bare = someRunnerFacts({ buildx: undefined });
const old = someRunnerFacts({ buildx: undefined, cliHasBuildKit: true });
const chosen = someRunnerFacts({ builder: { name: 'mine', driver: 'docker-container', endpoints: [] } });
const podman = someRunnerFacts({
  docker: undefined,
  podman: {
    version: '5.0.0',
    platform: parsePlatform('linux/amd64'),
    reason: 'no Docker engine answers on this runner',
  },
});
const ordinary = { usesDockerRegistry: false, foreign: [] };

describe('the cheapest engine that can', () => {
  test.each([
    ['the engine’s own BuildKit', classic, plain, 'docker-classic', 'needs no builder container'],
    ['the same for several platforms on the containerd store', containerd, several, 'docker-containerd', 'needs no'],
    ['the builder that is selected', chosen, several, 'builder', '"mine" is selected'],
    [
      'what `builder` names, even if it is the engine’s own',
      someRunnerFacts({ builder: { name: 'default', driver: 'docker', endpoints: [] } }),
      plain,
      'docker-classic',
      'needs no',
    ],
    ['plain Docker without buildx', bare, plain, 'docker-legacy', 'no buildx plugin'],
    [
      'the BuildKit of an older CLI',
      old,
      aBuild({ secrets: [{ id: 'a', kind: 'input' }] }),
      'docker-buildkit',
      'a BuildKit of its own',
    ],
    ['Podman', podman, several, 'podman', 'no Docker engine answers'],
    [
      'buildx that is installed for what needs it',
      bare,
      aBuild({ secrets: [{ id: 'a', kind: 'input' }] }),
      'docker-classic',
      'buildx 0.30.1 is installed, because the runner has none',
    ],
    [
      'buildx that is installed because it was asked for',
      bare,
      aBuild({ buildxVersion: '0.30.1' }),
      'docker-classic',
      'is installed',
    ],
    ['nodes', classic, aBuild({ builder: parseBuilder('tcp://a:1') }), 'builder', '`builder` names tcp://a:1'],
  ] as const)('is %s', (_title, facts: RunnerFacts, build, kind, reason) => {
    const decision = resolveEngine(facts, build, ordinary);
    expect(decision).toMatchObject({ kind, reason: expect.stringContaining(reason) });
  });

  test('leaves an image for a Docker registry to this action’s own client, without annotations', () => {
    const build = aBuild({ annotations: [{ level: 'manifest', name: 'a', value: 'b' }] });
    const decision = resolveEngine(containerd, build, { ...ordinary, usesDockerRegistry: true });
    expect(decision).toMatchObject({ isForClient: true, notes: [expect.stringContaining('without its 1 default')] });
  });

  test.each([
    ['builder', 'builder'],
    ['docker-containerd', 'archive'],
    ['docker-classic', 'engine'],
    ['docker-legacy', 'engine'],
    ['podman', 'engine'],
  ] as const)('%s brings an image without a tag by the way of the %s', (kind, way) => {
    expect(resolveDigestPush({ kind })).toBe(way);
  });

  test('is not fetched where the runner’s buildx is new enough', () => {
    const facts = someRunnerFacts({ buildx: { path: '/b', version: '0.31.0' } });
    const build = aBuild({ buildxVersion: '0.30.1' });
    expect(resolveEngine(facts, build, ordinary)).toMatchObject({ install: undefined, buildx: '/b' });
  });
});

describe('an engine before 23.0', () => {
  const facts = someRunnerFacts({ docker: docker && { ...docker, serverVersion: '20.10.24' } });
  test('builds with its own BuildKit what that can', () => {
    expect(resolveEngine(facts, plain, ordinary)).toMatchObject({ kind: 'docker-old', isMade: false });
  });

  test('gets a builder for what only a newer BuildKit can', () => {
    const decision = resolveEngine(facts, aBuild({ buildContexts: ['a=b'] }), ordinary);
    expect(decision).toMatchObject({ kind: 'builder', isMade: true });
    expect(decision.reason).toContain('older Docker engine (20.10.24) cannot use further build contexts');
  });
});

describe('a builder that the step makes', () => {
  const attested = aBuild({ attestations: [{ type: 'sbom', attributes: [] }] });
  test.each([
    [
      'several platforms on the classic store',
      classic,
      several,
      [],
      '28.5.2) cannot build for several platforms at once',
    ],
    ['the same without buildx', bare, several, [], 'buildx 0.30.1 is installed, because the runner has none'],
    ['the same with an older CLI', old, several, [], 'is installed'],
    [
      'attestations on the classic store',
      classic,
      attested,
      [],
      'cannot attest how an image was built (`provenance`, ',
    ],
    [
      'a build without its sandbox',
      containerd,
      aBuild({ allow: ['security.insecure'] }),
      [],
      '`allow: security.insecure`',
    ],
    ['a platform whose programs the engine cannot run', containerd, plain, ['linux/s390x'], 'for linux/s390x'],
    ['the same on the classic store', classic, plain, ['linux/s390x'], 'cannot run programs for linux/s390x'],
  ] as const)('is for %s', (_title, facts: RunnerFacts, build, foreign, reason) => {
    const decision = resolveEngine(facts, build, { ...ordinary, foreign: foreign.map(parsePlatform) });
    expect(decision).toMatchObject({ kind: 'builder', tool: 'buildx', isMade: true, builder: undefined });
    expect(decision.reason).toContain(reason);
  });

  test.each([
    ['a builder is named', { ...several, builder: parseBuilder('default') }],
    ['no builder could do it', { ...several, load: true }],
  ])('is not made where %s', (_title, build) => {
    expect(thrownBy(() => resolveEngine(classic, build, ordinary))).toMatchObject({ code: 'ENGINE_CANNOT' });
  });

  test.each([
    ['the engine itself can', containerd, several, []],
    ['one is selected', chosen, several, ['linux/arm64']],
    ['Podman builds', podman, several, ['linux/arm64']],
  ] as const)('is not made where %s', (_title, facts: RunnerFacts, build, foreign) => {
    const decision = resolveEngine(facts, build, { ...ordinary, foreign: foreign.map(parsePlatform) });
    expect(decision.isMade).toBe(false);
  });
});

describe('what cannot be done', () => {
  test.each([
    [
      'several platforms with the engine’s own builder, which `builder` names',
      classic,
      { ...several, builder: parseBuilder('default') },
      ['Leave out `builder`', 'containerd-snapshotter', 'Podman', '`stage`'],
    ],
    ['entitlements with Podman', podman, aBuild({ allow: ['network.host'] }), ['`engine: docker`']],
    ['loading several platforms from a builder', chosen, { ...several, load: true }, ['containerd-snapshotter']],
    ['the same on the classic store', classic, { ...several, load: true }, ['containerd-snapshotter', 'Podman']],
  ] as const)('%s is refused, naming what would', (_title, facts: RunnerFacts, build, ways) => {
    const error = thrownBy(() => resolveEngine(facts, build, ordinary));
    expect(error).toMatchObject({ code: 'ENGINE_CANNOT' });
    for (const way of ways) expect(error).toMatchObject({ remedy: expect.stringContaining(way) });
  });

  test('no feature is out of reach of every engine', () => {
    const kinds = Object.keys(engineKinds).filter((kind): kind is keyof typeof engineKinds =>
      Object.hasOwn(engineKinds, kind),
    );
    for (const feature of featureNames) expect(kinds.some((kind) => can(kind, feature))).toBe(true);
  });

  test('an ordinary build misses nothing anywhere', () => {
    for (const kind of ['docker-legacy', 'podman', 'builder', 'docker-classic'] as const)
      expect(missingFeatures(kind, plain)).toEqual([]);
  });
});

describe('the cache', () => {
  const branch: CachePlan = {
    mode: 'auto',
    repository: 'ghcr.io/o/app',
    reads: ['feature', 'main'],
    writes: 'feature',
    mayPush: true,
    images: ['ghcr.io/o/app:feature', 'ghcr.io/o/app:latest'],
  };
  const able = { canExport: true, canInline: true, actionsCache: actionsCacheOf({}) };
  const offered = { ACTIONS_RUNTIME_TOKEN: 'x', ACTIONS_RESULTS_URL: 'https://results.example' };
  const inMode = (ACTIONS_CACHE_MODE: string) => ({
    ...able,
    actionsCache: actionsCacheOf({ ...offered, ACTIONS_CACHE_MODE }),
  });
  const ghaReads = 'read from type=gha,scope=buildkit-app-feature and type=gha,scope=buildkit-app-main';
  const ghaWrites = 'write to type=gha,scope=buildkit-app-feature,mode=max,ignore-error=true';
  const registry =
    'read from type=registry,ref=ghcr.io/o/app:buildcache-feature and type=registry,ref=ghcr.io/o/app:buildcache-main, write to type=registry,ref=ghcr.io/o/app:buildcache-feature,mode=max,image-manifest=true,oci-mediatypes=true,ignore-error=true';

  test.each([
    ['is off', { ...branch, mode: 'off' }, able, 'read from nothing, write to nothing'],
    ['auto is the registry', branch, able, registry],
    [
      'auto is GitHub’s service where there is one',
      branch,
      { ...able, actionsCache: actionsCacheOf(offered) },
      `${ghaReads}, ${ghaWrites}`,
    ],
    ['auto is the registry if the job may not use the service', branch, inMode('none'), registry],
    ['the service is only read if the job may only read', branch, inMode('read'), `${ghaReads}, write to nothing`],
    [
      'the service is only written if the job may only write',
      branch,
      inMode('write-only'),
      `read from nothing, ${ghaWrites}`,
    ],
    ['the service is used in full in the mode `write`', branch, inMode('write'), `${ghaReads}, ${ghaWrites}`],
    ['a mode that is not known limits nothing', branch, inMode('new'), `${ghaReads}, ${ghaWrites}`],
    [
      '`gha` of a job that may not use the service is nothing',
      { ...branch, mode: 'gha' },
      inMode('none'),
      'read from nothing, write to nothing',
    ],
    [
      'auto is in the image where the engine can do no other',
      branch,
      { ...able, canExport: false },
      'read from type=registry,ref=ghcr.io/o/app:feature and type=registry,ref=ghcr.io/o/app:latest, write to type=inline',
    ],
    [
      'auto is off without any',
      branch,
      { ...able, canExport: false, canInline: false },
      'read from nothing, write to nothing',
    ],
    ['auto is off without a registry', { ...branch, repository: '' }, able, 'read from nothing, write to nothing'],
    [
      'a pull request only reads',
      { ...branch, mode: 'registry', writes: '', reads: ['main'] },
      able,
      'read from type=registry,ref=ghcr.io/o/app:buildcache-main, write to nothing',
    ],
    [
      'who may not push only reads',
      { ...branch, mode: 'registry', mayPush: false, reads: ['main'] },
      able,
      'read from type=registry,ref=ghcr.io/o/app:buildcache-main, write to nothing',
    ],
    [
      'GitHub’s service has one for each image',
      { ...branch, mode: 'gha', repository: 'ghcr.io/o/shop/api', reads: [] },
      able,
      'read from nothing, write to type=gha,scope=buildkit-shop-api-feature,mode=max,ignore-error=true',
    ],
    [
      'GitHub’s service takes what may not be pushed',
      { ...branch, mode: 'gha', mayPush: false, reads: [] },
      able,
      'read from nothing, write to type=gha,scope=buildkit-app-feature,mode=max,ignore-error=true',
    ],
  ] as const)('%s', (_title, plan, facts, words) => {
    expect(formatCache(resolveCache(plan, facts))).toBe(words);
  });
});

describe('releases of buildx', () => {
  test.each([
    ['linux', 'x64', 'buildx-v0.30.1.linux-amd64', 'c37114fcd034025ec68e224657c8a5a850df472ded3ddcbca75ad3a7ebb9710d'],
    [
      'linux',
      'arm64',
      'buildx-v0.30.1.linux-arm64',
      '31d012d52d6df68aef4b55db62330967b562811f0de30cdfaa4505f314797c76',
    ],
    [
      'darwin',
      'arm64',
      'buildx-v0.30.1.darwin-arm64',
      '48567264b45ee810e26fc805e5628a98ba27ddaf44506ea3c266544f68a30b2b',
    ],
    [
      'win32',
      'x64',
      'buildx-v0.30.1.windows-amd64.exe',
      '3c48e2da717c55518cf22a5b372f48f54cf3a58c9fae675b818a3311775e1b71',
    ],
  ] as const)('%s on %s is %s', (os, arch, asset, sha256) => {
    const release = parseRelease('0.30.1');
    const platform = releasePlatform(os, arch);
    expect(release && [assetName(release, platform), checksumOf(release, platform)]).toEqual([asset, sha256]);
  });

  test('a platform that there is no binary for has no checksum', () => {
    const release = parseRelease('0.30.1');
    expect(release && checksumOf(release, releasePlatform('aix', 'ppc64'))).toBeUndefined();
  });

  test.each([
    ['0.30.1', '0.30.1', true],
    ['v0.30.2', '0.30.1', true],
    ['0.31.0', '0.30.1', true],
    ['1.0.0', '0.30.1', true],
    ['0.29.1+ds1', '0.30.1', false],
    ['0.9.9', '0.30.1', false],
    ['', '0.30.1', false],
  ])('%s is at least %s: %s', (have, want, is) => {
    expect(isAtLeast(have, want)).toBe(is);
  });
});
