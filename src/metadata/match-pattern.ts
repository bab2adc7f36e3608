/**
 * Patterns of a workflow (`type=match`, `match=`) on git tags, which may be of strangers. They are JavaScript's, with all that
 * backtracks, so that they find what they find in docker/metadata-action.
 */

import vm from 'node:vm';
import { InputError } from '../errors.ts';

/** Milliseconds. A pattern that needs more for one tag would need minutes, or for ever. */
const longest = 1000;

/** A text as long as the longest tag (distribution-spec, `<reference>` as a tag). */
const shortText = 128;

/** With three repetitions or choices, and none within another, a short text takes less than 0.1 s. */
function isSimple(source: string): boolean {
  const choices = source.match(/[*+{|]|(?<!\()\?/g)?.length ?? 0;
  return choices <= 3 && !/\)[*+{]|\\[1-9k]/.test(source);
}

/** Node stops a script of `vm` also inside of a regular expression (https://nodejs.org/api/vm.html, `timeout`). */
const search = new vm.Script('text.match(pattern)');

/**
 * What `text.match(pattern)` gives.
 * @param rule that has the pattern, as written
 * @throws InputError TAG_RULE_INVALID for a pattern that takes more than a second
 */
export function matchPattern(text: string, pattern: RegExp, rule: string): RegExpMatchArray | null {
  if (text.length <= shortText && isSimple(pattern.source)) return text.match(pattern);
  try {
    return search.runInNewContext({ text, pattern }, { timeout: longest });
  } catch (cause) {
    throw new InputError('TAG_RULE_INVALID', {
      message: `"${rule}" in \`tags\` is invalid: its pattern ${pattern} takes more than 1 s for "${text}".`,
      remedy:
        'Write no repetition within a repetition: ([0-9]+\\.?)+ tries each way to part the text, [0-9.]+ finds the same at once.',
      cause,
    });
  }
}
