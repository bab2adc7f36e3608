/** The log of a GitHub workflow, in workflow commands. */

import { formatDuration } from '../text/duration.ts';
import type { Log } from './log.ts';
import type { Masker } from './masker.ts';
import { formatAnnotation, formatCommand } from './workflow-commands.ts';

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
export function workflowLog(show: (text: string) => void, masker: Masker, clock?: Clock): Log {
  const tools = masker.openStream();
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
    write(`${withoutCommands(masker.mask(line))}\n`);
  };
  const tool = (text: string): void => {
    if (text === '') return;
    pause();
    write(text);
    atLineStart = text.endsWith('\n');
  };
  const annotate =
    (level: 'notice' | 'warning' | 'error'): Log['notice'] =>
    (message, place) =>
      command(formatAnnotation(level, masker.mask(message), place));
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
    tool: (text) => tool(tools.write(text)),
    notice: annotate('notice'),
    warning: annotate('warning'),
    error: annotate('error'),
    mask(secret, shortest) {
      for (const line of masker.add(secret, shortest)) command(formatCommand('add-mask', line));
    },
    async group(title, work) {
      command(formatCommand('group', masker.mask(title)));
      const stop = breakSilence(title);
      try {
        return await work();
      } finally {
        stop();
        tool(tools.end());
        command('::endgroup::\n');
      }
    },
  };
}
