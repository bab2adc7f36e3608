import { describe, expect, test } from '@jest/globals';
import { RegistryError, ToolError } from '../../../src/errors.ts';
import { parseRepositoryName } from '../../../src/image/reference.ts';
import { parseTag, type Tag } from '../../../src/image/tag.ts';
import { moveTags, type TagClient, verifyTags, widthOfTagging } from '../../../src/publish/move-tags.ts';
import { verifyBlobs } from '../../../src/registry/read-back.ts';
import { aManifest } from '../../support/fakes.ts';
import { untilSeenAtOnce } from '../../support/registry-client.ts';

const repository = parseRepositoryName('ghcr.io/octo-org/app');
const tags = ['1.0', '1', 'latest'].map((text) => parseTag(text));
const [old, manifest] = [aManifest('old'), aManifest('new')];
const refused = new RegistryError('REGISTRY_UNAVAILABLE', {
  message: 'It failed.',
  remedy: 'Try later.',
  detail: 'What was printed.',
  status: 503,
  ociCodes: ['UNAVAILABLE'],
  retryable: true,
  delay: 5_000,
});

/** A registry whose tags are old, and one PUT of which fails, before or after it took effect. */
function aRegistry(
  failing?: Tag,
  isKept = false,
  error: Error = refused,
): TagClient & { readonly held: Map<string, string> } {
  const held = new Map<string, string>(tags.map((tag) => [tag, String(old.digest)]));
  return {
    held,
    untilSeen: untilSeenAtOnce,
    async putManifest(_, { bytes }, tag) {
      if (tag !== failing || isKept) held.set(tag, aManifest(JSON.parse(Buffer.from(bytes).toString()).name).digest);
      if (tag === failing) throw error;
    },
    async headManifest(_, tag) {
      return held.get(tag) === manifest.digest ? manifest : old;
    },
  };
}

async function failureOf(registry: TagClient, log: string[] = [], width = 1): Promise<unknown> {
  return moveTags(registry, repository, manifest, tags, { there: [], width }, (line) => log.push(line)).then(
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
      delay: 5_000,
      cause: refused,
      remedy: 'Try later.',
      detail: 'What was printed.',
      message: `It failed. In ghcr.io/octo-org/app, ${manifest.digest} is whole; ${says}`,
    });
  });

  test('an error that is not of the registry stays one of its own kind', async () => {
    const cancelled = new ToolError('CANCELLED', { message: 'It ended.', remedy: 'Run it again.' });
    const failure = await failureOf(aRegistry(parseTag('1'), false, cancelled));
    expect(failure).toBeInstanceOf(ToolError);
    expect(failure).toMatchObject({ code: 'CANCELLED', cause: cancelled });
  });

  test('where the registry cannot be asked afterwards, nothing is claimed of the tag that failed', async () => {
    const registry = aRegistry(parseTag('1'), true);
    const failure = await failureOf({ ...registry, headManifest: () => Promise.reject(new Error('gone')) });
    expect(failure).toMatchObject({
      message: expect.stringContaining('moved to it: 1.0; not moved: latest; perhaps moved: 1.'),
    });
  });
});

