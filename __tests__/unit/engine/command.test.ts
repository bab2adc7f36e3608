import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { createCommandRunner } from '../../../src/engine/command.ts';
import { ToolError } from '../../../src/errors.ts';
import { captureStdout } from '../../support/captured-stdout.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const env = { PATH: process.env.PATH };

function aRunner(): ReturnType<typeof createCommandRunner> & { abort(): void } {
  const controller = new AbortController();
  const abort = (): void => controller.abort(new ToolError('CANCELLED', { message: 'Cancelled.', remedy: 'None.' }));
  return { ...createCommandRunner(controller.signal), abort };
}

/** A child that runs for a minute unless it is ended; `started` is there once it runs. */
function aLongChild(ignoresTermination = false): { argv: [string, ...string[]]; started: () => Promise<void> } {
  const file = join(temporaryFolder(), 'started');
  const trap = ignoresTermination ? "process.on('SIGTERM', () => undefined);" : '';
  const script = `${trap} require('node:fs').writeFileSync(${JSON.stringify(file)}, ''); setTimeout(() => undefined, 60000);`;
  return {
    argv: [process.execPath, '-e', script],
    async started() {
      while (!existsSync(file)) await new Promise((resolve) => setTimeout(resolve, 10));
    },
  };
}

describe('a command', () => {
  test('has the exit code and what it printed, also as it came', async () => {
    let output = '';
    const result = await aRunner().run(['sh', '-c', 'echo out; echo err >&2; exit 3'], {
      env,
      onOutput: (text) => {
        output += text;
      },
    });
    expect(result).toEqual({ exitCode: 3, stdout: 'out\n', stderr: 'err\n' });
    expect(output.split('\n').toSorted()).toEqual(['', 'err', 'out']);
  });

  test('that prints to stderr has not failed', async () => {
    expect(await aRunner().run(['sh', '-c', 'echo warning >&2'], { env })).toMatchObject({ exitCode: 0 });
  });

  test('gets its arguments as they are, without a shell', async () => {
    const result = await aRunner().run(
      [process.execPath, '-p', 'process.argv.slice(1).join("|")', '$(id)', 'a b', '*'],
      { env },
    );
    expect(result.stdout).toBe('$(id)|a b|*\n');
  });

  test('gets its input, and none where there is none', async () => {
    expect(await aRunner().run(['cat'], { env, input: 'secret' })).toMatchObject({ stdout: 'secret' });
    expect(await aRunner().run(['cat'], { env })).toMatchObject({ stdout: '' });
  });

  test('that does not read its input is judged by its exit code', async () => {
    const input = 'x'.repeat(1024 * 1024);
    expect(await aRunner().run(['true'], { env, input })).toMatchObject({ exitCode: 0 });
  });

  test('that does not end within its time-out is ended, and its standard error says so', async () => {
    const { argv } = aLongChild();
    const result = await aRunner().run(argv, { env, timeout: 300 });
    expect(result.exitCode).not.toBe(0);
    expect(result.stderr).toContain(`${process.execPath} did not end within 0.3 s`);
  });

  test('that ends within its time-out is left alone', async () => {
    const result = await aRunner().run(['echo', 'done'], { env, timeout: 60_000 });
    expect(result).toEqual({ exitCode: 0, stdout: 'done\n', stderr: '' });
  });

  test('gets the environment that it is given and no other', async () => {
    const result = await aRunner().run([process.execPath, '-p', 'Object.keys(process.env).join()'], {
      env: { ONLY: '1' },
    });
    expect(result.stdout).toBe('ONLY\n');
  });

  test('has the end of what it printed to stderr', async () => {
    const script = 'process.stderr.write("a".repeat(300 * 1024) + "end")';
    const { stderr } = await aRunner().run([process.execPath, '-e', script], { env });
    expect(stderr).toHaveLength((256 - 48) * 1024);
    expect(stderr.endsWith('aend')).toBe(true);
  });

  test('has the end of what it printed to stdout, from the beginning of a line on', async () => {
    const script = 'for (let line = 0; line < 700; line++) process.stdout.write(`${line} ${"x".repeat(100_000)}\\n`)';
    const { stdout } = await aRunner().run([process.execPath, '-e', script], { env });
    expect(stdout.length).toBeGreaterThan(16 * 1024 * 1024 - 200_000);
    expect(stdout.length).toBeLessThanOrEqual(16 * 1024 * 1024);
    expect(stdout).toMatch(/^533 x/);
    expect(stdout.slice(-100_005, -100_000)).toBe('699 x');
  });

  test('that was ended by a signal has failed', async () => {
    expect(await aRunner().run(['sh', '-c', 'kill -KILL $$'], { env })).toMatchObject({ exitCode: 1 });
  });

  test('that is not there is said to be missing', async () => {
    const run = aRunner().run(['no-such-program'], { env });
    await expect(run).rejects.toThrowCode('ENGINE_MISSING');
    await expect(run).rejects.toThrow(
      'The program "no-such-program" could not be started: there is no such program on PATH.',
    );
  });
});

