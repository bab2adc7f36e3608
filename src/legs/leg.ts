/**
 * A leg: an image of one platform, or an index of some, that is in a repository already and is joined with others.
 */

import { InputError } from '../errors.ts';
import type { Annotation } from '../image/annotation.ts';
import type { Digest } from '../image/digest.ts';
import {
  annotateEntry,
  annotationsOfIndex,
  entryOfImage,
  haveSameEntries,
  type IndexEntry,
  isOfPlatform,
  parseDocument,
  platformName,
  platformOfConfig,
  readEntries,
  writeIndex,
} from '../image/image-index.ts';
import { isIndexMediaType, type StoredManifest } from '../image/manifest.ts';
import { formatPlatform, type Platform } from '../image/platform.ts';
import { formatDigestReference } from '../image/reference.ts';
import { formatRepository, type Repository } from '../image/repository.ts';

export interface Leg {
  /** Of what its job published: a manifest or an index. */
  readonly digest: Digest;
  /** What it brings into the index: its images, and what belongs to them. */
  readonly entries: readonly IndexEntry[];
}

/** A leg as its repository has it. */
export interface StoredLeg extends Leg {
  readonly manifest: StoredManifest;
}

/**
 * @param config the bytes of the image's config; `undefined` for an index, whose entries name their platforms
 * @throws InputError LEG_INVALID for what holds no image of a platform
 */
export function legOf(repository: Repository, manifest: StoredManifest, config: Uint8Array | undefined): StoredLeg {
  const platform = config && platformOfConfig(parseDocument(config));
  const entries = isIndexMediaType(manifest.mediaType)
    ? readEntries(manifest)
    : platform === undefined
      ? []
      : [entryOfImage(manifest, platform)];
  if (entries.some((entry) => entry.platform !== undefined)) return { digest: manifest.digest, entries, manifest };
  throw new InputError('LEG_INVALID', {
    message: `${formatDigestReference(repository, manifest.digest)} (${manifest.mediaType}) is not a leg: it has no image that names its platform.`,
    remedy:
      'Merge the digests of images or of their indexes, as the `digest` outputs of the steps that built them have them.',
  });
}

/**
 * What is wrong with an entry of a leg, compared with its manifest and config (image-spec, descriptor.md). Its type,
 * size or platform may differ. Or it has content of its own (`data`) or from elsewhere (`urls`), which no builder
 * writes for a manifest.
 * @param config the bytes of the image's config; `undefined` where nobody chooses by the platform
 * @returns a clause; `undefined` if nothing is wrong
 */
export function faultOfEntry(
  { descriptor, platform }: IndexEntry,
  { mediaType, bytes }: StoredManifest,
  config: Uint8Array | undefined,
): string | undefined {
  if (descriptor.mediaType !== mediaType) return `as ${descriptor.mediaType}, but it is ${mediaType}`;
  if (descriptor.size !== bytes.length) return `with ${descriptor.size} bytes, but it has ${bytes.length}`;
  const foreign = ['urls', 'data'].find((field) => descriptor[field] !== undefined);
  if (foreign !== undefined) return `with "${foreign}", which a merge does not pass on`;
  const actual = config && platformName(platformOfConfig(parseDocument(config)));
  if (platform === undefined || actual === undefined) return undefined;
  const machine = (name: string): string => name.split(/[/ ]/).slice(0, 2).join('/');
  return machine(actual) === machine(platform) ? undefined : `for ${platform}, but the image is for ${actual}`;
}

/** Where legs are known from: from the markers that jobs left, or from the input `digests`. */
type LegOrigin = 'staged' | 'digests';

/** What to do where the legs are not those of one image. */
const remedies: Readonly<Record<LegOrigin, { readonly [Code in 'missing' | 'twice' | 'foreign']: string }>> = {
  staged: {
    missing:
      'Check that the job of each platform stages (`stage: true`) in this repository and succeeded, and that the merging job `needs` it; after a merge the legs of all platforms have to run again.',
    twice:
      'Let one job build each platform. Where one run makes several images in one repository, give each a name: `stage: NAME` for its legs and for its merge.',
    foreign: 'Add the platform to `platforms`, or tell the images of the run apart with names: `stage: NAME`.',
  },
  digests: {
    missing:
      'Add the `digest` output of the job of that platform to `digests`. An expression that names a job or an output which is not there gives nothing, and no error.',
    twice: 'Leave one of the two out of `digests`.',
    foreign: 'Add the platform to `platforms`, or leave that digest out of `digests`.',
  },
};

