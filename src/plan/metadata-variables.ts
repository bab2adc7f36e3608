/** What docker/metadata-action leaves for later steps and builds: its `json` output, and its DOCKER_METADATA_OUTPUT_* variables. */

import { formatTagReference } from '../image/reference.ts';
import type { ImageDescription } from '../metadata/describe-image.ts';
import { formatAnnotation, formatLabel } from '../metadata/labels.ts';
import type { Target } from './target.ts';

/** The names of an image as texts, one entry a line. */
interface MetadataTexts {
  readonly version: string;
  readonly tags: string;
  readonly 'tag-names': string;
  readonly labels: string;
  readonly annotations: string;
  /** Tags, labels (as a map) and annotations, as JSON. */
  readonly json: string;
}

/** @param targets where the image is, or would go */
export function metadataTexts(targets: readonly Target[], description: ImageDescription): MetadataTexts {
  const { version, labels, annotations } = description;
  const references = targets.flatMap((target) =>
    target.description.tags.map(({ tag }) => formatTagReference(target.destination.repository, tag)),
  );
  const names = [...new Set(description.tags.map(({ tag }) => tag))];
  const levelled = annotations.map(formatAnnotation);
  return {
    version,
    tags: references.join('\n'),
    'tag-names': names.join('\n'),
    labels: labels.map(formatLabel).join('\n'),
    annotations: levelled.join('\n'),
    json: JSON.stringify({
      'tag-names': names,
      tags: references,
      labels: Object.fromEntries(labels.map(({ name, value }) => [name, value])),
      annotations: levelled,
    }),
  };
}

/** The variables of docker/metadata-action (https://github.com/docker/metadata-action#environment-variables). */
export function metadataVariables(texts: MetadataTexts): Readonly<Record<string, string>> {
  return {
    DOCKER_METADATA_OUTPUT_VERSION: texts.version,
    DOCKER_METADATA_OUTPUT_TAGS: texts.tags,
    DOCKER_METADATA_OUTPUT_TAG_NAMES: texts['tag-names'],
    DOCKER_METADATA_OUTPUT_LABELS: texts.labels,
    DOCKER_METADATA_OUTPUT_ANNOTATIONS: texts.annotations,
    DOCKER_METADATA_OUTPUT_JSON: texts.json,
  };
}
