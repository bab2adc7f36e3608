/** What the step says to the runner, and reads from it, is what @actions/core says and reads, word for word. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from '@jest/globals';
import { gatherFaults } from '../../src/errors.ts';
import { inputsOfEnvironment } from '../../src/inputs/input-reader.ts';
import { inputDefaults, parseInputs } from '../../src/inputs/publish-inputs.ts';
import {
  type AnnotationPlace,
  formatAnnotation,
  formatCommand,
  formatFileEntry,
} from '../../src/log/workflow-commands.ts';
import { parseFileEntries } from '../support/runner-files.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'publish-runner-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a line of JavaScript with the toolkit, in a process of its own: it writes to its standard output. */
function toolkit(code: string, env: Readonly<Record<string, string>> = {}): string {
  const script = `import * as core from '@actions/core'; ${code}`;
  const args = ['--input-type=module', '--eval', script];
  return execFileSync(process.execPath, args, { cwd: root, env, encoding: 'utf8' });
}

const texts = ['plain', 'two\nlines\r\n', '100% sure: a, b; ::error::c', '%0A', '', 'ünï ✓'];

describe('commands', () => {
  test('annotations', () => {
    const places: readonly AnnotationPlace[] = [
      {},
      { title: 'A: b, 100%' },
      { title: 'T', file: 'a,b:c/Dockerfile', line: 3 },
    ];
    const levels = ['notice', 'warning', 'error'] as const;
    const cases = levels.flatMap((level) => texts.flatMap((text) => places.map((place) => ({ level, text, place }))));
    const theirs = toolkit(
      `for (const { level, text, place: { line, ...place } } of ${JSON.stringify(cases)})
        core[level](text, { ...place, ...(line === undefined ? {} : { startLine: line }) });`,
    );
    expect(cases.map(({ level, text, place }) => formatAnnotation(level, text, place)).join('')).toBe(theirs);
  });

  test.each([
    { name: 'add-mask', call: 'setSecret' },
    { name: 'group', call: 'startGroup' },
  ])('$name', ({ name, call }) => {
    const theirs = toolkit(`for (const text of ${JSON.stringify(texts)}) core.${call}(text);`);
    expect(texts.map((text) => formatCommand(name, text)).join('')).toBe(theirs);
  });

  test('the end of a group', () => {
    expect(formatCommand('endgroup', '')).toBe(toolkit('core.endGroup();'));
  });
});

describe('files', () => {
  test.each([
    { variable: 'GITHUB_OUTPUT', call: 'setOutput' },
    { variable: 'GITHUB_STATE', call: 'saveState' },
    { variable: 'GITHUB_ENV', call: 'exportVariable' },
  ])('entries of $variable', ({ variable, call }) => {
    const file = join(folder, variable);
    writeFileSync(file, '');
    toolkit(`for (const text of ${JSON.stringify(texts)}) core.${call}('name', text);`, { [variable]: file });
    const theirs = readFileSync(file, 'utf8');
    const delimiters = [...theirs.matchAll(/^name<<(.+)$/gm)].map(([, delimiter = '']) => delimiter);
    expect(texts.map((text, index) => formatFileEntry('name', text, delimiters[index])).join('')).toBe(theirs);
  });

  test('no value can end its entry: each has a delimiter of its own, of the toolkit’s form', () => {
    const entries = [formatFileEntry('name', 'a'), formatFileEntry('name', 'a')];
    expect(entries[0]).toMatch(/^name<<ghadelimiter_[0-9a-f-]{36}\na\nghadelimiter_[0-9a-f-]{36}\n$/);
    expect(entries[0]).not.toBe(entries[1]);
    const hostile = 'x\nghadelimiter_\nother<<E\ny\nE';
    expect(parseFileEntries(formatFileEntry('name', hostile))).toEqual({ name: hostile });
  });
});

describe('inputs', () => {
  test('are found under the same variables, and trimmed the same way', () => {
    const env = {
      'INPUT_BUILD-ARGS': '  A=1\nB=2  \n',
      INPUT_CONTEXT: '\tservices/api ',
      'INPUT_LOGIN-SCOPE': 'job',
      INPUT_OWNER: '',
    };
    const names = ['build-args', 'context', 'login-scope', 'owner'] as const;
    const theirs = toolkit(
      `process.stdout.write(JSON.stringify(${JSON.stringify(names)}.map((name) => core.getInput(name))));`,
      env,
    );
    const read = inputsOfEnvironment(env, inputDefaults);
    expect(JSON.stringify(names.map((name) => read(name)))).toBe(theirs);
  });

  test('booleans are those of the YAML 1.2 core schema, and nothing else', () => {
    const values = ['true', 'True', 'TRUE', 'false', 'False', 'FALSE', 'yes', 'no', 'on', '1', '0', 'tRue', 'y'];
    const theirs = toolkit(`
      const judge = (value) => {
        process.env['INPUT_DRY-RUN'] = value;
        try { return core.getBooleanInput('dry-run'); } catch { return 'refused'; }
      };
      process.stdout.write(JSON.stringify(${JSON.stringify(values)}.map(judge)));`);
    const ours = values.map((value) => {
      const faults = gatherFaults();
      const { dryRun } = parseInputs((name) => (name === 'dry-run' ? value : inputDefaults[name]), faults);
      try {
        faults.throwIfAny();
        return dryRun;
      } catch {
        return 'refused';
      }
    });
    expect(JSON.stringify(ours)).toBe(theirs);
  });
});
