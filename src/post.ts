/**
 * The post entry: removes what `main` was kept from removing, because it was killed, or kept on purpose for the later
 * steps of the job (`login-scope: job`). Loads nothing but this.
 */

import { rm } from 'node:fs/promises';
import { formatAnnotation } from './report/runner.ts';
import { isStepFolder } from './step-folder.ts';

export async function run(): Promise<void> {
  const folder = process.env.STATE_folder ?? '';
  if (folder === '' || !isStepFolder(folder)) return;
  try {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  } catch (error) {
    process.stdout.write(
      formatAnnotation('warning', `${folder}, with the login of this step, could not be removed: ${error}`),
    );
  }
}
