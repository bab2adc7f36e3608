/** What this process writes to standard output meanwhile, as a text: @actions/core writes nowhere else. */

/** Takes standard output away until it is disposed of. */
export function captureStdout(): Disposable & { text(): string; clear(): void } {
  const { write } = process.stdout;
  let text = '';
  process.stdout.write = (chunk: string | Uint8Array): boolean => {
    text += chunk;
    return true;
  };
  return {
    text: () => text,
    clear() {
      text = '';
    },
    [Symbol.dispose]() {
      process.stdout.write = write;
    },
  };
}
