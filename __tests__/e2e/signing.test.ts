/** The recipe "Signing and attesting", with a key: what a certificate of GitHub's needs is not on this machine. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { lab } from '../support/lab.ts';
import { uniqueName } from '../support/step.ts';
import { openSuite } from '../support/suite.ts';

const suite = openSuite('engine', 'login');

interface Workflow {
  readonly jobs: {
    readonly publish: { readonly steps: readonly { readonly with?: Readonly<Record<string, string>> }[] };
  };
}

test('with the login that the step leaves to the job, cosign signs the published digest, and others find the signature', async () => {
  const { cosign = 'cosign' } = await lab.tools();
  const { action, engine, login } = suite;
  const runner = action.newRunner({ engine, repository: `octo-org/${uniqueName('signed')}` });
  runner.write('Dockerfile', 'FROM scratch\nCOPY Dockerfile /\n');
  const text = readFileSync(new URL('../../examples/workflows/sign.yml', import.meta.url), 'utf8');
  const { jobs }: Workflow = parse(text);
  const inputs = jobs.publish.steps.find(({ with: given }) => given !== undefined)?.with ?? {};
  const step = await runner.main({ ...login, ...inputs, tags: '1.0' });
  expect({ exitCode: step.exitCode, log: step.log }).toEqual({ exitCode: 0, log: expect.any(String) });

  const { reference = '' } = step.outputs;
  const env = { ...step.env, COSIGN_PASSWORD: '' };
  const cosignRuns = async (...args: readonly string[]): Promise<string> => {
    const { exitCode, log } = await runner.run([cosign, ...args], env);
    if (exitCode !== 0) throw new Error(`cosign ${args[0]}: ${log}`);
    return log;
  };
  await cosignRuns('generate-key-pair');
  await cosignRuns(
    'sign',
    '--yes',
    '--key',
    'cosign.key',
    '--use-signing-config=false',
    '--tlog-upload=false',
    reference,
  );
  const check = ['verify', '--key', 'cosign.pub', '--insecure-ignore-tlog=true'] as const;
  expect(await cosignRuns(...check, reference)).toContain(step.outputs.digest ?? 'no digest');

  // The login ends with the job.
  await runner.post(step);
  expect(runner.filesIn(runner.temp)).toEqual([]);
  const later = await runner.run([cosign, ...check, reference], { ...env, HOME: join(runner.temp, 'nobody') });
  expect(later.exitCode).not.toBe(0);
});
