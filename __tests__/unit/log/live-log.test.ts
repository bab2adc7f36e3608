import { expect, test } from '@jest/globals';
import { liveLog } from '../../../src/log/live-log.ts';
import { createMasker } from '../../../src/log/masker.ts';

/** What a terminal of some columns shows in the end: `\r` and `ESC[2K` as terminals do them. */
function aTerminal(columns = 80) {
  let time = 0;
  let raw = '';
  let tick = (): void => undefined;
  return {
    terminal: {
      write(text: string): void {
        raw += text;
      },
      columns: () => columns,
      now: () => time,
      repeat(work: () => void) {
        tick = work;
        return () => {
          tick = () => undefined;
        };
      },
    },
    pass(milliseconds: number): void {
      time += milliseconds;
      tick();
    },
    /** The lines, each without what was erased. */
    lines: (): readonly string[] =>
      raw.split('\n').map((line) => line.slice(line.lastIndexOf('\r\u001b[2K') + 1).replace('\u001b[2K', '')),
    raw: () => raw,
  };
}

test('a step that is done stays as a line, one that goes on is the last line', async () => {
  const screen = aTerminal();
  const log = liveLog(screen.terminal, createMasker());
  await log.group('Build', async () => {
    log.tool('#0 building with "default" instance using docker driver\n');
    log.tool('#1 [internal] load build definition\n#1 DONE 0.0s\n#2 [1/2] COPY . /\n#2 CACHED\n#3 [2/2] RUN npm ci\n');
    screen.pass(1500);
    expect(screen.lines()).toEqual(['  ✓ [1/2] COPY . / (cached)', 'Build 1.5 s · [2/2] RUN npm ci 1.5 s']);
    log.tool('#3 DONE 1.5s\n');
  });
  log.info('Published app');
  expect(screen.lines()).toEqual(['  ✓ [1/2] COPY . / (cached)', '  ✓ [2/2] RUN npm ci 1.5 s', 'Published app', '']);
});

test('the last line never wraps', async () => {
  const screen = aTerminal(30);
  const log = liveLog(screen.terminal, createMasker());
  await log.group('Build', async () => {
    log.tool(`#1 [1/1] RUN ${'x'.repeat(100)}\n`);
    screen.pass(100);
    expect(screen.lines().at(-1)).toHaveLength(29);
  });
});

test('no secret is shown, and nothing of a tool moves the cursor', async () => {
  const screen = aTerminal(200);
  const log = liveLog(screen.terminal, createMasker());
  log.mask('ghs_canary');
  await log.group('Build', async () => {
    log.tool('#1 [1/1] RUN echo ghs_canary \u001b[2J\u001b[31mred\n');
    screen.pass(100);
    log.warning('about ghs_canary');
  });
  expect(screen.raw()).not.toContain('ghs_canary');
  expect(screen.raw()).not.toContain('\u001b[2J');
  expect(screen.raw()).not.toContain('\u001b[31m');
  expect(screen.lines()).toContain('warning: about ***');
});

test('no secret is shown that begins with another one, has several lines, or comes in two pieces', async () => {
  const screen = aTerminal(200);
  const log = liveLog(screen.terminal, createMasker());
  log.mask('password');
  log.mask('password-of-the-registry');
  log.mask('first line\nsecond line');
  await log.group('Build', async () => {
    log.tool('#1 [1/2] RUN echo password-of-the-');
    log.tool('registry\n#1 DONE 0.1s\n#2 [2/2] RUN echo second line\n#2 DONE 0.1s\n');
  });
  expect(screen.lines()).toEqual(['  ✓ [1/2] RUN echo *** 0 ms', '  ✓ [2/2] RUN echo *** 0 ms', '']);
});

test('no secret is shown that only begins in the part of a name that is read', async () => {
  const screen = aTerminal(10_000);
  const log = liveLog(screen.terminal, createMasker());
  log.mask('ghs_canary');
  await log.group('Build', async () => log.tool(`#1 ${'x'.repeat(4088)} ghs_canary\n#1 DONE 0.1s\n`));
  expect(screen.raw()).not.toContain('gh');
});
