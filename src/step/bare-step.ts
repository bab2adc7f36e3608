/** A step before the step: for a question to a tool that has to be answered before anything is decided. */

import type { Product } from '../github/product.ts';
import { newStepFolder } from '../login/private-folder.ts';
import { keepState } from '../runner/runner-files.ts';
import { openStep, type Step } from './open-step.ts';
import { type StepProcess, temporaryFolder } from './process.ts';
import type { StepSecrets } from './step-secrets.ts';

/** Works in a folder of its own, and logs in nowhere. */
export async function withBareStep<Result>(
  product: Product,
  process: StepProcess,
  secrets: StepSecrets,
  work: (step: Pick<Step, 'docker' | 'config'>) => Promise<Result>,
): Promise<Result> {
  const { env } = process;
  const folder = newStepFolder(temporaryFolder(env));
  // The step itself has another one, which takes the place of this in the state.
  keepState(env, 'folder', folder);
  const step = await openStep({ product, repositories: [], logins: [], retries: 1 }, folder, secrets, process);
  try {
    return await work(step);
  } finally {
    await step.close(false);
  }
}
