/**
 * The terminal entry: the same steps as in a workflow, with `--input value` for each input and Git for what the runner
 * would tell.
 */

import { spawn } from 'node:child_process';
import { readFileSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Entry } from './entry.ts';
import { InputError } from './errors.ts';
import { parseReference } from './image/reference.ts';
import { formatRepository } from './image/repository.ts';
import { inputsOfEnvironment } from './inputs/input-reader.ts';
import { mergeInputDefaults } from './inputs/merge-inputs.ts';
import { type InputName, inputDefaults } from './inputs/publish-inputs.ts';
import { pullInputDefaults } from './inputs/pull-inputs.ts';
import { formatFailure, toPublishError } from './log/error-message.ts';
import { liveLog } from './log/live-log.ts';
import type { Log } from './log/log.ts';
import { terminalLog } from './log/terminal-log.ts';
import { publishStep } from './main.ts';
import { mergeStep } from './merge.ts';
import { pullStep } from './pull.ts';
import { exitCodeOf, onTermination } from './report/cancellation.ts';
import { formatHelp, type HelpInput } from './report/help.ts';
import { type AskGit, readGitRun } from './run/git.ts';
import type { Environment } from './text/environment.ts';

type PullInputName = keyof typeof pullInputDefaults;
type MergeInputName = keyof typeof mergeInputDefaults;

/** What a command line asks for. */
export interface Arguments<Name extends string = string> {
  readonly command: CommandName;
  readonly help: boolean;
  /** `plan` alone has it: the plan as JSON. */
  readonly json: boolean;
  readonly inputs: ReadonlyMap<Name, string>;
}

const commands = {
  publish: { defaults: inputDefaults, manifest: 'action.yml', does: 'build an image and publish it (the default)' },
  plan: { defaults: inputDefaults, manifest: 'action.yml', does: 'print what publish would do, with the reasons' },
  promote: {
    defaults: inputDefaults,
    manifest: 'action.yml',
    does: 'publish the image REFERENCE under other names, its digest kept',
  },
  merge: {
    defaults: mergeInputDefaults,
    manifest: 'merge/action.yml',
    does: 'join what was pushed for several platforms',
  },
  pull: { defaults: pullInputDefaults, manifest: 'pull/action.yml', does: 'pull an image' },
} as const;

export type CommandName = keyof typeof commands;

function isCommandName(name: string): name is CommandName {
  return Object.hasOwn(commands, name);
}

/** Inputs that say where an image goes. */
const placeNames = ['registry', 'owner', 'image', 'images'] as const satisfies readonly InputName[];

/** Inputs that are true when named without a value. */
const switches: readonly string[] = [
  ...['dry-run', 'load', 'no-cache', 'provenance', 'pull', 'push', 'referrers', 'sbom', 'stage', 'summary'],
];

/**
 * `[command] --input value …` or `--input=value`; an input given twice has two lines.
 * @throws InputError INPUT_INVALID for a command that is none, or an option that is no input of it
 */
export function parseArguments(argv: readonly string[]): Arguments {
  const [first = ''] = argv;
  const isNamed = first !== '' && !first.startsWith('-');
  const command = isNamed ? first : 'publish';
  if (!isCommandName(command)) {
    throw new InputError('INPUT_INVALID', {
      message: `"${command}" is no command.`,
      remedy: `Commands: ${Object.keys(commands).join(', ')}; options, such as --build-args, come after it.`,
    });
  }
  const names = Object.keys(commands[command].defaults);
  // A switch that no value follows stands for `true`.
  const args = argv.slice(isNamed ? 1 : 0).flatMap((arg, index, all) => {
    const next = all[index + 1];
    const isSwitch = arg.startsWith('--') && switches.includes(arg.slice(2));
    return isSwitch && (next === undefined || next.startsWith('-')) ? [arg, 'true'] : [arg];
  });
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: command === 'promote',
      options: {
        help: { type: 'boolean', short: 'h' },
        ...(command === 'plan' ? { json: { type: 'boolean' } as const } : {}),
        ...Object.fromEntries(names.map((name) => [name, { type: 'string', multiple: true } as const])),
      },
    });
    const inputs = new Map<string, string>();
    for (const [name, value] of Object.entries(values)) if (Array.isArray(value)) inputs.set(name, value.join('\n'));
    const [reference] = positionals;
    const help = values.help === true;
    if (positionals.length > 1) throw new Error(`One reference is promoted, not ${positionals.length}.`);
    if (command === 'promote' && !help && reference === undefined && !inputs.has('source')) {
      throw new Error('The reference to promote is missing, such as ghcr.io/octo-org/app:1.2.3.');
    }
    if (reference !== undefined) inputs.set('source', `docker://${reference}`);
    // Where nothing else is said, a tag is put on it where it is.
    if (reference !== undefined && !placeNames.some((name) => inputs.has(name))) {
      inputs.set('images', formatRepository(parseReference(reference).repository));
    }
    return { command, help, json: values.json === true, inputs };
  } catch (cause) {
    if (cause instanceof InputError) throw cause;
    throw new InputError('INPUT_INVALID', {
      message: cause instanceof Error ? cause.message : String(cause),
      remedy: `Known options of ${command}: --help, ${names.map((name) => `--${name}`).join(', ')}.`,
      cause,
    });
  }
}

