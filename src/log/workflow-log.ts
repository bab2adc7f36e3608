/** The log of a GitHub workflow, in workflow commands. */

import {
  annotate,
  endGroup,
  mask,
  printLine,
  resumeCommands,
  startGroup,
  stopCommands,
} from '../runner/workflow-commands.ts';
import { formatDuration } from '../text/duration.ts';
import type { AnnotationPlace } from '../text/source-line.ts';
import type { Log } from './log.ts';
import type { Masker } from './masker.ts';

/**
 * A text from elsewhere (a label, a registry's words) as the runner may see it: a line that begins with `::`, or has `##[`
 * anywhere, would be a command (https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs). The
 * white space before it is .NET's, to which U+0085 belongs.
 */
export function withoutCommands(text: string): string {
  return text.replaceAll(/^(?=(?:[^\S\r\n\u2028\u2029]|\u0085)*::)/gm, '\u200b').replaceAll('##[', '#\u200b#[');
}

/** The time, for those who wait. */
interface Clock {
  /** Milliseconds, of a clock that never goes back. */
  now(): number;
  /** Does some work every few seconds, until the returned function is called. */
  repeat(work: () => void): () => void;
}

/** How long a group may say nothing: a layer that takes long to push must not look like a step that hangs. */
const longestSilence = 10_000;

/**
 * The log of a step: workflow commands between lines.
 * @param show writes to standard output, as @actions/core does: what tools print has no lines of its own
 * @param clock absent: a group that is silent stays so
 */
export function workflowLog(show: (text: string) => void, masker: Masker, clock?: Clock): Log {
  const tools = masker.openStream();
  let lastWritten = 0;
  const speak = (work: () => void): void => {
    lastWritten = clock?.now() ?? 0;
    work();
  };
  /** Set while a group is open; commands are off between `::stop-commands::TOKEN` and `::TOKEN::`. */
  let pausedBy: string | undefined;
  let atLineStart = true;
  const pause = (): void => {
    if (pausedBy !== undefined) return;
    pausedBy = stopCommands();
  };
  const resume = (): void => {
    if (!atLineStart) show('\n');
    atLineStart = true;
    if (pausedBy === undefined) return;
    resumeCommands(pausedBy);
    pausedBy = undefined;
  };
  const command = (work: () => void): void => {
    resume();
    speak(work);
  };
  const info = (line: string): void => command(() => printLine(withoutCommands(masker.mask(line))));
  const tool = (text: string): void => {
    if (text === '') return;
    pause();
    speak(() => show(text));
    atLineStart = text.endsWith('\n');
  };
  const annotation =
    (level: 'notice' | 'warning' | 'error') =>
    (message: string, place?: AnnotationPlace): void =>
      command(() => annotate(level, masker.mask(message), place));
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
    notice: annotation('notice'),
    warning: annotation('warning'),
    error: annotation('error'),
    mask(secret, shortest) {
      for (const line of masker.add(secret, shortest)) command(() => mask(line));
    },
    async group(title, work) {
      command(() => startGroup(masker.mask(title)));
      const stop = breakSilence(title);
      try {
        return await work();
      } finally {
        stop();
        tool(tools.end());
        command(endGroup);
      }
    },
  };
}
