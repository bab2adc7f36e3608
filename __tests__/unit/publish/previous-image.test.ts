import { expect, test } from '@jest/globals';
import { RegistryError } from '../../../src/errors.ts';
import { parseTag } from '../../../src/image/tag.ts';
import { isNamed, targetOf } from '../../../src/plan/target.ts';
import { readPrevious } from '../../../src/publish/previous-image.ts';
import { aPlan } from '../../support/builders.ts';
import { aManifest } from '../../support/fakes.ts';

function aTarget(tags: string) {
  const { destinations, description } = aPlan({ tags });
  const [destination] = destinations;
  const target = destination && targetOf(destination, description);
  if (target === undefined || !isNamed(target)) throw new Error('the plan has a name');
  return target;
}

/** A registry with these tags, each with a manifest of its own; `undefined`: it does not tell. */
function aRegistry(tags: readonly string[] | undefined) {
  const tell = <Answer>(answer: Answer): Answer => {
    if (tags === undefined) throw new RegistryError('PULL_DENIED', { message: 'no', remedy: '' });
    return answer;
  };
  return {
    listTags: async () => tell((tags ?? []).map((tag) => parseTag(tag))),
    findManifest: async (_: unknown, tag: string) => tell(tags?.includes(tag) ? aManifest(tag) : undefined),
  };
}

test.each([
  { what: 'a release', tags: '1.3.0', there: ['1.2.0', '1.2.1', 'latest'], previous: '1.2.1' },
  { what: 'a branch, what its tag points at', tags: 'main', there: ['main', '1.2.1'], previous: 'main' },
  { what: 'a first release', tags: '1.3.0', there: ['main'], previous: undefined },
  { what: 'a new branch', tags: 'main', there: ['1.2.1'], previous: undefined },
  { what: 'a registry that does not tell', tags: '1.3.0', there: undefined, previous: undefined },
])('the image before that of $what is $previous', async ({ tags, there, previous }) => {
  const found = await readPrevious(aTarget(tags), aRegistry(there));
  expect(found).toEqual(previous === undefined ? undefined : { tag: previous, manifest: aManifest(previous) });
});
