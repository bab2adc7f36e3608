/** Repositories as values, for what a clean-up decides: a test names versions, and what leads from one to another. */

import fc from 'fast-check';
import { type Digest, digestOf } from '../../src/image/digest.ts';
import { parseTag } from '../../src/image/tag.ts';
import type { RetentionRules } from '../../src/plan/retention-rules.ts';
import type { Version } from '../../src/plan/version-graph.ts';

export const day = 86_400_000;
/** The moment of all tests. */
export const now = Date.UTC(2026, 10, 29);

export function digestNamed(name: string): Digest {
  return digestOf(Buffer.from(name));
}

/** The tag under which clients list what refers to a manifest, or cosign's with its suffix. */
export function attachedTag(subject: Digest, suffix = ''): string {
  return `${subject.replace(':', '-')}${suffix}`;
}

interface VersionFields {
  readonly tags?: readonly string[];
  /** Days. */
  readonly age?: number | undefined;
  readonly children?: readonly string[];
  readonly contents?: readonly string[];
  readonly subject?: string;
  readonly isCache?: boolean;
  readonly isListed?: boolean;
}

/** A version of a name, 100 days old. */
export function aVersion(name: string, fields: VersionFields = {}): Version {
  const { tags = [], children = [], contents = [], subject, isCache = false, isListed = true } = fields;
  const age = 'age' in fields ? fields.age : 100;
  return {
    digest: digestNamed(name),
    tags: tags.map((tag) => parseTag(tag)),
    since: age === undefined ? undefined : now - age * day,
    children: children.map(digestNamed),
    contents: contents.map(digestNamed),
    subject: subject === undefined ? undefined : digestNamed(subject),
    isCache,
    isListed,
  };
}

/** Rules that delete all that they may. */
export function someRules(fields: Partial<RetentionRules> = {}): RetentionRules {
  return {
    deleteTags: ['*'],
    deleteUntagged: true,
    keepTags: [],
    keepVersions: [],
    keepNewest: 0,
    keepYoungerThan: 0,
    ...fields,
  };
}

/** What a version has, before it is known which others exist. */
interface Draft {
  readonly kind: 'image' | 'index' | 'referrer' | 'list' | 'signature' | 'cache';
  readonly tags: readonly string[];
  readonly age: number | undefined;
  /** Numbers that become places in the list of earlier versions. */
  readonly to: readonly number[];
}

const someTag = fc.oneof(
  fc.constantFrom('latest', 'main', 'pr-1', 'pr-2', 'buildcache-main', '_staged.7.1.0123456789ab', '1', '1.2'),
  fc
    .tuple(fc.nat(2), fc.nat(2), fc.nat(3), fc.constantFrom('', '-rc.1', '-alpine'))
    .map(([a, b, c, end]) => `${a}.${b}.${c}${end}`),
);

const draft: fc.Arbitrary<Draft> = fc.record({
  kind: fc.constantFrom('image', 'image', 'index', 'index', 'referrer', 'list', 'signature', 'cache'),
  tags: fc.array(someTag, { maxLength: 2 }),
  age: fc.option(fc.integer({ min: 0, max: 120 }), { nil: undefined, freq: 8 }),
  to: fc.array(fc.nat(1_000), { minLength: 1, maxLength: 4 }),
});

/**
 * A repository: each version leads to earlier ones only, as digests do, but for tags that attach a later one to an earlier one. Each tag
 * is there once.
 */
export function someVersions(maxLength = 24): fc.Arbitrary<readonly Version[]> {
  return fc.array(draft, { minLength: 1, maxLength }).map((drafts) => {
    const used = new Set<string>();
    return drafts.map(({ kind, tags, age, to }, index) => {
      const name = (place: number): string => `v${place}`;
      const earlier = index === 0 ? [] : to.map((number) => name(number % index));
      const [first = 'gone'] = earlier;
      const isAttached = kind === 'list' || kind === 'signature';
      const own = isAttached ? [attachedTag(digestNamed(first), kind === 'list' ? '' : '.sig')] : tags;
      const free = own.filter((tag) => !used.has(tag));
      for (const tag of free) used.add(tag);
      return aVersion(name(index), {
        age,
        tags: free,
        ...(kind === 'index' || kind === 'list' ? { children: earlier } : {}),
        ...(kind === 'referrer' ? { subject: first } : {}),
        ...(kind === 'cache' ? { contents: earlier, isCache: true } : {}),
      });
    });
  });
}

/** Mostly rules that delete much. */
export const anyRules: fc.Arbitrary<RetentionRules> = fc.record({
  deleteTags: fc.oneof(
    { weight: 2, arbitrary: fc.constant(['*']) },
    { weight: 1, arbitrary: fc.subarray(['pr-*', '?.*', '_staged.*', 'buildcache-*', 'main'], { minLength: 2 }) },
  ),
  deleteUntagged: fc.oneof({ weight: 6, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
  keepTags: fc.subarray(['latest', '1.*', 'sha256-*'], { maxLength: 1 }),
  keepVersions: fc.subarray(
    [
      { line: 'all', count: 2 },
      { line: 'major', count: 1 },
      { line: 'minor', count: 1 },
    ] as const,
    { maxLength: 1 },
  ),
  keepNewest: fc.constantFrom(0, 0, 0, 1, 3),
  keepYoungerThan: fc.constantFrom(0, 0, day, 30 * day),
});
