/** The house (design.md section 8): what may import what, and who may touch the world. */

import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A part is a folder of src, or a file that stands there alone. Each imports from earlier lines only. */
const levels: readonly (readonly string[])[] = [
  ['errors', 'text'],
  ['image', 'log'],
  ['build', 'http', 'metadata'],
  ['github', 'inputs', 'registry'],
  ['diagnosis', 'engine', 'legs', 'login', 'source'],
  ['plan', 'step'],
  ['publish', 'report'],
  ['actions'],
  ['entries'],
];

/** Whoever starts an entry: they compose, run and catch. */
const entries = ['entries'];

/** What only decides: the same answer each time, whatever the machine. */
const pure = ['errors', 'text', 'image', 'metadata', 'inputs', 'plan', 'diagnosis'];

interface Module {
  /** Relative to src. */
  readonly path: string;
  readonly part: string;
  /** Without comments. */
  readonly code: string;
  readonly imports: readonly string[];
}

/** Static and dynamic imports and re-exports, types too: what a reader has to know to read the file. */
function importsOf(code: string): readonly string[] {
  return [...code.matchAll(/(?<![-.])(?:\bfrom|\bimport)\s*\(?\s*'([^']+)'/g)].map(([, specifier = '']) => specifier);
}

function withoutComments(code: string): string {
  return code.replaceAll(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, '');
}

function partOf(path: string): string {
  return (path.split('/')[0] ?? '').replace(/\.ts$/, '');
}

const modules: readonly Module[] = readdirSync(`${root}/src`, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))
  .map((path) => {
    const code = withoutComments(readFileSync(`${root}/src/${path}`, 'utf8'));
    return { path, part: partOf(path), code, imports: importsOf(code) };
  });

const levelOf = (part: string): number => levels.findIndex((level) => level.includes(part));

/** Modules of src that a module imports, relative to src. */
function inner({ path, imports }: Module): readonly string[] {
  return imports
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => posix.join(posix.dirname(path), specifier));
}

/** Every place in the code of some parts where a pattern occurs, as `path: text`. */
function occurrences(pattern: RegExp, isMeant: (module: Module) => boolean): readonly string[] {
  return modules
    .filter(isMeant)
    .flatMap(({ path, code }) => (code.match(pattern) ?? []).map((text) => `${path}: ${text}`));
}

test('imports of every form are seen, and those in comments are not', () => {
  const code = `
    import a from './a.ts';
    import type { B } from './b.ts';
    import {
      c,
    } from './c.ts';
    export { d } from './d.ts';
    import './e.ts';
    const f = await import('./f.ts');
    // import g from './g.ts';
    /* import h from './h.ts'; */
  `;
  expect(importsOf(withoutComments(code))).toEqual(['./a.ts', './b.ts', './c.ts', './d.ts', './e.ts', './f.ts']);
});

describe('imports', () => {
  test('every part of src has its place in the picture, and every part of the picture is there', () => {
    expect([...new Set(modules.map(({ part }) => part))].sort()).toEqual(levels.flat().sort());
  });

  test('point down', () => {
    const upward = modules.flatMap((module) =>
      inner(module)
        .filter((target) => partOf(target) !== module.part && levelOf(partOf(target)) >= levelOf(module.part))
        .map((target) => `${module.path} → ${target}`),
    );
    expect(upward).toEqual([]);
  });

  test('go in no circle, within a folder either', () => {
    const graph = new Map(modules.map((module) => [module.path, inner(module)]));
    const finished = new Set<string>();
    const circles: string[] = [];
    const visit = (path: string, way: readonly string[]): void => {
      if (way.includes(path)) circles.push([...way.slice(way.indexOf(path)), path].join(' → '));
      else if (!finished.has(path)) for (const next of graph.get(path) ?? []) visit(next, [...way, path]);
      finished.add(path);
    };
    for (const path of graph.keys()) visit(path, []);
    expect(circles).toEqual([]);
  });

  test('of files that are there', () => {
    const known = new Set(readdirSync(`${root}/src`, { recursive: true, encoding: 'utf8' }));
    expect(modules.flatMap(inner).filter((path) => !known.has(path))).toEqual([]);
  });

  test('of packages are the dependencies of package.json, all of them, and no @actions', () => {
    const { dependencies } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'));
    const packages = modules
      .flatMap(({ imports }) => imports)
      .filter((specifier) => !specifier.startsWith('.') && !specifier.startsWith('node:'))
      .map((specifier) => specifier.match(/^(?:@[^/]+\/)?[^/]+/)?.[0]);
    expect([...new Set(packages)].sort()).toEqual(Object.keys(dependencies).sort());
    expect(packages.filter((name) => name?.startsWith('@actions/'))).toEqual([]);
  });

  test('of Node’s own modules have the prefix node:', () => {
    const bare = modules.flatMap(({ imports }) => imports).filter((specifier) => builtinModules.includes(specifier));
    expect(bare).toEqual([]);
  });
});

describe('the world', () => {
  test('the environment, the console and the exit code are the entries’ alone', () => {
    const pattern = /\bprocess\.(?:env|argv|exit|exitCode|stdout|stderr|stdin|on|cwd)\b|\bconsole\.\w+/g;
    expect(occurrences(pattern, ({ part }) => !entries.includes(part))).toEqual([]);
  });

  test('the clock and chance are told to what only decides', () => {
    const pattern =
      /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bperformance\.|\bsetTimeout\b|\bprocess\b|\bfetch\(/g;
    expect(occurrences(pattern, ({ part }) => pure.includes(part))).toEqual([]);
  });

  test('what only decides reaches no file, process or network', () => {
    const reached = modules
      .filter(({ part }) => pure.includes(part))
      .flatMap(({ path, imports }) =>
        imports.filter((each) => each.startsWith('node:')).map((each) => `${path}: ${each}`),
      );
    // A digest is computed, which asks nothing of the machine.
    expect(reached.filter((each) => each !== 'image/digest.ts: node:crypto')).toEqual([]);
  });

  test('child processes are started in two places: the command runner, and the question to Git', () => {
    const users = modules.filter(({ imports }) => imports.includes('node:child_process')).map(({ path }) => path);
    expect(users.sort()).toEqual(['engine/command.ts', 'entries/git-checkout.ts']);
    expect(occurrences(/\bexec(?:File)?(?:Sync)?\(|shell: true/g, ({ path }) => users.includes(path))).toEqual([]);
  });
});
