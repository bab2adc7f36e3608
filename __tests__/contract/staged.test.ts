/** Staged legs in a registry, over real HTTP: what the end-to-end suites cannot bring about on purpose. */

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { RegistryError } from '../../src/errors.ts';
import { findPackage, removePackageVersions } from '../../src/github/package-versions.ts';
import { createGitHubApi } from '../../src/github/rest-api.ts';
import { type Digest, digestOf, isDigest, parseDigest } from '../../src/image/digest.ts';
import { mediaTypes, type StoredManifest } from '../../src/image/manifest.ts';
import type { Repository } from '../../src/image/repository.ts';
import { parseTag, type Tag } from '../../src/image/tag.ts';
import { checkContent, collectLegs, markLeg, readLeg, removeMarkers } from '../../src/legs/leg-store.ts';
import { markerTag } from '../../src/legs/marker.ts';
import { aStaging } from '../support/legs.ts';
import { startServer } from '../support/local-server.ts';
import { type MemoryRegistry, startMemoryRegistry } from '../support/memory-registry.ts';
import { aClient, anImage, pushImage } from '../support/registry-client.ts';
import '../support/to-throw-code.ts';

const staging = aStaging();
const opened: AsyncDisposable[] = [];
let client: ReturnType<typeof aClient>;
beforeEach(() => {
  client = aClient({ retries: 1 });
});
afterEach(async () => {
  client.close();
  for (const each of opened.splice(0)) await each[Symbol.asyncDispose]();
});

function anIndex(document: unknown): StoredManifest {
  const bytes = Buffer.from(JSON.stringify(document));
  return { mediaType: mediaTypes.ociIndex, digest: digestOf(bytes), bytes };
}

/** A registry with one staged leg. */
async function aStagedLeg(): Promise<{
  readonly memory: MemoryRegistry;
  readonly repository: Repository;
  readonly digest: Digest;
}> {
  const memory = await startMemoryRegistry();
  opened.push(memory);
  const repository = { registry: memory.registry, path: 'octo-org/app' };
  const image = anImage('leg');
  await pushImage(client, repository, image);
  const { digest } = image.manifest;
  await markLeg(client, repository, staging, digest, () => {});
  return { memory, repository, digest };
}

describe('a staged leg', () => {
  test('is found by its run, with the platform of its config', async () => {
    const { repository, digest } = await aStagedLeg();
    const { legs, markers } = await collectLegs(client, repository, staging, () => {});
    expect(legs.map((leg) => [leg.digest, leg.entries.map(({ platform }) => platform)])).toEqual([
      [digest, ['linux/amd64']],
    ]);
    expect(markers.map(({ tag }) => tag)).toEqual([markerTag(staging, digest)]);
  });

  test('is found with all others where the registry lists its tags in pages', async () => {
    const memory = await startMemoryRegistry({ pageSize: 2 });
    opened.push(memory);
    const repository = { registry: memory.registry, path: 'octo-org/app' };
    for (const seed of ['a', 'b', 'c', 'd', 'e']) {
      const image = anImage(seed);
      await pushImage(client, repository, image);
      await markLeg(client, repository, staging, image.manifest.digest, () => {});
    }
    const { markers } = await collectLegs(client, repository, staging, () => {});
    expect(markers.length).toBe(5);
  });

  test('of which only the tag is left counts as removed', async () => {
    const { memory, repository, digest } = await aStagedLeg();
    const stored = memory.repositories.get(repository.path);
    stored?.manifests.delete(stored.tags.get(markerTag(staging, digest)) ?? '');
    expect(await client.listTags(repository)).toEqual([markerTag(staging, digest)]);
    await expect(collectLegs(client, repository, staging, () => {})).rejects.toThrowCode('LEG_MISSING');
  });

  test('of another run, name or repository is not found', async () => {
    const { repository } = await aStagedLeg();
    for (const other of [aStaging({ run: '8' }), aStaging({ name: 'alpine' })])
      await expect(collectLegs(client, repository, other, () => {})).rejects.toThrowCode('LEG_MISSING');
    const elsewhere = { ...repository, path: 'octo-org/other' };
    await expect(collectLegs(client, elsewhere, staging, () => {})).rejects.toThrowCode('LEG_MISSING');
  });

  test.each([
    {
      wanted: 'alpine',
      names: ['', 'debian'],
      says: 'staged as "alpine", but some that it staged as "debian", without a name.',
    },
    { wanted: '', names: ['debian'], says: 'staged, but some that it staged as "debian".' },
  ])('under other names, $names, is told of where there is none as "$wanted"', async ({ wanted, names, says }) => {
    const memory = await startMemoryRegistry();
    opened.push(memory);
    const repository = { registry: memory.registry, path: 'octo-org/app' };
    const image = anImage('leg');
    await pushImage(client, repository, image);
    for (const name of names) await markLeg(client, repository, aStaging({ name }), image.manifest.digest, () => {});
    await expect(collectLegs(client, repository, aStaging({ name: wanted }), () => {})).rejects.toMatchObject({
      message: expect.stringContaining(says),
      remedy: expect.stringContaining('the same value'),
    });
  });
});

