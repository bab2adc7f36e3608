import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { createCommandRunner } from '../../../src/engine/command.ts';
import { ToolError } from '../../../src/errors.ts';
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
    expect(stderr).toHaveLength(256 * 1024);
    expect(stderr.endsWith('aend')).toBe(true);
  });

  test('that was ended by a signal has failed', async () => {
    expect(await aRunner().run(['sh', '-c', 'kill -KILL $$'], { env })).toMatchObject({ exitCode: 1 });
  });

  test('that is not there is said to be missing', async () => {
    const run = aRunner().run(['no-such-program'], { env });
    await expect(run).rejects.toThrowCode('ENGINE_MISSING');
    await expect(run).rejects.toThrow(
      'The program "no-such-program" could not be started: spawn no-such-program ENOENT.',
    );
  });
});

describe('when the step is asked to end', () => {
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
