/** Legs: what one is, which have to be there, and the index that they make. */

import { describe, expect, test } from '@jest/globals';
import { digestOf } from '../../../src/image/digest.ts';
import { configOf, type IndexEntry, writeIndex } from '../../../src/image/image-index.ts';
import { mediaTypes } from '../../../src/image/manifest.ts';
import { parsePlatform } from '../../../src/image/platform.ts';
import { parseRepositoryName } from '../../../src/image/reference.ts';
import { checkLegs, isJoinOf, joinLegs, legOf } from '../../../src/legs/leg.ts';
import { aLeg, anEntry } from '../../support/legs.ts';
import { thrownBy } from '../../support/to-throw-code.ts';

const repository = parseRepositoryName('ghcr.io/octo-org/app');
const platforms = (...names: string[]) => names.map(parsePlatform);

function aManifest(fields: Readonly<Record<string, unknown>>, mediaType: string = mediaTypes.ociManifest) {
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, ...fields }));
  return { mediaType, bytes, digest: digestOf(bytes) };
}

function amd64Config(): string {
  return JSON.stringify({ os: 'linux', architecture: 'amd64' });
}

describe('a leg', () => {
  const config = { mediaType: 'application/vnd.oci.image.config.v1+json', digest: digestOf(Buffer.from('c')), size: 1 };

  test.each([
    { config: { os: 'linux', architecture: 'amd64' }, name: 'linux/amd64' },
    { config: { os: 'linux', architecture: 'arm64', variant: 'v8' }, name: 'linux/arm64' },
    { config: { os: 'linux', architecture: 'arm', variant: 'v6' }, name: 'linux/arm/v6' },
    { config: { os: 'linux', architecture: 'sparc64' }, name: 'linux/sparc64' },
    {
      config: { os: 'windows', architecture: 'amd64', 'os.version': '10.0.20348.1' },
      name: 'windows/amd64 10.0.20348.1',
    },
  ])('of a single image has the platform of its config: $name', ({ config: of, name }) => {
    const manifest = aManifest({ config });
    const { digest, entries } = legOf(repository, manifest, Buffer.from(JSON.stringify({ ...of, rootfs: {} })));
    expect(digest).toBe(manifest.digest);
    expect(entries.map(({ platform }) => platform)).toEqual([name]);
    expect(entries[0]?.descriptor).toEqual({
      mediaType: mediaTypes.ociManifest,
      digest: manifest.digest,
      size: manifest.bytes.length,
      platform: of,
    });
    expect(configOf(manifest)).toEqual({ digest: config.digest, size: 1 });
  });

  test('that is an index brings all of its entries, attestations too, with every field', () => {
    const image = anEntry('image', { os: 'linux', architecture: 'amd64' }).descriptor;
    const attestation = {
      ...anEntry('attestation').descriptor,
      annotations: { 'vnd.docker.reference.type': 'attestation-manifest', 'vnd.docker.reference.digest': image.digest },
    };
    const index = aManifest({ manifests: [image, attestation] }, mediaTypes.ociIndex);
    const { entries } = legOf(repository, index, undefined);
    expect(entries.map(({ descriptor }) => descriptor)).toEqual([image, attestation]);
    expect(entries.map(({ platform }) => platform)).toEqual(['linux/amd64', undefined]);
  });

  test.each([
    { what: 'an artifact', manifest: aManifest({ config }), bytes: Buffer.from('{}') },
    { what: 'a manifest whose config is no JSON', manifest: aManifest({ config }), bytes: Buffer.from('\0') },
    { what: 'an empty index', manifest: aManifest({ manifests: [] }, mediaTypes.ociIndex), bytes: undefined },
    {
      what: 'an index of attestations alone',
      manifest: aManifest({ manifests: [anEntry('attestation').descriptor] }, mediaTypes.dockerIndex),
      bytes: undefined,
    },
  ])('is not $what', ({ manifest, bytes }) => {
    expect(() => legOf(repository, manifest, bytes)).toThrowCode('LEG_INVALID');
  });
});

