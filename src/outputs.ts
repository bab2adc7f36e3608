/**
 * The outputs of the action, from what was decided and what came of it.
 */

import type { Digest } from './image/digest.ts';
import type { StoredManifest } from './image/manifest.ts';
import { formatDigestReference, formatTagReference } from './image/reference.ts';
import type { Repository } from './image/repository.ts';
import type { ImageDescription } from './metadata/describe-image.ts';
import { formatAnnotation, formatLabel } from './metadata/labels.ts';
import type { Plan, PublicationPlan } from './plan.ts';
import { withoutUrlSecrets } from './text/url-secrets.ts';

/** A repository that has the image now, and its names there. */
export interface Place {
  readonly repository: Repository;
  readonly description: ImageDescription;
}

/** What came of a plan. */
export interface Outcome {
  readonly published: boolean;
  /** Why nothing was published; empty when it was. */
  readonly reason: string;
  /** Names of the image in the main repository, as they were in the end. */
  readonly description: ImageDescription;
  /**
   * Where the image is: published or staged by this run, or there already. Absent where it is nowhere. A repository whose
   * tags all stayed is none of them.
   */
  readonly places?: readonly Place[];
  readonly digest: Digest | undefined;
  /** What the digest is of, as the registry has it; absent where nothing was published. */
  readonly manifest?: StoredManifest;
  readonly imageId: string;
  /** The image's configuration, where it was read on the way. */
  readonly config?: Uint8Array;
  /** `os/arch[/variant]` → digest of its manifest. */
  readonly platforms: Readonly<Record<string, Digest>>;
  /** buildx's own report, JSON; empty without. */
  readonly metadata: string;
}

/** What a plan alone comes to, where nothing was done. */
export function nothingDone(plan: PublicationPlan, reason: string): Outcome {
  const { description } = plan;
  return { published: false, reason, description, digest: undefined, imageId: '', platforms: {}, metadata: '' };
}

/** Whether a leg is in its repositories now; it has no name there, unlike a version that is there already. */
export function isStaged({ staging }: Pick<Plan, 'staging'>, { digest, description }: Outcome): boolean {
  return staging !== undefined && digest !== undefined && description.tags.length === 0;
}

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

/** The value of each output; what a run has nothing to say about is empty. */
export function formatOutputs(plan: PublicationPlan, outcome: Outcome): Readonly<Record<OutputName, string>> {
  const { description } = outcome;
  const { tags, version, labels, annotations } = description;
  const places = outcome.places ?? plan.destinations.map(({ repository }) => ({ repository, description }));
  const references = places.flatMap((place) =>
    place.description.tags.map(({ tag }) => formatTagReference(place.repository, tag)),
  );
  const main = plan.destinations.find(({ repository }) => repository === places[0]?.repository);
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
    plan: JSON.stringify(plan, (_, value: unknown) => (typeof value === 'string' ? withoutUrlSecrets(value) : value)),
  };
}
