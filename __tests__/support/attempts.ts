/** Attempts that fail as often as a test says. */

/** @param errors of the first attempts, in order; the one after them succeeds */
export function failing(...errors: readonly Error[]): {
  readonly attempt: (number: number) => Promise<string>;
  /** How many attempts there were. */
  readonly calls: () => number;
} {
  let calls = 0;
  const attempt = async (number: number): Promise<string> => {
    const error = errors[calls++];
    if (error !== undefined) throw error;
    return `attempt ${number}`;
  };
  return { attempt, calls: () => calls };
}
