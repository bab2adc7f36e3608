/** Twenty jobs at once on one machine: one HOME, one RUNNER_TEMP, one BUILDX_CONFIG, one registry, and a login for each. */

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type CrowdedRegistry, startCrowdedRegistry } from '../support/crowded-registry.ts';
import { withoutMasks } from '../support/runner-files.ts';
import { type Runner, type StepResult, uniqueName } from '../support/step.ts';
import { openSuite } from '../support/suite.ts';

interface Job {
  readonly user: string;
  readonly password: string;
  readonly repository: string;
  readonly runner: Runner;
  readonly step: StepResult;
}

const suite = openSuite('engine', 'registry', 'client');
const machine = mkdtempSync(join(tmpdir(), 'publish-crowd-'));
const home = join(machine, 'home');
const temp = join(machine, 'temp');
/** What buildx itself keeps of its builds, for all jobs. */
const buildxFolder = join(machine, 'buildx');
const configFile = join(home, '.docker/config.json');
/** A login of the machine's own, for another registry and for the very same one. */
const elsewhere = Buffer.from('machine:elsewhere').toString('base64');
let configBefore: string;
let crowd: CrowdedRegistry;
let jobs: readonly Job[];

beforeAll(async () => {
  const { action, engine, registry } = suite;
  const names = Array.from({ length: 20 }, (_, index) => uniqueName(`user${index}`));
  const passwords = new Map(names.map((user) => [user, `canary-${crypto.randomUUID()}`]));
  crowd = await startCrowdedRegistry(registry, passwords);
  mkdirSync(join(home, '.docker'), { recursive: true });
  mkdirSync(temp);
  const own = JSON.parse(readFileSync(join(action.newRunner({ engine }).home, '.docker/config.json'), 'utf8'));
  configBefore = `${JSON.stringify({ ...own, auths: { 'registry.example.com': { auth: elsewhere }, [crowd.address]: { auth: elsewhere } } }, undefined, '\t')}\n\n`;
  writeFileSync(configFile, configBefore);
  jobs = await Promise.all(
    [...passwords].map(async ([user, password]): Promise<Job> => {
      const repository = `${user}/app`;
      const runner = action.newRunner({
        engine,
        repository,
        env: { HOME: home, RUNNER_TEMP: temp, BUILDX_CONFIG: buildxFolder },
      });
      runner.write('Dockerfile', 'FROM scratch\nCOPY user.txt /\n');
      runner.write('user.txt', user);
      const step = await runner.main({
        registry: crowd.address,
        username: user,
        token: password,
        tags: '1.0\nlatest',
      });
      return { user, password, repository, runner, step };
    }),
  );
});
afterAll(() => {
  crowd?.[Symbol.dispose]();
  rmSync(machine, { recursive: true, force: true, maxRetries: 5 });
});

test('all twenty succeed', () => {
  expect(jobs.map(({ step: { exitCode, failure } }) => ({ exitCode, failure }))).toEqual(
    jobs.map(() => ({ exitCode: 0, failure: '' })),
  );
});

test('each image is the job’s own, under both of its tags', async () => {
  for (const { repository, step, user } of jobs) {
    expect(await suite.client.digestOf(`${suite.registry}/${repository}:1.0`)).toBe(step.outputs.digest);
    expect(await suite.client.digestOf(`${suite.registry}/${repository}:latest`)).toBe(step.outputs.digest);
    expect(await suite.client.contentOf(`${suite.registry}/${repository}:1.0`, 'user.txt')).toBe(user);
  }
  expect(new Set(jobs.map(({ step }) => step.outputs.digest)).size).toBe(20);
});

test('each job’s outputs name its own image, and no other', () => {
  const names = jobs.map(({ repository }) => `${crowd.address}/${repository}`);
  for (const { step, repository, user } of jobs) {
    const own = `${crowd.address}/${repository}`;
    expect(step.outputs).toMatchObject({ image: `${own}:1.0`, tags: `${own}:1.0\n${own}:latest`, repository });
    const said = JSON.stringify([step.outputs, step.state]) + step.log + step.summary;
    expect({ user, others: names.filter((name) => name !== own && said.includes(name)) }).toEqual({ user, others: [] });
  }
});

test('no request carries the login of another job, nor that of the machine', () => {
  expect(crowd.requests.filter(({ user }) => user === '')).toEqual([]);
  const crossed = crowd.requests.filter(
    ({ path, user }) => user && path !== '/v2/' && !path.startsWith(`/v2/${user}/`),
  );
  expect(crossed).toEqual([]);
  expect(new Set(crowd.requests.map(({ user }) => user)).size).toBe(21);
});

test('no job’s log, outputs or children hold the password of any job', () => {
  const passwords = jobs.map(({ password }) => password);
  const holding = jobs.filter(({ step, runner }) => {
    const commands = runner.commands().map(({ args, env }) => [args, Object.values(env)]);
    const text = [withoutMasks(step.log), JSON.stringify([step.outputs, step.state, step.env, commands])].join('\n');
    return passwords.some((password) => text.includes(password));
  });
  expect(holding.map(({ user }) => user)).toEqual([]);
});

test('the machine’s own configuration is as it was, byte for byte, and nothing else is in its home or temporary folder', () => {
  expect(readFileSync(configFile, 'utf8')).toBe(configBefore);
  expect(readdirSync(join(home, '.docker')).sort()).toEqual(['config.json']);
  expect(readdirSync(temp)).toEqual([]);
});

test('no file of the machine holds the password of any job, nor a login of one', () => {
  const files = readdirSync(machine, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
  const secrets = jobs.flatMap(({ user, password }) => [
    password,
    Buffer.from(`${user}:${password}`).toString('base64'),
  ]);
  const holding = files.filter(({ parentPath, name }) => {
    const text = readFileSync(join(parentPath, name), 'latin1');
    return secrets.some((secret) => text.includes(secret));
  });
  expect(holding.map(({ name }) => name)).toEqual([]);
  // buildx has been there.
  expect(files.some(({ parentPath }) => parentPath.startsWith(buildxFolder))).toBe(true);
});

test('the post step of each removes nothing more, and succeeds', async () => {
  for (const { runner, step } of jobs) expect(await runner.post(step)).toMatchObject({ exitCode: 0, log: '' });
  expect(readFileSync(configFile, 'utf8')).toBe(configBefore);
});
