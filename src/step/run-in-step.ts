/**
 * What each entry has around its work: a folder that `post` knows of, a step in it, and the cause and remedy of what fails.
 */

import { newStepFolder } from '../login/private-folder.ts';
import { exportVariables, keepState } from '../runner/runner-files.ts';
import { openStep, type Step, type StepPlan } from './open-step.ts';
import { type StepProcess, temporaryFolder } from './process.ts';
import type { StepSecrets } from './step-secrets.ts';

/** What the work in a step may do beside what the step offers. */
export interface StepInUse extends Omit<Step, 'close'> {
  /**
   * Leaves the login for the later steps of the job, until the post step; without a runner there are none.
   * @param variables with which they are logged in
   */
  keepLogin(variables: Readonly<Record<string, string>>): void;
}

/**
 * Works in a step of its own, and ends it whatever comes of it.
 * @param plan with every repository that the work reads or writes
 * @param explain throws an error again, with its cause and remedy in this very run
 * @throws PublishError
 */
export async function withStep<Result>(
  plan: StepPlan,
  process: StepProcess,
  explain: (error: unknown) => Promise<never>,
  secrets: StepSecrets,
  work: (step: StepInUse) => Promise<Result>,
): Promise<Result> {
  const { env } = process;
  const folder = newStepFolder(temporaryFolder(env));
  // Before the folder is made, so that `post` knows it whatever happens from here on.
  keepState(env, 'folder', folder);
  const step = await openStep(plan, folder, secrets, process);
  let keepsLogin = false;
  const keepLogin: StepInUse['keepLogin'] = (variables) => {
    keepsLogin = exportVariables(env, variables);
  };
  try {
    return await work({ ...step, keepLogin });
  } catch (error) {
    return await explain(error);
  } finally {
    await step.close(keepsLogin);
    // `post` need not look for what a killed step left.
    keepState(env, 'ended', 'true');
  }
}
