import { describe, expect, test } from '@jest/globals';
import { RegistryError } from '../../../src/errors.ts';
import { type Digest, isDigest } from '../../../src/image/digest.ts';
import { parseRepositoryName } from '../../../src/image/reference.ts';
import { parseTag, type Tag } from '../../../src/image/tag.ts';
import { removeTagged } from '../../../src/registry/remove-tagged.ts';
import { digestNamed } from '../../support/version-graphs.ts';
import '../../support/to-throw-code.ts';

const repository = parseRepositoryName('registry.example.com/octo/app');
const digest = digestNamed('image');
const tags = ['1.0', 'latest'].map((tag) => parseTag(tag));

type Manner = 'removes both' | 'keeps tags' | 'wants tags first' | 'refuses';

/** A registry with one manifest under two tags. */
function aRegistry(manner: Manner) {
  const there = new Set<string>([digest, ...tags]);
  const asked: string[] = [];
  const refusal = () => new RegistryError('PUSH_DENIED', { message: 'No.', remedy: 'None.', status: 403 });
  return {
    there,
    asked,
    deleteManifest: async (_: unknown, which: Tag | Digest) => {
      asked.push(isDigest(which) ? 'digest' : which);
      if (manner === 'refuses') throw refusal();
      if (isDigest(which) && manner === 'wants tags first' && there.size > 1) throw refusal();
      const isThere = there.delete(which);
      if (isDigest(which) && manner === 'removes both') there.clear();
      return isThere;
    },
    headManifest: async (_: unknown, which: Tag | Digest) =>
      there.has(which) ? { mediaType: '', size: 1, digest } : undefined,
  };
}

describe('a manifest goes with its tags', () => {
  test.each<{ manner: Manner; asked: readonly string[] }>([
    { manner: 'removes both', asked: ['digest'] },
    { manner: 'keeps tags', asked: ['digest', '1.0', 'latest'] },
    { manner: 'wants tags first', asked: ['digest', '1.0', 'latest', 'digest'] },
  ])('from a registry that $manner', async ({ manner, asked }) => {
    const registry = aRegistry(manner);
    await removeTagged(registry, repository, digest, tags);
    expect(registry.asked).toEqual(asked);
    expect([...registry.there]).toEqual([]);
  });
});

test.each([{ tags }, { tags: [] }])('a refusal is thrown', async ({ tags: given }) => {
  await expect(removeTagged(aRegistry('refuses'), repository, digest, given)).rejects.toThrowCode('PUSH_DENIED');
});

test('a tag that has moved on stays', async () => {
  const registry = aRegistry('keeps tags');
  const headManifest: typeof registry.headManifest = async (_, which) =>
    which === 'latest' ? { mediaType: '', size: 1, digest: digestNamed('newer') } : registry.headManifest(_, which);
  await removeTagged({ ...registry, headManifest }, repository, digest, tags);
  expect([...registry.there]).toEqual(['latest']);
});
