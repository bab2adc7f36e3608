/**
 * Every regular expression of src: its time grows no faster than the text that it is given. Tags, labels, outputs of tools and
 * answers of registries are texts of strangers.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { parseSync } from '@swc/core';
import { slowestAttack } from '../support/hostile-strings.ts';

const source = fileURLToPath(new URL('../../src', import.meta.url));

interface Module {
  readonly path: string;
  readonly expressions: readonly RegExp[];
  /** Whether it makes expressions from texts, when it is loaded or later. */
  readonly makes: boolean;
}

function readModule(path: string): Module {
  const expressions: RegExp[] = [];
  let makes = false;
  const walk = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    if ('type' in node && node.type === 'RegExpLiteral' && 'pattern' in node && 'flags' in node) {
      expressions.push(new RegExp(String(node.pattern), String(node.flags)));
    }
    if ('callee' in node && JSON.stringify(node.callee).includes('"value":"RegExp"')) makes = true;
    for (const child of Object.values(node)) walk(child);
  };
  walk(parseSync(readFileSync(`${source}/${path}`, 'utf8'), { syntax: 'typescript', target: 'es2023' }));
  return { path, expressions, makes };
}

const modules = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))
  .toSorted()
  .map(readModule);

/** Those that a module makes while it is loaded. */
async function madeBy(path: string): Promise<readonly RegExp[]> {
  const made: RegExp[] = [];
  const original = globalThis.RegExp;
  globalThis.RegExp = new Proxy(original, {
    construct(target, [pattern, flags]: [string, string | undefined]) {
      const expression = new target(pattern, flags);
      made.push(expression);
      return expression;
    },
  });
  try {
    await import(`${source}/${path}`);
  } finally {
    globalThis.RegExp = original;
  }
  return made;
}

describe('The time of a regular expression grows no faster than the text', () => {
  test.each(
    modules
      .filter(({ expressions }) => expressions.length > 0)
      .map(({ path, expressions }) => [path, expressions] as const),
  )('in src/%s', (_, expressions) => {
    const slow = expressions.flatMap((expression) => {
      const attack = slowestAttack(expression);
      return attack === undefined ? [] : [{ expression: String(expression), ...attack }];
    });
    expect(slow).toEqual([]);
  });

  test.each(modules.filter(({ makes }) => makes).map(({ path }) => path))(
    'that src/%s makes of texts',
    async (path) => {
      const made = await madeBy(path);
      const slow = made.filter((expression) => slowestAttack(expression) !== undefined);
      expect(slow.map(String)).toEqual([]);
    },
  );
});

describe('The test itself finds', () => {
  test.each([
    ['a repetition that any place may begin', /\s+$/],
    ['a repetition within a repetition', /^(?:a+)+$/],
    ['a word that is followed by anything', /failed: .*denied/],
  ])('%s', (_, expression) => {
    expect(slowestAttack(expression)).toBeDefined();
  });
});
