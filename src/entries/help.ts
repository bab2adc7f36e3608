/**
 * What `--help` prints, from the same descriptions that a workflow's author reads in action.yml.
 */

import { readFileSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type CommandName, commands } from './command-line.ts';

/** Of an action.yml what help is made of. */
interface HelpInput {
  readonly name: string;
  readonly description: string;
  /** As action.yml has it: text, or an expression. */
  readonly default: string;
}

interface HelpCommand {
  /** How the command is called, such as `node dist/cli.js pull`. */
  readonly call: string;
  readonly description: string;
  readonly inputs: readonly HelpInput[];
}

/** What the expressions among the defaults are in a terminal. */
const defaults: Readonly<Record<string, string>> = {
  '${{ github.token }}': 'the variable GITHUB_TOKEN; without it, the login of the Docker CLI',
  '${{ github.actor }}': 'the variable GITHUB_ACTOR',
};

/** Breaks a text into lines at its spaces. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/).filter((each) => each !== '')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

const indent = '      ';

function formatInput({ name, description, default: value }: HelpInput, columns: number): readonly string[] {
  const known = defaults[value] ?? value;
  const says = known === '' || description.includes('Default:') ? '' : ` Default: ${known}.`;
  return [`  --${name} VALUE`, ...wrap(`${description}${says}`, columns - indent.length).map((line) => indent + line)];
}

/** What every command ends with; docs/cli.md explains it. */
const exitCodes = [
  'Exit codes:',
  '  0    done; for a publish, published or not for a reason that is printed',
  '  1    failed',
  '  2    an option or an input is invalid, and nothing was begun',
  '  130  interrupted (SIGINT); 143: asked to end (SIGTERM)',
];

/**
 * @param commands the command that is explained, then those that are only named
 * @param columns of the terminal
 */
export function formatHelp(command: HelpCommand, options: readonly string[], notes: string, columns: number): string {
  return [
    `Usage: ${command.call} [--OPTION VALUE …]`,
    '',
    ...wrap(`${command.description}.`, columns),
    '',
    ...wrap(notes, columns),
    '',
    'Options:',
    ...options.map((option) => `  ${option}`),
    ...command.inputs.flatMap((input) => formatInput(input, columns)),
    '',
    ...exitCodes,
    '',
  ].join('\n');
}

const notes = `Each input of the action is an option of the same name; one that is given twice has two lines. The
repository, ref and commit are those of the Git checkout, unless GITHUB_* variables are set.`;

/** action.yml is next to dist/, wherever the two are. */
export async function readHelp(command: CommandName, columns: number): Promise<string> {
  const { parse } = await import('yaml');
  const root = join(dirname(realpathSync(process.argv[1] ?? '')), '..');
  const manifest: {
    description: string;
    inputs: Readonly<Record<string, { description: string; default: string }>>;
  } = parse(readFileSync(join(root, commands[command].manifest), 'utf8'));
  const inputs: readonly HelpInput[] = Object.entries(manifest.inputs).map(([name, input]) => ({ name, ...input }));
  const does = [
    ...Object.entries(commands).map(([name, each]) => `${name.padEnd(10)} ${each.does}`),
    `${'completion'.padEnd(10)} print a script for bash, zsh or fish that completes commands and options`,
  ];
  const names = { publish: '[publish]', promote: 'promote REFERENCE' };
  const started = basename(process.argv[1] ?? '');
  const program = started.endsWith('.js') ? `node dist/${started}` : started;
  const call = `${program} ${command === 'publish' || command === 'promote' ? names[command] : command}`;
  const options = ['-h, --help', ...(command === 'plan' ? ['--json     the plan as JSON (docs/plan.md)'] : [])];
  const help = formatHelp({ call, description: manifest.description, inputs }, options, notes, columns);
  return command === 'publish' ? `${help}\nCommands:\n${does.map((line) => `  ${line}\n`).join('')}` : help;
}
