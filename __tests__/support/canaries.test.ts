/** The search itself: a canary that it misses would make every test that stands on it worthless. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { canariesOf, watchForCanaries } from './canaries.ts';
import type { RecordedCommand } from './recorder.ts';
import { temporaryFolder } from './temporary-folder.ts';

const token = `canary-${crypto.randomUUID()}`;
const key = `canary-${crypto.randomUUID()}`;
const stepFolder = `publish-docker-package-${crypto.randomUUID()}`;

let folder: string;
let commands: RecordedCommand[];

beforeEach(() => {
  folder = temporaryFolder();
  commands = [];
});

function aCommand(args: readonly string[], env: Readonly<Record<string, string>> = {}): void {
  commands.push({ program: 'docker', args, env: { PATH: '/bin', ...env }, pid: 1 });
}

function aFile(path: string, text: string): void {
  mkdirSync(join(folder, path, '..'), { recursive: true });
  writeFileSync(join(folder, path), text);
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** What a process does; it printed what this returns, if anything. */
type Plant = () => unknown;

function search(plant: Plant, leaving: 'nothing' | 'login' | 'all' = 'nothing'): () => void {
  const watch = watchForCanaries([folder], () => commands);
  watch.begin([token, key]);
  const log = String(plant() ?? '');
  return () => watch.end(log, leaving);
}

const places: readonly (readonly [where: string, plant: Plant, name: string])[] = [
  ['a line of the log', () => `it is ${token}.`, 'the log'],
  ['the log, as Docker keeps a login', () => base64(`octocat:${token}`), 'the log'],
  ['the log, a user’s name of any length before it', () => base64(`octo:${token}:and more`), 'the log'],
  ['the log, in a URL', () => `https://x/?t=${Buffer.from(`é${token}`).toString('base64url')}`, 'the log'],
  ['an argument', () => aCommand(['login', `--password=${token}`]), 'an argument of docker login'],
  ['a variable', () => aCommand(['ps'], { A: `x${token}` }), 'A in the environment of docker ps'],
  ['a secret of the build in an argument', () => aCommand(['build', key]), 'an argument of docker build'],
  ['a secret of the build in a variable', () => aCommand(['build'], { K: key }), 'K in the environment'],
  ['a secret of the build in the log', () => `#7 0.1 ${key}`, 'the log'],
  ['a mask that comes too late', () => `#7 0.1 ${key}\n::add-mask::${key}`, 'the log'],
  ['an output', () => aFile('file-commands/OUTPUT_1', `a<<E\n${token}\nE\n`), 'OUTPUT_1'],
  ['the state', () => aFile('file-commands/STATE_1', `a=${token}`), 'STATE_1'],
  ['a variable for later steps', () => aFile('file-commands/ENV_1', `a=${token}`), 'ENV_1'],
  ['the summary', () => aFile('file-commands/STEP_SUMMARY_1', key), 'STEP_SUMMARY_1'],
  ['a file', () => aFile('home/.docker/config.json', base64(`octocat:${token}`)), 'home/.docker/config'],
  ['a login that was left', () => aFile(`temp/${stepFolder}/docker/config.json`, token), 'docker/config'],
];

describe('the search', () => {
  test.each(places)('finds a canary in %s', (_where, plant, name) => {
    expect(search(plant)).toThrow(name);
  });

  test('shows no secret in what it says', () => {
    expect(search(() => token)).toThrow(/^(?!.*canary)/s);
  });

  test('finds nothing where there is nothing', () => {
    const clean = search(() => {
      aCommand(['build', '.'], { A: 'b' });
      aFile('workspace/app.txt', 'Hello');
      return '::add-mask::x\nHello';
    });
    expect(clean).not.toThrow();
  });

  test('leaves out what was printed and is masked', () => {
    expect(search(() => `::add-mask::${token}\n::add-mask::${key}\n#7 0.1 the key is ${key}`)).not.toThrow();
  });

  test('leaves out a file that was there before, unless it is written again', () => {
    aFile('workspace/.npmrc', key);
    expect(search(() => '')).not.toThrow();
    expect(search(() => aFile('workspace/.npmrc', key))).toThrow('.npmrc');
  });

  test('lets a killed step have its login and the secrets of its build in their files, and nowhere else', () => {
    const killed = search(() => {
      aFile(`temp/${stepFolder}/docker/config.json`, base64(`octocat:${token}`));
      aFile(`temp/${stepFolder}/build-aB3xYz/secrets/0`, key);
    }, 'all');
    expect(killed).not.toThrow();
    expect(search(() => aFile(`temp/${stepFolder}/build-aB3xYz/metadata.json`, key), 'all')).toThrow('metadata.json');
  });

  test('lets a login stay for the job, and no secret of a build', () => {
    const logIn = (): void => aFile(`temp/${stepFolder}/docker/config.json`, token);
    expect(search(logIn, 'login')).not.toThrow();
    expect(search(() => aFile(`temp/${stepFolder}/build-aB3xYz/secrets/0`, key), 'login')).toThrow('secrets/0');
  });
});

test('the secrets of a step are its token, its passwords, and every canary that the build is given', () => {
  aFile('id/key.txt', `{"key": "${key}"}`);
  const inputs = {
    token,
    'registry-auth': '- registry: quay.io\n  username: octocat\n  password: of-quay-io\n',
    secrets: 'a=canary-one,b\n"b=canary-two\ncanary-three"',
    'secret-envs': 'c=FOURTH, d=NOT_SET',
    'secret-files': 'e=id/key.txt\nf=missing.txt',
  };
  expect(canariesOf(inputs, { FOURTH: 'canary-four', OTHER: 'canary-other' }, folder)).toEqual([
    ...[token, 'of-quay-io', 'canary-one', 'canary-two', 'canary-three', 'canary-four', key],
  ]);
});

test('a secret as short as a word is not looked for', () => {
  expect(canariesOf({ token: 'token' }, {}, folder)).toEqual([]);
});
