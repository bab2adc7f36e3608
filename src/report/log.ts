/**
 * What a person reads while the step runs.
 */

import { formatDuration } from './duration.ts';
import { type AnnotationPlace, formatAnnotation, formatCommand } from './runner.ts';

export interface Log {
  /** A line of our own. */
  info(line: string): void;
  /** What a tool printed, as it came: no line of it can be a command to the runner. */
  tool(text: string): void;
  notice(message: string, place?: AnnotationPlace): void;
  warning(message: string, place?: AnnotationPlace): void;
  error(message: string, place?: AnnotationPlace): void;
  /** From here on a secret is not shown. */
  mask(secret: string): void;
  /** Runs `work` with all that is logged in one group that can be folded. */
  group<T>(title: string, work: () => Promise<T>): Promise<T>;
}

/**
 * A text from elsewhere (a label, a registry's words) as the runner may see it: a line that begins with `::`, or has `##[`
 * anywhere, would be a command (https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs). The
 * white space before it is .NET's, to which U+0085 belongs.
 */
export function withoutCommands(text: string): string {
  return text.replaceAll(/^(?=[\s\u0085]*::)/gm, '\u200b').replaceAll('##[', '#\u200b#[');
}

/** The time, for those who wait. */
export interface Clock {
  /** Milliseconds, of a clock that never goes back. */
  now(): number;
  /** Does some work every few seconds, until the returned function is called. */
  repeat(work: () => void): () => void;
}

/** How long a group may say nothing: a layer that takes long to push must not look like a step that hangs. */
const longestSilence = 10_000;

/**
 * The log of a step: workflow commands between lines.
 * @param clock absent: a group that is silent stays so
 */
export function workflowLog(show: (text: string) => void, clock?: Clock): Log {
  let lastWritten = 0;
  const write = (text: string): void => {
    lastWritten = clock?.now() ?? 0;
    show(text);
  };
  /** Set while a group is open; commands are off between `::stop-commands::TOKEN` and `::TOKEN::`. */
  let pausedBy: string | undefined;
  let atLineStart = true;
  const pause = (): void => {
    if (pausedBy !== undefined) return;
    pausedBy = crypto.randomUUID();
    write(formatCommand('stop-commands', pausedBy));
  };
  const resume = (): void => {
    if (!atLineStart) write('\n');
    atLineStart = true;
    if (pausedBy === undefined) return;
    write(formatCommand(pausedBy, ''));
    pausedBy = undefined;
  };
  const command = (text: string): void => {
    resume();
    write(text);
  };
  const info = (line: string): void => {
    resume();
    write(`${withoutCommands(line)}\n`);
  };
  /** Says now and then that a group goes on, while nothing else does. */
  const breakSilence = (title: string): (() => void) => {
    if (clock === undefined) return () => undefined;
    const begun = clock.now();
    return clock.repeat(() => {
      if (clock.now() - lastWritten < longestSilence) return;
      info(`${title}: ${formatDuration(clock.now() - begun)} so far`);
    });
  };
  return {
    info,
    tool(text) {
      if (text === '') return;
      pause();
      write(text);
      atLineStart = text.endsWith('\n');
    },
    notice: (message, place) => command(formatAnnotation('notice', message, place)),
    warning: (message, place) => command(formatAnnotation('warning', message, place)),
    error: (message, place) => command(formatAnnotation('error', message, place)),
    mask(secret) {
      for (const line of secret.split(/[\r\n]/)) if (line !== '') command(formatCommand('add-mask', line));
    },
    async group(title, work) {
      command(formatCommand('group', title));
      const stop = breakSilence(title);
      try {
        return await work();
      } finally {
        stop();
        command('::endgroup::\n');
      }
    },
  };
}

/**
 * The log of a terminal: plain lines.
 * @param showsTools whether what tools print is shown, too
 */
export function terminalLog(show: (text: string) => void, showsTools = true): Log {
  const secrets = new Set<string>();
  const write = (text: string): void => {
    show([...secrets].reduce((shown, secret) => shown.replaceAll(secret, '***'), text));
  };
  const labelled =
    (label: string) =>
    (message: string): void =>
      write(`${label}: ${message}\n`);
  return {
    info: (line) => write(`${line}\n`),
    tool: showsTools ? write : () => undefined,
    notice: labelled('notice'),
    warning: labelled('warning'),
    error: labelled('error'),
    mask(secret) {
      if (secret !== '') secrets.add(secret);
    },
    group(title, work) {
      write(`${title}\n`);
      return work();
    },
  };
}
