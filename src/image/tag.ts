/**
 * A tag: a mutable, human pointer to a manifest.
 *
 * Grammar (distribution-spec, "Pulling manifests", `<reference>` as a tag):
 *
 *     tag := [a-zA-Z0-9_] [a-zA-Z0-9._-]{0,127}
 */

import { InputError } from '../errors.ts';

declare const brand: unique symbol;
export type Tag = string & { readonly [brand]: 'Tag' };

export const maximumTagLength = 128;

function isTag(text: string): text is Tag {
  return /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/.test(text);
}

function faultOf(text: string): string {
  if (text === '') return 'it is empty';
  if (text.length > maximumTagLength)
    return `it has ${text.length} characters, at most ${maximumTagLength} are allowed`;
  if (/^[.-]/.test(text)) return `it starts with "${text[0]}"`;
  return `it contains "${text.match(/[^a-zA-Z0-9._-]/u)?.[0]}"`;
}

/**
 * @param text the tag alone, without `:`
 * @param remedy for whoever wrote it
 * @throws InputError TAG_INVALID, saying which rule it breaks
 */
export function parseTag(text: string, remedy = 'Write a tag such as `1.2.3` or `latest`.'): Tag {
  if (isTag(text)) return text;
  throw new InputError('TAG_INVALID', {
    message: `The tag "${text}" is invalid: ${faultOf(text)}. Expected a letter, digit or "_", then at most 127 letters, digits, ".", "_" or "-".`,
    remedy,
  });
}
