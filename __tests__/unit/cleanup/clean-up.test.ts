import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { cleanUp } from '../../../src/cleanup/clean-up.ts';
import { PublishError, RegistryError } from '../../../src/errors.ts';
import type { Digest } from '../../../src/image/digest.ts';
import { type CleanupOutcome, leaving } from '../../../src/plan/cleanup-outcome.ts';
import type { RetentionRules } from '../../../src/plan/retention-rules.ts';
import {
  aRepositoryModel,
  imageBytes,
  indexBytes,
  pushAll,
  type RepositoryModel,
  repository,
  somePushes,
} from '../../support/repository-model.ts';
import { day, now, someRules } from '../../support/version-graphs.ts';
import '../../support/to-throw-code.ts';

type Way = 'github' | 'registry';

interface Told {
  readonly outcome: CleanupOutcome;
  readonly decided: CleanupOutcome | undefined;
}

async function run(
  model: RepositoryModel,
  way: Way,
  rules: Partial<RetentionRules> = {},
  fields: { readonly dryRun?: boolean; readonly verify?: 'off' | 'manifest' | 'blobs' } = {},
  meanwhile: () => void = () => undefined,
): Promise<Told> {
  let decided: CleanupOutcome | undefined;
  const plan = {
    rules: someRules({ keepTags: ['latest', 'main'], ...rules }),
    dryRun: false,
    verify: 'manifest',
    ...fields,
  } as const;
  const outcome = await cleanUp(plan, repository, {
    registry: model.registry,
    store: model.stores[way](),
    now: () => now,
    log: () => undefined,
    onDecided: (each) => {
      decided = each;
      meanwhile();
    },
  });
  return { outcome, decided };
}

/** An index of two images under a tag. */
function pushIndex(
  model: RepositoryModel,
  tag: string,
  images: readonly string[] = [`${tag} amd64`, `${tag} arm64`],
): Digest {
  const children = images.map((image) => model.push(imageBytes(image, {}, 100), [], 100));
  return model.push(indexBytes(tag, children), [tag], 100);
}

