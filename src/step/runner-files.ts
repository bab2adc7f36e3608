/** Writes the runner's files: outputs, state and environment of the job. */

import { appendFileSync } from 'node:fs';
import { formatFileEntry } from '../log/workflow-commands.ts';
import type { Environment } from '../text/environment.ts';

/** Appends to one of the runner's files; without a runner there is none. */
export function appendEntry(file: string | undefined, name: string, value: string): void {
  if (file) appendFileSync(file, formatFileEntry(name, value));
}

export function writeOutputs<Outputs extends Readonly<Record<string, string>>>(
  env: Environment,
  outputs: Outputs,
): Outputs {
  for (const [name, value] of Object.entries(outputs)) appendEntry(env.GITHUB_OUTPUT, name, value);
  return outputs;
}
