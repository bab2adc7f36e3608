/** What the environment says of the metadata. */

import { gatherFaults, InputError } from '../errors.ts';
import { parseAnnotationLevels } from '../metadata/labels.ts';
import { type ContextOptions, parseShortShaLength } from '../metadata/metadata-context.ts';
import type { Environment } from '../text/environment.ts';

/**
 * What the environment says of the metadata, in the words of docker/metadata-action, and SOURCE_DATE_EPOCH, seconds that
 * replace the clock (https://reproducible-builds.org/specs/source-date-epoch/).
 * @throws InputError INPUT_INVALID, ANNOTATION_INVALID
 */
export function parseContextOptions(env: Environment, clock: Date): ContextOptions {
  const { attempt, throwIfAny } = gatherFaults();
  const epoch = env.SOURCE_DATE_EPOCH ?? '';
  const sourceDate = attempt(() => (epoch === '' ? undefined : parseSourceDateEpoch(epoch)));
  const shortShaLength = attempt(() => parseShortShaLength(env.DOCKER_METADATA_SHORT_SHA_LENGTH ?? ''));
  const annotationLevels = attempt(() => parseAnnotationLevels(env.DOCKER_METADATA_ANNOTATIONS_LEVELS ?? ''));
  throwIfAny();
  return {
    now: sourceDate ?? clock,
    ...(sourceDate && { sourceDate }),
    usesPullRequestHead: env.DOCKER_METADATA_PR_HEAD_SHA === 'true',
    ...(shortShaLength === undefined ? {} : { shortShaLength }),
    ...(annotationLevels === undefined ? {} : { annotationLevels }),
  };
}

function parseSourceDateEpoch(text: string): Date {
  const date = new Date(Number(text) * 1000);
  if (/^[0-9]+$/.test(text) && !Number.isNaN(date.getTime())) return date;
  throw new InputError('INPUT_INVALID', {
    message: `SOURCE_DATE_EPOCH is "${text}": expected whole seconds since 1970-01-01T00:00:00Z.`,
    remedy: 'Set it with `git log -1 --format=%ct`, or unset it.',
  });
}
