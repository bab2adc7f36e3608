/**
 * A runner without an engine, on whatever system this is: it needs no shell, no program and no lab. On Linux it can also imitate
 * Windows (`imitated-windows.ts`).
 */

import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { type RunEvent, tagPush } from './event.ts';
import { parseCommands, parseFileEntries, type RunnerCommand } from './runner-files.ts';
import { temporaryFolder } from './temporary-folder.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const imitation = new URL('imitated-windows.ts', import.meta.url).href;

export type System = 'this system' | 'an imitated Windows';

/** The systems that can be tried here. */
export const systems: readonly System[] =
  process.platform === 'linux' ? ['this system', 'an imitated Windows'] : ['this system'];

interface Ended {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly log: string;
}

interface PlainStep extends Ended {
  readonly outputs: Readonly<Record<string, string>>;
  readonly state: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  readonly summary: string;
  readonly commands: readonly RunnerCommand[];
}

export interface PlainRunner {
  /** The path of a file of the workspace, as a step writes it. */
  at(...names: readonly string[]): string;
  /** Where a file of the workspace really is. */
  real(...names: readonly string[]): string;
  write(names: readonly string[], content: string | Buffer): void;
  /** Runs an action to its end. @param subAction such as `merge` */
  main(inputs: Readonly<Record<string, string>>, subAction?: string): Promise<PlainStep>;
  post(step: Pick<PlainStep, 'state'>): Promise<Ended>;
  terminal(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ended>;
  /** What is in the folder for temporary files. */
  left(): readonly string[];
  /** What Windows would have refused. */
  refused(): string;
}

/**
 * @param repository `OWNER/NAME`
 * @param dockerFiles of the folder `.docker` of the user
 */
export function newPlainRunner(
  system: System,
  repository: string,
  dockerFiles: Readonly<Record<string, string>> = {},
  event: RunEvent = tagPush('v1.2.3'),
): PlainRunner {
  const isImitated = system === 'an imitated Windows';
  const machine = temporaryFolder();
  const disk = isImitated ? join(machine, 'd') : machine;
  const real = (...names: readonly string[]): string => join(disk, ...names);
  const at = (...names: readonly string[]): string => (isImitated ? `D:\\${names.join('\\')}` : real(...names));
  const workspace = ['a', 'app', 'app'];
  for (const folder of [workspace, ['a', '_temp'], ['files'], ['home', '.docker']])
    mkdirSync(real(...folder), { recursive: true });
  const write = (path: string, content: string | Buffer): void => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  };
  for (const [name, text] of Object.entries(dockerFiles)) write(real('home', '.docker', ...name.split('/')), text);
  write(real('files', 'event.json'), JSON.stringify({ ...event.payload, repository: { full_name: repository } }));
  const isWindows = isImitated || process.platform === 'win32';
  // Of this machine nothing but what Node itself needs.
  const needed = process.platform === 'win32' ? { SystemRoot: process.env.SystemRoot ?? '' } : {};
  const user = isWindows
    ? { Path: at('tools'), USERPROFILE: at('home'), HOME: '/d/home', TEMP: at('a', '_temp'), TMP: at('a', '_temp') }
    : { PATH: at('tools'), HOME: at('home'), TMPDIR: at('a', '_temp') };
  const ofMachine = { ...needed, ...user, ...(isImitated ? { IMITATED_WINDOWS: machine } : {}) };
  const job = {
    ...ofMachine,
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    GITHUB_SERVER_URL: 'https://github.com',
    GITHUB_API_URL: 'http://127.0.0.1:9',
    GITHUB_REPOSITORY: repository,
    GITHUB_ACTOR: 'octocat',
    GITHUB_SHA: '90dd6032fac8bda1b6c4436a2e65de27961ed071',
    GITHUB_RUN_ID: '1658821493',
    GITHUB_RUN_ATTEMPT: '1',
    GITHUB_EVENT_PATH: at('files', 'event.json'),
    RUNNER_TEMP: at('a', '_temp'),
    RUNNER_OS: isWindows ? 'Windows' : 'Linux',
    ...event.env,
  };

  function launch(entry: string, args: readonly string[], env: Readonly<Record<string, string>>): Promise<Ended> {
    const before = isImitated ? ['--import', imitation] : [];
    const child = spawn(process.execPath, [...before, join(root, 'dist', entry), ...args], {
      cwd: real(...workspace),
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const texts = { log: '', stdout: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      texts.stdout += text;
      texts.log += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      texts.log += text;
    });
    return new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (exitCode) => resolve({ exitCode, ...texts }));
    });
  }

  let count = 0;
  const names = ['OUTPUT', 'STATE', 'ENV', 'STEP_SUMMARY'];
  function newFiles(): { readonly env: Record<string, string>; readonly text: (name: string) => string } {
    const number = count++;
    for (const name of names) writeFileSync(real('files', `${name}_${number}`), '');
    return {
      env: Object.fromEntries(names.map((name) => [`GITHUB_${name}`, at('files', `${name}_${number}`)])),
      text: (name) => readFileSync(real('files', `${name}_${number}`), 'utf8').replaceAll('\r\n', '\n'),
    };
  }

  return {
    at: (...path) => at(...workspace, ...path),
    real: (...path) => real(...workspace, ...path),
    write: (path, content) => write(real(...workspace, ...path), content),
    async main(inputs, subAction = '.') {
      const { inputs: known }: { inputs: Record<string, { default: string }> } = parse(
        readFileSync(join(root, subAction, 'action.yml'), 'utf8'),
      );
      const variables = Object.entries(known).map(([name, input]) => [
        `INPUT_${name.toUpperCase()}`,
        inputs[name] ?? input.default.replace(/\$\{\{ github\.actor \}\}/, 'octocat').replace(/\$\{\{.*\}\}/, ''),
      ]);
      const files = newFiles();
      const env = { ...job, ...files.env, ...Object.fromEntries(variables) };
      const ended = await launch(`${subAction === '.' ? 'main' : subAction}.js`, [], env);
      return {
        ...ended,
        outputs: parseFileEntries(files.text('OUTPUT')),
        state: parseFileEntries(files.text('STATE')),
        env: parseFileEntries(files.text('ENV')),
        summary: files.text('STEP_SUMMARY'),
        commands: parseCommands(ended.log),
      };
    },
    post({ state }) {
      const saved = Object.entries(state).map(([name, value]) => [`STATE_${name}`, value]);
      return launch('post.js', [], { ...job, ...newFiles().env, ...Object.fromEntries(saved) });
    },
    terminal: (args, env = {}) => launch('cli.js', args, { ...ofMachine, ...env }),
    left: () => readdirSync(real('a', '_temp'), { recursive: true, encoding: 'utf8' }),
    refused: () => (existsSync(join(machine, 'refused')) ? readFileSync(join(machine, 'refused'), 'utf8') : ''),
  };
}
