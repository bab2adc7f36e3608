/** What the step reads from the runner is what @actions/core reads: the texts of inputs, and which of them are booleans. */

import { getBooleanInput } from '@actions/core';
import { afterEach, expect, test } from '@jest/globals';
import { gatherFaults } from '../../src/errors.ts';
import { inputDefaults, parseInputs } from '../../src/inputs/publish-inputs.ts';
import { getState, readInput } from '../../src/runner/step-inputs.ts';

const given = new Set<string>();
/** The runner's variables for this test. */
function give(variables: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(variables)) {
    given.add(name);
    process.env[name] = value;
  }
}
afterEach(() => {
  for (const name of given) delete process.env[name];
});

test('an input is in a variable in upper case that keeps its hyphens, and is trimmed', () => {
  give({ 'INPUT_BUILD-ARGS': '  A=1\nB=2  \n', INPUT_CONTEXT: '\tservices/api ', 'INPUT_LOGIN-SCOPE': 'job' });
  expect(['build-args', 'context', 'login-scope'].map(readInput)).toEqual(['A=1\nB=2', 'services/api', 'job']);
});

test('an input that is absent, empty or blank is empty', () => {
  give({ INPUT_OWNER: '', INPUT_IMAGE: '  ' });
  expect(['owner', 'image', 'registry'].map(readInput)).toEqual(['', '', '']);
});

test('what main kept has the name that main gave it', () => {
  give({ STATE_folder: '/tmp/x' });
  expect([getState('folder'), getState('builder')]).toEqual(['/tmp/x', '']);
});

test('booleans are those of the YAML 1.2 core schema, and nothing else', () => {
  const values = ['true', 'True', 'TRUE', 'false', 'False', 'FALSE', 'yes', 'no', 'on', '1', '0', 'tRue', 'y'];
  const theirs = values.map((value) => {
    give({ 'INPUT_DRY-RUN': value });
    try {
      return getBooleanInput('dry-run');
    } catch {
      return 'refused';
    }
  });
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
  expect(ours).toEqual(theirs);
});
