/**
 * Runs one child process: an argument array, never a shell. The exit code decides; stderr never does.
 */

import { ToolError } from '../errors.ts';
import { lastLines } from '../text/cut.ts';
import type { Environment } from '../text/environment.ts';
import { isObject } from '../text/json.ts';
import { type Child, startChild } from './child-process.ts';
import { findProgram } from './find-program.ts';

interface CommandOptions {
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
  /** The last 16 MiB, which is more than any answer of an engine; a build may print without end. */
  readonly stdout: string;
  /** The last 256 KiB. */
  readonly stderr: string;
}

/**
 * @param argv the program and its arguments
 * @throws ToolError ENGINE_MISSING when there is no such program; COMMAND_FAILED when the system takes no such arguments
 */
export type RunCommand = (argv: readonly [string, ...string[]], options: CommandOptions) => Promise<CommandResult>;

/** Characters. */
const stdoutLimit = 16 * 1024 * 1024;
const stderrLimit = 256 * 1024;

/** Keeps the end of what comes in pieces, and not much more. */
function keepEnd(limit: number): { add(piece: string): void; text(): string } {
  let pieces: string[] = [];
  let length = 0;
  const text = (): string => lastLines(pieces.join(''), limit);
  return {
    add(piece) {
      pieces.push(piece);
      length += piece.length;
      if (length <= 2 * limit) return;
      pieces = [text()];
      length = pieces[0]?.length ?? 0;
    },
    text,
  };
}

interface CommandRunner {
  readonly run: RunCommand;
  /** Ends what still runs, waits for it, and lets nothing new start: afterwards no child touches a file any more. */
  end(): Promise<void>;
}

/**
 * @param signal when it fires, running children and their own children get SIGTERM, then SIGKILL, and no new child
 *   starts
 */
export function createCommandRunner(signal: AbortSignal): CommandRunner {
  const running = new Map<Child, CommandOptions['askToEnd']>();
  const ended = new AbortController();
  const mayStart = (): void => {
    signal.throwIfAborted();
    ended.signal.throwIfAborted();
  };
  const endAll = (): void => {
    for (const [child, askToEnd] of running) child.end(askToEnd);
  };
  signal.addEventListener('abort', endAll, { once: true });
  return {
    async run(argv, options) {
      mayStart();
      const [program, ...args] = argv;
      const env = withoutAbsent(options.env);
      checkTexts(program, [...args, ...Object.keys(env), ...Object.values(env)]);
      const path = findProgram(program, env);
      if (path === undefined) throw notStarted(program, new Error('there is no such program on PATH'));
      const stdout = keepEnd(stdoutLimit);
      const stderr = keepEnd(stderrLimit);
      const child = startChild(path, args, {
        env,
        input: options.input ?? '',
        mayStart,
        onStdout(text) {
          stdout.add(text);
          options.onOutput?.(text);
        },
        onStderr(text) {
          stderr.add(text);
          options.onOutput?.(text);
        },
      });
      running.set(child, options.askToEnd);
      const { timeout } = options;
      const giveUp = (): void => {
        stderr.add(`\n${program} did not end within ${(timeout ?? 0) / 1000} s\n`);
        child.end(options.askToEnd);
      };
      const deadline = timeout === undefined ? undefined : setTimeout(giveUp, timeout);
      try {
        const exitCode = await child.ended;
        signal.throwIfAborted();
        return { exitCode: exitCode ?? 1, stdout: stdout.text(), stderr: stderr.text() };
      } catch (error) {
        signal.throwIfAborted();
        throw error instanceof ToolError ? error : notStarted(program, error);
      } finally {
        clearTimeout(deadline);
        running.delete(child);
      }
    },
    async end() {
      ended.abort(notAnyMore());
      endAll();
      await Promise.allSettled([...running.keys()].map((child) => child.ended));
    },
  };
}

function withoutAbsent(env: Environment): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

/** For work that outlives its step, such as a command that waits for its retry while another part has failed. */
function notAnyMore(): ToolError {
  return new ToolError('CANCELLED', {
    message: 'The step has ended, so it starts no more commands.',
    remedy: 'You do not need to do anything.',
  });
}

/** A NUL ends a text for the system (execve(2)); Node throws for one where nothing can catch it. */
function checkTexts(program: string, texts: readonly string[]): void {
  const text = texts.find((each) => each.includes('\0'));
  if (text === undefined) return;
  throw new ToolError('COMMAND_FAILED', {
    message: `An argument or variable for ${program} has a NUL character, which a command line cannot have.`,
    remedy: 'Remove the NUL character from the inputs, such as `build-args` or `labels`.',
  });
}

function notStarted(program: string, cause: unknown): ToolError {
  const told = isObject(cause) ? cause : {};
  // Windows says ENAMETOOLONG, beyond 32767 characters in all.
  if (told.code === 'E2BIG' || told.code === 'ENAMETOOLONG') {
    return new ToolError('COMMAND_FAILED', {
      message: `The command line of ${program} is longer than this system allows (${told.code}).`,
      remedy:
        'Shorten the inputs: one value has room for 128 KB on Linux. Put a longer one into a file of the context.',
      cause,
    });
  }
  const reason = typeof told.message === 'string' ? told.message : String(cause);
  return new ToolError('ENGINE_MISSING', {
    message: `The program "${program}" could not be started: ${reason}.`,
    remedy: `Install ${program} on the runner and put it on PATH; GitHub-hosted Linux runners have it.`,
    cause,
  });
}
