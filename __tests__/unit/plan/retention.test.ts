import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseTag } from '../../../src/image/tag.ts';
import { decideVersions } from '../../../src/plan/retention.ts';
import type { RetentionRules } from '../../../src/plan/retention-rules.ts';
import { parseAttachedTag, removalOrder, type Version } from '../../../src/plan/version-graph.ts';
import {
  anyRules,
  attachedTag,
  aVersion,
  day,
  digestNamed,
  now,
  someRules,
  someVersions,
} from '../../support/version-graphs.ts';

/** The reason of each version, by its name; those that go begin with `goes: `. */
function decide(
  versions: Readonly<Record<string, Version>>,
  rules: Partial<RetentionRules> = {},
  held: readonly string[] = [],
): Readonly<Record<string, string>> {
  const { decisions } = decideVersions(
    Object.values(versions),
    someRules(rules),
    new Map(held.map((name) => [digestNamed(name), 'GitHub keeps it'])),
    now,
  );
  return Object.fromEntries(
    Object.entries(versions).map(([name, { digest }]) => {
      const { stays = false, reason = '' } = decisions.get(digest) ?? {};
      return [name, stays ? reason : `goes: ${reason}`];
    }),
  );
}

/** The names of those that go. */
function going(versions: Readonly<Record<string, Version>>, rules: Partial<RetentionRules> = {}): readonly string[] {
  return Object.entries(decide(versions, rules)).flatMap(([name, reason]) =>
    reason.startsWith('goes: ') ? [name] : [],
  );
}

/** Versions by the names that they are given. */
function named(fields: Readonly<Record<string, Parameters<typeof aVersion>[1]>>): Readonly<Record<string, Version>> {
  return Object.fromEntries(Object.entries(fields).map(([name, each]) => [name, aVersion(name, each)]));
}

describe('a tag', () => {
  test('that no pattern names stays, and one that a pattern names goes', () => {
    expect(decide(named({ one: { tags: ['main'] }, two: { tags: ['pr-2'] } }), { deleteTags: ['pr-*'] })).toEqual({
      one: '`delete-tags` does not match `main`',
      two: 'goes: `delete-tags` matches its tag, and it is 100 days old',
    });
  });

  test('that stays keeps the version, whatever other tags it has', () => {
    expect(going(named({ one: { tags: ['pr-1', 'main'] } }), { deleteTags: ['pr-*'] })).toEqual([]);
  });

  test('of `keep-tags` stays, even if a pattern of `delete-tags` names it', () => {
    expect(decide(named({ one: { tags: ['latest'] } }), { keepTags: ['lat?st'] })).toEqual({
      one: '`keep-tags` keeps `latest`',
    });
  });

  test.each([
    { what: 'a mark of a running leg', tag: '_staged.7.1.0123456789ab', deleteTags: ['*', '_*'], goes: false },
    {
      what: 'a mark that a pattern spells out',
      tag: '_staged.7.1.0123456789ab',
      deleteTags: ['_staged.*'],
      goes: true,
    },
    {
      what: 'a mark that no run can still merge',
      tag: '_staged.7.1.0123456789ab',
      age: 66,
      deleteTags: [],
      goes: true,
    },
    {
      what: 'a mark whose age nobody tells',
      tag: '_staged.7.1.0123456789ab',
      age: undefined,
      deleteTags: [],
      goes: false,
    },
    { what: 'a build cache', tag: 'buildcache-main', isCache: true, deleteTags: ['*'], goes: false },
    {
      what: 'a build cache that a pattern names',
      tag: 'buildcache-main',
      isCache: true,
      deleteTags: ['b*'],
      goes: true,
    },
  ])('of $what: goes is $goes', ({ tag, goes, deleteTags, isCache = false, ...age }) => {
    const fields = { tags: [tag], isCache, ...('age' in age ? age : { age: 3 }) };
    expect(going(named({ one: fields }), { deleteTags })).toEqual(goes ? ['one'] : []);
  });
});

