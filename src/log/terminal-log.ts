/** The log of a terminal or of another CI system: plain lines. */

import type { Log } from './log.ts';

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
