/**
 * Writes the runner's files: outputs, state and environment of the job, its summary and its list of artifacts
 * (https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#environment-files).
 */

import { appendFileSync } from 'node:fs';
import { formatFileEntry } from '../log/workflow-commands.ts';
import type { Environment } from '../text/environment.ts';

/** Appends a text to one of the runner's files; without a runner there is none. */
export function appendText(file: string | undefined, text: string): void {
  if (file) appendFileSync(file, text);
}

/** Appends a name with its value, in the form that the runner reads. */
export function appendEntry(file: string | undefined, name: string, value: string): void {
  appendText(file, formatFileEntry(name, value));
}

export function writeOutputs<Outputs extends Readonly<Record<string, string>>>(
  env: Environment,
  outputs: Outputs,
): Outputs {
  for (const [name, value] of Object.entries(outputs)) appendEntry(env.GITHUB_OUTPUT, name, value);
  return outputs;
}
