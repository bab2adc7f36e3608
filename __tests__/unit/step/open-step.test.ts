import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseRegistry } from '../../../src/image/registry-name.ts';
import { loginsOf } from '../../../src/plan/step-logins.ts';
import { cacheTokenOf, childEnvironment, withoutAuthConfig } from '../../../src/step/child-environment.ts';
import { runnerDockerConfig } from '../../../src/step/open-step.ts';
import { aPlan } from '../../support/builders.ts';

describe('the environment of a child', () => {
  test('is the step’s without inputs, state and secrets', () => {
    const env = {
      PATH: '/bin',
      HOME: '/home/octocat',
      INPUT_TOKEN: 'ghs_0123456789abcdef',
      'INPUT_BUILD-ARGS': 'A=1',
      STATE_folder: '/tmp/x',
      GITHUB_TOKEN: 'ghs_0123456789abcdef',
      NPM_CONFIG: 'token=ghs_0123456789abcdef;',
      MY_INPUT_X: 'kept',
      EMPTY: '',
      ABSENT: undefined,
    };
    const kept = { PATH: '/bin', HOME: '/home/octocat', MY_INPUT_X: 'kept', EMPTY: '' };
    expect(childEnvironment(env, ['ghs_0123456789abcdef'])).toEqual(kept);
  });

  test('has no token of the runner, under whatever name, and not the place where the step asks for ID tokens', () => {
    const runtime = 'eyJhbGciOiJSUzI1NiJ9.runtime';
    const env = {
      PATH: '/bin',
      ACTIONS_RUNTIME_TOKEN: runtime,
      ACTIONS_RUNTIME_URL: 'https://pipelines.example/',
      ACTIONS_RESULTS_URL: 'https://results.example/',
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'eyJhbGciOiJSUzI1NiJ9.identity',
      ACTIONS_ID_TOKEN_REQUEST_URL: 'https://pipelines.example/idtoken',
      OWN_NAME: `Bearer ${runtime}`,
    };
    expect(childEnvironment(env, [])).toEqual({
      PATH: '/bin',
      ACTIONS_RUNTIME_URL: 'https://pipelines.example/',
      ACTIONS_RESULTS_URL: 'https://results.example/',
    });
    expect(cacheTokenOf(env, ['other-secret'])).toBe(runtime);
    expect(cacheTokenOf(env, [runtime])).toBe('');
    expect(cacheTokenOf({}, [])).toBe('');
  });

  test('loses nothing to a secret that is empty', () => {
    expect(childEnvironment({ PATH: '/bin', EMPTY: '' }, [''])).toEqual({ PATH: '/bin', EMPTY: '' });
  });

  test('keeps what has the word in a path or name that is also a password', () => {
    const kept = { PATH: '/home/runner/bin', HOME: '/home/runner', DOCKER_HOST: 'unix:///run/docker.sock' };
    expect(childEnvironment({ ...kept, REGISTRY_PASSWORD: 'runner' }, ['runner', 'docker', 'bin'])).toEqual(kept);
  });

  test('never holds a secret, wherever one stands', () => {
    const secret = fc.stringMatching(/^ghs_[a-zA-Z0-9]{12,20}$/);
    const name = fc.constantFrom('A', 'PATH', 'GITHUB_TOKEN', 'INPUT_TOKEN', 'STATE_x', 'DOCKER_AUTH_CONFIG');
    const around = fc.tuple(fc.string(), fc.boolean(), fc.string());
    fc.assert(
      fc.property(fc.array(secret, { maxLength: 3 }), fc.dictionary(name, around), (secrets, texts) => {
        const env = Object.fromEntries(
          Object.entries(texts).map(([key, [before, has, after]]) => [
            key,
            before + (has ? secrets.join(' ') : '') + after,
          ]),
        );
        const child = Object.entries(childEnvironment(env, secrets));
        expect(child.filter(([, value]) => secrets.some((each) => value?.includes(each)))).toEqual([]);
        expect(child.filter(([key]) => /^(?:INPUT|STATE)_/.test(key))).toEqual([]);
      }),
      { numRuns: 10_000 },
    );
  });
});

test.each([
  ['where DOCKER_CONFIG says', { DOCKER_CONFIG: '/etc/docker-cli', HOME: '/home/octocat' }, '/etc/docker-cli'],
  ['else in the home folder', { DOCKER_CONFIG: '', HOME: '/home/octocat' }, join('/home/octocat', '.docker')],
])('the runner’s configuration is %s', (_title, env, folder) => {
  expect(runnerDockerConfig(env)).toBe(folder);
});

test.each([
  ['the profile', { USERPROFILE: 'C:\\Users\\octocat' }, 'C:\\Users\\octocat\\.docker'],
  [
    'the profile, not the home folder of Git Bash',
    { UserProfile: 'C:\\Users\\octocat', HOME: '/c/Users/octocat' },
    'C:\\Users\\octocat\\.docker',
  ],
  ['where DOCKER_CONFIG says', { DOCKER_CONFIG: 'D:\\docker' }, 'D:\\docker'],
])('on Windows the runner’s configuration is in %s', (_title, env, folder) => {
  expect(runnerDockerConfig(env, 'win32')).toBe(folder);
});

test('each registry is logged in to once: with the token where it is the product’s, else as registry-auth says', () => {
  const hub = { registry: parseRegistry('docker.io'), username: 'octocat', password: 'dckr_pat_x' };
  const { destinations } = aPlan({ images: 'ghcr.io/octo-org/a\nghcr.io/octo-org/b\nlocalhost:5000/c' });
  expect(loginsOf(destinations, { token: 'ghs_job', registryAuth: [hub] })).toEqual([
    { registry: 'ghcr.io', username: 'x-access-token', password: 'ghs_job' },
    hub,
  ]);
});

describe('DOCKER_AUTH_CONFIG', () => {
  const ghcr = parseRegistry('ghcr.io');
  const auths = { 'ghcr.io': { auth: 'b2xk' }, 'quay.io': { auth: 'cXVheQ==' } };

  test('keeps the logins of other registries, and loses those that would hide the step’s own', () => {
    const env = withoutAuthConfig({ DOCKER_AUTH_CONFIG: JSON.stringify({ auths }) }, [ghcr]);
    expect(JSON.parse(env.DOCKER_AUTH_CONFIG ?? '')).toEqual({ auths: { 'quay.io': { auth: 'cXVheQ==' } } });
  });

  test.each([
    ['is absent', {}],
    ['is empty', { DOCKER_AUTH_CONFIG: '' }],
    ['is no JSON', { DOCKER_AUTH_CONFIG: '{' }],
  ])('is left as it is when it %s', (_title, env) => {
    expect(withoutAuthConfig(env, [ghcr])).toEqual(env);
  });
});
