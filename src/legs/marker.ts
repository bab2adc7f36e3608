/**
 * The marker of a staged leg: what the leg leaves in its repository for the merge to find.
 *
 * It is an index of its own that holds the leg's entries, as the merged index is going to hold them, under the tag
 *
 *     marker := '_staged.' run '.' attempt ['.' name] '.' hex{12}        (hex: the head of the leg's digest)
 *
 * A marker is an index, because a registry or a clean-up that removes what nothing refers to counts what an index lists as
 * used. It is a manifest apart from the leg's, because a registry removes manifests and not tags: removing the marker leaves
 * the leg alone. The digest in the tag keeps two legs apart that say they are the same one, so that it is found out. No version
 * and no branch gives such a tag (docker/metadata-action, `sanitizeTag`, keeps "_", but no rule starts with one).
 */

import { InputError } from '../errors.ts';
import { type Digest, isDigest } from '../image/digest.ts';
import { parseDocument, readEntries, writeIndex } from '../image/image-index.ts';
import type { StoredManifest } from '../image/manifest.ts';
import { parseTag, type Tag } from '../image/tag.ts';
import { isObject } from '../text/json.ts';
import type { Leg } from './leg.ts';
import type { Staging } from './leg-key.ts';

export const markerType = 'application/vnd.publish-docker-package.staged.v1+json';

/** Annotations of a marker; the entries speak for themselves. */
const keys = {
  run: 'vnd.publish-docker-package.run',
  attempt: 'vnd.publish-docker-package.attempt',
  name: 'vnd.publish-docker-package.name',
  digest: 'vnd.publish-docker-package.digest',
} as const;

/** A staged leg, as its marker tells it. */
export interface Marker extends Leg {
  readonly tag: Tag;
  /** Of the marker itself. */
  readonly marker: Digest;
  readonly attempt: number;
}

function nameOfMarker({ run, attempt, name }: Staging, leg: Digest): string {
  const head = leg.slice(leg.indexOf(':') + 1).slice(0, 12);
  return ['_staged', run, attempt, ...(name === '' ? [] : [name]), head].join('.');
}

export function markerTag(staging: Staging, leg: Digest): Tag {
  return parseTag(nameOfMarker(staging, leg));
}

/** @returns `undefined` for any other tag */
export function parseMarkerTag(tag: Tag): Staging | undefined {
  const { run, attempt, name } =
    /^_staged\.(?<run>[0-9]+)\.(?<attempt>[0-9]+)(?:\.(?<name>[a-z0-9._-]+))?\.[0-9a-f]{12}$/.exec(tag)?.groups ?? {};
  return run === undefined ? undefined : { run, attempt: Number(attempt), name: name ?? '' };
}

export function isMarkerTag(tag: Tag): boolean {
  return parseMarkerTag(tag) !== undefined;
}

/** The tags of the markers of one image of a run, of all attempts. */
export function markerTagsOf(tags: readonly Tag[], { run, name }: Pick<Staging, 'run' | 'name'>): readonly Tag[] {
  return tags.filter((tag) => {
    const parsed = parseMarkerTag(tag);
    return parsed?.run === run && parsed.name === name;
  });
}

export function writeMarker({ run, attempt, name }: Staging, leg: Leg): StoredManifest {
  return writeIndex(leg.entries, {
    artifactType: markerType,
    annotations: {
      'org.opencontainers.image.description': `A leg of run ${run}, not published yet: the job that merges the legs removes this.`,
      [keys.run]: run,
      [keys.attempt]: String(attempt),
      [keys.name]: name,
      [keys.digest]: leg.digest,
    },
  });
}

/** Whether a manifest is a marker, of whatever run. */
export function isMarker(manifest: Pick<StoredManifest, 'bytes'>): boolean {
  return parseDocument(manifest.bytes).artifactType === markerType;
}

/**
 * Whoever may push to the repository may write markers, so a marker only tells where to look: `readStagedLeg` reads the leg.
 * @param staging of the run that merges
 * @throws InputError LEG_INVALID (no marker of ours), LEG_FOREIGN (of another run, another image, or an attempt that is yet to come)
 */
export function parseMarker(tag: Tag, manifest: StoredManifest, { run, attempt: current, name }: Staging): Marker {
  const document = parseDocument(manifest.bytes);
  const annotations = isObject(document.annotations) ? document.annotations : {};
  const said = Object.fromEntries(
    Object.entries(keys).map(([key, annotation]) => {
      const value = annotations[annotation];
      return [key, typeof value === 'string' ? value : ''];
    }),
  ) as Readonly<Record<keyof typeof keys, string>>;
  const { digest, attempt } = said;
  const entries = readEntries(manifest);
  const isOurs = document.artifactType === markerType && entries.length > 0;
  if (!isOurs || !isDigest(digest) || !/^[1-9][0-9]{0,5}$/.test(attempt)) {
    throw new InputError('LEG_INVALID', {
      message: `The tag ${tag} has the name of a marker of a staged leg, but ${manifest.digest} is not a marker.`,
      remedy: `Remove that tag, or merge explicit \`digests\`.`,
    });
  }
  const staged = { run: said.run, attempt: Number(attempt), name: said.name };
  if (said.run !== run || said.name !== name || staged.attempt > current || nameOfMarker(staged, digest) !== tag) {
    throw new InputError('LEG_FOREIGN', {
      message: `The marker ${tag} belongs to ${describe(staged)}, attempt ${attempt}, leg ${digest}; expected one of ${describe({ run, name })}, up to attempt ${current}, under its own tag.`,
      remedy: 'Something else wrote this marker, or copied it. Remove that tag, or merge explicit `digests`.',
    });
  }
  return { tag, marker: manifest.digest, attempt: Number(attempt), digest, entries };
}

function describe({ run, name }: Pick<Staging, 'run' | 'name'>): string {
  return `run ${run}${name === '' ? '' : `, image "${name}"`}`;
}

/** Which of the markers count. */
export interface MarkerChoice {
  readonly chosen: readonly Marker[];
  readonly superseded: readonly { readonly marker: Marker /** As a clause. */; readonly reason: string }[];
}

/** A leg that ran again has the same platforms as before; its later attempt is the one that counts. */
export function chooseMarkers(markers: readonly Marker[]): MarkerChoice {
  const legOf = ({ entries }: Marker): string =>
    entries
      .flatMap(({ platform }) => platform ?? [])
      .sort()
      .join(', ');
  const latest = new Map<string, number>();
  for (const marker of markers) latest.set(legOf(marker), Math.max(marker.attempt, latest.get(legOf(marker)) ?? 0));
  const isLatest = (marker: Marker): boolean => marker.attempt === latest.get(legOf(marker));
  return {
    chosen: markers.filter(isLatest),
    superseded: markers
      .filter((marker) => !isLatest(marker))
      .map((marker) => ({ marker, reason: `attempt ${latest.get(legOf(marker))} staged ${legOf(marker)} again` })),
  };
}