describe('the legs', () => {
  const amd64 = aLeg(['linux/amd64']);
  const arm64 = aLeg(['linux/arm64']);
  const arm = aLeg(['linux/arm/v7']);

  test.each([
    { legs: [amd64, arm64], expected: [] },
    { legs: [amd64], expected: ['linux/amd64'] },
    { legs: [arm64, amd64], expected: ['linux/amd64', 'linux/arm64'] },
    { legs: [aLeg(['linux/amd64', 'linux/arm64'])], expected: ['linux/amd64', 'linux/arm64'] },
    { legs: [aLeg(['linux/arm64/v8'])], expected: ['linux/arm64'] },
  ])('for $expected are complete', ({ legs, expected }) => {
    expect(thrownBy(() => checkLegs(repository, legs, platforms(...expected), 'staged'))).toBeUndefined();
  });

  test('of one Windows platform may be several, one for each version of the system', () => {
    const windows = (version: string) => ({
      digest: digestOf(Buffer.from(version)),
      entries: [anEntry(version, { os: 'windows', architecture: 'amd64', 'os.version': version })],
    });
    const legs = [windows('10.0.17763.1'), windows('10.0.20348.1')];
    expect(thrownBy(() => checkLegs(repository, legs, platforms('windows/amd64'), 'staged'))).toBeUndefined();
  });

  test.each([
    { what: 'one is missing', legs: [amd64], expected: ['linux/amd64', 'linux/arm64'], code: 'LEG_MISSING' },
    { what: 'all are missing', legs: [], expected: ['linux/amd64'], code: 'LEG_MISSING' },
    { what: 'another variant is there', legs: [arm], expected: ['linux/arm/v6'], code: 'LEG_MISSING' },
    {
      what: 'a platform is there twice',
      legs: [amd64, aLeg(['linux/amd64'], 'other')],
      expected: [],
      code: 'LEG_TWICE',
    },
    {
      what: 'an index has the platform of another leg',
      legs: [arm64, aLeg(['linux/amd64', 'linux/arm64'], 'other')],
      expected: ['linux/amd64', 'linux/arm64'],
      code: 'LEG_TWICE',
    },
    { what: 'one is not expected', legs: [amd64, arm], expected: ['linux/amd64'], code: 'LEG_FOREIGN' },
  ] as const)('are refused when $what', ({ legs, expected, code }) => {
    expect(() => checkLegs(repository, legs, platforms(...expected), 'staged')).toThrowCode(code);
  });

  test.each([
    { what: 'is missing', expected: ['linux/arm64'], remedy: 'Add the `digest` output' },
    { what: 'is there twice', expected: [], remedy: 'Leave one of the two out of `digests`.' },
    { what: 'is not expected', expected: ['linux/amd64'], remedy: 'leave that digest out of `digests`' },
  ])('that `digests` names are refused with its remedy where one $what', ({ what, expected, remedy }) => {
    const more = what === 'is there twice' ? aLeg(['linux/amd64'], 'other') : arm;
    const error = thrownBy(() => checkLegs(repository, [amd64, more], platforms(...expected), 'digests'));
    expect(error).toMatchObject({ remedy: expect.stringContaining(remedy) });
  });

  test('are refused with the names of what is missing and of what is there', () => {
    const error = thrownBy(() => checkLegs(repository, [amd64], platforms('linux/arm64', 'linux/arm/v7'), 'staged'));
    expect(String(error)).toContain('no leg for linux/arm64, linux/arm/v7');
    expect(String(error)).toContain('it has linux/amd64');
  });
});