describe('a marker or a leg that somebody with the right to push changed', () => {
  /** Another manifest under the marker's tag: the marker's own, changed. */
  function changeMarker(
    { memory, repository, digest }: Awaited<ReturnType<typeof aStagedLeg>>,
    change: (marker: Marked) => unknown,
    tag = markerTag(staging, digest),
  ): void {
    const own = memory.repositories.get(repository.path);
    const marker = JSON.parse(String(own?.manifests.get(own.tags.get(markerTag(staging, digest)) ?? '')?.bytes));
    const changed = anIndex(change(marker));
    own?.manifests.set(changed.digest, { ...changed, bytes: Buffer.from(changed.bytes) });
    own?.tags.set(tag, changed.digest);
  }
  interface Marked {
    readonly manifests: readonly [{ readonly platform: Readonly<Record<string, unknown>> }];
    readonly annotations: Readonly<Record<string, unknown>>;
  }
  const said = (key: string, value: unknown) => (marker: Marked) => ({
    ...marker,
    annotations: { ...marker.annotations, [`vnd.publish-docker-package.${key}`]: value },
  });
  const listed = (fields: Readonly<Record<string, unknown>>) => (marker: Marked) => ({
    ...marker,
    manifests: [{ ...marker.manifests[0], ...fields }],
  });

  test.each([
    {
      what: 'names another platform than the image has',
      change: listed({ platform: { os: 'linux', architecture: 'arm64' } }),
      code: 'LEG_INVALID',
    },
    { what: 'lists another image', change: listed({ digest: digestOf(Buffer.from('x')) }), code: 'LEG_INVALID' },
    {
      what: 'has the digest of another leg than its tag',
      change: said('digest', digestOf(Buffer.from('x'))),
      code: 'LEG_FOREIGN',
    },
    { what: 'is of an attempt that is yet to come', change: said('attempt', '2'), code: 'LEG_FOREIGN' },
    { what: 'has objects for annotations', change: said('run', { toString: 1 }), code: 'LEG_FOREIGN' },
    { what: 'has an object for its digest', change: said('digest', { toString: 1 }), code: 'LEG_INVALID' },
    { what: 'lists something that is no descriptor', change: listed({ digest: 7 }), code: 'LEG_INVALID' },
  ] as const)('is refused where the marker $what', async ({ change, code }) => {
    const leg = await aStagedLeg();
    changeMarker(leg, change);
    await expect(collectLegs(client, leg.repository, staging, () => {})).rejects.toThrowCode(code);
  });

  test('is refused where the marker of an attempt to come has its own tag', async () => {
    const leg = await aStagedLeg();
    const later = { ...staging, attempt: 2 };
    changeMarker(leg, said('attempt', '2'), markerTag(later, leg.digest));
    await expect(collectLegs(client, leg.repository, staging, () => {})).rejects.toThrowCode('LEG_FOREIGN');
    expect((await collectLegs(client, leg.repository, later, () => {})).legs).toHaveLength(1);
  });

  test('is published as the leg is, whatever else the marker says of it', async () => {
    const leg = await aStagedLeg();
    changeMarker(leg, listed({ size: 1, urls: ['https://evil.test/'], annotations: { a: 'b' } }));
    const { legs } = await collectLegs(client, leg.repository, staging, () => {});
    const manifest = await client.getManifest(leg.repository, leg.digest);
    expect(legs.flatMap(({ entries }) => entries.map(({ descriptor }) => descriptor))).toEqual([
      {
        mediaType: manifest.mediaType,
        digest: leg.digest,
        size: manifest.bytes.length,
        platform: { architecture: 'amd64', os: 'linux' },
      },
    ]);
  });

  test.each([
    { what: 'a wrong size', fields: { size: 7 }, says: 'with 7 bytes, but it has' },
    { what: 'a wrong type', fields: { mediaType: mediaTypes.dockerManifest }, says: 'but it is' },
    {
      what: 'another platform',
      fields: { platform: { os: 'linux', architecture: 'arm64' } },
      says: 'for linux/arm64, but the image is for linux/amd64',
    },
    { what: '`urls`', fields: { urls: ['https://evil.test/'] }, says: 'with "urls"' },
    { what: '`data`', fields: { data: 'e30=' }, says: 'with "data"' },
  ])('is refused where the index of a leg lists its image with $what', async ({ fields, says }) => {
    const { repository, digest } = await aStagedLeg();
    const { mediaType, bytes } = await client.getManifest(repository, digest);
    const platform = { os: 'linux', architecture: 'amd64' };
    const index = anIndex({
      schemaVersion: 2,
      mediaType: mediaTypes.ociIndex,
      manifests: [{ mediaType, digest, size: bytes.length, platform, ...fields }],
    });
    await client.putManifest(repository, index, index.digest);
    const leg = await readLeg(client, repository, index.digest);
    await expect(checkContent(client, repository, [leg])).rejects.toMatchObject({
      code: 'LEG_INVALID',
      message: expect.stringContaining(says),
    });
  });

  test('is refused where there are more markers than a run can have', async () => {
    const { repository, digest } = await aStagedLeg();
    const tags = Array.from({ length: 20_000 }, (_, index) =>
      parseTag(`_staged.${staging.run}.1.${index.toString(16).padStart(12, '0')}`),
    );
    const crowded = { ...client, listTags: async () => [markerTag(staging, digest), ...tags] };
    await expect(collectLegs(crowded, repository, staging, () => {})).rejects.toMatchObject({
      code: 'LEG_INVALID',
      message: expect.stringContaining('has 20001 markers of run 1658821493: expected at most 4096'),
    });
  });
});

