/**
 * What the entries have in common: the process they run in, and how they end. Nothing else reads the environment or sets an
 * exit code.
 */

import { appendFileSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { FailedBuild } from './engine/build-failure.ts';
import { type Faults, InputError } from './errors.ts';
import { parseRun, type Run } from './github/workflow-run.ts';
import { formatFailure, toPublishError } from './log/error-message.ts';
import type { Log } from './log/log.ts';
import { formatFileEntry } from './log/workflow-commands.ts';
import { workflowLog } from './log/workflow-log.ts';
import type { RegistryLogin } from './registry/credential.ts';
import { exitCodeOf, onTermination } from './report/cancellation.ts';
import type { StepSecrets } from './step.ts';
import type { Environment } from './text/environment.ts';
import { tellingLines } from './text/secret-text.ts';
import { urlSecrets } from './text/url-secrets.ts';

/** The process of a step. */
export interface Entry {
  readonly env: Environment;
  /** Against which the paths of inputs are meant. */
  readonly workingFolder: string;
  readonly log: Log;
  /** Milliseconds since the process began. */
  readonly now: () => number;
  /** Fires when the process is asked to end. */
  readonly termination: AbortSignal;
}

/** Runs an entry that the runner started: an error is one annotation and a failed step. */
export async function runEntry(work: (entry: Entry) => Promise<unknown>): Promise<void> {
  const now = (): number => performance.now();
  const repeat = (beat: () => void): (() => void) => {
    const timer = setInterval(beat, 5_000).unref();
    return () => clearInterval(timer);
  };
  const log = workflowLog((text) => void process.stdout.write(text), { now, repeat });
  const termination = onTermination(process);
  try {
    await work({ env: process.env, workingFolder: process.cwd(), log, now, termination });
  } catch (error) {
    // Whatever broke off first, a step that was asked to end failed because of that.
    const failure = toPublishError(termination.aborted ? termination.reason : error);
    if (failure.detail !== '') {
      await log.group('What the failed command printed last', async () => log.tool(failure.detail));
    }
    const place = failure instanceof FailedBuild ? failure.place : undefined;
    log.error(formatFailure(failure), { title: failure.code, ...place });
    process.exitCode = exitCodeOf(termination);
  }
}

/** @throws InputError RUN_UNKNOWN */
export function readRun(env: Environment): Run {
  return parseRun(env, env.GITHUB_EVENT_PATH ? readEvent(env.GITHUB_EVENT_PATH) : '');
}

function readEvent(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new InputError('RUN_UNKNOWN', {
      message: `The event payload ${path} (GITHUB_EVENT_PATH) cannot be read: ${cause instanceof Error ? cause.message : cause}.`,
      remedy: 'Run the action on a GitHub Actions runner, or unset GITHUB_EVENT_PATH.',
      cause,
    });
  }
}

/** Below which folder a step keeps its own. */
export function temporaryFolder(env: Environment): string {
  return env.RUNNER_TEMP || tmpdir();
}

/** Only a step that has `registry-auth` loads a YAML parser. */
export async function readRegistryAuth(text: string, faults: Faults): Promise<readonly RegistryLogin[]> {
  if (text === '') return [];
  const { parseRegistryAuth } = await import('./login/registry-auth.ts');
  return parseRegistryAuth(text, faults);
}

/**
 * Every secret, and the form in which the CLI's configuration keeps a login, is *** in the log from here on.
 * @param texts of all inputs: there may be URLs with credentials among them
 */
export function maskSecrets(
  log: Log,
  username: string,
  { token, registryAuth, ofBuild = [] }: StepSecrets,
  texts: readonly string[],
): void {
  for (const login of [{ username, password: token }, ...registryAuth]) {
    if (login.password === '') continue;
    log.mask(login.password);
    log.mask(Buffer.from(`${login.username}:${login.password}`).toString('base64'));
  }
  for (const line of [...ofBuild, ...texts.flatMap(urlSecrets)].flatMap(tellingLines)) log.mask(line);
}

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
