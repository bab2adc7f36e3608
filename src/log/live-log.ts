/**
 * The log of a terminal that a person looks at: lines that stay, and below them one that says what goes on just now.
 */

import { cut } from '../text/cut.ts';
import { formatDuration } from '../text/duration.ts';
import { type BuildProgress, followBuild, isInternal } from './build-progress.ts';
import { labelledLines } from './labelled-lines.ts';
import type { Log } from './log.ts';
import type { MaskedStream, Masker } from './masker.ts';

interface Terminal {
  write(text: string): void;
  /** How many columns there are just now. */
  columns(): number;
  /** Milliseconds, of a clock that never goes back. */
  now(): number;
  /** Does some work again and again, until the returned function is called. */
  repeat(work: () => void): () => void;
}

const eraseLine = '\r\u001b[2K';

/** Nothing that a tool printed moves the cursor or colours what follows. */
function withoutControls(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.replaceAll(/\u001b\[[0-9;?]*[A-Za-z]|[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '');
}

/** A line that has all columns would wrap in some terminals; in a window that is narrower than this nothing can be read. */
const fewestColumns = 10;

interface Group {
  readonly title: string;
  readonly start: number;
  readonly progress: BuildProgress;
  /** What its tools print. */
  readonly tools: MaskedStream;
  shown: number;
}

/**
 * Groups are titles; of what a build prints, each step is a line once it is done, and the others are the line below.
 */
export function liveLog(terminal: Terminal, masker: Masker): Log {
  let group: Group | undefined;
  let isDrawn = false;
  const hide = (text: string): string => masker.mask(withoutControls(text));

  function erase(): void {
    if (isDrawn) terminal.write(eraseLine);
    isDrawn = false;
  }
  function line(text: string): void {
    erase();
    terminal.write(`${hide(text)}\n`);
    draw();
  }
  function draw(): void {
    if (group === undefined) return;
    const running = group.progress.steps().filter((step) => step.state === 'running' && !isInternal(step));
    const what = running.map(({ name, start }) => `${name} ${formatDuration(terminal.now() - start)}`).join(', ');
    const head = `${group.title} ${formatDuration(terminal.now() - group.start)}`;
    erase();
    const room = Math.max(terminal.columns() - 1, fewestColumns);
    terminal.write(cut(hide(what === '' ? head : `${head} · ${what}`), room));
    isDrawn = true;
  }
  /** Steps that have ended since the last look, each a line that stays. */
  function showEnded(current: Group): void {
    // Housekeeping is never shown, and some of it never ends.
    const steps = current.progress.steps().filter((step) => !isInternal(step));
    for (const step of steps.slice(current.shown)) {
      // In the order in which they began, so that a line is never out of place.
      if (step.state === 'running') return;
      current.shown += 1;
      const mark = step.state === 'failed' ? '✗' : '✓';
      line(`  ${mark} ${step.name} ${step.state === 'cached' ? '(cached)' : formatDuration(step.end - step.start)}`);
    }
  }

  return {
    info: line,
    tool(text) {
      if (group === undefined) return;
      group.progress.read(group.tools.write(text));
      showEnded(group);
    },
    ...labelledLines(line),
    mask(secret, shortest) {
      masker.add(secret, shortest);
    },
    async group(title, work) {
      const outer = group;
      const progress = followBuild(terminal.now);
      group = { title, start: terminal.now(), progress, tools: masker.openStream(), shown: 0 };
      draw();
      const stop = terminal.repeat(draw);
      try {
        return await work();
      } finally {
        stop();
        erase();
        group = outer;
      }
    },
  };
}
