/**
 * The terminal entry: the same publish, with `--input value` for each input and Git for what the runner would tell.
 */

import { spawn } from 'node:child_process';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { InputError } from './errors.ts';
import { type InputName, type InputReader, inputDefaults, inputsOfEnvironment } from './inputs.ts';
import { publishStep } from './main.ts';
import { exitCodeOf, onTermination } from './report/cancellation.ts';
import { formatFailure, toPublishError } from './report/failure.ts';
import { terminalLog } from './report/log.ts';
import { type AskGit, readGitRun } from './run/git.ts';

/** Inputs that are true when named without a value. */
const switches: readonly string[] = ['--dry-run', '--push', '--referrers', '--stage'];

function isInputName(name: string): name is InputName {
  return Object.hasOwn(inputDefaults, name);
}

/**
 * `--input value` or `--input=value`; an input given twice has two lines.
 * @throws InputError INPUT_INVALID for an option that is no input
 */
export function parseArguments(argv: readonly string[]): {
  readonly help: boolean;
  readonly inputs: ReadonlyMap<InputName, string>;
} {
  const names = Object.keys(inputDefaults);
  // A switch that no value follows stands for `true`.
  const args = argv.flatMap((arg, index) => {
    const next = argv[index + 1];
    const hasNoValue = next === undefined || next.startsWith('-');
    return switches.includes(arg) && hasNoValue ? [arg, 'true'] : [arg];
  });
  try {
    const { values } = parseArgs({
      args,
      options: {
        help: { type: 'boolean', short: 'h' },
        ...Object.fromEntries(names.map((name) => [name, { type: 'string', multiple: true } as const])),
      },
    });
    const inputs = new Map<InputName, string>();
    for (const [name, value] of Object.entries(values)) {
      if (isInputName(name) && Array.isArray(value)) inputs.set(name, value.join('\n'));
    }
    return { help: values.help === true, inputs };
  } catch (cause) {
    throw new InputError('INPUT_INVALID', {
      message: cause instanceof Error ? cause.message : String(cause),
      remedy: `Known options: --help, ${names.map((name) => `--${name}`).join(', ')}.`,
      cause,
    });
  }
}

const usage = `Usage: node dist/cli.js [--INPUT VALUE …]

Builds a container image and publishes it. Each input of action.yml is an option of the same name; one that is given
twice has two lines. The repository, ref and commit are those of the Git checkout, unless GITHUB_* variables are set.
Without --token the login of the Docker CLI is used.

Options: --help, ${Object.keys(inputDefaults)
  .map((name) => `--${name}`)
  .join(', ')}
`;

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

export async function run(): Promise<void> {
  const log = terminalLog((text) => void process.stderr.write(text));
  const termination = onTermination(process);
  try {
    const { help, inputs } = parseArguments(process.argv.slice(2));
    if (help) {
      process.stdout.write(usage);
      return;
    }
    const env = { ...(await readGitRun(askGit)), ...process.env };
    const fromEnvironment = inputsOfEnvironment(env, inputDefaults);
    const read: InputReader = (name) => {
      const value = inputs.get(name) ?? fromEnvironment(name);
      // A checkout without a remote still has a name.
      return name === 'image' && value === '' && !env.GITHUB_REPOSITORY ? basename(process.cwd()) : value;
    };
    const outputs = await publishStep(read, { env, log, termination });
    for (const name of ['reference', 'tags'] as const)
      if (outputs[name] !== '') process.stdout.write(`${outputs[name]}\n`);
  } catch (error) {
    const failure = toPublishError(error);
    log.error(formatFailure(failure));
    process.exitCode = exitCodeOf(termination);
  }
}
