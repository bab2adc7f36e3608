import { describe, expect, test } from '@jest/globals';
import { createUntilSeen } from '../../../src/registry/read-back.ts';

function anAsker(answers: readonly string[], retries = 5) {
  const waits: number[] = [];
  const lines: string[] = [];
  let asked = 0;
  const untilSeen = createUntilSeen({
    retries,
    now: () => 0,
    random: () => 0.5,
    sleep: async (milliseconds) => {
      waits.push(milliseconds);
    },
    log: (line) => {
      lines.push(line);
    },
  });
  const seek = (): Promise<string> =>
    untilSeen(
      'ghcr.io/octo/app:1',
      async () => answers[asked++] ?? answers.at(-1) ?? '',
      (answer) => answer === 'new',
    );
  return { seek, waits, lines, asked: () => asked };
}

describe('what was just written', () => {
  test('is asked for once where it is seen at once', async () => {
    const asker = anAsker(['new']);
    expect(await asker.seek()).toBe('new');
    expect([asker.asked(), asker.waits, asker.lines]).toEqual([1, [], []]);
  });

  test('is asked for again, later each time and told in the log, until it is seen', async () => {
    const asker = anAsker(['none', 'old', 'new']);
    expect(await asker.seek()).toBe('new');
    expect(asker.waits).toEqual([500, 1_000]);
    expect(asker.lines[0]).toBe(
      'The registry does not show ghcr.io/octo/app:1 yet (attempt 1 of 5). Asking again in 0.5 s.',
    );
  });

  test('is what it is after as many attempts as `retries` allows', async () => {
    const asker = anAsker(['old'], 3);
    expect(await asker.seek()).toBe('old');
    expect(asker.asked()).toBe(3);
  });

  test.each([1, 0])('is asked for once with %i attempts', async (retries) => {
    const asker = anAsker(['old'], retries);
    await asker.seek();
    expect(asker.asked()).toBe(1);
  });
});
