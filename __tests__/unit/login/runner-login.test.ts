import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { resolveProduct } from '../../../src/github/product.ts';
import { tokenForm } from '../../../src/github/token-form.ts';
import { parseRegistry } from '../../../src/image/registry-name.ts';
import { type RunHelper, readLogin } from '../../../src/login/runner-login.ts';
import { resolveCredential } from '../../../src/plan/credential-decision.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { thrownBy } from '../../support/to-throw-code.ts';

const noIdentity = { identities: [], ofToken: undefined, hasIdToken: false };

test.each([
  ['ghs_abc', 'installation'],
  ['ghp_abc', 'classic'],
  ['github_pat_abc', 'fine-grained'],
  ['gho_abc', 'user'],
  ['ghu_abc', 'user'],
  ['ghr_abc', 'user'],
  ['dckr_pat_abc', 'other'],
  ['0123456789abcdef0123456789abcdef01234567', 'other'],
  ['ghx_abc', 'other'],
  ['', 'other'],
])('a token that begins as "%s" is of the form %s', (token, form) => {
  expect(tokenForm(token)).toBe(form);
});

describe('which credential is sent to a registry', () => {
  const cloud = resolveProduct(new URL('https://github.com'));
  const server = resolveProduct(new URL('https://ghes.example'));
  const decide = (registry: string, token: string, { product = cloud, needed = true, username = '' } = {}) =>
    resolveCredential(
      parseRegistry(registry),
      product,
      { token, username, actor: 'octocat', registryAuth: [], ...noIdentity },
      needed,
    );

  test.each([
    ['the job’s token for the product’s own registry', 'ghcr.io', 'ghs_job', {}],
    ['the job’s token for the product’s legacy registry', 'docker.pkg.github.com', 'ghs_job', {}],
    ['the job’s token of a GHES for its registry', 'docker.ghes.example', 'ghs_job', { product: server }],
    ['a classic token for the product’s registry', 'ghcr.io', 'ghp_x', {}],
    ['a classic token for another product’s registry, which it may be of', 'ghcr.io', 'ghp_x', { product: server }],
    ['a token of an older form', 'ghcr.io', '0123456789abcdef0123456789abcdef01234567', {}],
  ])('%s', (_title, registry, token, options) => {
    expect(decide(registry, token, options)).toMatchObject({ kind: 'token', username: 'x-access-token' });
    expect(decide(registry, token, { ...options, username: 'octocat' })).toMatchObject({ username: 'octocat' });
  });

  test('a token that is not GitHub’s goes to a registry that is not GitHub’s', () => {
    expect(decide('docker.io', 'dckr_pat_x')).toMatchObject({ kind: 'token', username: 'token' });
    expect(decide('docker.io', 'dckr_pat_x', { username: 'octocat' })).toMatchObject({ username: 'octocat' });
  });

  test.each(['ghs_x', 'ghp_x', 'github_pat_x', 'gho_x', 'ghu_x', 'ghr_x'])(
    'a token of GitHub (%s) goes to none that is not GitHub’s, however it is called',
    (token) => {
      for (const registry of ['docker.io', 'localhost:5000', 'ghcr.io.example.com', 'docker.ghes.example', 'gcr.io']) {
        expect(decide(registry, token)).toEqual({
          kind: 'runner',
          reason: `a token of GitHub is not sent to ${registry}`,
        });
      }
    },
  );

  test('without a token the runner’s login is used where that may be enough', () => {
    expect(decide('localhost:5000', '')).toEqual({ kind: 'runner', reason: 'no token was given for it' });
    expect(decide('ghcr.io', '', { needed: false })).toEqual({ kind: 'runner', reason: 'no token was given' });
  });

  test('a push to GitHub without a token is refused, with the permissions to grant', () => {
    expect(thrownBy(() => decide('ghcr.io', ''))).toMatchObject({
      code: 'TOKEN_MISSING',
      remedy: expect.stringContaining('permissions:\n  contents: read\n  packages: write'),
    });
  });

  test.each([
    ['another product', 'ghcr.io', server, 'github.com'],
    ['a tenant', 'containers.octo-corp.ghe.com', cloud, 'octo-corp.ghe.com'],
  ])('the job’s token is not sent to %s', (_title, registry, product, owning) => {
    expect(thrownBy(() => decide(registry, 'ghs_job', { product }))).toMatchObject({
      code: 'TOKEN_FOREIGN',
      message: expect.stringContaining(`so the step does not send it to ${registry}, which belongs to ${owning}`),
    });
  });

  test('where nothing is pushed, that is no error', () => {
    expect(decide('ghcr.io', 'ghs_job', { product: server, needed: false })).toEqual({
      kind: 'runner',
      reason: 'the token of this job is valid for ghes.example only',
    });
  });

  test('an entry of registry-auth goes before the token', () => {
    const registryAuth = [{ registry: parseRegistry('ghcr.io'), username: 'robot' }];
    const given = { token: 'ghs_job', username: 'octocat', actor: 'octocat', registryAuth, ...noIdentity };
    expect(resolveCredential(parseRegistry('ghcr.io'), cloud, given, true)).toEqual({
      kind: 'registry-auth',
      username: 'robot',
      reason: '`registry-auth` has it',
    });
    expect(resolveCredential(parseRegistry('docker.pkg.github.com'), cloud, given, true)).toMatchObject({
      kind: 'token',
    });
  });
});

