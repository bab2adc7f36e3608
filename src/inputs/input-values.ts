/** The small values that many inputs share: a choice, a boolean, a number. */

import { InputError } from '../errors.ts';

export function oneOf<Value extends string>(name: string, text: string, values: readonly Value[]): Value {
  const value = values.find((candidate) => candidate === text);
  if (value !== undefined) return value;
  const meant = /^(?:yes|y|on|1)$/i.test(text) ? 'true' : /^(?:no|n|0|off)$/i.test(text) ? 'false' : '';
  throw new InputError('INPUT_INVALID', {
    message: `The input \`${name}\` is "${text}": expected ${values.map((each) => `\`${each}\``).join(', ')}.`,
    remedy: `Set \`${name}: ${values.find((each) => each === meant) ?? values[0]}\`, or leave it out.`,
  });
}

/** Booleans of YAML 1.2's core schema, as @actions/core `getBooleanInput` reads them. */
export function normaliseBoolean(text: string): string {
  return /^(?:true|True|TRUE|false|False|FALSE)$/.test(text) ? text.toLowerCase() : text;
}

export function wholeNumber(name: string, text: string, least: number, most: number, usual: string): number {
  const value = Number(text);
  if (/^[0-9]+$/.test(text) && value >= least && value <= most) return value;
  throw new InputError('INPUT_INVALID', {
    message: `The input \`${name}\` is "${text}": expected a whole number from ${least} to ${most}.`,
    remedy: `Set \`${name}: ${usual}\`, or leave it out.`,
  });
}
