/** Whoever reads the log may go before the step ends: `| head`, a terminal that is closed, a runner that crashed. */

/**
 * Lets the step go on when nobody reads standard output or error any more. An error that nobody takes would end the process where it
 * stands, and leave the login behind.
 */
export function outliveReaders(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
}