describe('what the CLI is logged in with', () => {
  const auth = Buffer.from('octocat:pass:word').toString('base64');
  const noHelper: RunHelper = () => Promise.reject(new Error('no helper is to be asked'));
  const env = { PATH: '/bin' };

  function aFolder(config: unknown): string {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
    return folder;
  }

  test.each([
    ['ghcr.io', { 'ghcr.io': { auth } }],
    ['docker.io', { 'https://index.docker.io/v1/': { auth } }],
    ['ghcr.io', { 'https://ghcr.io/v1/': { auth } }],
    ['ghcr.io', { 'https://ghcr.io': { auth: 'b2xkOm9sZA==' }, 'ghcr.io': { auth } }],
  ])('stands in the file, for %s under %j', async (registry, auths) => {
    const login = await readLogin(aFolder({ auths }), parseRegistry(registry), noHelper, env);
    expect(login).toEqual({ username: 'octocat', token: 'pass:word' });
  });

  test('is what DOCKER_AUTH_CONFIG holds before what the file does', async () => {
    const folder = aFolder({ credsStore: 'pass' });
    const DOCKER_AUTH_CONFIG = JSON.stringify({ auths: { 'ghcr.io': { auth } } });
    const login = await readLogin(folder, parseRegistry('ghcr.io'), noHelper, { ...env, DOCKER_AUTH_CONFIG });
    expect(login).toEqual({ username: 'octocat', token: 'pass:word' });
  });

  test('may be an identity token, in the file or a store', async () => {
    const nobody = '00000000-0000-0000-0000-000000000000';
    const entry = { auth: Buffer.from(`${nobody}:`).toString('base64'), identitytoken: 'identity' };
    const azure = parseRegistry('octo.azurecr.io');
    const inFile = await readLogin(aFolder({ auths: { [azure]: entry } }), azure, noHelper, env);
    expect(inFile).toEqual({ username: nobody, token: 'identity', isIdentity: true });
    const run: RunHelper = async () => ({ exitCode: 0, stdout: '{"Username":"<token>","Secret":"identity"}' });
    const inStore = await readLogin(aFolder({ credsStore: 'pass' }), azure, run, env);
    expect(inStore).toEqual({ username: '<token>', token: 'identity', isIdentity: true });
  });

  test('may end in zero bytes, as old clients wrote it', async () => {
    const padded = Buffer.from('octocat:password\0\0').toString('base64');
    const folder = aFolder({ auths: { 'ghcr.io': { auth: padded } } });
    expect(await readLogin(folder, parseRegistry('ghcr.io'), noHelper, env)).toMatchObject({ token: 'password' });
  });

  test.each([
    ['no configuration', undefined],
    ['a configuration that is no object', []],
    ['no logins', {}],
    ['the logins of others', { auths: { 'quay.io': { auth } } }],
    ['an entry without login, as beside a store', { auths: { 'ghcr.io': {} } }],
    ['an entry that is none', { auths: { 'ghcr.io': 'x' } }],
    ['a login without password', { auths: { 'ghcr.io': { auth: 'b2N0b2NhdA==' } } }],
    ['a plain file that was chosen for it, and is empty', { credsStore: 'pass', credHelpers: { 'ghcr.io': '' } }],
  ])('is nothing with %s', async (_title, config) => {
    const folder = config === undefined ? temporaryFolder() : aFolder(config);
    expect(await readLogin(folder, parseRegistry('ghcr.io'), noHelper, env)).toBeUndefined();
  });

  test.each([
    ['the store of all', { credsStore: 'pass' }, 'docker-credential-pass'],
    ['the helper of this registry', { credsStore: 'pass', credHelpers: { 'ghcr.io': 'gh' } }, 'docker-credential-gh'],
  ])('is in %s', async (_title, config, program) => {
    const calls: unknown[] = [];
    const run: RunHelper = (argv, options) => {
      calls.push([argv, options]);
      return Promise.resolve({ exitCode: 0, stdout: '{"ServerURL":"ghcr.io","Username":"octocat","Secret":"s"}' });
    };
    const login = await readLogin(aFolder(config), parseRegistry('ghcr.io'), run, env);
    expect(login).toEqual({ username: 'octocat', token: 's' });
    expect(calls).toEqual([[[program, 'get'], { env, input: 'ghcr.io' }]]);
  });

  test.each([
    ['has none', { exitCode: 1, stdout: 'credentials not found in native keychain' }],
    ['answers with half of it', { exitCode: 0, stdout: '{"Username":"octocat"}' }],
    ['answers with the other half', { exitCode: 0, stdout: '{"Secret":"s"}' }],
    ['answers with no object', { exitCode: 0, stdout: '"octocat"' }],
    ['answers with no JSON', { exitCode: 0, stdout: 'warning: locked' }],
  ])('is nothing when the store %s', async (_title, answer) => {
    const folder = aFolder({ credsStore: 'pass' });
    expect(await readLogin(folder, parseRegistry('ghcr.io'), () => Promise.resolve(answer), env)).toBeUndefined();
  });
});