describe('tags move side by side', () => {
  const names = Array.from({ length: 12 }, (_, index) => parseTag(`1.${index}`));

  test.each([
    ['at most eight at a time where the registry takes that', widthOfTagging('other'), 8],
    ['never on the Container registry', widthOfTagging('container'), 1],
    ['never on the Docker registry', widthOfTagging('docker'), 1],
  ])('%s', async (_, width, most) => {
    let [running, seen] = [0, 0];
    const putManifest = async (): Promise<void> => {
      running += 1;
      seen = Math.max(seen, running);
      await new Promise(setImmediate);
      running -= 1;
    };
    await moveTags({ ...aRegistry(), putManifest }, repository, manifest, names, { there: [], width }, () => undefined);
    expect(seen).toBe(most);
  });

  test('but the first one, which all others wait for, and the last one, which waits for all others', async () => {
    const events: string[] = [];
    const putManifest = async (_: unknown, __: unknown, tag: Tag): Promise<void> => {
      events.push(`${tag} begins`);
      await new Promise(setImmediate);
      events.push(`${tag} ends`);
    };
    await moveTags(
      { ...aRegistry(), putManifest },
      repository,
      manifest,
      names,
      { there: [], width: 4 },
      () => undefined,
    );
    expect(events.slice(0, 2)).toEqual(['1.0 begins', '1.0 ends']);
    expect(events.slice(-2)).toEqual(['1.11 begins', '1.11 ends']);
  });

  test('beside the first one, too, where the version is there already', async () => {
    const events: string[] = [];
    const putManifest = async (_: unknown, __: unknown, tag: Tag): Promise<void> => {
      events.push(`${tag} begins`);
      await new Promise(setImmediate);
      events.push(`${tag} ends`);
    };
    const how = { there: [parseTag('1')], width: 4 };
    await moveTags({ ...aRegistry(), putManifest }, repository, manifest, names, how, () => undefined);
    expect(events.slice(0, 4)).toEqual(['1.0 begins', '1.1 begins', '1.2 begins', '1.3 begins']);
    expect(events.slice(-2)).toEqual(['1.11 begins', '1.11 ends']);
  });

  test('and where one fails, those on their way are waited for, told of, and none is begun after it', async () => {
    const registry = aRegistry(parseTag('1.1'));
    const slowly = async (...args: Parameters<TagClient['putManifest']>): Promise<void> => {
      if (args[2] !== '1.1') await new Promise(setImmediate);
      await registry.putManifest(...args);
    };
    const moving = moveTags(
      { ...registry, putManifest: slowly },
      repository,
      manifest,
      names,
      { there: [], width: 2 },
      () => undefined,
    );
    await expect(moving).rejects.toMatchObject({
      message: expect.stringContaining(
        'moved to it: 1.0, 1.2; not moved: 1.1, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8, 1.9, 1.10, 1.11.',
      ),
    });
  });
});

describe('verification', () => {
  test('is content with tags that are where they should be', async () => {
    const registry = aRegistry();
    await moveTags(registry, repository, manifest, tags, { there: [], width: 1 }, () => undefined);
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
    const verified = verifyTags({ headManifest, untilSeen: untilSeenAtOnce }, repository, manifest.digest, tags);
    await expect(verified).rejects.toMatchObject({ code: 'DIGEST_MISMATCH', message: expect.stringContaining(says) });
  });

  test('asks again for a tag that the registry shows late', async () => {
    const shown = [undefined, old, manifest].values();
    const headManifest = async () => shown.next().value;
    const late = { headManifest, untilSeen: untilSeenAtOnce };
    await expect(verifyTags(late, repository, manifest.digest, tags.slice(0, 1))).resolves.toBeUndefined();
  });

  test('says that the registry may be late, once it has asked often enough', async () => {
    const late = { headManifest: async () => old, untilSeen: untilSeenAtOnce };
    const verified = verifyTags(late, repository, manifest.digest, tags.slice(0, 1));
    await expect(verified).rejects.toMatchObject({ remedy: expect.stringContaining('it shows a push late') });
  });

  test('of the blobs names those that are missing', async () => {
    const blobs = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => aManifest(name).digest);
    const asked: string[] = [];
    const headBlob = (has: boolean) => async (_: unknown, digest: string) => {
      asked.push(digest);
      return has || digest !== blobs[4];
    };
    await expect(
      verifyBlobs({ headBlob: headBlob(true), untilSeen: untilSeenAtOnce }, repository, manifest.digest, blobs),
    ).resolves.toBeUndefined();
    expect(asked).toEqual(blobs);
    const verified = verifyBlobs(
      { headBlob: headBlob(false), untilSeen: untilSeenAtOnce },
      repository,
      manifest.digest,
      blobs,
    );
    await expect(verified).rejects.toMatchObject({
      code: 'BLOB_MISSING',
      message: expect.stringContaining(`lacks ${blobs[4]}.`),
    });
  });
});
