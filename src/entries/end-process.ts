/** Ends the process of a step that failed. */

/**
 * Ends this process once its standard output is written, whatever it still waits for: a download of @actions/tool-cache
 * cannot be cut, and goes on for a minute.
 */
export function endProcess(exitCode: number): void {
  process.exitCode = exitCode;
  process.stdout.write('', () => process.exit());
}
