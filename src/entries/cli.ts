/**
 * The terminal entry: the same steps as in a workflow, with `--input value` for each input and Git for what the runner
 * would tell.
 */

import { basename } from 'node:path';
import { cleanupAction } from '../actions/cleanup-action.ts';
import { mergeAction } from '../actions/merge-action.ts';
import { publishAction } from '../actions/publish-action.ts';
import { pullAction } from '../actions/pull-action.ts';
import { runAction } from '../actions/run-action.ts';
import { isFixedBy, type PublishError } from '../errors.ts';
import { type InputReader, inputsWithDefaults } from '../inputs/input-reader.ts';
import { formatFailure, toPublishError } from '../log/error-message.ts';
import { liveLog } from '../log/live-log.ts';
import type { Log } from '../log/log.ts';
import { createMasker, type Masker } from '../log/masker.ts';
import { terminalLog } from '../log/terminal-log.ts';
import { readInput } from '../runner/step-inputs.ts';
import { exitCodeOf, onTermination } from '../step/cancellation.ts';
import type { StepProcess } from '../step/process.ts';
import type { Environment } from '../text/environment.ts';
import { type Arguments, parseArguments } from './command-line.ts';
import { endProcess } from './end-process.ts';
import { askGitOf, readGitRun } from './git-checkout.ts';
import { readHelp } from './help.ts';
import { outliveReaders } from './lost-reader.ts';

/** A person at a terminal sees what goes on, another CI system's log has it all, anything else only what came of it. */
function openLog(env: Environment, masker: Masker): { readonly log: Log; readonly showsTools: boolean } {
  const { stderr } = process;
  const write = (text: string): void => void stderr.write(text);
  if (stderr.isTTY === true && env.TERM !== 'dumb') {
    const repeat = (work: () => void): (() => void) => {
      const timer = setInterval(work, 200).unref();
      return () => clearInterval(timer);
    };
    const log = liveLog({ write, columns: () => stderr.columns, now: () => performance.now(), repeat }, masker);
    return { log, showsTools: false };
  }
  const showsTools = (env.CI ?? '') !== '';
  return { log: terminalLog(write, masker, showsTools), showsTools };
}

type Print = (lines: readonly string[]) => void;

/**
 * What a program would read goes to standard output, and nothing else: from here on what the Actions toolkit prints there,
 * for a runner, is dropped.
 */
function takeStdout(): Print {
  const { stdout } = process;
  const write = stdout.write.bind(stdout);
  stdout.write = (_text: unknown, ...rest: readonly unknown[]): boolean => {
    const written = rest.at(-1);
    return typeof written === 'function' ? write('', () => written()) : true;
  };
  return (lines) => {
    for (const line of lines) if (line !== '') write(`${line}\n`);
  };
}

/** Does what a command line asks for, and prints what a program would read on standard output. */
async function runCommand(
  { command, json, inputs }: Arguments,
  step: StepProcess,
  print: Print,
): Promise<PublishError | undefined> {
  const { env, workingFolder, log, masker } = step;
  const read = <Name extends string>(defaults: Readonly<Record<Name, string>>): InputReader<Name> => {
    const fromEnvironment = inputsWithDefaults(readInput, env, defaults);
    return (name) => {
      const value = inputs.get(name) ?? fromEnvironment(name);
      // A checkout without a remote still has a name.
      if (name !== 'image' || value !== '' || env.GITHUB_REPOSITORY) return value;
      const folder = basename(workingFolder);
      return inputs.has('bake') ? `${folder}/{{target}}` : folder;
    };
  };
  if (command === 'pull') {
    const { outputs, failure } = await runAction(pullAction, read(pullAction.defaults), step);
    if (outputs) print([outputs.image, outputs.digest]);
    return failure;
  }
  if (command === 'merge') {
    const { outputs, failure } = await runAction(mergeAction, read(mergeAction.defaults), step);
    if (outputs) print([outputs.reference, outputs.tags]);
    return failure;
  }
  if (command === 'cleanup') {
    const { outputs, failure } = await runAction(cleanupAction, read(cleanupAction.defaults), step);
    if (outputs) print([outputs['deleted-digests']]);
    return failure;
  }
  const readOwn = read(publishAction.defaults);
  if (command === 'plan') {
    // `plan` prints the plan for people; as JSON it replaces the lines.
    const planLog = { ...log, info: json ? () => undefined : (line: string) => print([masker.mask(line)]) };
    const readPlanInput: typeof readOwn = (name) => (name === 'dry-run' ? 'true' : readOwn(name));
    const { outputs, failure } = await runAction(publishAction, readPlanInput, { ...step, log: planLog });
    if (json && outputs) print([JSON.stringify(JSON.parse(outputs.plan), undefined, 2)]);
    return failure;
  }
  const { outputs, failure } = await runAction(publishAction, readOwn, step);
  if (outputs) print(linesOf(outputs));
  return failure;
}

/** What a program reads: the reference of each image, then its tags. */
function linesOf({
  reference,
  tags,
  bake,
}: {
  readonly reference: string;
  readonly tags: string;
  readonly bake: string;
}): readonly string[] {
  if (bake === '') return [reference, tags];
  const targets: Readonly<Record<string, { readonly reference: string; readonly tags: readonly string[] }>> =
    JSON.parse(bake);
  return Object.values(targets).flatMap((each) => [each.reference, ...each.tags]);
}

/** How many of a tool's last lines are shown, if its output was not. */
const mostLines = 40;

export async function run(): Promise<void> {
  const masker = createMasker();
  const { log, showsTools } = openLog(process.env, masker);
  const print = takeStdout();
  const termination = onTermination(process);
  outliveReaders();
  const failure = await start(log, masker, termination, print).catch(toPublishError);
  if (failure === undefined) return;
  if (!showsTools) for (const line of failure.detail.trim().split('\n').slice(-mostLines)) log.info(line);
  log.error(formatFailure(failure));
  const exitCode = exitCodeOf(termination);
  endProcess(exitCode === 1 && isFixedBy(failure, 'author') ? 2 : exitCode);
}

/** @throws InputError for a command line that cannot be read */
async function start(
  log: Log,
  masker: Masker,
  termination: AbortSignal,
  print: Print,
): Promise<PublishError | undefined> {
  const [command, shell = ''] = process.argv.slice(2);
  if (command === 'completion') {
    const { formatCompletion } = await import('./completion.ts');
    print([formatCompletion(shell || process.env.SHELL || 'bash').trimEnd()]);
    return undefined;
  }
  const asked = parseArguments(process.argv.slice(2));
  if (asked.help) {
    print([(await readHelp(asked.command, Math.min(process.stdout.columns ?? 100, 100))).trimEnd()]);
    return undefined;
  }
  const env = { ...(await readGitRun(askGitOf(process.env))), ...process.env };
  const now = (): number => performance.now();
  return runCommand(asked, { env, workingFolder: process.cwd(), log, masker, now, termination }, print);
}
