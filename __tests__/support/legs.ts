/** Legs and their markers as values: a test names platforms, and what hangs on them. */

import { digestOf } from '../../src/image/digest.ts';
import { type IndexEntry, platformName, writeIndex } from '../../src/image/image-index.ts';
import { mediaTypes } from '../../src/image/manifest.ts';
import type { Leg, StoredLeg } from '../../src/legs/leg.ts';
import type { Staging } from '../../src/legs/leg-key.ts';
import { type Marker, markerTag, parseMarker, writeMarker } from '../../src/legs/marker.ts';

/** An entry for a platform, or, without one, of an attestation. */
export function anEntry(content: string, platform?: Readonly<Record<string, unknown>>): IndexEntry {
  const digest = digestOf(Buffer.from(content));
  const of = platform ?? { architecture: 'unknown', os: 'unknown' };
  const descriptor = { mediaType: mediaTypes.ociManifest, digest, size: content.length, platform: of };
  return { digest, platform: platformName(of), descriptor };
}

/** A leg of platforms such as `linux/amd64`, whose content a name tells apart. */
export function aLeg(platforms: readonly string[], content = 'image'): StoredLeg {
  const entries = platforms.map((name) => {
    const [os = '', architecture = '', variant] = name.split('/');
    return anEntry(`${content} for ${name}`, { architecture, os, ...(variant === undefined ? {} : { variant }) });
  });
  const manifest = writeIndex(entries, { annotations: { content } });
  return { digest: manifest.digest, entries, manifest };
}

export function aStaging(fields: Partial<Staging> = {}): Staging {
  return { run: '1658821493', attempt: 1, name: '', ...fields };
}

/** The marker of a leg, as the merge reads it from the registry. */
export function aMarker(leg: Leg, staging: Staging = aStaging()): Marker {
  return parseMarker(markerTag(staging, leg.digest), writeMarker(staging, leg), staging);
}
