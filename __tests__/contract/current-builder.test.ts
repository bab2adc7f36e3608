/** Which builder is the current one, and for which endpoint: as we tell it, so does buildx. */

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { findBuildx } from '../../src/engine/buildx-plugin.ts';
import { currentCases, endpoints, writeNotes } from '../support/current-builders.ts';
import { lab } from '../support/lab.ts';

const execute = promisify(execFile);
let buildx: string;

beforeAll(async () => {
  const { environment } = await lab.engine();
  const folder = environment.DOCKER_CONFIG ?? '';
  const config = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8'));
  buildx = (await findBuildx(folder, config.cliPluginsExtraDirs ?? [], {})) ?? 'docker-buildx';
});

/** @returns what it prints; it has nothing to reach, and says so by its exit code */
async function run(folder: string, env: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<string> {
  const own = { PATH: process.env.PATH, HOME: folder, DOCKER_CONFIG: folder, ...env };
  const { stdout } = await execute(buildx, args, { env: own }).catch((error: { stdout: string }) => error);
  return stdout;
}

describe('buildx notes a builder for', () => {
  test.each(endpoints)('%s with %j', async (key, env) => {
    const folder = writeNotes({});
    await run(folder, env, 'use', 'one');
    const noted = JSON.parse(readFileSync(join(folder, 'buildx', 'current'), 'utf8'));
    expect(noted).toEqual({ Key: key, Name: 'one', Global: false });
  });
});

describe('buildx takes the builder', () => {
  // None of them is there, so that no more than the name is told.
  test.each(currentCases)('$what', async ({ env = {}, builder, ...notes }) => {
    const told = await run(writeNotes(notes), env, 'inspect');
    expect(/^Name:\s+(\S+)/.exec(told)?.[1]).toBe(builder ?? 'default');
  });
});
