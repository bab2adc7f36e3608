/**
 * The outputs of the action, from what was decided and what came of it.
 */

import { formatDigestReference, formatTagReference } from '../image/reference.ts';
import { formatAnnotation, formatLabel } from '../metadata/labels.ts';
import { type Outcome, targetsOf } from '../plan/outcome.ts';
import type { PublicationPlan } from '../plan/plan.ts';
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
  'metadata',
  'plan',
] as const;

export type OutputName = (typeof outputNames)[number];

/** What a merge has nothing to say about. */
type BuildOutputName = 'imageid' | 'labels' | 'metadata';
export type MergeOutputName = Exclude<OutputName, BuildOutputName>;

const buildOutputNames: readonly string[] = ['imageid', 'labels', 'metadata'] satisfies readonly BuildOutputName[];

function isOfMerge(name: OutputName): name is MergeOutputName {
  return !buildOutputNames.includes(name);
}

export const mergeOutputNames: readonly MergeOutputName[] = outputNames.filter(isOfMerge);

/** The value of each output; what a run has nothing to say about is empty. */
export function formatOutputs(plan: PublicationPlan, outcome: Outcome): Readonly<Record<OutputName, string>> {
  const { description, push } = outcome;
  const carriedOut = { ...plan, push };
  const { tags, version, labels, annotations } = description;
  const targets = targetsOf(plan, outcome);
  const references = targets.flatMap((target) =>
    target.description.tags.map(({ tag }) => formatTagReference(target.destination.repository, tag)),
  );
  const main = targets[0]?.destination;
  return {
    image: references[0] ?? '',
    reference: main && outcome.digest ? formatDigestReference(main.repository, outcome.digest) : '',
    digest: outcome.digest ?? '',
    tags: references.join('\n'),
    'tag-names': tags.map(({ tag }) => tag).join('\n'),
    version,
    registry: main?.repository.registry ?? '',
    repository: main?.repository.path ?? '',
    'package-url': main?.packageUrl ?? '',
    published: String(outcome.published),
    reason: outcome.reason,
    imageid: outcome.imageId,
    platforms: JSON.stringify(outcome.platforms),
    labels: labels.map(formatLabel).join('\n'),
    annotations: annotations.map(formatAnnotation).join('\n'),
    metadata: withoutUrlSecrets(outcome.metadata),
    plan: JSON.stringify(carriedOut, (_, value: unknown) =>
      typeof value === 'string' ? withoutUrlSecrets(value) : value,
    ),
  };
}

/** The outputs of a merge: the same, without those that tell of a build. */
export function formatMergeOutputs(plan: PublicationPlan, outcome: Outcome): Readonly<Record<MergeOutputName, string>> {
  const { imageid: _, labels: __, metadata: ___, ...outputs } = formatOutputs(plan, outcome);
  return outputs;
}
