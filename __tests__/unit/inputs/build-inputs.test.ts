import { describe, expect, test } from '@jest/globals';
import { someInputs } from '../../support/builders.ts';

describe('strings become values', () => {
  test.each([
    ['ssh between commas', { ssh: 'default,deploy=key' }, { ssh: ['default', 'deploy=key'] }],
    ['add-hosts between commas', { 'add-hosts': 'a:1.1.1.1,b=2.2.2.2' }, { addHosts: ['a:1.1.1.1', 'b=2.2.2.2'] }],
    [
      'entitlements',
      { allow: 'network.host\nsecurity.insecure,device=x' },
      { allow: ['network.host', 'security.insecure', 'device=x'] },
    ],
    ['a boolean in capitals', { pull: 'TRUE', 'no-cache': 'false' }, { pull: true, noCache: false }],
    ['stages', { 'no-cache-filters': 'a,b' }, { noCacheFilters: ['a', 'b'] }],
    ['limits', { ulimit: 'nofile=1:2\nnproc=-1' }, { ulimits: ['nofile=1:2', 'nproc=-1'] }],
    ['a size', { 'shm-size': '2g' }, { shmSize: '2g' }],
    ['contexts', { 'build-contexts': 'a=b=c\nd=docker-image://x' }, { buildContexts: ['a=b=c', 'd=docker-image://x'] }],
    ['a method', { call: 'outline' }, { call: 'outline' }],
    ['a release', { 'buildx-version': 'v0.30.1' }, { buildxVersion: 'v0.30.1' }],
    ['no provenance', { provenance: 'false' }, { attestations: [] }],
    ['provenance that is switched off', { attests: 'type=provenance,disabled=true' }, { attestations: [] }],
    [
      'provenance that is switched off in another spelling',
      { attests: 'type=provenance,Disabled=1' },
      { attestations: [] },
    ],
    [
      'attributes of provenance that only buildx knows',
      { provenance: 'mode=max,slsa=v1' },
      {
        attestations: [
          {
            type: 'provenance',
            attributes: [
              ['mode', 'max'],
              ['slsa', 'v1'],
            ],
          },
        ],
      },
    ],
    [
      'an attestation that only buildx knows',
      { attests: 'type=vex,file=x' },
      { attestations: [{ type: 'vex', attributes: [['file', 'x']] }] },
    ],
    ['provenance', { provenance: 'true' }, { attestations: [{ type: 'provenance', attributes: [] }] }],
    [
      'attestations with attributes',
      { provenance: 'mode=max,builder-id=x', attests: 'type=sbom,generator=a/b:1,scan=all' },
      {
        attestations: [
          {
            type: 'provenance',
            attributes: [
              ['mode', 'max'],
              ['builder-id', 'x'],
            ],
          },
          {
            type: 'sbom',
            attributes: [
              ['generator', 'a/b:1'],
              ['scan', 'all'],
            ],
          },
        ],
      },
    ],
  ] as const)('%s', (_title, texts, options) => {
    expect(someInputs(texts).build.options).toMatchObject(options);
  });

  test.each([
    ['a boolean that is none', { load: 'yes' }],
    ['an empty limit', { ulimit: 'nofile=' }],
    ['a size without a number', { 'shm-size': 'big' }],
    ['a host without an address', { 'add-hosts': 'db' }],
    ['a context without a name', { 'build-contexts': '=x' }],
    ['a method that there is not', { call: 'lint' }],
    ['an attestation without a type', { attests: 'mode=max' }],
    ['a release without its checksum', { 'buildx-version': '1.0' }],
    ['a mode of caching that there is not', { cache: 'redis' }],
  ] as const)('%s is refused', (_title, texts) => {
    expect(() => someInputs(texts)).toThrowCode('INPUT_INVALID');
  });
});

describe('an attribute that only buildx knows', () => {
  test.each([
    ['cache-to', 'type=registry,ref=a/b,ignore-eror=false', 'ignore-eror', 'ignore-error'],
    ['outputs', 'type=local,dst=out', 'dst', 'dest'],
    ['builder', 'tcp://a:1,platform=linux/arm64', 'platform', 'platforms'],
    ['provenance', 'mod=max', 'mod', 'mode'],
    ['attests', 'type=sbom,disable=true', 'disable', 'disabled'],
  ])('is noted where it may be a typing error: `%s: %s`', (input, text, written, meant) => {
    expect(someInputs({ [input]: text }).build.notes).toEqual([
      `The input \`${input}\` has the attribute "${written}", which goes to buildx as it is. If it is a typing error, write "${meant}".`,
    ]);
  });

  test.each([
    ['cache-to', 'type=s3,force_path_style=true,mode=max,ignore-error=true'],
    ['outputs', 'type=image,store=false'],
    ['builder', 'tcp://a:1,platforms=linux/arm64,cacert=x'],
    ['sbom', 'generator=x'],
  ])('is not noted otherwise: `%s: %s`', (input, text) => {
    expect(someInputs({ [input]: text }).build.notes).toEqual([]);
  });
});
