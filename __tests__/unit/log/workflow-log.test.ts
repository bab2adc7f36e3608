import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createMasker } from '../../../src/log/masker.ts';
import { withoutCommands, workflowLog } from '../../../src/log/workflow-log.ts';
import { captureStdout } from '../../support/captured-stdout.ts';

/** What .NET's `String.TrimStart` takes away (https://learn.microsoft.com/dotnet/api/system.char.iswhitespace). */
const dotnetSpace = /^[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/;

/** Whether the runner would obey a line (actions/runner, ActionCommand.cs: `::` at its start, `##[` anywhere). */
function isCommand(line: string): boolean {
  return line.replace(dotnetSpace, '').startsWith('::') || line.includes('##[');
}

const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc
    .array(
      fc.constantFrom(
        '::',
        ':',
        '#',
        '##[',
        '[',
        '\n',
        '\r',
        '\r\n',
        ' ',
        '\t',
        '\u0085',
        '\u00a0',
        '\u2028',
        '\u3000',
        'error',
        'set-output name=x::y',
      ),
      { maxLength: 12 },
    )
    .map((pieces) => pieces.join('')),
);

let stdout = captureStdout();
beforeEach(() => {
  stdout = captureStdout();
});
afterEach(() => stdout[Symbol.dispose]());

const show = (text: string): void => void process.stdout.write(text);

/** A log, and what it has written since. */
function aLog(): { log: ReturnType<typeof workflowLog>; text: () => string } {
  stdout.clear();
  return { log: workflowLog(show, createMasker()), text: stdout.text };
}

describe('the log of a step', () => {
  test('has lines, annotations and groups', async () => {
    const { log, text } = aLog();
    log.info('first');
    log.notice('n');
    log.warning('w', { title: 'T' });
    log.error('e', { file: 'Dockerfile', line: 2 });
    await log.group('Build', async () => log.info('inside'));
    expect(text()).toBe(
      'first\n::notice::n\n::warning title=T::w\n::error file=Dockerfile,line=2::e\n::group::Build\ninside\n::endgroup::\n',
    );
  });

  test('closes a group whose work fails, and gives what it gave', async () => {
    const { log, text } = aLog();
    await expect(log.group('Build', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(text()).toBe('::group::Build\n::endgroup::\n');
    await expect(log.group('Push', () => Promise.resolve(7))).resolves.toBe(7);
  });

  test('hides a secret, line by line', () => {
    const { log, text } = aLog();
    log.mask('one\r\ntwo\n\n\rthree');
    log.mask('');
    expect(text()).toBe('::add-mask::one\n::add-mask::two\n::add-mask::three\n');
  });

  test('shows no secret, in an annotation or the title of a group either', async () => {
    const { log, text } = aLog();
    log.mask('ghs_job');
    log.info('token ghs_job');
    log.warning('token ghs_job', { title: 'T' });
    await log.group('Push ghs_job', async () => log.tool('token ghs_job\n'));
    expect(text().replace('::add-mask::ghs_job\n', '')).not.toContain('ghs_job');
  });

  test('shows no secret that a tool prints in two pieces', async () => {
    const { log, text } = aLog();
    log.mask('ghs_job');
    await log.group('Push', async () => {
      log.tool('token ghs');
      log.info('ours');
      log.tool('_job; gh');
    });
    expect(text()).toMatch(/^ours\n(?:.*\n)?\*\*\*; gh\n/m);
    expect(text()).not.toMatch(/ghs\n|_job;/);
  });

  test('switches commands off while a tool speaks, and on again for its own', () => {
    const { log, text } = aLog();
    log.tool('');
    log.tool('::error::not ours\n');
    log.tool('no line end');
    log.notice('ours');
    const [, token = ''] = text().match(/^::stop-commands::([0-9a-f-]{36})\n/) ?? [];
    expect(text()).toBe(`::stop-commands::${token}\n::error::not ours\nno line end\n::${token}::\n::notice::ours\n`);
    expect(token).not.toBe('');
  });

  test('ends the line of a tool before one of its own', () => {
    const { log, text } = aLog();
    log.tool('no line end');
    log.info('ours');
    expect(text()).toMatch(/^::stop-commands::\S+\nno line end\n::\S+::\nours\n$/);
  });

  test('shows text of others such that no line of it is a command', () => {
    expect(withoutCommands('::error::x')).toBe('\u200b::error::x');
    expect(withoutCommands('a\n \t::error::x\nb')).toBe('a\n\u200b \t::error::x\nb');
    expect(withoutCommands('see ##[error]x and ###[x')).toBe('see #\u200b#[error]x and ##\u200b#[x');
    expect(withoutCommands('http://a::b')).toBe('http://a::b');
  });

  test('whatever the text, no line of it is one', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const lines = withoutCommands(text).split(/\r\n|[\r\n]/);
        expect(lines.filter(isCommand)).toEqual([]);
      }),
      { numRuns: 10_000 },
    );
  });

  test('whatever lines and tools say, only our own commands are obeyed', () => {
    const said = fc.array(fc.tuple(fc.constantFrom('info', 'tool', 'notice'), hostile), { maxLength: 6 });
    fc.assert(
      fc.property(said, (entries) => {
        const { log, text } = aLog();
        for (const [kind, words] of entries) {
          if (kind === 'info') log.info(words);
          else if (kind === 'tool') log.tool(words);
          else log.notice(words);
        }
        const obeyed: string[] = [];
        let pausedBy: string | undefined;
        for (const line of text().split(/\r\n|[\r\n]/)) {
          const trimmed = line.replace(dotnetSpace, '');
          if (pausedBy !== undefined) {
            if (trimmed.startsWith(`::${pausedBy}::`)) pausedBy = undefined;
          } else if (trimmed.startsWith('::stop-commands::')) pausedBy = trimmed.slice('::stop-commands::'.length);
          else if (isCommand(line)) obeyed.push(line);
        }
        const notices = entries.filter(([kind]) => kind === 'notice');
        expect(obeyed).toHaveLength(notices.length);
        expect(obeyed.every((line) => line.startsWith('::notice::'))).toBe(true);
      }),
      { numRuns: 10_000 },
    );
  });
});