describe('a program', () => {
  /** A script in a folder of its own. */
  function aScript(name: string, text = '#!/bin/sh\necho "$0"\n'): { folder: string; path: string } {
    const folder = join(temporaryFolder(), `a "b" 'c' $d`);
    mkdirSync(folder);
    const path = join(folder, name);
    writeFileSync(path, text);
    chmodSync(path, 0o755);
    return { folder, path };
  }

  test('is looked up in the PATH that it is given, not in ours', async () => {
    const { folder, path } = aScript('only-there');
    expect(await aRunner().run(['only-there'], { env: { PATH: `/nowhere::${folder}` } })).toMatchObject({
      exitCode: 0,
      stdout: `${path}\n`,
    });
    await expect(aRunner().run(['sh'], { env: { PATH: folder } })).rejects.toThrowCode('ENGINE_MISSING');
  });

  test('is found where the system looks if there is no PATH', async () => {
    expect(await aRunner().run(['sh', '-c', 'echo found'], { env: {} })).toMatchObject({ stdout: 'found\n' });
  });

  test('may have a path with blanks and quotes', async () => {
    const { path } = aScript('a program');
    expect(await aRunner().run([path], { env })).toMatchObject({ exitCode: 0, stdout: `${path}\n` });
  });

  test.each([
    ['is a folder', (path: string) => mkdirSync(path)],
    ['may not be executed', (path: string) => writeFileSync(path, '', { mode: 0o644 })],
    ['needs an interpreter that is not there', (path: string) => writeFileSync(path, '#!/no/such', { mode: 0o755 })],
  ])('that %s is missing', async (_title, make) => {
    const folder = temporaryFolder();
    make(join(folder, 'program'));
    await expect(aRunner().run(['program'], { env: { PATH: folder } })).rejects.toThrowCode('ENGINE_MISSING');
  });

  test.each<[string, string[], Record<string, string>]>([
    ['an argument that is too long', ['x'.repeat(131_072)], {}],
    ['a variable that is too long', [], { LONG: 'x'.repeat(131_072) }],
    ['arguments that are too long together', Array<string>(40).fill('x'.repeat(131_000)), {}],
    ['an argument with a NUL', ['a\0b'], {}],
    ['a variable with a NUL', [], { NUL: 'a\0b' }],
  ])('is not started with %s, and the call ends', async (_title, args, more) => {
    const run = aRunner().run(['true', ...args], { env: { ...env, ...more } });
    await expect(run).rejects.toThrowCode('COMMAND_FAILED');
  });
});

describe('what @actions/exec would do otherwise', () => {
  test('nothing is printed: no command line, no output', async () => {
    using stdout = captureStdout();
    await aRunner().run(['sh', '-c', 'echo out; echo err >&2'], { env });
    expect(stdout.text()).toBe('');
  });

  test('a child that closes its standard input early breaks nothing, with an input or without', async () => {
    const runner = aRunner();
    const input = 'x'.repeat(200_000);
    for (let count = 0; count < 15; count++) {
      expect(await runner.run(['true'], { env })).toMatchObject({ exitCode: 0 });
      expect(await runner.run(['true'], { env, input })).toMatchObject({ exitCode: 0 });
    }
  });

  test('a character that comes in two pieces stays one', async () => {
    const script =
      'process.stdout.write(Buffer.from([0xe2])); setTimeout(() => process.stdout.write(Buffer.from([0x82, 0xac])), 100)';
    expect(await aRunner().run([process.execPath, '-e', script], { env })).toMatchObject({ stdout: '€' });
  });

  test('one line of 60 MB is read in the time that its bytes take', async () => {
    const script = 'for (let count = 0; count < 60; count++) process.stdout.write("x".repeat(1_000_000))';
    const { stdout } = await aRunner().run([process.execPath, '-e', script], { env });
    expect(stdout).toHaveLength((16 * 1024 - 48) * 1024);
    // Looked through from its start for each piece, it takes minutes.
  }, 60_000);

  test('a process that a child leaves behind with its output is not waited for, and not heard any more', async () => {
    const heard: string[] = [];
    const folder = temporaryFolder();
    const script = `echo early; (while [ ! -e ${folder}/go ]; do sleep 0.05; done; echo late; touch ${folder}/said) & exit 0`;
    const onOutput = (text: string): unknown => heard.push(text);
    expect(await aRunner().run(['sh', '-c', script], { env, onOutput })).toMatchObject({
      exitCode: 0,
      stdout: 'early\n',
    });
    writeFileSync(join(folder, 'go'), '');
    // Its output is closed: it may end by a broken pipe.
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(heard.join('')).toBe('early\n');
  });

  test('calls at the same time each have the process, the input and the output of their own', async () => {
    const runner = aRunner();
    const inputs = Array.from({ length: 8 }, (_, index) => `input ${index}`);
    const results = await Promise.all(inputs.map((input) => runner.run(['cat'], { env, input })));
    expect(results.map(({ stdout }) => stdout)).toEqual(inputs);
  });
});

