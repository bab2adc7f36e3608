/** The log of a terminal that nobody looks at, or of a CI system other than GitHub's: plain lines. */

import { labelledLines } from './labelled-lines.ts';
import type { Log } from './log.ts';
import type { Masker } from './masker.ts';

/**
 * @param show gets texts without secrets
 * @param showsTools whether what tools print is shown, too
 */
export function terminalLog(show: (text: string) => void, masker: Masker, showsTools = true): Log {
  const tools = masker.openStream();
  let isAtLineStart = true;
  const write = (text: string): void => {
    if (text === '') return;
    isAtLineStart = text.endsWith('\n');
    show(text);
  };
  const writeLine = (line: string): void => write(`${isAtLineStart ? '' : '\n'}${masker.mask(line)}\n`);
  return {
    info: writeLine,
    tool(text) {
      if (showsTools) write(tools.write(text));
    },
    ...labelledLines(writeLine),
    mask(secret, shortest) {
      masker.add(secret, shortest);
    },
    async group(title, work) {
      writeLine(title);
      try {
        return await work();
      } finally {
        write(tools.end());
      }
    },
  };
}
