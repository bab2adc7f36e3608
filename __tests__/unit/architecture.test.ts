/** The house: which room may import which, and who may touch the world. */

import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A room is a folder of src, or `errors`; CONTRIBUTING.md shows them to people in a table, which is what is held here. */
interface Room {
  readonly name: string;
  readonly floor: number;
  /** `errors` is open to all but `text`, and is not listed. */
  readonly mayImport: readonly string[];
}

/** The rows `| floor | \`room/\` | what | may import | must never |` of a page. */
function roomsOf(page: string): readonly Room[] {
  const rows = page.matchAll(/^\| (\d+) \| `(\w+)(?:\/|\.ts)` \| [^|]+ \| ([^|]+) \| [^|]+ \|$/gm);
  return [...rows].map(([, floor, name = '', imports = '']) => ({
    name,
    floor: Number(floor),
    mayImport: imports === '–' ? [] : imports.split(', '),
  }));
}

const rooms = roomsOf(readFileSync(`${root}/CONTRIBUTING.md`, 'utf8'));

/** What only decides: the same answer each time, whatever the machine. */
const pureRooms = ['errors', 'text', 'image', 'metadata', 'build', 'inputs', 'plan', 'diagnosis'];
/** The files among the build's that look at the disk. */
const onDisk = ['build/check-build-files.ts', 'build/copied-credential.ts', 'build/read-build-context.ts'];

interface Module {
  /** Relative to src. */
  readonly path: string;
  readonly room: string;
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

function roomOf(path: string): string {
  return (path.split('/')[0] ?? '').replace(/\.ts$/, '');
}

const modules: readonly Module[] = readdirSync(`${root}/src`, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))
  .map((path) => {
    const code = withoutComments(readFileSync(`${root}/src/${path}`, 'utf8'));
    return { path, room: roomOf(path), code, imports: importsOf(code) };
  });

const isPure = ({ path, room }: Module): boolean => pureRooms.includes(room) && !onDisk.includes(path);

/** Modules of src that a module imports, relative to src. */
function inner({ path, imports }: Module): readonly string[] {
  return imports
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => posix.join(posix.dirname(path), specifier));
}