/** Whether a process runs; one that has ended and was not collected yet does not. */
function runs(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** A child with a child of its own, of which it tells the number. */
function aParent(trap = ''): { argv: [string, ...string[]]; grandchild: () => Promise<number> } {
  const file = join(temporaryFolder(), 'grandchild');
  const inner = `${trap} while :; do sleep 0.05; done`;
  return {
    argv: ['sh', '-c', `sh -c '${inner}' & echo $! > ${file}.new; mv ${file}.new ${file}; wait; wait`],
    async grandchild() {
      while (!existsSync(file)) await new Promise((resolve) => setTimeout(resolve, 10));
      return Number(readFileSync(file, 'utf8'));
    },
  };
}

describe('children of a child', () => {
  test.each([
    ['end with it', ''],
    ['are made to end if they do not listen', 'trap "" TERM;'],
  ])('%s when the step is asked to end', async (_title, trap) => {
    const runner = aRunner();
    const { argv, grandchild } = aParent(trap);
    const running = runner.run(argv, { env });
    const pid = await grandchild();
    expect(runs(pid)).toBe(true);
    runner.abort();
    await expect(running).rejects.toThrowCode('CANCELLED');
    expect(runs(pid)).toBe(false);
  });

  test('end with it at its time-out', async () => {
    const { argv, grandchild } = aParent();
    const running = aRunner().run(argv, { env, timeout: 1_000 });
    const pid = await grandchild();
    expect(await running).toMatchObject({ stderr: expect.stringContaining('did not end within 1 s') });
    expect(runs(pid)).toBe(false);
  });

  test('end with it when the step is over', async () => {
    const runner = aRunner();
    const { argv, grandchild } = aParent();
    const running = runner.run(argv, { env });
    const pid = await grandchild();
    await runner.end();
    expect(runs(pid)).toBe(false);
    await running;
  });
});

describe('when the step is asked to end', () => {
  test('a command that was called and has no process yet gets none', async () => {
    const runner = aRunner();
    const file = join(temporaryFolder(), 'file');
    const running = runner.run(['touch', file], { env });
    runner.abort();
    await expect(running).rejects.toThrowCode('CANCELLED');
    await runner.end();
    expect(existsSync(file)).toBe(false);
  });

  test('what runs ends, and the error says by what', async () => {
    const runner = aRunner();
    const child = aLongChild();
    const running = runner.run(child.argv, { env });
    await child.started();
    runner.abort();
    await expect(running).rejects.toThrowCode('CANCELLED');
  });

  test('what does not listen is made to', async () => {
    const runner = aRunner();
    const child = aLongChild(true);
    const running = runner.run(child.argv, { env });
    await child.started();
    runner.abort();
    await expect(running).rejects.toThrowCode('CANCELLED');
  });

  test('nothing new starts', async () => {
    const runner = aRunner();
    const file = join(temporaryFolder(), 'file');
    runner.abort();
    await expect(runner.run(['touch', file], { env })).rejects.toThrowCode('CANCELLED');
    expect(existsSync(file)).toBe(false);
  });
});

describe('when the step is over', () => {
  test('what still runs is ended and waited for', async () => {
    const runner = aRunner();
    const child = aLongChild();
    const running = runner.run(child.argv, { env });
    await child.started();
    await runner.end();
    expect(await running).toMatchObject({ exitCode: 1 });
  });

  test('nothing new starts, such as a login that waited to be tried again', async () => {
    const runner = aRunner();
    const file = join(temporaryFolder(), 'config.json');
    writeFileSync(file, 'gone in a moment');
    await runner.end();
    await expect(runner.run(['touch', `${file}.again`], { env })).rejects.toThrowCode('CANCELLED');
    expect(existsSync(`${file}.again`)).toBe(false);
  });

  test('once more does no harm', async () => {
    const runner = aRunner();
    await runner.end();
    await runner.end();
  });
});
