/**
 * The outputs of the action, from what was decided and what came of it.
 */

import { formatDigestReference } from '../image/reference.ts';
import { outcomesOfTargets } from '../plan/baked-plans.ts';
import { metadataTexts } from '../plan/metadata-variables.ts';
import { type Outcome, targetsOf } from '../plan/outcome.ts';
import type { PlanDocument, PublicationPlan } from '../plan/plan.ts';
import { withoutUrlSecrets } from '../text/url-secrets.ts';

export const outputNames = [
  'image',
  'reference',
  'digest',
  'tags',
  'tag-names',
  'version',
  'registry',
  'repository',
  'package-url',
  'published',
  'reason',
  'imageid',
  'platforms',
  'labels',
  'annotations',
  'json',
  'metadata',
  'attestation-id',
  'attestation-url',
  'bundle-path',
  'bake',
  'plan',
] as const;

export type OutputName = (typeof outputNames)[number];

/** What a merge has nothing to say about. */
type BuildOutputName = 'imageid' | 'labels' | 'json' | 'metadata' | 'bake';
export type MergeOutputName = Exclude<OutputName, BuildOutputName>;

const buildOutputNames: readonly string[] = [
  'imageid',
  'labels',
  'json',
  'metadata',
  'bake',
] satisfies readonly BuildOutputName[];

function isOfMerge(name: OutputName): name is MergeOutputName {
  return !buildOutputNames.includes(name);
}

export const mergeOutputNames: readonly MergeOutputName[] = outputNames.filter(isOfMerge);

/** The value of each output; what a run has nothing to say about is empty. */
export function formatOutputs(
  plan: PublicationPlan & Pick<PlanDocument, 'bake'>,
  outcome: Outcome,
): Readonly<Record<OutputName, string>> {
  const own = formatOne(plan, outcome);
  const baked = outcomesOfTargets(plan, outcome).map((each) => ({
    ...each,
    texts: formatOne(each.plan, each.outcome),
  }));
  if (baked.length === 0) return own;
  const ofAll = (name: OutputName): string =>
    baked
      .map(({ texts }) => texts[name])
      .filter((text) => text !== '')
      .join('\n');
  const documents = baked.map(({ target, texts, outcome: one }) => [target, targetDocument(texts, one)] as const);
  return {
    ...own,
    // What has one entry a line has those of all targets; the rest is that of the first one.
    tags: ofAll('tags'),
    'attestation-id': ofAll('attestation-id'),
    'attestation-url': ofAll('attestation-url'),
    bake: JSON.stringify(Object.fromEntries(documents)),
  };
}

/** A target in the output `bake`. */
function targetDocument(texts: Readonly<Record<OutputName, string>>, { published, platforms }: Outcome): object {
  const { image, reference, digest, tags, version, registry, repository, reason, imageid } = texts;
  const lines = tags === '' ? [] : tags.split('\n');
  return {
    ...{ image, reference, digest, tags: lines, version, registry, repository },
    ...{ published, reason, imageid, platforms },
  };
}

function formatOne(plan: PublicationPlan, outcome: Outcome): Readonly<Record<OutputName, string>> {
  const { description, push, attested = [] } = outcome;
  const carriedOut = { ...plan, push };
  const targets = targetsOf(plan, outcome);
  const { version, tags, 'tag-names': names, labels, annotations, json } = metadataTexts(targets, description);
  const main = targets[0]?.destination;
  return {
    image: tags.split('\n')[0] ?? '',
    reference: main && outcome.digest ? formatDigestReference(main.repository, outcome.digest) : '',
    digest: outcome.digest ?? '',
    tags,
    'tag-names': names,
    version,
    registry: main?.repository.registry ?? '',
    repository: main?.repository.path ?? '',
    'package-url': main?.packageUrl ?? '',
    published: String(outcome.published),
    reason: outcome.reason,
    imageid: outcome.imageId,
    platforms: JSON.stringify(outcome.platforms),
    labels,
    annotations,
    json,
    metadata: withoutUrlSecrets(outcome.metadata),
    'attestation-id': attested.map(({ id }) => id).join('\n'),
    'attestation-url': attested.map(({ url }) => url).join('\n'),
    'bundle-path': attested[0]?.bundlePath ?? '',
    bake: '',
    plan: JSON.stringify(carriedOut, (_, value: unknown) =>
      typeof value === 'string' ? withoutUrlSecrets(value) : value,
    ),
  };
}

/** The outputs of a merge: the same, without those that tell of a build. */
export function formatMergeOutputs(plan: PublicationPlan, outcome: Outcome): Readonly<Record<MergeOutputName, string>> {
  const { imageid: _, labels: __, json: ___, metadata: ____, bake: _____, ...outputs } = formatOutputs(plan, outcome);
  return outputs;
}
