import { describe, expect, test } from '@jest/globals';
import { hostsOf } from '../../../src/build/build-hosts.ts';
import { parseCacheEntries } from '../../../src/build/cache.ts';
import { parseDockerfile } from '../../../src/build/dockerfile-stages.ts';
import { aBuild } from '../../support/builders.ts';

const cache = (text: string) => parseCacheEntries('cache-from', text).map(({ entry }) => entry);

describe('the hosts that a build talks to', () => {
  test.each([
    [
      'those of its images',
      {},
      'FROM localhost:5000/a\nFROM alpine\nCOPY --from=r.test/b /x /x\n',
      ['docker.io', 'r.test'],
      [],
    ],
    ['those of its caches', { cacheFrom: cache('type=registry,ref=localhost:5000/c:1') }, '', ['localhost:5000'], []],
    [
      'a cache that is no registry',
      { cacheFrom: cache('type=s3,endpoint_url=http://127.0.0.1:9000') },
      '',
      [],
      ['127.0.0.1:9000'],
    ],
    [
      'the scanner of an attestation',
      { attestations: [{ type: 'sbom', attributes: [['generator', 'localhost:5000/s:1']] }] },
      '',
      ['localhost:5000'],
      [],
    ],
    ['where its context is', { context: 'https://git.test/o/r.git' }, '', [], ['git.test']],
    [
      'its further contexts',
      { buildContexts: ['a=docker-image://localhost:5000/a', 'b=https://files.test/b.tar', 'c=folder'] },
      '',
      ['localhost:5000'],
      ['files.test'],
    ],
    ['none of a name that is none', {}, 'FROM Bad:::x\n', [], []],
  ] as const)('are %s', (_title, request, dockerfile, registries, others) => {
    expect(hostsOf(aBuild(request), parseDockerfile(dockerfile))).toEqual({ registries, others });
  });
});