describe.each<{ way: Way }>([{ way: 'github' }, { way: 'registry' }])('by $way', ({ way }) => {
  test('an index goes with the images that only it has, before them', async () => {
    const model = aRepositoryModel();
    const main = pushIndex(model, 'main', ['shared', 'main arm64']);
    const gone = pushIndex(model, 'pr-1', ['shared', 'pr arm64']);
    const { outcome } = await run(model, way);
    expect(model.deletions[0]).toBe(gone);
    expect(leaving(outcome).length).toBe(2);
    expect(model.deletions.length).toBe(2);
    expect(model.tags).toEqual(new Map([['main', main]]));
    expect(model.brokenTags()).toEqual([]);
  });

  test('what refers to an image goes with it', async () => {
    const model = aRepositoryModel();
    pushIndex(model, 'main');
    const gone = model.push(imageBytes('gone', {}, 100), ['pr-1'], 100);
    const signature = model.push(imageBytes('signature', { subject: { digest: gone } }), [], 100);
    model.push(imageBytes('of the signature', { subject: { digest: signature } }), [], 100);
    await run(model, way);
    expect(model.deletions.length).toBe(3);
    expect(model.manifests.size).toBe(3);
  });

  test('a dry run deletes nothing, and says the same', async () => {
    const model = aRepositoryModel();
    pushIndex(model, 'main');
    pushIndex(model, 'pr-1');
    const { outcome, decided } = await run(model, way, {}, { dryRun: true });
    expect(model.deletions).toEqual([]);
    expect(outcome).toEqual(decided);
    expect(leaving(outcome).map(({ version }) => version.tags)).toEqual([['pr-1'], [], []]);
  });

  test('nothing is deleted if something that stays lacks a part, and the error names both', async () => {
    const model = aRepositoryModel();
    pushIndex(model, 'main');
    pushIndex(model, 'pr-1');
    const [lost] = [...model.manifests.keys()];
    if (lost !== undefined) model.lose(lost);
    const failed = run(model, way);
    await expect(failed).rejects.toThrowCode('CLEANUP_UNREADABLE');
    await expect(failed).rejects.toThrow(`(\`main\`) lists ${lost}`);
    await expect(failed).rejects.toThrow('Nothing was deleted.');
    expect(model.deletions).toEqual([]);
  });

  test('what lacks a part may go', async () => {
    const model = aRepositoryModel();
    pushIndex(model, 'main');
    pushIndex(model, 'pr-1');
    const lost = [...model.manifests.keys()].at(-2);
    if (lost !== undefined) model.lose(lost);
    await run(model, way);
    expect([...model.tags.keys()]).toEqual(['main']);
  });

  test.each([
    { what: 'no JSON', bytes: Buffer.from('[]') },
    { what: 'a digest of another algorithm', bytes: indexBytes('odd', [], { manifests: [{ digest: 'blake3:00' }] }) },
    { what: 'a list that is none', bytes: indexBytes('odd', [], { manifests: 'none' }) },
  ])('nothing is deleted if a manifest cannot be read: $what', async ({ bytes }) => {
    const model = aRepositoryModel();
    pushIndex(model, 'main');
    pushIndex(model, 'pr-1');
    const odd = model.push(imageBytes('odd'), ['odd']);
    const whole = model.registry.findManifest;
    const registry = {
      ...model.registry,
      findManifest: async (...asked: Parameters<typeof whole>) => {
        const found = await whole(...asked);
        return found?.digest === odd ? { ...found, bytes } : found;
      },
    };
    await expect(run({ ...model, registry }, way)).rejects.toThrowCode('CLEANUP_UNREADABLE');
    expect(model.deletions).toEqual([]);
  });

  test('the last version with a tag is refused', async () => {
    const model = aRepositoryModel();
    pushIndex(model, 'pr-1');
    pushIndex(model, 'pr-2');
    await expect(run(model, way)).rejects.toThrowCode('LAST_VERSION');
    expect(model.deletions).toEqual([]);
  });

  test('an empty repository is clean', async () => {
    const { outcome } = await run(aRepositoryModel(), way);
    expect(outcome.decisions).toEqual([]);
  });

  test('what GitHub or the registry refuses ends the run, and says how far it came', async () => {
    const model = aRepositoryModel();
    pushIndex(model, 'main');
    pushIndex(model, 'pr-1');
    let count = 0;
    model.beforeDelete = () => (count++ < 1 ? undefined : 'No.');
    await expect(run(model, way)).rejects.toThrow('1 of 3 versions were deleted before; the next run goes on.');
    expect(model.brokenTags()).toEqual([]);
  });

  test('what is published between the decision and the deletion keeps what it needs: nothing of that is deleted', async () => {
    const model = aRepositoryModel();
    pushIndex(model, 'main');
    const promoted = pushIndex(model, 'pr-1');
    const reused = model.push(imageBytes('reused', {}, 100), ['pr-2'], 100);
    const gone = pushIndex(model, 'pr-3');
    const { outcome } = await run(model, way, { deleteTags: ['pr-*'] }, {}, () => {
      model.tag('stable', promoted);
      model.push(indexBytes('release', [reused]), ['1.0.0']);
    });
    expect(model.deletions).toContain(gone);
    expect(model.deletions).not.toContain(promoted);
    expect(model.deletions).not.toContain(reused);
    expect([...model.tags.keys()].sort()).toEqual(['1.0.0', 'main', 'pr-1', 'pr-2', 'stable']);
    expect(leaving(outcome).map(({ version }) => version.digest)).toContain(gone);
    expect(model.deletions.length).toBe(3);
    expect(model.brokenTags()).toEqual([]);
  });

  test('an image that is published from a part which has just gone gets it back', async () => {
    const model = aRepositoryModel();
    pushIndex(model, 'main');
    pushIndex(model, 'pr-1');
    const gone = [...model.manifests.keys()].at(-2);
    let isDone = false;
    model.beforeDelete = (digest) => {
      // The publisher has seen its image in the registry, and writes the index a moment too late for the clean-up to notice.
      if (digest === gone && !isDone) {
        isDone = true;
        model.push(indexBytes('release', [digest]), ['1.0.0']);
      }
      return undefined;
    };
    const { outcome } = await run(model, way, { deleteTags: ['pr-*'] });
    expect(outcome.remarks).toEqual([expect.stringContaining('stays: it was deleted')]);
    expect(model.tags.has('1.0.0')).toBe(true);
    expect(model.brokenTags()).toEqual([]);
  });
});

describe('by GitHub', () => {
  test('a version with many downloads stays with its images, and the run ends well', async () => {
    const model = aRepositoryModel();
    pushIndex(model, 'main');
    const popular = pushIndex(model, 'pr-1');
    pushIndex(model, 'pr-2');
    const words =
      'Publicly visible package versions with more than 5000 downloads cannot be deleted. Contact GitHub support.';
    model.beforeDelete = (digest) => (digest === popular ? words : undefined);
    const { outcome } = await run(model, 'github');
    expect(outcome.remarks[0]).toBe(
      '`pr-1` stays, because GitHub keeps public versions with more than 5,000 downloads.',
    );
    expect([...model.tags.keys()]).toEqual(['main', 'pr-1']);
    expect(model.brokenTags()).toEqual([]);
    expect(leaving(outcome).length).toBe(3);
  });

  test('a version that gets a tag at this moment stays, and its images do', async () => {
    const model = aRepositoryModel();
    pushIndex(model, 'main');
    pushIndex(model, 'pr-1');
    const other = pushIndex(model, 'pr-2');
    model.beforeDelete = () => {
      model.tag('stable', other);
      return undefined;
    };
    const { outcome } = await run(model, 'github');
    expect(outcome.remarks[0]).toBe('`pr-2` stays, because it has got the tag `stable`.');
    expect([...model.tags.keys()]).toEqual(['main', 'pr-2', 'stable']);
    expect(model.brokenTags()).toEqual([]);
  });

  test('a tag that the list of versions lacks is found in the registry', async () => {
    const model = aRepositoryModel();
    pushIndex(model, 'main');
    const { outcome } = await run(model, 'github', { deleteTags: [] }, { dryRun: true });
    expect(leaving(outcome)).toEqual([]);
    const fresh = model.push(imageBytes('fresh'), []);
    model.tag('fresh', fresh);
    expect(leaving((await run(model, 'github', { deleteTags: [] }, { dryRun: true })).outcome)).toEqual([]);
  });
});

