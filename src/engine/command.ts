/**
 * Runs one child process: an argument array, never a shell. The exit code decides; what stands on stderr never does.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { ToolError } from '../errors.ts';
import type { Environment } from '../text/environment.ts';

export interface CommandOptions {
  readonly env: Environment;
  /** Written to the child's standard input, which is closed otherwise. */
  readonly input?: string;
  /** Receives stdout and stderr as they come. */
  readonly onOutput?: (text: string) => void;
  /** Milliseconds after which the child is ended; its standard error says so then. Default: none. */
  readonly timeout?: number;
  /** Makes the child end in another way than by SIGTERM; `false` where it could not. */
  readonly askToEnd?: (pid: number) => boolean;
}

export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  /** The last 256 KiB. */
  readonly stderr: string;
}

/**
 * @param argv the program and its arguments
 * @throws ToolError ENGINE_MISSING when there is no such program
 */
export type RunCommand = (argv: readonly [string, ...string[]], options: CommandOptions) => Promise<CommandResult>;

const stderrLimit = 256 * 1024;

/** How long a child may take to end by itself once it was asked to. */
const graceMilliseconds = 4000;

interface Running {
  readonly closed: Promise<void>;
  readonly askToEnd: CommandOptions['askToEnd'];
}

export interface CommandRunner {
  readonly run: RunCommand;
  /** Ends what still runs, waits for it, and lets nothing new start: afterwards no child touches a file any more. */
  end(): Promise<void>;
}

/**
 * @param signal when it fires, running children are asked to end (SIGTERM), then made to (SIGKILL), and no new one starts
 */
export function createCommandRunner(signal: AbortSignal): CommandRunner {
  const running = new Map<ChildProcess, Running>();
  const ended = new AbortController();
  const endAll = (): void => {
    for (const [child, { askToEnd }] of running) endChild(child, askToEnd);
  };
  signal.addEventListener('abort', endAll, { once: true });
  return {
    run: (argv, options) =>
      new Promise((resolve, reject) => {
        signal.throwIfAborted();
        ended.signal.throwIfAborted();
        const [program, ...args] = argv;
        const child = spawn(program, args, {
          env: { ...options.env },
          stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
        });
        const stdout: string[] = [];
        let stderr = '';
        child.stdout?.setEncoding('utf8').on('data', (text: string) => {
          stdout.push(text);
          options.onOutput?.(text);
        });
        child.stderr?.setEncoding('utf8').on('data', (text: string) => {
          stderr = (stderr + text).slice(-stderrLimit);
          options.onOutput?.(text);
        });
        const { timeout } = options;
        const giveUp = (): void => {
          stderr += `\n${program} did not end within ${(timeout ?? 0) / 1000} s\n`;
          endChild(child, options.askToEnd);
        };
        const deadline = timeout === undefined ? undefined : setTimeout(giveUp, timeout);
        // A child that ends before it read its input is judged by its exit code, not by the broken pipe.
        child.stdin?.on('error', () => undefined).end(options.input);
        const closed = new Promise<void>((done) => {
          child.on('error', (cause) => {
            reject(notStarted(program, cause));
            done();
          });
          child.on('close', (exitCode) => {
            clearTimeout(deadline);
            if (signal.aborted) reject(signal.reason);
            else resolve({ exitCode: exitCode ?? 1, stdout: stdout.join(''), stderr });
            done();
          });
        });
        running.set(child, { closed, askToEnd: options.askToEnd });
        void closed.then(() => running.delete(child));
      }),
    async end() {
      ended.abort(notAnyMore());
      endAll();
      await Promise.all([...running.values()].map(({ closed }) => closed));
    },
  };
}

/** How long the output of a child that has ended is waited for: a child of its own, which nobody asked to end, may hold it. */
const outputMilliseconds = 500;

function endChild(child: ChildProcess, askToEnd: CommandOptions['askToEnd']): void {
  if (child.pid === undefined || !askToEnd?.(child.pid)) child.kill('SIGTERM');
  child.once('exit', () => {
    // Output that is still open keeps the process going until then; without any, nothing is waited for.
    setTimeout(() => {
      child.stdout?.destroy();
      child.stderr?.destroy();
    }, outputMilliseconds).unref();
  });
  setTimeout(() => child.kill('SIGKILL'), graceMilliseconds).unref();
}

/** For work that outlives its step, such as a command that waits to be tried again while another part has failed. */
function notAnyMore(): ToolError {
  return new ToolError('CANCELLED', {
    message: 'The step has ended, so it starts no more commands.',
    remedy: 'You do not need to do anything.',
  });
}

function notStarted(program: string, cause: Error): ToolError {
  return new ToolError('ENGINE_MISSING', {
    message: `The program "${program}" could not be started: ${cause.message}.`,
    remedy: `Install ${program} on the runner and put it on PATH; GitHub-hosted Linux runners have it.`,
    cause,
  });
}
