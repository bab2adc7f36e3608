/**
 * What a step leaves with the runner, through @actions/core: outputs, state and environment of the job, its summary, and its
 * list of artifacts (https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#environment-files).
 *
 * Without a runner there are no files, and nothing is written. @actions/core would print commands in their place. The
 * runner no longer obeys these, and nobody in a terminal wants to read them.
 */

import { appendFileSync } from 'node:fs';
import { exportVariable, saveState, setOutput, summary } from '@actions/core';

/** The variables that name the runner's files. */
interface RunnerFiles {
  readonly GITHUB_OUTPUT?: string | undefined;
  readonly GITHUB_STATE?: string | undefined;
  readonly GITHUB_ENV?: string | undefined;
  readonly GITHUB_STEP_SUMMARY?: string | undefined;
  readonly GITHUB_ARTIFACTS?: string | undefined;
}

/**
 * Whether there is a file to write to. One that is named and missing is made: @actions/core takes it for an error.
 * @throws Error of the file system, with its code
 */
function isOpen(file: string | undefined): boolean {
  if (!file) return false;
  appendFileSync(file, '');
  return true;
}

/** Writes all outputs of the step, and gives them back. */
export function writeOutputs<Outputs extends Readonly<Record<string, string>>>(
  files: RunnerFiles,
  outputs: Outputs,
): Outputs {
  if (isOpen(files.GITHUB_OUTPUT)) for (const [name, value] of Object.entries(outputs)) setOutput(name, value);
  return outputs;
}

/** Keeps a value for the post entry. */
export function keepState(files: RunnerFiles, name: string, value: string): void {
  if (isOpen(files.GITHUB_STATE)) saveState(name, value);
}

/**
 * Sets variables for the later steps of the job.
 * @returns whether there are such steps
 */
export function exportVariables(files: RunnerFiles, variables: Readonly<Record<string, string>>): boolean {
  if (!isOpen(files.GITHUB_ENV)) return false;
  for (const [name, value] of Object.entries(variables)) exportVariable(name, value);
  return true;
}

/** Adds Markdown to the job summary. */
export async function appendSummary(files: RunnerFiles, markdown: string): Promise<void> {
  if (isOpen(files.GITHUB_STEP_SUMMARY)) await summary.addRaw(markdown).write();
}

/** Adds lines to the list of what a job made, for attestation steps (actions/runner, CreateArtifactsFileCommand). */
export function appendArtifacts(files: RunnerFiles, lines: readonly string[]): void {
  if (files.GITHUB_ARTIFACTS) appendFileSync(files.GITHUB_ARTIFACTS, lines.map((line) => `${line}\n`).join(''));
}
