/** The input `attest`: what GitHub's attestations say of an image. */

import { normaliseBoolean, oneOf } from './input-values.ts';

/** `provenance`: how the image was built; `sbom`: what is in it. */
export type AttestedPredicate = 'provenance' | 'sbom';

/**
 * @param text `false`, `true` (as `provenance`), or names separated by commas or line breaks
 * @returns each once; none for `false`
 * @throws InputError INPUT_INVALID
 */
export function parseAttest(text: string): readonly AttestedPredicate[] {
  if (/^(?:|false)$/i.test(text)) return [];
  const names = text.split(/[,\s]+/).filter((name) => name !== '');
  const chosen = names.map((name) =>
    oneOf<'true' | AttestedPredicate>('attest', normaliseBoolean(name), ['true', 'provenance', 'sbom']),
  );
  return [...new Set(chosen.map((name): AttestedPredicate => (name === 'true' ? 'provenance' : name)))];
}
