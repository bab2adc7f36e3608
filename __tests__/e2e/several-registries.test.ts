/** Several registries in one step: each records what it is sent, and none is sent the login of another. */

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type MeddlingRegistry, startMeddlingRegistry } from '../support/meddling-registry.ts';
import { type Runner, type StepResult, uniqueName } from '../support/step.ts';
import { openSuite } from '../support/suite.ts';

const suite = openSuite('engine', 'containerd', 'withoutBuildx', 'podman', 'registry', 'login', 'busybox', 'client');

/** A registry that asks for a login, and every password that it was sent. */
interface Recording extends MeddlingRegistry {
  readonly passwords: Set<string>;
}

async function startRecording(): Promise<Recording> {
  const passwords = new Set<string>();
  const registry = await startMeddlingRegistry(suite.login.registry, (_request, { authorization = '' }) => {
    const [scheme = '', value = ''] = authorization.split(' ');
    const login = Buffer.from(value, 'base64').toString();
    if (authorization !== '') passwords.add(scheme === 'Basic' ? login.slice(login.indexOf(':') + 1) : authorization);
    return undefined;
  });
  return { ...registry, passwords, [Symbol.dispose]: () => registry[Symbol.dispose]() };
}

const entry = (registry: string, password: string): string =>
  `- registry: ${registry}\n  username: ${suite.login.username}\n  password: ${password}\n`;

describe('two registries that ask for a login', () => {
  let first: Recording;
  let second: Recording;
  beforeAll(async () => {
    first = await startRecording();
    second = await startRecording();
  });
  afterAll(() => {
    first[Symbol.dispose]();
    second[Symbol.dispose]();
  });

  const wrong = 'canary-password-of-no-registry';

  /** @param isLoggedIn whether an earlier step has logged in to the second one */
  function aRunner(isLoggedIn: boolean): { readonly runner: Runner; readonly images: string; readonly path: string } {
    const path = `octo-org/${uniqueName('several')}`;
    const auth = Buffer.from(`${suite.login.username}:${suite.login.token}`).toString('base64');
    const dockerConfig = isLoggedIn ? { auths: { [second.address]: { auth } } } : {};
    const runner = suite.action.newRunner({ engine: suite.engine, repository: path, dockerConfig });
    runner.write('Dockerfile', 'FROM scratch\nCOPY Dockerfile /\n');
    first.passwords.clear();
    second.passwords.clear();
    return { runner, path, images: `${first.address}/${path}\n${second.address}/${path}` };
  }

  function refusalOf({ exitCode, failure }: StepResult): string {
    expect(exitCode).toBe(1);
    return failure;
  }

  test('are not sent a token that could be for either, and the error names the entry to write', async () => {
    const { runner, images } = aRunner(false);
    const { username, token } = suite.login;
    const failure = refusalOf(await runner.main({ images, username, token, tags: '1' }));
    expect([...first.passwords, ...second.passwords]).toEqual([]);
    expect(failure).toContain('LOGIN_MISSING');
    expect(failure).toMatch(/registry-auth: \|\s+- registry: localhost:[0-9]+/);
  });

  test('are each sent their own: of an entry, and of the login that the runner has', async () => {
    const { runner, images, path } = aRunner(true);
    const { token } = suite.login;
    const step = await runner.main({ images, token: wrong, tags: '1', 'registry-auth': entry(first.address, token) });
    expect(step).toMatchObject({ exitCode: 0, failure: '' });
    expect({ first: [...first.passwords], second: [...second.passwords] }).toEqual({ first: [token], second: [token] });
    expect(await suite.client.digestOf(`${suite.login.registry}/${path}:1`)).toBe(step.outputs.digest);
  });
});

describe('two registries, of which one has the layers of the base image, have one image with one digest', () => {
  const engines = [
    ['the classic store', () => suite.engine, {}],
    ['the containerd store', () => suite.containerd, {}],
    ['Docker without buildx', () => suite.withoutBuildx, {}],
    ['Podman', () => suite.podman, { engine: 'podman' }],
    ['the classic store, if the version must be new', () => suite.engine, { 'if-exists': 'fail' }],
  ] as const;

  test.each(engines.flatMap((engine) => [0, 1].map((place) => [...engine, place] as const)))(
    '%s',
    async (store, engine, inputs, place) => {
      const path = `octo-org/${uniqueName('one-digest')}`;
      const names = [`${suite.registry}/${path}`, `${suite.login.registry}/${path}`];
      const images = place === 0 ? names : names.toReversed();
      const runner = suite.action.newRunner({ engine: engine(), repository: path });
      runner.write('Dockerfile', `FROM ${suite.busybox}\nCOPY Dockerfile /\n`);
      // Podman itself speaks plain HTTP to nobody.
      const pull = ['podman', 'pull', '--tls-verify=false', suite.busybox] as const;
      if (store === 'Podman') expect(await runner.run(pull)).toMatchObject({ exitCode: 0 });
      const auth = entry(suite.login.registry, suite.login.token);
      const step = await runner.main({
        images: images.join('\n'),
        tags: '1\nstable',
        'registry-auth': auth,
        ...inputs,
      });
      expect(step).toMatchObject({ exitCode: 0, failure: '' });
      for (const name of names) {
        for (const tag of ['1', 'stable']) {
          expect(await suite.client.digestOf(`${name}:${tag}`)).toBe(step.outputs.digest);
        }
        expect(await suite.client.contentOf(`${name}:1`, 'Dockerfile')).toContain('COPY Dockerfile');
      }
    },
  );
});

describe('one of two registries refuses the push', () => {
  const refusals = [
    { status: 403, error: { code: 'DENIED', message: 'requested access to the resource is denied' } },
    { status: 400, error: { code: 'MANIFEST_INVALID', message: 'quota of the project exceeded' } },
  ];
  const engines = [
    ['the classic store', () => suite.engine],
    ['the containerd store', () => suite.containerd],
  ] as const;

  test.each(
    engines.flatMap(([store, engine]) =>
      refusals.flatMap((refusal) => [0, 1].map((place) => ({ store, engine, refusal, place, status: refusal.status }))),
    ),
  )(
    'with $status, in place $place, $store: the error names it, and what moved in the other',
    async ({ engine, refusal, place }) => {
      using taking = await startMeddlingRegistry(suite.registry, () => undefined);
      using refusing = await startMeddlingRegistry(suite.registry, (request) =>
        /^PUT .*\/manifests\//.test(request) ? refusal : undefined,
      );
      const path = `octo-org/${uniqueName('one-refuses')}`;
      const addresses = place === 0 ? [refusing.address, taking.address] : [taking.address, refusing.address];
      const runner = suite.action.newRunner({ engine: engine(), repository: path });
      runner.write('Dockerfile', 'FROM scratch\nCOPY Dockerfile /\n');
      const images = addresses.map((address, index) => `${address}/${path}-${index}`);
      const step = await runner.main({ images: images.join('\n'), tags: '1\nstable' });
      const other = images[1 - place];
      const moved = await suite.client.tagsOf(`${suite.registry}/${path}-${1 - place}`).catch((): string[] => []);
      expect(step.exitCode).toBe(1);
      expect(step.failure).toMatch(new RegExp(`(?:push|for).* ${images[place]}[:.]`));
      expect(step.failure.includes(`In ${other} moved: 1.`)).toBe(moved.includes('1'));
      expect(moved).not.toContain('stable');
    },
  );
});
