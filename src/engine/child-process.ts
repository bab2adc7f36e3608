/**
 * One child process, started by @actions/exec, which does not hand out the process that it starts. Node does: the
 * diagnostics channel `child_process` has each one as it is made
 * (https://nodejs.org/api/diagnostics_channel.html#process). With it a child can be ended with its own children, its
 * standard input cannot break the step, and a start that fails is an error of this call.
 */

import { AsyncLocalStorage } from 'node:async_hooks';
import { ChildProcess } from 'node:child_process';
import { subscribe } from 'node:diagnostics_channel';
import { StringDecoder } from 'node:string_decoder';
import { setTimeout as sleep } from 'node:timers/promises';
import { exec } from '@actions/exec';
import { isObject } from '../text/json.ts';

interface ChildOptions {
  readonly env: Readonly<Record<string, string>>;
  /** Written to standard input, which is closed then. */
  readonly input: string;
  readonly onStdout: (text: string) => void;
  readonly onStderr: (text: string) => void;
  /** Called right before the start; throws to prevent the start. */
  readonly mayStart: () => void;
}

export interface Child {
  /**
   * The exit code, `null` if a signal ended it. All of its output has come by then.
   * @throws what `mayStart` threw; the system's error for a start that failed
   */
  readonly ended: Promise<number | null>;
  /**
   * Asks the process and its children to end (SIGTERM), and makes them end a little later (SIGKILL).
   * @param ask another way to ask; `false` where it could not
   */
  end(ask: ((pid: number) => boolean) | undefined): void;
}

/** How long a child may take to end by itself after SIGTERM. With what is waited for after it, it is gone within 5 s. */
const graceMilliseconds = 3_500;
/** How long output is waited for after a child was made to end: a process that it left behind may hold it open. */
const outputMilliseconds = 500;
/** The same for a child that ended by itself. */
const lateOutputMilliseconds = 2_000;
const pollMilliseconds = 20;

/** What the call that runs just now does with the process that is made for it. */
const calls = new AsyncLocalStorage<(child: ChildProcess) => void>();

subscribe('child_process', (message) => {
  if (isObject(message) && message.process instanceof ChildProcess) calls.getStore()?.(message.process);
});

/**
 * Lets the process lead a group of its own, so that its children can be ended with it. Catches the error of a start
 * that throws (E2BIG, ETXTBSY), for which @actions/exec would never settle. Node has no other place for either before
 * 24.15.
 */
function wrapStart(child: ChildProcess, around: (start: () => void) => void): void {
  const spawn: unknown = Reflect.get(child, 'spawn');
  if (typeof spawn !== 'function') return;
  const detached = process.platform !== 'win32';
  Object.defineProperty(child, 'spawn', {
    value: (options: object) => around(() => Reflect.apply(spawn, child, [{ ...options, detached }])),
  });
}

/** @returns whether there was a process to take the signal */
function signalGroup(child: ChildProcess, signal: NodeJS.Signals | 0): boolean {
  if (child.pid === undefined) return false;
  try {
    return process.kill(-child.pid, signal);
  } catch {
    return child.kill(signal);
  }
}

function closeOutput({ stdout, stderr }: ChildProcess): void {
  stdout?.destroy();
  stderr?.destroy();
}

/** Ends the children that a process left behind when it received a signal, so that they touch no file afterwards. */
async function endGroup(child: ChildProcess): Promise<void> {
  const isGone = async (): Promise<boolean> => {
    for (let waited = 0; signalGroup(child, 0); waited += pollMilliseconds) {
      if (waited >= outputMilliseconds) return false;
      await sleep(pollMilliseconds);
    }
    return true;
  };
  if (await isGone()) return;
  signalGroup(child, 'SIGKILL');
  await isGone();
}

/** @returns the timer that makes it end */
function endProcess(child: ChildProcess, ask: ((pid: number) => boolean) | undefined): NodeJS.Timeout {
  if (child.pid === undefined || !ask?.(child.pid)) signalGroup(child, 'SIGTERM');
  // Output that is still open keeps this process going until then; without any, nothing is waited for.
  child.once('exit', () => setTimeout(() => closeOutput(child), outputMilliseconds).unref());
  return setTimeout(() => signalGroup(child, 'SIGKILL'), graceMilliseconds).unref();
}

/**
 * @param program its absolute path
 * @param args without a NUL, as the environment
 */
export function startChild(program: string, args: readonly string[], options: ChildOptions): Child {
  let child: ChildProcess | undefined;
  let isOver = false;
  let failure: unknown;
  let endStarted: (() => void) | undefined;
  let isEnding = false;
  let force: NodeJS.Timeout | undefined;

  /** @actions/exec also looks for lines in each chunk, in quadratic time and memory without end: it is given nothing. */
  const reader = (take: (text: string) => void): ((chunk: Buffer) => void) => {
    const decoder = new StringDecoder('utf8');
    return (chunk) => {
      if (!isOver) take(decoder.write(chunk));
      chunk.toString = () => '';
    };
  };
  const adopt = (made: ChildProcess): void => {
    child = made;
    made.once('error', (error) => {
      failure ??= error;
    });
    wrapStart(made, (start) => {
      try {
        options.mayStart();
        start();
        // A child that ends before it read its input is judged by its exit code, not by the broken pipe.
        made.stdin?.on('error', () => undefined).end(options.input);
        endStarted?.();
      } catch (error) {
        process.nextTick(() => made.emit('error', error));
      }
    });
  };
  const { env, onStdout, onStderr } = options;
  const wait = async (): Promise<number | null> => {
    try {
      // A path may hold blanks and quotes, and what it is given here is split into words.
      return await calls.run(adopt, () =>
        exec(`"${program.replaceAll('"', '\\"')}"`, [...args], {
          env,
          silent: true,
          ignoreReturnCode: true,
          delay: lateOutputMilliseconds,
          listeners: { stdout: reader(onStdout), stderr: reader(onStderr) },
        }),
      );
    } catch (error) {
      throw failure ?? error;
    } finally {
      isOver = true;
      // The number of a process that is gone may soon be another's.
      clearTimeout(force);
      if (child !== undefined) {
        closeOutput(child);
        if (isEnding) await endGroup(child);
      }
    }
  };
  return {
    ended: wait(),
    end(ask) {
      if (isOver) return;
      isEnding = true;
      const endNow = (): void => {
        if (child !== undefined) force = endProcess(child, ask);
      };
      if (child?.pid === undefined) endStarted = endNow;
      else endNow();
    },
  };
}
