/**
 * Makes tags of any text. The grammar (distribution-spec, `<reference>` as a tag) is checked by image/tag.ts.
 */

import { InputError } from '../errors.ts';
import { maximumTagLength, parseTag, type Tag } from '../image/tag.ts';

/** The text before and after a tag's value. */
export interface Affixes {
  readonly prefix: string;
  readonly suffix: string;
}

/** Text as it stands inside of a tag: each run of other characters becomes one `-`. */
export function cleanText(text: string): string {
  return text.replace(/[^a-zA-Z0-9._-]+/g, '-');
}

/** What one may have meant whose line of `tags` is no tag. */
function remedyOf(text: string): string {
  if (/[\s"[\]]|^-/.test(text)) {
    const meant = text.split(/[\s"'[\]]+/).filter((name) => /^\w/.test(name));
    const tags = meant.length === 0 ? ['1.2.3', 'latest'] : meant;
    return ['Write one tag a line, and nothing around it:\ntags: |', ...tags].join('\n  ');
  }
  return 'Correct it in `tags`; a branch name becomes a valid tag with `type=ref,event=branch`.';
}

/**
 * A tag that someone wrote out: refused rather than mended, because it would be another one.
 * @throws InputError TAG_INVALID
 */
export function parseWrittenTag(text: string): Tag {
  return parseTag(text, remedyOf(text));
}

/**
 * Fits text into the grammar: other characters become `-`, and leading `.` and `-` go. A text that is too long loses the end
 * of its value, so that variants with different suffixes stay different.
 * @throws InputError TAG_INVALID when nothing is left
 */
export function fitTag(value: string, { prefix, suffix }: Affixes): Tag {
  const text = cleanText(`${prefix}${value}${suffix}`).replace(/^[.-]+/, '');
  if (text === '') {
    throw new InputError('TAG_INVALID', {
      message: `Nothing of "${prefix}${value}${suffix}" is valid in a tag: expected at least one of a-z, A-Z, 0-9 or "_".`,
      remedy: 'Give the rule a prefix, such as prefix=branch-, or a value of other characters.',
    });
  }
  const end = cleanText(suffix).slice(-maximumTagLength);
  return parseTag(text.length > maximumTagLength ? text.slice(0, maximumTagLength - end.length) + end : text);
}