describe('the markers', () => {
  const refusing = {
    ...client,
    deleteManifest: async () => {
      throw new RegistryError('REGISTRY_REFUSED', { message: 'No DELETE here.', remedy: '', status: 405 });
    },
  };

  test('are removed by the registry, and the leg stays', async () => {
    const { repository, digest } = await aStagedLeg();
    const { markers } = await collectLegs(client, repository, staging, () => {});
    const never = async () => {
      throw new Error('The packages API is not to be asked.');
    };
    expect(await removeMarkers(client, repository, markers, never)).toBeUndefined();
    expect(await client.listTags(repository)).toEqual([]);
    expect(await client.headManifest(repository, digest)).toMatchObject({ digest });
  });

  test.each([
    { what: 'first, where the registry keeps a manifest that has one', keepsTag: false, says: undefined },
    { what: 'in vain, where the registry says that it is none', keepsTag: true, says: 'It has a tag.' },
  ])('are removed by their tag $what', async ({ keepsTag, says }) => {
    const { repository, digest } = await aStagedLeg();
    const { markers } = await collectLegs(client, repository, staging, () => {});
    const ordering = {
      ...client,
      deleteManifest: async (of: Repository, which: Tag | Digest) => {
        if (!isDigest(which)) return keepsTag ? false : client.deleteManifest(of, which);
        if ((await client.listTags(of)).length === 0) return client.deleteManifest(of, which);
        throw new RegistryError('PUSH_DENIED', { message: 'It has a tag.', remedy: '', status: 403 });
      },
    };
    const left = await removeMarkers(ordering, repository, markers, async () => false);
    expect(left).toEqual(says === undefined ? undefined : expect.stringContaining(says));
    for (const { marker } of markers)
      expect((await client.headManifest(repository, marker)) !== undefined).toBe(keepsTag);
    expect(await client.headManifest(repository, digest)).toMatchObject({ digest });
  });

  test('are removed by the packages API where the registry refuses', async () => {
    const { repository } = await aStagedLeg();
    const { markers } = await collectLegs(client, repository, staging, () => {});
    const asked: (readonly Digest[])[] = [];
    const left = await removeMarkers(refusing, repository, markers, async (_, digests) => {
      asked.push(digests);
      return true;
    });
    expect(left).toBeUndefined();
    expect(asked).toEqual([markers.map(({ marker }) => marker)]);
  });

  test.each([
    { what: 'there is no such API', answer: async () => false, says: 'No DELETE here.' },
    {
      what: 'the API refuses too',
      answer: async () => {
        throw new RegistryError('PUSH_DENIED', { message: 'Must have admin rights.', remedy: '' });
      },
      says: 'Must have admin rights.',
    },
  ])('that stay because $what are told by name, which is no failure', async ({ answer, says }) => {
    const { repository } = await aStagedLeg();
    const { markers } = await collectLegs(client, repository, staging, () => {});
    const left = await removeMarkers(refusing, repository, markers, answer);
    expect(left).toContain(says);
    for (const { tag } of markers) expect(left).toContain(tag);
  });
});

