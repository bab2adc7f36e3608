import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  appendArtifacts,
  appendSummary,
  exportVariables,
  keepState,
  writeOutputs,
} from '../../../src/runner/runner-files.ts';
import { captureStdout } from '../../support/captured-stdout.ts';
import { parseFileEntries } from '../../support/runner-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'publish-runner-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const names = ['GITHUB_OUTPUT', 'GITHUB_STATE', 'GITHUB_ENV', 'GITHUB_STEP_SUMMARY', 'GITHUB_ARTIFACTS'] as const;
const files = Object.fromEntries(names.map((name) => [name, join(folder, name)]));
const contentOf = (name: (typeof names)[number]): string => readFileSync(join(folder, name), 'utf8');

/** @actions/core reads the variables itself. */
beforeEach(() => {
  for (const name of names) {
    process.env[name] = join(folder, name);
    writeFileSync(join(folder, name), '');
  }
});
afterEach(() => {
  for (const name of names) delete process.env[name];
});

test('outputs are written, and given back', () => {
  const outputs = { digest: 'sha256:1', tags: 'a\nb', reason: '' };
  expect(writeOutputs(files, outputs)).toBe(outputs);
  expect(parseFileEntries(contentOf('GITHUB_OUTPUT'))).toEqual(outputs);
});

test('state is kept for the post entry', () => {
  keepState(files, 'folder', '/tmp/x');
  keepState(files, 'builder', '{}');
  expect(parseFileEntries(contentOf('GITHUB_STATE'))).toEqual({ folder: '/tmp/x', builder: '{}' });
});

test('variables are set for the later steps of the job', () => {
  expect(exportVariables(files, { PUBLISH_TEST_CONFIG: '/tmp/x' })).toBe(true);
  expect(parseFileEntries(contentOf('GITHUB_ENV'))).toEqual({ PUBLISH_TEST_CONFIG: '/tmp/x' });
});

test('the summary is added to what other parts of the step wrote', async () => {
  writeFileSync(join(folder, 'GITHUB_STEP_SUMMARY'), '# Before\n');
  await appendSummary(files, '# After\n');
  expect(contentOf('GITHUB_STEP_SUMMARY')).toBe('# Before\n# After\n');
});

test('each artifact has a line', () => {
  appendArtifacts(files, ['oci://a', 'oci://b']);
  expect(contentOf('GITHUB_ARTIFACTS')).toBe('oci://a\noci://b\n');
});

describe('without a runner', () => {
  test('nothing is written, and nothing is printed', async () => {
    for (const name of names) delete process.env[name];
    using stdout = captureStdout();
    writeOutputs({}, { digest: 'sha256:1' });
    keepState({}, 'folder', '/tmp/x');
    expect(exportVariables({ GITHUB_ENV: '' }, { PUBLISH_TEST_NOWHERE: '1' })).toBe(false);
    await appendSummary({}, '# After\n');
    appendArtifacts({}, ['oci://a']);
    expect(stdout.text()).toBe('');
    expect(process.env.PUBLISH_TEST_NOWHERE).toBeUndefined();
    expect(names.map(contentOf).join('')).toBe('');
  });
});

test('a file that is named and missing is made', () => {
  const file = join(folder, 'made');
  process.env.GITHUB_OUTPUT = file;
  writeOutputs({ GITHUB_OUTPUT: file }, { digest: 'sha256:1' });
  expect(existsSync(file)).toBe(true);
  expect(parseFileEntries(readFileSync(file, 'utf8'))).toEqual({ digest: 'sha256:1' });
});

test('a file that cannot be written is an error with the code of the file system', () => {
  expect(() => writeOutputs({ GITHUB_OUTPUT: folder }, {})).toThrow(expect.objectContaining({ code: 'EISDIR' }));
});

test('whatever a value is, entries read as they were written: none ends early, none is made up', () => {
  const hostile = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc
      .array(fc.constantFrom('\n', '\r', '%', '::', '=', '<<', 'END', 'ghadelimiter_', ' '))
      .map((pieces) => pieces.join('')),
  );
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom('digest', 'tags', 'plan', 'PATH'), hostile), (values) => {
      writeFileSync(join(folder, 'GITHUB_OUTPUT'), '');
      writeOutputs(files, values);
      expect(parseFileEntries(contentOf('GITHUB_OUTPUT'))).toEqual({ ...values });
    }),
    { numRuns: 2_000 },
  );
});