describe('a group that goes on', () => {
  /** A log with a clock that beats every five seconds, as that of a step. */
  function aClockedLog() {
    let time = 0;
    let beat = (): void => undefined;
    const clock = {
      now: () => time,
      repeat(work: () => void) {
        beat = work;
        return () => {
          beat = () => undefined;
        };
      },
    };
    const log = workflowLog(show, createMasker(), clock);
    const pass = (seconds: number): void => {
      for (let second = 0; second < seconds; second += 5) {
        time += 5_000;
        beat();
      }
    };
    return { log, pass, written: stdout.text };
  }

  test('says so every ten seconds while it is silent, and not after its end', async () => {
    const { log, pass, written } = aClockedLog();
    await log.group('Push', async () => pass(25));
    pass(60);
    expect(written()).toBe('::group::Push\nPush: 10.0 s so far\nPush: 20.0 s so far\n::endgroup::\n');
  });

  test('says nothing while something else is said', async () => {
    const { log, pass, written } = aClockedLog();
    await log.group('Push', async () => {
      for (const line of ['one', 'two', 'three']) {
        pass(5);
        log.info(line);
      }
    });
    expect(written()).toBe('::group::Push\none\ntwo\nthree\n::endgroup::\n');
  });

  test('lets the runner listen again before it speaks between the lines of a tool', async () => {
    const { log, pass, written } = aClockedLog();
    await log.group('Build', async () => {
      log.tool('half a line');
      pass(10);
    });
    expect(written()).toMatch(
      /^::group::Build\n::stop-commands::(\S+)\nhalf a line\n::\1::\nBuild: 10\.0 s so far\n::endgroup::\n$/,
    );
  });
});