describe('GitHub’s packages API', () => {
  const first = parseDigest(`sha256:${'a'.repeat(64)}`);

  interface Answer {
    readonly status: number;
    readonly body?: unknown;
  }

  /** An API that answers by `METHOD path`; anything else is not found. */
  async function ask(
    answers: Readonly<Record<string, Answer>>,
    { ownerType, wanted }: { ownerType?: 'Organization' | 'User'; wanted: readonly Digest[] },
  ): Promise<readonly string[]> {
    await using server = await startServer((request, response) => {
      const { status, body } = answers[`${request.method} ${request.url}`] ?? {
        status: 404,
        body: { message: 'Not Found' },
      };
      response
        .writeHead(status, { 'content-type': 'application/json' })
        .end(body === undefined ? '' : JSON.stringify(body));
    });
    const attempts = { retries: 3, now: Date.now, sleep: async () => {}, random: () => 0.5, log: () => {} };
    const { signal } = new AbortController();
    const url = `http://127.0.0.1:${server.port}/api/v3`;
    const api = createGitHubApi({ url, token: 'ghs_canary', environment: {}, signal, attempts });
    const { registry } = server;
    try {
      await removePackageVersions(api, { registry, path: 'octo-org/tools/app' }, ownerType, wanted);
    } finally {
      api.close();
    }
    expect(server.requests.every(({ authorization }) => authorization === 'token ghs_canary')).toBe(true);
    return server.requests.map(({ line }) => line);
  }

  const base = (accounts: string): string => `/api/v3/${accounts}/octo-org/packages/container/tools%2Fapp/versions`;
  const version = (id: number, name: string) => ({ id, name, metadata: { container: { tags: [] } } });

  test('removes the versions that are named, of a nested package of an organisation', async () => {
    const list = { status: 200, body: [version(3, 'sha256:other'), version(2, first), version(1, 'sha256:older')] };
    const lines = await ask(
      { [`GET ${base('orgs')}?per_page=100&page=1`]: list, [`DELETE ${base('orgs')}/2`]: { status: 204 } },
      { ownerType: 'Organization', wanted: [first] },
    );
    expect(lines).toEqual([`GET ${base('orgs')}?per_page=100&page=1`, `DELETE ${base('orgs')}/2`]);
  });

  test.each([
    { ownerType: 'User', order: ['users'] },
    { ownerType: undefined, order: ['orgs', 'users'] },
  ] as const)('asks for the kind of account that the owner is, $ownerType first', async ({ ownerType, order }) => {
    const list = { status: 200, body: [version(2, first)] };
    const lines = await ask(
      { [`GET ${base('users')}?per_page=100&page=1`]: list, [`DELETE ${base('users')}/2`]: { status: 204 } },
      { wanted: [first], ...(ownerType && { ownerType }) },
    );
    expect(lines.filter((line) => line.startsWith('GET')).map((line) => line.split('/')[3])).toEqual(order);
  });

  test('looks on further pages until all are found', async () => {
    const page = Array.from({ length: 100 }, (_, index) => version(1000 - index, `sha256:${index}`));
    const lines = await ask(
      {
        [`GET ${base('orgs')}?per_page=100&page=1`]: { status: 200, body: page },
        [`GET ${base('orgs')}?per_page=100&page=2`]: { status: 200, body: [version(2, first)] },
        [`DELETE ${base('orgs')}/2`]: { status: 204 },
      },
      { wanted: [first] },
    );
    expect(lines.length).toBe(3);
  });

  test.each([
    { what: 'a version that is not listed', list: { status: 200, body: [] }, code: 'MANIFEST_UNKNOWN' },
    { what: 'a package that is not there', list: { status: 404 }, code: 'MANIFEST_UNKNOWN' },
    { what: 'a token without the right', list: { status: 403, body: { message: 'No.' } }, code: 'PUSH_DENIED' },
    {
      what: 'a token that is none',
      list: { status: 401, body: { message: 'Bad credentials' } },
      code: 'TOKEN_REJECTED',
    },
    { what: 'an API that is down', list: { status: 503 }, code: 'REGISTRY_UNAVAILABLE' },
  ] as const)('says so of $what', async ({ list, code }) => {
    const answers = { [`GET ${base('orgs')}?per_page=100&page=1`]: list };
    await expect(ask(answers, { wanted: [first] })).rejects.toThrowCode(code);
  });
});

