import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import {
  chooseEngine,
  podmanLoginFile,
  podmanPortsOf,
  writePodmanLogins,
} from '../../../src/engine/podman-fallback.ts';
import { ToolError } from '../../../src/errors.ts';
import { someRunnerFacts } from '../../support/builders.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const { docker } = someRunnerFacts();
if (docker === undefined) throw new Error('the facts have no Docker');
const facts = { real: { docker }, podman: { docker: { ...docker, isPodman: true } }, elsewhere: { docker: undefined } };
const failure = (code: 'ENGINE_DOWN' | 'ENGINE_MISSING' | 'COMMAND_FAILED'): ToolError =>
  new ToolError(code, { message: 'No.', remedy: 'None.' });

/** A PATH with or without Podman. */
function environment(hasPodman: boolean): { readonly PATH: string } {
  const folder = temporaryFolder();
  if (hasPodman) {
    writeFileSync(join(folder, 'podman'), '');
    chmodSync(join(folder, 'podman'), 0o755);
  }
  return { PATH: folder };
}

describe('Podman stands in for Docker', () => {
  const absent = 'no Docker engine answers on this runner';
  test.each([
    ['where it is asked for', 'podman', true, facts.real, '`engine` is podman'],
    ['where Docker is down', 'auto', true, failure('ENGINE_DOWN'), absent],
    ['where there is no Docker', 'auto', true, failure('ENGINE_MISSING'), absent],
    ['where it answers in its place', 'auto', true, facts.podman, 'Podman answers at Docker’s socket'],
  ] as const)('%s', async (_title, wish, hasPodman, look, reason) => {
    const chosen = chooseEngine(wish, environment(hasPodman), () =>
      look instanceof Error ? Promise.reject(look) : Promise.resolve(look),
    );
    expect(await chosen).toEqual({ podman: reason });
  });

  test.each([
    ['where Docker answers', 'auto', true, facts.real],
    ['where a builder of its own makes the engine unnecessary', 'auto', true, facts.elsewhere],
    ['where it answers in Docker’s place, but its program is not there', 'auto', false, facts.podman],
    ['where Docker is asked for, though it answers in its place', 'docker', true, facts.podman],
  ] as const)('not %s', async (_title, wish, hasPodman, look) => {
    expect(await chooseEngine(wish, environment(hasPodman), async () => look)).toEqual({ docker: look });
  });

  test.each([
    ['where its program is not there', 'auto', false, 'ENGINE_DOWN'],
    ['where Docker is asked for', 'docker', true, 'ENGINE_MISSING'],
    ['where Docker is there and fails', 'auto', true, 'COMMAND_FAILED'],
  ] as const)('not %s: the failure is Docker’s own', async (_title, wish, hasPodman, code) => {
    const chosen = chooseEngine(wish, environment(hasPodman), () => Promise.reject(failure(code)));
    await expect(chosen).rejects.toThrowCode(code);
  });

  test('not for an engine that DOCKER_HOST names: the failure says so, without a credential in the URL', async () => {
    const env = { ...environment(true), DOCKER_HOST: 'tcp://octocat:canary-password@docker.example:2376' };
    const chosen = chooseEngine('auto', env, () => Promise.reject(failure('ENGINE_DOWN')));
    await expect(chosen).rejects.toMatchObject({
      code: 'ENGINE_DOWN',
      message:
        'No. DOCKER_HOST names the engine tcp://octocat:***@docker.example:2376, so Podman does not take its place.',
    });
  });

  test('also with DOCKER_HOST, if it is a socket of Podman that is gone', async () => {
    const env = { ...environment(true), DOCKER_HOST: 'unix:///run/podman/podman.sock' };
    expect(await chooseEngine('auto', env, () => Promise.reject(failure('ENGINE_DOWN')))).toEqual({ podman: absent });
  });

  test('not where it is no program', async () => {
    const { PATH } = environment(false);
    mkdirSync(join(PATH, 'other'));
    writeFileSync(join(PATH, 'podman'), '');
    chmodSync(join(PATH, 'podman'), 0o644);
    const chosen = chooseEngine('auto', { PATH }, () => Promise.reject(failure('ENGINE_DOWN')));
    await expect(chosen).rejects.toThrowCode('ENGINE_DOWN');
  });
});

test('Podman’s logins are the runner’s and the step’s, in a file of their own', async () => {
  const [config, runtime] = [temporaryFolder(), temporaryFolder()];
  mkdirSync(join(runtime, 'containers'));
  writeFileSync(
    join(runtime, 'containers/auth.json'),
    JSON.stringify({ auths: { 'quay.io': { auth: 'a' }, 'ghcr.io': { auth: 'old' } } }),
  );
  const own = { auths: { 'ghcr.io': { auth: 'new' } }, credHelpers: { 'ghcr.io': '', 'gcr.io': 'gcloud' } };
  writeFileSync(join(config, 'config.json'), JSON.stringify(own));
  const ports = podmanPortsOf(
    {
      run: () => Promise.reject(new Error('no command is run')),
      env: { DOCKER_CONFIG: config, PATH: '/bin' },
      temp: config,
      signal: new AbortController().signal,
      onOutput: () => undefined,
      retry: (_what, attempt) => attempt(),
    },
    config,
  );
  expect(ports.env).toEqual({ DOCKER_CONFIG: join(config, 'podman'), PATH: '/bin' });
  await writePodmanLogins(ports, config, { XDG_RUNTIME_DIR: runtime });
  expect(JSON.parse(readFileSync(ports.authFile, 'utf8'))).toEqual({
    auths: { 'quay.io': { auth: 'a' }, 'ghcr.io': { auth: 'new' } },
    // The empty entry is Docker's word for "none", which Podman takes for the name of a helper.
    credHelpers: { 'gcr.io': 'gcloud' },
  });
});

describe('Podman’s own logins are read', () => {
  test.each([
    ['linux', { XDG_RUNTIME_DIR: '/run/user/1000', HOME: '/home/o' }, '/run/user/1000/containers/auth.json'],
    ['linux', { HOME: '/home/o' }, ''],
    ['darwin', { XDG_RUNTIME_DIR: '/run', HOME: '/Users/o' }, '/Users/o/.config/containers/auth.json'],
    ['win32', { USERPROFILE: 'C:\\Users\\o' }, 'C:\\Users\\o\\.config\\containers\\auth.json'],
    ['win32', {}, ''],
    ['win32', { REGISTRY_AUTH_FILE: 'D:\\auth.json' }, 'D:\\auth.json'],
  ] as const)('on %s with %j from "%s"', (platform, variables, path) => {
    expect(podmanLoginFile(variables, platform)).toBe(path);
  });
});