/** `PROPERTY_RUNS=20000` looks longer. */
const numRuns = Number(process.env.PROPERTY_RUNS ?? 150);

describe.each<{ way: Way }>([{ way: 'github' }, { way: 'registry' }])(
  'of any repository by $way, while others publish, deletions are refused and the run is cut off',
  ({ way }) => {
    const counts = { deletions: 0, publications: 0, cuts: 0, refusals: 0, restored: 0 };

    /** What happens before a deletion. */
    const happening = fc.record({
      at: fc.nat(6),
      what: fc.constantFrom('publish', 'tag', 'cut', 'refuse'),
      which: fc.nat(1_000),
    });

    test('each tag that is there can be pulled, and a second run ends what the first began', async () => {
      await fc.assert(
        fc.asyncProperty(
          somePushes,
          fc.array(happening, { maxLength: 3 }),
          fc.constantFrom(0, 30 * day),
          fc.boolean(),
          async (pushes, happenings, keepYoungerThan, all) => {
            const model = aRepositoryModel();
            pushAll(model, pushes);
            model.push(imageBytes('stays'), ['main']);
            const rules = { deleteTags: all ? ['*'] : ['pr-*', '1.*'], keepYoungerThan };
            const published = new Set<string>();
            let number = 0;
            model.beforeDelete = (digest) => {
              const now = happenings.filter(({ at }) => at === number);
              number++;
              let words: string | undefined;
              for (const { what, which } of now) {
                const there = [...model.manifests.keys()];
                const chosen = there[which % there.length] ?? digest;
                const tag = `new-${number}-${which}`;
                if (what === 'publish') model.push(indexBytes(tag, [chosen, digest]), [tag]);
                if (what === 'tag') model.tag(tag, chosen);
                if (what === 'publish' || what === 'tag') {
                  counts.publications++;
                  published.add(tag);
                }
                if (what === 'refuse') {
                  counts.refusals++;
                  words = 'Publicly visible package versions with more than 5000 downloads cannot be deleted.';
                }
                if (what === 'cut') {
                  counts.cuts++;
                  throw new RegistryError('REGISTRY_UNREACHABLE', { message: 'Cut.', remedy: 'None.' });
                }
              }
              return words;
            };
            const before = new Map(model.tags);
            const keepTags = ['latest', 'main', 'new-*'];
            const attempt = await run(model, way, { ...rules, keepTags }).catch((error: unknown) => {
              if (error instanceof PublishError) return undefined;
              throw error;
            });
            counts.restored +=
              attempt?.outcome.remarks.filter((remark) => remark.includes('it was deleted')).length ?? 0;
            counts.deletions += model.deletions.length;
            const isWhole = attempt !== undefined;
            if (isWhole) expect(model.brokenTags()).toEqual([]);
            // A tag that was set while its version was on its way out may go with it; what it says is never half there.
            const kept = [...before.keys()].filter((tag) => ['latest', 'main'].includes(tag));
            for (const tag of kept) expect(model.tags.has(tag)).toBe(true);

            model.beforeDelete = () => undefined;
            const broken = model.brokenTags();
            if (broken.length > 0) {
              // Cut off between a deletion and the look at what was published meanwhile: the next run says so and deletes nothing.
              expect(broken.every((line) => published.has(line.split(' ')[0] ?? ''))).toBe(true);
              return;
            }
            const second = await run(model, way, { ...rules, keepTags });
            expect(model.brokenTags()).toEqual([]);
            expect(leaving((await run(model, way, { ...rules, keepTags }, { dryRun: true })).outcome)).toEqual([]);
            expect(second.outcome.remarks).toEqual([]);
          },
        ),
        { numRuns },
      );
      expect(counts.deletions).toBeGreaterThan(numRuns);
      expect(counts.publications).toBeGreaterThan(numRuns / 20);
      expect(counts.cuts).toBeGreaterThan(numRuns / 50);
      if (process.env.PROPERTY_RUNS !== undefined) process.stderr.write(`${way}: ${JSON.stringify(counts)}\n`);
    });
  },
);
