import { expect, test } from '@jest/globals';
import { mergeAction } from '../../../src/actions/merge-action.ts';
import { runAction } from '../../../src/actions/run-action.ts';
import { ToolError } from '../../../src/errors.ts';
import { mergeInputDefaults } from '../../../src/inputs/merge-inputs.ts';
import { createMasker } from '../../../src/log/masker.ts';
import { terminalLog } from '../../../src/log/terminal-log.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

type Texts = Readonly<Partial<Record<keyof typeof mergeInputDefaults, string>>>;

/** Runs a merge in a terminal; at no registry, unless `dry-run` is `false`. */
async function run(texts: Texts, termination = new AbortController().signal) {
  const folder = temporaryFolder();
  const lines: string[] = [];
  const masker = createMasker();
  const given: Texts = { 'dry-run': 'true', token: 'ghs_canary-token', tags: '1.0', ...texts };
  const result = await runAction(mergeAction, (name) => given[name] ?? mergeInputDefaults[name], {
    env: { GITHUB_REPOSITORY: 'octo-org/app', GITHUB_RUN_ID: '1', GITHUB_RUN_ATTEMPT: '1', RUNNER_TEMP: folder },
    workingFolder: folder,
    log: terminalLog((text) => lines.push(text), masker),
    masker,
    now: () => 0,
    termination,
  });
  return { ...result, log: lines.join('') };
}

test('a dry run gives plan, outcome and outputs as values', async () => {
  const { plan, outcome, outputs, failure } = await run({});
  expect(failure).toBeUndefined();
  expect(plan).toMatchObject({ legs: { kind: 'staged' }, description: { version: '1.0' } });
  expect(outcome).toMatchObject({ published: false, reason: '`dry-run` is true' });
  expect(outputs).toMatchObject({ published: 'false', version: '1.0' });
});

test('inputs at fault give a failure with all of them, and neither plan nor outputs', async () => {
  const { plan, outputs, failure } = await run({ 'dry-run': 'maybe', platforms: 'x', tags: 'a b' });
  expect({ plan, outputs }).toEqual({ plan: undefined, outputs: undefined });
  expect(failure).toMatchObject({ code: 'INPUTS_INVALID', faults: [{}, {}, {}] });
});

test('a run that was asked to end failed because of that, whatever broke off first', async () => {
  const ending = new AbortController();
  const reason = new ToolError('CANCELLED', { message: 'The run was cancelled.', remedy: '' });
  ending.abort(reason);
  const { failure } = await run({ registry: '127.0.0.1:9', 'dry-run': 'false' }, ending.signal);
  expect(failure).toBe(reason);
});

test('a secret is masked before anything is said', async () => {
  const { log } = await run({ tags: 'ghs_canary-token' });
  expect(log).toContain('***');
  expect(log).not.toContain('canary');
});
