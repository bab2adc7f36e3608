/** action.yml promises what the code reads and writes: the same inputs, defaults and outputs. */

import { existsSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { cleanupInputDefaults } from '../../src/inputs/cleanup-inputs.ts';
import { mergeInputDefaults } from '../../src/inputs/merge-inputs.ts';
import { inputDefaults } from '../../src/inputs/publish-inputs.ts';
import { pullInputDefaults } from '../../src/inputs/pull-inputs.ts';
import { cleanupOutputNames } from '../../src/report/cleanup-outputs.ts';
import { mergeOutputNames, outputNames } from '../../src/report/outputs.ts';
import { readActionManifest } from '../support/step.ts';

const root = new URL('../..', import.meta.url);

/** What the code cannot evaluate; it has the variables of the environment instead. */
const expressions: Readonly<Record<string, string>> = {
  '${{ github.token }}': '',
  '${{ github.actor }}': '',
};

describe.each([
  { file: 'action.yml', folder: '.', defaults: inputDefaults },
  { file: 'pull/action.yml', folder: 'pull', defaults: pullInputDefaults },
  { file: 'merge/action.yml', folder: 'merge', defaults: mergeInputDefaults },
  { file: 'cleanup/action.yml', folder: 'cleanup', defaults: cleanupInputDefaults },
])('$file', ({ folder, defaults }) => {
  const manifest = readActionManifest(folder);

  test('has the inputs that the code reads, in the same order, with the same defaults', () => {
    const promised = Object.entries(manifest.inputs).map(([name, input]) => [
      name,
      expressions[input.default] ?? input.default,
    ]);
    expect(promised).toEqual(Object.entries(defaults));
  });

  test('writes every default as text, which is what the runner hands over', () => {
    expect(Object.values(manifest.inputs).map((input) => typeof input.default)).toEqual(
      Object.values(manifest.inputs).map(() => 'string'),
    );
  });

  test('takes the token and the name of the actor from the run', () => {
    expect(manifest.inputs.token?.default).toBe('${{ github.token }}');
    expect(manifest.inputs.username?.default).toBe('${{ github.actor }}');
  });

  test('says what each input and output is', () => {
    for (const [name, { description }] of [...Object.entries(manifest.inputs), ...Object.entries(manifest.outputs)])
      expect({ name, says: description.length > 10 }).toEqual({ name, says: true });
  });

  test('starts files that are there, and cleans up whatever became of the step', () => {
    const { using, main = '', post = '', 'post-if': condition } = manifest.runs;
    expect({ using, condition }).toEqual({ using: 'node24', condition: 'always()' });
    for (const file of [main, post]) expect(existsSync(new URL(`${folder}/${file}`, root))).toBe(true);
  });
});

test('action.yml has the outputs that the code writes, in the same order', () => {
  expect(Object.keys(readActionManifest().outputs)).toEqual([...outputNames]);
});

test('merge/action.yml has the outputs that its entry writes, in the same order', () => {
  expect(Object.keys(readActionManifest('merge').outputs)).toEqual([...mergeOutputNames]);
});

test('cleanup/action.yml has the outputs that the code writes, in the same order', () => {
  expect(Object.keys(readActionManifest('cleanup').outputs)).toEqual([...cleanupOutputNames]);
});
