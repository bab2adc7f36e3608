/**
 * The terminal entry: the same steps as in a workflow, with `--input value` for each input and Git for what the runner
 * would tell.
 */

import { basename } from 'node:path';
import { mergeStep } from '../actions/merge-action.ts';
import { publishStep } from '../actions/publish-action.ts';
import { pullStep } from '../actions/pull-action.ts';
import { isFixedBy } from '../errors.ts';
import { inputsWithDefaults } from '../inputs/input-reader.ts';
import { mergeInputDefaults } from '../inputs/merge-inputs.ts';
import { type InputName, inputDefaults } from '../inputs/publish-inputs.ts';
import { pullInputDefaults } from '../inputs/pull-inputs.ts';
import { formatFailure, toPublishError } from '../log/error-message.ts';
import { liveLog } from '../log/live-log.ts';
import type { Log } from '../log/log.ts';
import { createMasker, type Masker } from '../log/masker.ts';
import { terminalLog } from '../log/terminal-log.ts';
import { readInput } from '../runner/step-inputs.ts';
import { exitCodeOf, onTermination } from '../step/cancellation.ts';
import type { Entry } from '../step/process.ts';
import type { Environment } from '../text/environment.ts';
import { type Arguments, type MergeInputName, type PullInputName, parseArguments } from './command-line.ts';
import { endProcess } from './end-process.ts';
import { askGitOf, readGitRun } from './git-checkout.ts';
import { readHelp } from './help.ts';

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

/** Does what a command line asks for; what a program would read goes to standard output. */
async function runCommand({ command, json, inputs }: Arguments, entry: Entry, print: Print): Promise<void> {
  const { env, workingFolder, log, masker } = entry;
  // A checkout without a remote still has a name.
  const named = (name: string, value: string): string =>
    name === 'image' && value === '' && !env.GITHUB_REPOSITORY ? basename(workingFolder) : value;
  if (command === 'pull') {
    const fromEnvironment = inputsWithDefaults(readInput, env, pullInputDefaults);
    const read = (name: PullInputName): string => named(name, inputs.get(name) ?? fromEnvironment(name));
    const { image, digest } = await pullStep(read, entry);
    print([image, digest]);
    return;
  }
  if (command === 'merge') {
    const fromEnvironment = inputsWithDefaults(readInput, env, mergeInputDefaults);
    const read = (name: MergeInputName): string => named(name, inputs.get(name) ?? fromEnvironment(name));
    const { reference = '', tags = '' } = await mergeStep(read, entry);
    print([reference, tags]);
    return;
  }
  const fromEnvironment = inputsWithDefaults(readInput, env, inputDefaults);
  const isPlan = command === 'plan';
  const read = (name: InputName): string =>
    isPlan && name === 'dry-run' ? 'true' : named(name, inputs.get(name) ?? fromEnvironment(name));
  // The plan for people is what was asked for; as JSON it takes the place of the lines.
  const planLog = { ...log, info: json ? () => undefined : (line: string) => print([masker.mask(line)]) };
  const outputs = await publishStep(read, isPlan ? { ...entry, log: planLog } : entry);
  if (!isPlan) print([outputs.reference, outputs.tags]);
  else if (json) print([JSON.stringify(JSON.parse(outputs.plan), undefined, 2)]);
}

/** How many of a tool's last lines are shown where its output was not. */
const mostLines = 40;

export async function run(): Promise<void> {
  const masker = createMasker();
  const { log, showsTools } = openLog(process.env, masker);
  const print = takeStdout();
  const termination = onTermination(process);
  // Whoever reads may go before the step ends (`| head`, a closed terminal): that is no reason to leave a login behind.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  try {
    const asked = parseArguments(process.argv.slice(2));
    if (asked.help) {
      print([(await readHelp(asked.command, Math.min(process.stdout.columns ?? 100, 100))).trimEnd()]);
      return;
    }
    const env = { ...(await readGitRun(askGitOf(process.env))), ...process.env };
    const now = (): number => performance.now();
    await runCommand(asked, { env, workingFolder: process.cwd(), log, masker, now, termination }, print);
  } catch (error) {
    const failure = toPublishError(termination.aborted ? termination.reason : error);
    if (!showsTools) for (const line of failure.detail.trim().split('\n').slice(-mostLines)) log.info(line);
    log.error(formatFailure(failure));
    const exitCode = exitCodeOf(termination);
    endProcess(exitCode === 1 && isFixedBy(failure, 'author') ? 2 : exitCode);
  }
}
