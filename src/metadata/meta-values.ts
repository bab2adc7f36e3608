/**
 * Names of the image inside of other inputs: `{{meta.version}}` in `build-args` and `build-contexts`. Other text in double braces
 * is left as it is, because it means something to whoever reads the value.
 */

import { InputError } from '../errors.ts';
import { parseTemplate } from './parse-template.ts';
import type { Scope } from './template.ts';

/** A name after `meta.`, and what a date has behind it: `date 'YYYYMMDD' tz='UTC'`. */
const metaPattern = /\{\{\s*meta\.(?<name>\w*)(?<options>(?:\s+(?:'[^']*'|"[^"]*"|\w+=(?:'[^']*'|"[^"]*")))*)\s*\}\}/g;

/**
 * @param text of an input, perhaps with `{{meta.NAME}}`
 * @param scope the names and dates of the run
 * @param version the version of the image
 * @throws InputError EXPRESSION_INVALID for a name that there is not
 */
export function fillMetaValues(text: string, scope: Scope, version: string): string {
  return text.replaceAll(metaPattern, (whole, name: string, options: string) => {
    const names: Scope['names'] = { ...scope.names, version };
    if (Object.hasOwn(scope.dates, name)) return parseTemplate(`{{${name}${options}}}`).render(scope);
    if (Object.hasOwn(names, name) && options === '') return String(names[name]);
    const known = [...Object.keys(names), ...Object.keys(scope.dates).map((each) => `${each} 'FORMAT'`)];
    throw new InputError('EXPRESSION_INVALID', {
      message: `The expression ${whole} in "${text}" names nothing.`,
      remedy: `Known after "meta.": ${known.join(', ')}.`,
    });
  });
}
