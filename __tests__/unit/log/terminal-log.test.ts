import { describe, expect, test } from '@jest/globals';
import { createMasker } from '../../../src/log/masker.ts';
import { terminalLog } from '../../../src/log/terminal-log.ts';

function aLog(showsTools = true): { log: ReturnType<typeof terminalLog>; text: () => string } {
  let text = '';
  const log = terminalLog(
    (more) => {
      text += more;
    },
    createMasker(),
    showsTools,
  );
  return { log, text: () => text };
}

describe('the log of a terminal', () => {
  test('has plain lines, and never a secret', async () => {
    const { log, text } = aLog();
    log.mask('ghs_secret');
    log.mask('');
    log.info('token ghs_secret');
    log.tool('tool ghs_secret ghs_secret\n');
    log.notice('n');
    log.warning('w');
    log.error('e');
    expect(await log.group('Build', () => Promise.resolve(7))).toBe(7);
    expect(text()).toBe('token ***\ntool *** ***\nnotice: n\nwarning: w\nerror: e\nBuild\n');
  });

  test('shows no tail of a secret that begins with another one', () => {
    const { log, text } = aLog();
    log.mask('password');
    log.mask('password-of-the-registry');
    log.info('It is password-of-the-registry.');
    expect(text()).toBe('It is ***.\n');
  });

  test('shows no line of a secret of several lines', () => {
    const { log, text } = aLog();
    log.mask('first line\nsecond line\n');
    log.tool('#5 0.1 second line\n');
    expect(text()).toBe('#5 0.1 ***\n');
  });

  test('shows no secret that a tool prints in two pieces', async () => {
    const { log, text } = aLog();
    log.mask('ghs_secret');
    await log.group('Build', async () => {
      log.tool('token ghs_');
      log.tool('secret, then g');
    });
    expect(text()).toBe('Build\ntoken ***, then g');
  });

  test('ends the line of a tool before one of its own', () => {
    const { log, text } = aLog();
    log.tool('no line end');
    log.info('ours');
    expect(text()).toBe('no line end\nours\n');
  });

  test('leaves out what tools print, where that is wanted', () => {
    const { log, text } = aLog(false);
    log.tool('tool\n');
    log.info('ours');
    expect(text()).toBe('ours\n');
  });
});
