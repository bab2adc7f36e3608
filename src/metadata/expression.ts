/**
 * The expressions of a template: those of Handlebars (https://handlebarsjs.com/guide/), but never HTML-escaped, because
 * nothing here is HTML.
 */

import Handlebars from 'handlebars/dist/handlebars.min.js';
import { InputError } from '../errors.ts';
import { formatDate, formatIsoDate, isTimeZone } from './date-format.ts';
import type { Scope, Template } from './template.ts';

const handlebars = Handlebars.create();
// It would write to the console.
handlebars.unregisterHelper('log');
// Its own option `noEscape` adds neighbouring numbers up: {{major}}{{minor}} of 1.2 would be 3.
Object.assign(handlebars.Utils, {
  escapeExpression: (value: unknown) => (value === undefined || value === null ? '' : String(value)),
});

/** Of the code of one template: characters between its braces, and blocks and parentheses, which may lie within each other. */
const mostCode = 4096;
const mostNested = 100;
/** Of one rendering: parts that a block or a partial gives, each time, and the characters of all of them. */
const mostParts = 10_000;
const mostCharacters = 1_048_576;

/** What a template may not be, before Handlebars reads it, which takes long for what is long or nested. */
function excessOf(text: string): string | undefined {
  const code = text.split('{{').slice(1);
  const inBraces = code.map((each) => each.split('}}', 1)[0] ?? '').join('');
  const nested = code.filter((each) => /^~?[#^]/.test(each)).length + inBraces.split('(').length - 1;
  if (inBraces.length > mostCode)
    return `it has ${inBraces.length} characters between its braces, and at most ${mostCode} are read`;
  return nested > mostNested
    ? `it has ${nested} blocks and parentheses, and at most ${mostNested} are read`
    : undefined;
}

/** What a block or a partial gives for a context. */
type Part = (...args: readonly unknown[]) => string;
type Helper = (this: unknown, ...args: readonly unknown[]) => unknown;

function isBlock(value: unknown): value is { readonly fn: Part; readonly inverse?: Part } {
  return typeof value === 'object' && value !== null && 'fn' in value && typeof value.fn === 'function';
}

/** The helpers and decorators of Handlebars for one rendering, whose blocks and partials come to an end. */
function boundedBlocks(): { readonly helpers: Record<string, Helper>; readonly decorators: Record<string, Helper> } {
  let parts = 0;
  let characters = 0;
  const counted =
    (part: Part): Part =>
    (...args) => {
      const given = part(...args);
      parts += 1;
      characters += given.length;
      if (parts > mostParts || characters > mostCharacters) {
        throw new Error(`its blocks give more than ${mostParts} parts or ${mostCharacters} characters`);
      }
      return given;
    };
  const bounded = (helpers: Readonly<Record<string, unknown>>): Record<string, Helper> =>
    Object.fromEntries(
      Object.entries(helpers).map(([name, helper]): [string, Helper] => [
        name,
        function (...args) {
          // The last argument of each is its options.
          const options = args.at(-1);
          if (!isBlock(options)) return (helper as Helper).apply(this, [...args]);
          const { fn, inverse } = options;
          const counting = { ...options, fn: counted(fn), ...(inverse ? { inverse: counted(inverse) } : {}) };
          return (helper as Helper).apply(this, [...args.slice(0, -1), counting]);
        },
      ]),
    );
  return { helpers: bounded(handlebars.helpers), decorators: bounded(handlebars.decorators) };
}

function invalid(text: string, cause: unknown): InputError {
  const [first = ''] = String(cause instanceof Error ? cause.message : cause).split('\n');
  return new InputError('EXPRESSION_INVALID', {
    message: `The expression in "${text}" is invalid: ${first.replace(/[.:]$/, '')}.`,
    remedy:
      "Known names: branch, tag, sha, base_ref, is_default_branch, is_not_default_branch, is_semver, is_not_semver, date 'FORMAT' tz='ZONE', commit_date 'FORMAT' tz='ZONE'.",
    cause,
  });
}

/** `{{date}}` with any arguments; Handlebars puts the named ones into the last. */
function dateHelper(name: string, instant: Date, warn: Scope['warn']): (...args: readonly unknown[]) => string {
  return (...args) => {
    const last = args.at(-1);
    const options = typeof last === 'object' && last !== null && 'hash' in last ? last.hash : {};
    const named = new Map(Object.entries(typeof options === 'object' && options !== null ? options : {}));
    const unknown = [...named.keys()].find((key) => key !== 'tz');
    if (unknown !== undefined) throw new Error(`"${name}" has no option "${unknown}", it has: tz`);
    const wanted = String(named.get('tz') ?? 'UTC');
    const isKnown = isTimeZone(wanted);
    if (!isKnown) warn(`The time zone "${wanted}" is unknown; "${name}" is given in UTC.`);
    const zone = isKnown ? wanted : 'UTC';
    const format = args.length > 1 ? args[0] : undefined;
    if (typeof format === 'string') return formatDate(instant, format, zone);
    warn(`"${name}" has no format; write it in quotation marks, such as {{${name} 'YYYYMMDD'}}.`);
    return formatIsoDate(instant, zone);
  };
}

function parsed(text: string): hbs.AST.Program {
  const excess = excessOf(text);
  if (excess !== undefined) throw invalid(text, excess);
  try {
    return handlebars.parse(text);
  } catch (cause) {
    throw invalid(text, cause);
  }
}

/**
 * @param text with expressions
 * @throws InputError EXPRESSION_INVALID where the syntax is wrong
 */
export function parseExpressions(text: string): Template {
  const template = handlebars.compile(parsed(text));
  return {
    text,
    render({ names, dates, warn }) {
      const helpers = Object.entries(dates).map(([name, instant]) => [name, dateHelper(name, instant, warn)] as const);
      const known = [...Object.keys(names), ...Object.keys(dates)].join(', ');
      const warnOf = (name: string, hint = ''): void =>
        warn(
          `"${name}" in "${text}" is no name and gives nothing; there ${known === '' ? 'is none here' : `is: ${known}`}.${hint}`,
        );
      const helperMissing = (...args: readonly { readonly name: string }[]): void => {
        const name = args.at(-1)?.name ?? '';
        if (args.length > 1) throw new Error(`there is no function "${name}"`);
        warnOf(name);
      };
      // No name has parts: these are GitHub's.
      for (const [, name = ''] of text.matchAll(/\{\{\s*((?!this\b)[a-z_]\w*(?:\.[\w-]+)+)\s*\}\}/gi)) {
        warnOf(name, ` An expression of GitHub begins with a dollar sign: \${{ ${name} }}.`);
      }
      try {
        const blocks = boundedBlocks();
        return template(
          { ...names },
          { ...blocks, helpers: { ...blocks.helpers, ...Object.fromEntries(helpers), helperMissing } },
        );
      } catch (cause) {
        throw invalid(text, cause);
      }
    },
  };
}
