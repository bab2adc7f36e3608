import { describe, expect, test } from '@jest/globals';
import { RegistryError } from '../../../src/errors.ts';
import { parseRepositoryName } from '../../../src/image/reference.ts';
import { parseTag, type Tag } from '../../../src/image/tag.ts';
import { moveTags, type TagClient, verifyBlobs, verifyTags } from '../../../src/registry/tags.ts';
import { aManifest } from '../../support/fakes.ts';

const repository = parseRepositoryName('ghcr.io/octo-org/app');
const tags = ['1.0', '1', 'latest'].map(parseTag);
const [old, manifest] = [aManifest('old'), aManifest('new')];
const refused = new RegistryError('REGISTRY_UNAVAILABLE', {
  message: 'It failed.',
  remedy: 'Try later.',
  detail: 'What was printed.',
  status: 503,
  ociCodes: ['UNAVAILABLE'],
  retryable: true,
});

/** A registry whose tags are old, and one PUT of which fails, before or after it took effect. */
function aRegistry(failing?: Tag, isKept = false): TagClient & { readonly held: Map<Tag, string> } {
  const held = new Map(tags.map((tag) => [tag, String(old.digest)]));
  return {
    held,
    async putManifest(_, { bytes }, tag) {
      if (tag !== failing || isKept) held.set(tag, aManifest(JSON.parse(Buffer.from(bytes).toString()).name).digest);
      if (tag === failing) throw refused;
    },
    async headManifest(_, tag) {
      return held.get(tag) === manifest.digest ? manifest : old;
    },
  };
}

async function failureOf(registry: TagClient, log: string[] = []): Promise<unknown> {
  return moveTags(registry, repository, manifest, tags, (line) => log.push(line)).then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('tags move one after the other', () => {
  test('in the order given, and each is told of', async () => {
    const [registry, log]: [ReturnType<typeof aRegistry>, string[]] = [aRegistry(), []];
    expect(await failureOf(registry, log)).toBeUndefined();
    expect([...registry.held.values()]).toEqual(tags.map(() => manifest.digest));
    expect(log).toEqual(tags.map((tag) => `Tagged ghcr.io/octo-org/app:${tag}`));
  });

  test.each([
    ['the first fails', '1.0', false, 'moved to it: none; not moved: 1.0, 1, latest.'],
    ['the second fails', '1', false, 'moved to it: 1.0; not moved: 1, latest.'],
    ['the second moves and its answer is lost', '1', true, 'moved to it: 1.0, 1; not moved: latest.'],
    ['the last fails', 'latest', false, 'moved to it: 1.0, 1; not moved: latest.'],
    ['the last moves and its answer is lost', 'latest', true, 'moved to it: 1.0, 1, latest; not moved: none.'],
  ])('where %s the error says so, and is otherwise what it was', async (_, failing, isKept, says) => {
    const registry = aRegistry(parseTag(failing), isKept);
    const failure = await failureOf(registry);
    expect(failure).toMatchObject({
      code: 'REGISTRY_UNAVAILABLE',
      status: 503,
      ociCodes: ['UNAVAILABLE'],
      retryable: true,
      remedy: 'Try later.',
      detail: 'What was printed.',
      message: `It failed. In ghcr.io/octo-org/app, ${manifest.digest} is whole; ${says}`,
    });
  });

  test('a registry that cannot be asked afterwards counts as not having moved the tag', async () => {
    const registry = aRegistry(parseTag('1'), true);
    const failure = await failureOf({ ...registry, headManifest: () => Promise.reject(new Error('gone')) });
    expect(failure).toMatchObject({ message: expect.stringContaining('moved to it: 1.0; not moved: 1, latest.') });
  });
});

describe('verification', () => {
  test('is content with tags that are where they should be', async () => {
    const registry = aRegistry();
    await moveTags(registry, repository, manifest, tags, () => undefined);
    await expect(verifyTags(registry, repository, manifest.digest, tags)).resolves.toBeUndefined();
  });

  test.each([
    [
      'is elsewhere',
      async () => old,
      `ghcr.io/octo-org/app:1.0 is ${old.digest} after the push of ${manifest.digest}.`,
    ],
    ['is not there', async () => undefined, 'ghcr.io/octo-org/app:1.0 is not there after the push'],
  ])('fails where a tag %s', async (_, headManifest, says) => {
    const verified = verifyTags({ headManifest }, repository, manifest.digest, tags);
    await expect(verified).rejects.toMatchObject({ code: 'DIGEST_MISMATCH', message: expect.stringContaining(says) });
  });

  test('of the blobs names those that are missing', async () => {
    const blobs = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => aManifest(name).digest);
    const asked: string[] = [];
    const headBlob = (has: boolean) => async (_: unknown, digest: string) => {
      asked.push(digest);
      return has || digest !== blobs[4];
    };
    await expect(
      verifyBlobs({ headBlob: headBlob(true) }, repository, manifest.digest, blobs),
    ).resolves.toBeUndefined();
    expect(asked).toEqual(blobs);
    const verified = verifyBlobs({ headBlob: headBlob(false) }, repository, manifest.digest, blobs);
    await expect(verified).rejects.toMatchObject({
      code: 'BLOB_MISSING',
      message: expect.stringContaining(`lacks ${blobs[4]}.`),
    });
  });
});