/**
 * Checks that each platform is there once, and, where it is said which are expected, that these and no others are.
 * @param expected empty where nothing is expected
 * @throws InputError LEG_MISSING, LEG_TWICE, LEG_FOREIGN
 */
export function checkLegs(
  repository: Repository,
  legs: readonly Leg[],
  expected: readonly Platform[],
  origin: LegOrigin,
): void {
  const name = formatRepository(repository);
  const found = new Map<string, Leg>();
  for (const leg of legs) {
    for (const platform of leg.entries.flatMap((entry) => entry.platform ?? [])) {
      const other = found.get(platform);
      if (other !== undefined) {
        throw new InputError('LEG_TWICE', {
          message: `${name} has the platform ${platform} twice: in the legs ${other.digest} and ${leg.digest}.`,
          remedy: remedies[origin].twice,
        });
      }
      found.set(platform, leg);
    }
  }
  const has = (platform: string): boolean => [...found.keys()].some((there) => isOfPlatform(there, platform));
  const wanted = expected.map(formatPlatform);
  const missing = wanted.filter((platform) => !has(platform));
  if (missing.length > 0) {
    throw new InputError('LEG_MISSING', {
      message: `${name} has no leg for ${missing.join(', ')}, which \`platforms\` expects; it has ${[...found.keys()].join(', ') || 'none'}.`,
      remedy: remedies[origin].missing,
    });
  }
  const foreign = [...found.keys()].find(
    (there) => wanted.length > 0 && !wanted.some((platform) => isOfPlatform(there, platform)),
  );
  if (foreign !== undefined) {
    throw new InputError('LEG_FOREIGN', {
      message: `${name} has a leg for ${foreign} (${found.get(foreign)?.digest}), which \`platforms\` does not expect: ${wanted.join(', ')}.`,
      remedy: remedies[origin].foreign,
    });
  }
}

/**
 * What is published of some legs. A lone leg stays as it is, so that its digest is the one that was tested. Several legs become
 * an index of them all.
 * @param expected their order in the index; by their names if it is empty
 * @param annotations of the index; a lone leg has those of its builder
 */
export function joinLegs(
  legs: readonly StoredLeg[],
  expected: readonly Platform[],
  annotations: readonly Annotation[],
): StoredLeg {
  const [first, ...others] = legs;
  if (first !== undefined && others.length === 0) return first;
  const manifest = indexOf(legs, expected, annotations);
  return { digest: manifest.digest, entries: readEntries(manifest), manifest };
}

/** Whether a manifest is what these legs are published as, whatever annotations it has itself. */
export function isJoinOf(
  manifest: StoredManifest,
  legs: readonly Leg[],
  expected: readonly Platform[],
  annotations: readonly Annotation[],
): boolean {
  const [first, ...others] = legs;
  if (first !== undefined && others.length === 0) return manifest.digest === first.digest;
  return haveSameEntries(manifest, indexOf(legs, expected, annotations));
}

/**
 * The index of all legs: images in the order of `platforms`, or of their names, and behind them what belongs to them. The same legs give the same bytes, in whatever order they came.
 */
function indexOf(
  legs: readonly Leg[],
  expected: readonly Platform[],
  annotations: readonly Annotation[],
): StoredManifest {
  const wanted = expected.map(formatPlatform);
  const rank = (name: string): number => {
    const place = wanted.findIndex((platform) => isOfPlatform(name, platform));
    return place < 0 ? wanted.length : place;
  };
  const entries = legs.flatMap((leg) => leg.entries);
  const images = entries
    .flatMap((entry) => (entry.platform === undefined ? [] : [{ entry, name: entry.platform }]))
    .sort((left, right) => rank(left.name) - rank(right.name) || (left.name < right.name ? -1 : 1))
    .map(({ entry }) => annotateEntry(entry, annotations));
  const others = entries
    .filter((entry) => entry.platform === undefined)
    .sort((left, right) => (left.digest < right.digest ? -1 : 1));
  return writeIndex([...images, ...new Map(others.map((entry) => [entry.digest, entry])).values()], {
    annotations: annotationsOfIndex(annotations),
  });
}