describe('the package of a repository', () => {
  const found = async (pages: readonly (readonly unknown[])[]) => {
    const server = await startServer((request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? '/', 'http://api');
      const body = pathname.startsWith('/users/') ? pages[Number(searchParams.get('page')) - 1] : undefined;
      response
        .writeHead(body === undefined ? 404 : 200, { 'content-type': 'application/json' })
        .end(JSON.stringify(body ?? {}));
    });
    const { signal } = new AbortController();
    const api = createGitHubApi({ url: `http://127.0.0.1:${server.port}`, token: '', environment: {}, signal });
    const repository = { registry: server.registry, path: 'octocat/app' };
    return { server, api, packageOf: () => findPackage(api, repository, undefined) };
  };

  test('lists every version, over all pages, with its tags and the later of its two times', async () => {
    const version = (id: number) => ({
      id,
      name: `sha256:${id}`,
      created_at: '2026-01-01T00:00:00Z',
      updated_at: '2026-02-01T00:00:00Z',
      metadata: { container: { tags: id === 250 ? ['latest'] : [] } },
    });
    const all = Array.from({ length: 250 }, (_, index) => version(250 - index));
    const { server, api, packageOf } = await found([all.slice(0, 100), all.slice(100, 200), all.slice(200)]);
    await using _ = server;
    const listed: unknown[] = [];
    for await (const page of (await packageOf())?.listVersions() ?? []) listed.push(...page);
    expect(listed.length).toBe(250);
    expect(listed[0]).toEqual({ id: 250, name: 'sha256:250', tags: ['latest'], changedAt: Date.UTC(2026, 1, 1) });
    // The first page has told whose package it is.
    expect(server.requests.length).toBe(4);
    api.close();
  });

  test('is none for a token that may not see it', async () => {
    const { server, api, packageOf } = await found([]);
    await using _ = server;
    expect(await packageOf()).toBeUndefined();
    api.close();
  });

  test('a version without an ID or a name is an error', async () => {
    const { server, api, packageOf } = await found([[{ id: 1 }]]);
    await using _ = server;
    const list = async (): Promise<void> => {
      for await (const page of (await packageOf())?.listVersions() ?? []) expect(page).toBeUndefined();
    };
    await expect(list()).rejects.toThrowCode('ANSWER_INVALID');
    api.close();
  });
});