/** Packages that a module imports. */
function packagesOf({ imports }: Module): readonly string[] {
  return imports
    .filter((specifier) => !specifier.startsWith('.') && !specifier.startsWith('node:'))
    .map((specifier) => specifier.match(/^(?:@[^/]+\/)?[^/]+/)?.[0] ?? specifier);
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

test('the table of rooms is read', () => {
  const page = '| 2 | `image/` | names | text, errors | do |\n| 1 | `errors.ts` | codes | – | import |\n';
  expect(roomsOf(page)).toEqual([
    { name: 'image', floor: 2, mayImport: ['text', 'errors'] },
    { name: 'errors', floor: 1, mayImport: [] },
  ]);
});

describe('the rooms', () => {
  test('are the folders of src, each with its row in CONTRIBUTING.md; `errors` alone is a file', () => {
    expect(readdirSync(`${root}/src`).sort()).toEqual(
      rooms.map(({ name }) => (name === 'errors' ? 'errors.ts' : name)).sort(),
    );
  });

  test('stand in the order of their floors, and may import from lower ones only', () => {
    const floors = new Map(rooms.map(({ name, floor }) => [name, floor]));
    expect(rooms.map(({ floor }) => floor)).toEqual(rooms.map(({ floor }) => floor).toSorted((a, b) => b - a));
    const upward = rooms.flatMap(({ name, floor, mayImport }) =>
      mayImport.filter((each) => !((floors.get(each) ?? floor) < floor)).map((each) => `${name} → ${each}`),
    );
    expect(upward).toEqual([]);
  });

  test('import what their row lists, all of it and nothing else', () => {
    const imported = rooms.map(({ name }) => {
      const targets = modules.filter(({ room }) => room === name).flatMap((module) => inner(module).map(roomOf));
      return [name, [...new Set(targets)].filter((each) => each !== name && each !== 'errors').sort()];
    });
    expect(imported).toEqual(rooms.map(({ name, mayImport }) => [name, mayImport.toSorted()]));
  });

  test('import `errors`, all but `text`', () => {
    const users = modules.filter((module) => inner(module).includes('errors.ts')).map(({ room }) => room);
    expect(users).not.toContain('text');
  });
});

describe('files', () => {
  const names = modules.map(({ path }) => posix.basename(path, '.ts'));

  test('have a name that no other file of src has', () => {
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  test('have no name of another room', () => {
    const named = modules.filter(({ path, room }) => {
      const name = posix.basename(path, '.ts');
      return name !== room && rooms.some((each) => each.name === name);
    });
    expect(named.map(({ path }) => path)).toEqual([]);
  });
});

describe('imports', () => {
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

  test('of packages are the dependencies of package.json, all of them', () => {
    const { dependencies } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'));
    const packages = modules.flatMap((module) => packagesOf(module));
    expect([...new Set(packages)].sort()).toEqual(Object.keys(dependencies).sort());
  });

  test.each([
    ['@actions/core', 'runner/runner-files.ts, runner/step-inputs.ts, runner/workflow-commands.ts'],
    ['@actions/exec', 'engine/child-process.ts'],
    ['@actions/github', 'github/rest-api.ts'],
    ['@actions/tool-cache', 'engine/buildx-install.ts'],
  ])('of %s stand in %s, and nowhere else', (name, files) => {
    const users = modules.filter((module) => packagesOf(module).includes(name)).map(({ path }) => path);
    expect(users.sort().join(', ')).toBe(files);
  });

  test('of Node’s own modules have the prefix node:', () => {
    const bare = modules.flatMap(({ imports }) => imports).filter((specifier) => builtinModules.includes(specifier));
    expect(bare).toEqual([]);
  });
});

describe('the world', () => {
  test('the environment, the console and the exit code are the entries’ alone', () => {
    const pattern = /\bprocess\.(?:env|argv|exit|exitCode|stdout|stderr|stdin|on|cwd)\b|\bconsole\.\w+/g;
    expect(occurrences(pattern, ({ room }) => room !== 'entries')).toEqual([]);
  });

  test('the clock and chance are told to what only decides', () => {
    const pattern =
      /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bperformance\.|\bsetTimeout\b|\bprocess\.|\bfetch\(/g;
    expect(occurrences(pattern, isPure)).toEqual([]);
  });

  test('what only decides reaches no file, process or network', () => {
    const reached = modules
      .filter(isPure)
      .flatMap(({ path, imports }) =>
        imports.filter((each) => each.startsWith('node:')).map((each) => `${path}: ${each}`),
      );
    // A digest is computed, a path is taken apart, and a pattern that never ends is stopped: none asks anything of the machine.
    expect(reached.sort()).toEqual([
      'build/context-path.ts: node:path',
      'image/digest.ts: node:crypto',
      'metadata/match-pattern.ts: node:vm',
      'text/local-path.ts: node:path',
    ]);
  });

  test('child processes are started in one place, by @actions/exec, with arguments and without a shell', () => {
    const users = modules.filter(({ imports }) => imports.includes('node:child_process')).map(({ path }) => path);
    expect(users).toEqual(['engine/child-process.ts']);
    const pattern = /\b(?:spawn|fork|exec|execFile)(?:Sync)?\(|shell: true/g;
    expect(occurrences(pattern, ({ path }) => users.includes(path))).toEqual(['engine/child-process.ts: exec(']);
  });

  test('sockets are opened by the HTTP client, by what looks for TLS at a registry, and by what asks an engine', () => {
    const sockets = ['node:http', 'node:http2', 'node:https', 'node:net', 'node:tls'];
    const users = modules
      .filter(({ imports }) => imports.some((each) => sockets.includes(each)))
      .map(({ path }) => path);
    expect(users.sort()).toEqual([
      'engine/engine-socket.ts',
      'engine/own-builder.ts',
      'http/http.ts',
      'http/loopback-lookup.ts',
      'http/proxy.ts',
      'http/secure-agents.ts',
      'registry/origin.ts',
    ]);
  });

  test('the runner’s files are written in one place', () => {
    expect(occurrences(/\bappendFileSync\b/g, ({ path }) => path !== 'runner/runner-files.ts')).toEqual([]);
  });
});

describe('the system may be Linux, macOS or Windows:', () => {
  const filesWith = (pattern: RegExp): readonly string[] => [
    ...new Set(occurrences(pattern, () => true).map((each) => each.slice(0, each.indexOf(': ')))),
  ];

  test('a local path is joined from its names, and has no slash of its own', () => {
    expect(occurrences(/(?<![.\w])(?:join|resolve)\((?:[^()']|'[^'/]*')*'[^'/]*\/[^']*'/g, () => true)).toEqual([]);
  });

  test('the rules of POSIX for paths are those of an archive alone, and of who asks for a system by name', () => {
    expect(filesWith(/\bposix\b/g)).toEqual(['source/tar-index.ts', 'text/local-path.ts']);
  });

  test('folders of the system are looked into where each system has its own, or none', () => {
    expect(filesWith(/['`]\/(?:bin|dev|etc|home|proc|run|tmp|usr|var)\b/g).toSorted()).toEqual(
      [
        'engine/buildx-plugin.ts',
        'engine/docker-info.ts',
        'engine/find-program.ts',
        // Handlers of binfmt_misc are a matter of Linux: elsewhere there are none to read.
        'engine/handled-platforms.ts',
        // BuildKit's image is one of Linux, and what a machine of Linux trusts goes along.
        'engine/runner-certificates.ts',
        // Elsewhere nobody tells what a process has.
        'engine/podman-containers.ts',
        'entries/left-processes.ts',
      ].toSorted(),
    );
  });

  test('PATH and the home folder, which have other names on Windows, are read in one place', () => {
    const pattern = /\b(?:env|environment|variables)\.(?:PATH|HOME|USERPROFILE|TEMP|TMPDIR|APPDATA)\b/g;
    expect(filesWith(pattern)).toEqual(['engine/runner-certificates.ts']);
  });

  test('links, modes and signals, which Windows has in part, are used in few places', () => {
    expect(filesWith(/\b(?:symlink|chmod)(?:Sync)?\(/g).toSorted()).toEqual([
      'engine/buildx-install.ts',
      'login/docker-config.ts',
    ]);
    expect(filesWith(/\bkill\(/g).toSorted()).toEqual([
      'engine/child-process.ts',
      'engine/podman-containers.ts',
      'entries/left-processes.ts',
    ]);
  });

  test('a removal is tried again: somebody, such as a scanner for viruses, may have the file open', () => {
    const removals = occurrences(/(?<![.\w])rm(?:Sync)?\((?:[^()]|\([^()]*\))*\)/g, () => true);
    expect(removals.length).toBeGreaterThan(5);
    expect(removals.filter((each) => !each.includes('maxRetries: '))).toEqual([]);
  });
});

test('a terminal may have Node 20: what only later versions have is not used, or only if it is there', () => {
  const later =
    /\bPromise\.(?:withResolvers|try)\b|\b(?:Map|Object)\.groupBy\b|\bArray\.fromAsync\b|\bRegExp\.escape\b|\bnew Set\([^)]*\)\.(?:union|difference|intersection)\b/g;
  expect(occurrences(later, () => true)).toEqual([]);
});