describe('the index of the legs', () => {
  const attested = { ...aLeg(['linux/arm64']), entries: [...aLeg(['linux/arm64']).entries, anEntry('attestation')] };
  const legs = [attested, aLeg(['linux/amd64']), aLeg(['linux/arm/v7'])];
  const namesIn = ({ entries }: { readonly entries: readonly IndexEntry[] }) => entries.map(({ platform }) => platform);

  test('lists images by their platform, and behind them what belongs to them', () => {
    expect(namesIn(joinLegs(legs, [], []))).toEqual(['linux/amd64', 'linux/arm/v7', 'linux/arm64', undefined]);
  });

  test('lists images in the order of the expected platforms where there are such', () => {
    const expected = platforms('linux/arm64', 'linux/arm/v7', 'linux/amd64');
    expect(namesIn(joinLegs(legs, expected, []))).toEqual(['linux/arm64', 'linux/arm/v7', 'linux/amd64', undefined]);
  });

  test('is the same in whatever order the legs came', () => {
    expect(joinLegs(legs.toReversed(), [], [])).toEqual(joinLegs(legs, [], []));
  });

  test('has its annotations, and is an OCI index whatever the legs are', () => {
    const joined = joinLegs(legs, [], [{ level: 'index', name: 'team', value: 'octo' }]);
    const { mediaType, digest, bytes } = joined.manifest;
    expect(JSON.parse(Buffer.from(bytes).toString())).toMatchObject({
      schemaVersion: 2,
      mediaType: mediaTypes.ociIndex,
      annotations: { team: 'octo' },
    });
    expect({ mediaType, digest, of: joined.digest }).toEqual({
      mediaType: mediaTypes.ociIndex,
      digest: digestOf(bytes),
      of: digestOf(bytes),
    });
  });

  test.each([
    { level: 'manifest-descriptor', on: ['linux/amd64', 'linux/arm/v7', 'linux/arm64'] },
    { level: 'manifest-descriptor[linux/arm64]', on: ['linux/arm64'] },
    { level: 'manifest-descriptor[linux/arm64/v8]', on: ['linux/arm64'] },
    { level: 'manifest-descriptor[linux/s390x]', on: [] },
    { level: 'manifest', on: [] },
    { level: 'index-descriptor', on: [] },
  ])('has annotations of the level $level on the entries of $on', ({ level, on }) => {
    const { entries } = joinLegs(legs, [], [{ level, name: 'team', value: 'octo' }]);
    const annotated = entries.filter(({ descriptor }) => descriptor.annotations !== undefined);
    expect(annotated.map(({ platform }) => platform)).toEqual(on);
    for (const { descriptor } of annotated) expect(descriptor.annotations).toEqual({ team: 'octo' });
  });

  test('keeps the annotations that an entry has, but for what has the same name', () => {
    const leg = aLeg(['linux/amd64']);
    const entries = leg.entries.map((entry) => ({
      ...entry,
      descriptor: { ...entry.descriptor, annotations: { team: 'hexa', tier: '1' } },
    }));
    const annotations = [{ level: 'manifest-descriptor', name: 'team', value: 'octo' }];
    const index = joinLegs([{ ...leg, entries }, aLeg(['linux/arm64'])], [], annotations);
    expect(index.entries[0]?.descriptor.annotations).toEqual({ team: 'octo', tier: '1' });
  });

  test('has no field for annotations where there are none', () => {
    const { bytes } = writeIndex([], { annotations: {} });
    expect(Object.keys(JSON.parse(Buffer.from(bytes).toString()))).toEqual(['schemaVersion', 'mediaType', 'manifests']);
  });
});

describe('a lone leg', () => {
  const annotations = [{ level: 'index', name: 'team', value: 'octo' }];

  test.each([
    { what: 'an image', leg: legOf(repository, aManifest({ config: { size: 1 } }), Buffer.from(amd64Config())) },
    { what: 'an index of one platform', leg: aLeg(['linux/amd64']) },
    { what: 'an index of several platforms', leg: aLeg(['linux/amd64', 'linux/arm64']) },
  ])('that is $what is published as it is, whatever annotations an index would get', ({ leg }) => {
    expect(joinLegs([leg], platforms('linux/arm64', 'linux/amd64'), annotations)).toBe(leg);
    expect(isJoinOf(leg.manifest, [leg], [], annotations)).toBe(true);
  });

  test('is not found again in an image that has another digest', () => {
    const [one, other] = ['one', 'other'].map((text) =>
      legOf(repository, aManifest({ config: { size: 1 }, annotations: { text } }), Buffer.from(amd64Config())),
    );
    if (one === undefined || other === undefined) throw new Error('there are two');
    expect(isJoinOf(other.manifest, [one], [], [])).toBe(false);
  });
});

describe('an interrupted merge', () => {
  const [amd64, arm64, arm] = ['linux/amd64', 'linux/arm64', 'linux/arm/v7'].map((name) => aLeg([name]));
  if (amd64 === undefined || arm64 === undefined || arm === undefined) throw new Error('there are three');
  const { manifest } = joinLegs([amd64, arm64], [], [{ level: 'index', name: 'team', value: 'octo' }]);

  test.each([
    { what: 'the same legs', legs: [arm64, amd64], isFound: true },
    { what: 'more legs', legs: [amd64, arm64, arm], isFound: false },
    { what: 'one of its legs alone', legs: [amd64], isFound: false },
  ])('is found again by $what: $isFound', ({ legs, isFound }) => {
    expect(isJoinOf(manifest, legs, [], [])).toBe(isFound);
  });
});