const notes = `Each input of the action is an option of the same name; one that is given twice has two lines. The
repository, ref and commit are those of the Git checkout, unless GITHUB_* variables are set.`;

/** action.yml stands beside dist/, wherever the two are. */
async function readHelp(command: CommandName, columns: number): Promise<string> {
  const { parse } = await import('yaml');
  const root = join(dirname(realpathSync(process.argv[1] ?? '')), '..');
  const manifest: {
    description: string;
    inputs: Readonly<Record<string, { description: string; default: string }>>;
  } = parse(readFileSync(join(root, commands[command].manifest), 'utf8'));
  const inputs: readonly HelpInput[] = Object.entries(manifest.inputs).map(([name, input]) => ({ name, ...input }));
  const does = Object.entries(commands).map(([name, each]) => `${name.padEnd(8)} ${each.does}`);
  const names = { publish: '[publish]', promote: 'promote REFERENCE' };
  const call = `node dist/cli.js ${command === 'publish' || command === 'promote' ? names[command] : command}`;
  const options = ['-h, --help', ...(command === 'plan' ? ['--json     the plan as JSON (docs/plan.md)'] : [])];
  const help = formatHelp({ call, description: manifest.description, inputs }, options, notes, columns);
  return command === 'publish' ? `${help}\nCommands:\n${does.map((line) => `  ${line}\n`).join('')}` : help;
}

const askGit: AskGit = (args) =>
  new Promise((resolve) => {
    const child = spawn('git', args, { stdio: ['ignore', 'pipe', 'ignore'] });
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.on('error', () => resolve(undefined));
    child.on('close', (code) => resolve(code === 0 && stdout.trim() !== '' ? stdout.trim() : undefined));
  });

/** A person at a terminal sees what goes on, another CI system's log has it all, anything else only what came of it. */
function openLog(env: Environment): { readonly log: Log; readonly showsTools: boolean } {
  const { stderr } = process;
  const write = (text: string): void => void stderr.write(text);
  if (stderr.isTTY === true && env.TERM !== 'dumb') {
    const repeat = (work: () => void): (() => void) => {
      const timer = setInterval(work, 200).unref();
      return () => clearInterval(timer);
    };
    const log = liveLog({ write, columns: () => stderr.columns, now: () => performance.now(), repeat });
    return { log, showsTools: false };
  }
  const showsTools = (env.CI ?? '') !== '';
  return { log: terminalLog(write, showsTools), showsTools };
}

function print(lines: readonly string[]): void {
  for (const line of lines) if (line !== '') process.stdout.write(`${line}\n`);
}

/** Does what a command line asks for; what a program would read goes to standard output. */
async function runCommand({ command, json, inputs }: Arguments, entry: Entry): Promise<void> {
  const { env, workingFolder, log } = entry;
  // A checkout without a remote still has a name.
  const named = (name: string, value: string): string =>
    name === 'image' && value === '' && !env.GITHUB_REPOSITORY ? basename(workingFolder) : value;
  if (command === 'pull') {
    const fromEnvironment = inputsOfEnvironment(env, pullInputDefaults);
    const read = (name: PullInputName): string => named(name, inputs.get(name) ?? fromEnvironment(name));
    const { image, digest } = await pullStep(read, entry);
    print([image, digest]);
    return;
  }
  if (command === 'merge') {
    const fromEnvironment = inputsOfEnvironment(env, mergeInputDefaults);
    const read = (name: MergeInputName): string => named(name, inputs.get(name) ?? fromEnvironment(name));
    const { reference = '', tags = '' } = await mergeStep(read, entry);
    print([reference, tags]);
    return;
  }
  const fromEnvironment = inputsOfEnvironment(env, inputDefaults);
  const isPlan = command === 'plan';
  const read = (name: InputName): string =>
    isPlan && name === 'dry-run' ? 'true' : named(name, inputs.get(name) ?? fromEnvironment(name));
  // The plan for people is what was asked for; as JSON it takes the place of the lines.
  const planLog = { ...log, info: json ? () => undefined : (line: string) => print([line]) };
  const outputs = await publishStep(read, isPlan ? { ...entry, log: planLog } : entry);
  if (!isPlan) print([outputs.reference, outputs.tags]);
  else if (json) print([JSON.stringify(JSON.parse(outputs.plan), undefined, 2)]);
}

/** How many of a tool's last lines are shown where its output was not. */
const mostLines = 40;

export async function run(): Promise<void> {
  const { log, showsTools } = openLog(process.env);
  const termination = onTermination(process);
  // Whoever reads may go before the step ends (`| head`, a closed terminal): that is no reason to leave a login behind.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  try {
    const asked = parseArguments(process.argv.slice(2));
    if (asked.help) {
      process.stdout.write(await readHelp(asked.command, Math.min(process.stdout.columns ?? 100, 100)));
      return;
    }
    const env = { ...(await readGitRun(askGit)), ...process.env };
    await runCommand(asked, { env, workingFolder: process.cwd(), log, now: () => performance.now(), termination });
  } catch (error) {
    const failure = toPublishError(termination.aborted ? termination.reason : error);
    if (!showsTools) for (const line of failure.detail.trim().split('\n').slice(-mostLines)) log.info(line);
    log.error(formatFailure(failure));
    const exitCode = exitCodeOf(termination);
    process.exitCode = exitCode === 1 && failure instanceof InputError ? 2 : exitCode;
  }
}