describe('what a version that stays leads to stays', () => {
  test('the images and the attestations of an index, and indexes within it', () => {
    const versions = named({
      root: { tags: ['1.0'], children: ['amd64', 'nested'] },
      nested: { children: ['arm64'] },
      amd64: {},
      arm64: {},
      stray: {},
    });
    expect(decide(versions, { keepTags: ['1.0'] })).toEqual({
      root: '`keep-tags` keeps `1.0`',
      nested: 'it is part of `1.0`',
      amd64: 'it is part of `1.0`',
      arm64: expect.stringMatching(/^it is part of `sha256:[0-9a-f]{12}`$/),
      stray: 'goes: it has no tag, and nothing that stays leads to it, and it is 100 days old',
    });
  });

  test('what refers to it, what refers to that, and what a tag of cosign or of a registry without an API attaches', () => {
    const subject = digestNamed('root');
    const versions = named({
      root: { tags: ['1.0'] },
      sbom: { subject: 'root' },
      signature: { subject: 'sbom' },
      cosign: { tags: [attachedTag(subject, '.sig')] },
      attestation: { tags: [attachedTag(subject, '.att')] },
      list: { tags: [attachedTag(subject)], children: ['listed'] },
      listed: { subject: 'root' },
    });
    expect(going(versions, { keepTags: ['1.0'] })).toEqual([]);
    expect(decide(versions, { keepTags: ['1.0'] })).toMatchObject({ cosign: 'it is attached to `1.0`' });
  });

  test('what it refers to itself', () => {
    const versions = named({ old: {}, report: { tags: ['report'], subject: 'old' } });
    expect(decide(versions, { deleteTags: [] })).toMatchObject({ old: 'it is subject of `report`' });
  });

  test('what a cache lists, if that is a manifest', () => {
    expect(going(named({ cache: { tags: ['cache'], contents: ['image'] }, image: {} }), { deleteTags: [] })).toEqual(
      [],
    );
  });

  test('an image that an index that goes lists too', () => {
    const versions = named({
      kept: { tags: ['1.0'], children: ['shared'] },
      gone: { tags: ['pr-1'], children: ['shared', 'own'] },
      shared: {},
      own: {},
    });
    expect(going(versions, { deleteTags: ['pr-*'] })).toEqual(['gone', 'own']);
  });
});

describe('what is attached to a version goes with it', () => {
  test('and if that is gone already', () => {
    const versions = named({
      gone: { tags: ['pr-1'] },
      signature: { tags: [attachedTag(digestNamed('gone'), '.sig')] },
      orphan: { tags: [attachedTag(digestNamed('nowhere'), '.sig')] },
      referrer: { subject: 'nowhere' },
      main: { tags: ['main'] },
    });
    expect(going(versions, { deleteTags: ['pr-*'] })).toEqual(['gone', 'signature', 'orphan', 'referrer']);
  });

  test('unless it is young: somebody may be signing', () => {
    const versions = named({ old: { tags: ['pr-1'] }, signature: { subject: 'old', age: 0 } });
    expect(decide(versions, { keepYoungerThan: day })).toEqual({
      old: expect.stringMatching(/^it is subject of /),
      signature: 'it is younger than 24 hours',
    });
  });
});

describe('by age', () => {
  test('what is younger stays, tagged or not, with all that it needs', () => {
    const versions = named({
      young: { tags: ['pr-1'], age: 6, children: ['part'] },
      part: { age: 50 },
      upload: { age: 6 },
      old: { tags: ['pr-2'], age: 8 },
      left: { age: 8 },
    });
    expect(going(versions, { keepYoungerThan: 7 * day })).toEqual(['old', 'left']);
  });

  test('what nobody tells the age of stays, unless no age is asked for', () => {
    const versions = named({ one: { tags: ['pr-1'], age: undefined } });
    expect(decide(versions, { keepYoungerThan: day })).toEqual({ one: 'nobody tells how old it is' });
    expect(going(versions)).toEqual(['one']);
  });
});

describe('by number', () => {
  test('the newest stay of those whose tags may go, and as many images without a tag', () => {
    const versions = named({
      main: { tags: ['main'], age: 1 },
      first: { tags: ['pr-1'], age: 3 },
      second: { tags: ['pr-2'], age: 2 },
      third: { tags: ['pr-3'], age: 4 },
      newIndex: { age: 5, children: ['newImage'] },
      newImage: { age: 5 },
      oldIndex: { age: 6, children: ['oldImage'] },
      oldImage: { age: 6 },
    });
    expect(going(versions, { deleteTags: ['pr-*'], keepNewest: 1 })).toEqual([
      'first',
      'third',
      'oldIndex',
      'oldImage',
    ]);
  });

  test('what cannot be ranked stays', () => {
    const versions = named({
      one: { tags: ['pr-1'], age: undefined },
      two: { tags: ['pr-2'], age: 1 },
      three: { tags: ['pr-3'], age: 2 },
    });
    expect(going(versions, { keepNewest: 1 })).toEqual(['three']);
  });

  test('untagged versions stay if they are not to go', () => {
    expect(going(named({ one: {} }), { deleteUntagged: false })).toEqual([]);
  });
});

describe('by version', () => {
  const tags = [
    '1.4.8',
    '1.4.9',
    '1.3.0',
    'v2.0.0',
    '2.1.0-rc.1',
    '2.1.0-rc.2',
    '1.4.9-alpine',
    '1.4.7-alpine',
    '1.4',
    'main',
  ];
  const versions = named(Object.fromEntries(tags.map((tag) => [tag, { tags: [tag] }])));
  const kept = (keepVersions: RetentionRules['keepVersions']): readonly string[] => {
    const gone = going(versions, { keepVersions });
    return tags.filter((tag) => !gone.includes(tag));
  };

  test.each([
    { rule: { line: 'minor', count: 1 }, stay: ['1.4.9', '1.3.0', 'v2.0.0', '2.1.0-rc.2', '1.4.9-alpine'] },
    { rule: { line: 'major', count: 1 }, stay: ['1.4.9', 'v2.0.0', '2.1.0-rc.2', '1.4.9-alpine'] },
    {
      rule: { line: 'major', count: 2 },
      stay: ['1.4.8', '1.4.9', 'v2.0.0', '2.1.0-rc.1', '2.1.0-rc.2', '1.4.9-alpine', '1.4.7-alpine'],
    },
    { rule: { line: 'all', count: 1 }, stay: ['v2.0.0', '2.1.0-rc.2', '1.4.9-alpine'] },
  ] as const)('$rule.count of $rule.line', ({ rule, stay }) => {
    expect(kept([rule])).toEqual(stay);
  });

  test('the reason names the line', () => {
    expect(decide(versions, { keepVersions: [{ line: 'minor', count: 1 }] })['1.4.9']).toBe(
      '`keep-versions` keeps `1.4.9`: it is among the 1 highest of its minor version',
    );
  });
});

test('what came up on the way holds a version, with all that it needs', () => {
  const versions = named({ popular: { tags: ['pr-1'], children: ['part'] }, part: {} });
  expect(decide(versions, {}, ['popular'])).toEqual({ popular: 'GitHub keeps it', part: 'it is part of `pr-1`' });
});

/** `PROPERTY_RUNS=200000` looks longer. */
const numRuns = Number(process.env.PROPERTY_RUNS ?? 3_000);

describe('of any repository, by any rules', () => {
  /** Computed otherwise than in the code: by asking of each version that stays what is beside it. */
  function neighbours(version: Version, all: readonly Version[]): readonly Version[] {
    const beneath = [
      ...version.children,
      ...version.contents,
      ...(version.subject === undefined ? [] : [version.subject]),
    ];
    const hex = version.digest.replace(':', '-');
    return all.filter(
      (other) =>
        beneath.includes(other.digest) ||
        other.subject === version.digest ||
        other.tags.some((tag) => tag === hex || [`${hex}.sig`, `${hex}.att`, `${hex}.sbom`].includes(tag)),
    );
  }

  /** What is wrong with a decision, in words; none is right. */
  function faultsOf(versions: readonly Version[], rules: RetentionRules): readonly string[] {
    const { decisions, graph } = decideVersions(versions, rules, new Map(), now);
    const stays = (version: Version): boolean => decisions.get(version.digest)?.stays === true;
    const mayGo = (tag: string): boolean =>
      parseAttachedTag(parseTag(tag)) !== undefined ||
      tag.startsWith('_staged.') ||
      rules.deleteTags.some((pattern) => globs[pattern]?.test(tag));
    const leaving = new Set(versions.filter((version) => !stays(version)).map(({ digest }) => digest));
    const order = removalOrder(graph, leaving);
    const place = new Map(order.map((digest, index) => [digest, index]));
    gone += leaving.size;
    stayed += versions.length - leaving.size;
    return [
      ...versions
        .filter(stays)
        .flatMap((version) => neighbours(version, versions).filter((other) => !stays(other)))
        .map(({ digest }) => `${digest} goes, and something that stays leads to it`),
      ...versions
        .filter(({ tags }) => tags.some((tag) => !mayGo(tag) || (tag === 'latest' && rules.keepTags.includes(tag))))
        .filter((version) => !stays(version))
        .map(({ tags }) => `${tags} goes, and no rule says so`),
      ...versions
        .filter(({ since }) => since !== undefined && now - since < rules.keepYoungerThan)
        .filter((version) => !stays(version))
        .map(({ digest }) => `${digest} goes, and is young`),
      ...(order.length === leaving.size && order.every((digest) => leaving.has(digest))
        ? []
        : ['the order lacks some']),
      // Whatever breaks off the deletion, no index is left without its images.
      ...versions
        .filter(({ digest }) => leaving.has(digest))
        .flatMap(({ digest, children }) =>
          children.filter((child) => (place.get(child) ?? Infinity) < (place.get(digest) ?? -1)),
        )
        .map((child) => `${child} goes before its index`),
    ];
  }

  const globs: Readonly<Record<string, RegExp>> = {
    '*': /./,
    'pr-*': /^pr-/,
    '?.*': /^.\./,
    'buildcache-*': /^buildcache-/,
    main: /^main$/,
  };
  let gone = 0;
  let stayed = 0;

  test('a version that stays loses nothing that it leads to, at any point of the deletion', () => {
    fc.assert(
      fc.property(someVersions(), anyRules, (versions, rules) => {
        const faults = faultsOf(versions, rules);
        if (faults.length > 0) throw new Error(faults.join('\n'));
      }),
      { numRuns },
    );
    expect(gone).toBeGreaterThan(numRuns);
    expect(stayed).toBeGreaterThan(numRuns);
    if (process.env.PROPERTY_RUNS !== undefined)
      process.stderr.write(`${numRuns} repositories: ${gone} versions went, ${stayed} stayed\n`);
  });
});
