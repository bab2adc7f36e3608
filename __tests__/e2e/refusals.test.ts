/**
 * Every refusal comes before the build, within two seconds, in GitHub's own words: from the start of the step to its end,
 * measured and printed.
 */

import { afterAll, describe, expect, test } from '@jest/globals';
import { openGitHubLab } from '../support/github-lab.ts';
import { type Runner, type StepResult, uniqueName } from '../support/step.ts';
import { openSuite } from '../support/suite.ts';

const github = await openGitHubLab();
const { action } = openSuite();
const times: string[] = [];
afterAll(() => {
  process.stderr.write(`Time to refusal, whole step:\n${times.join('')}`);
  github[Symbol.dispose]();
});

interface Refusal {
  readonly what: string;
  readonly product: string;
  /** By what it is good for; of another product where that is named. */
  readonly token: string;
  readonly tokenOf?: string;
  readonly inputs?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly code: string;
  /** Words of the registry, or of the way to it. */
  readonly words: string;
  readonly remedy: string;
}

const refusals: readonly Refusal[] = [
  {
    what: 'a token that only reads, for a new package',
    product: 'github.com',
    token: 'readOnly',
    code: 'PACKAGES_WRITE_MISSING',
    words: 'installation not allowed to Create organization package',
    remedy: 'packages: write',
  },
  {
    what: 'a token that only reads, with data residency',
    product: 'octo.ghe.com',
    token: 'readOnly',
    code: 'PACKAGES_WRITE_MISSING',
    words: 'installation not allowed to Create organization package',
    remedy: 'packages: write',
  },
  {
    what: 'a token that only reads, on Enterprise Server',
    product: 'ghes.test',
    token: 'readOnly',
    code: 'PACKAGES_WRITE_MISSING',
    words: 'installation not allowed to Create organization package',
    remedy: 'packages: write',
  },
  {
    what: 'a token that only reads, on a Docker registry',
    product: 'bare.test',
    token: 'readOnly',
    code: 'TOKEN_REJECTED',
    words: 'could not be authenticated by the GitHub Packages service',
    remedy: 'packages: write',
  },
  {
    what: 'another owner',
    product: 'github.com',
    token: 'readWrite',
    inputs: { owner: github.foreign.owner },
    code: 'OWNER_FOREIGN',
    words: 'installation not allowed to Create organization package',
    remedy: 'owner',
  },
  {
    what: 'a package that is linked to no repository',
    product: 'github.com',
    token: 'readWrite',
    inputs: { image: github.unlinkedImage },
    code: 'PACKAGE_NOT_LINKED',
    words: 'permission_denied: write_package',
    remedy: `https://github.com/orgs/${github.owner}/packages/container/${github.unlinkedImage}/settings`,
  },
  {
    what: 'a token that has expired',
    product: 'github.com',
    token: 'expired',
    code: 'TOKEN_REJECTED',
    words: 'User cannot be authenticated with the token provided',
    remedy: 'token',
  },
  {
    what: 'a token of another product',
    product: 'github.com',
    token: 'classic',
    tokenOf: 'ghes.test',
    code: 'TOKEN_REJECTED',
    words: 'denied',
    remedy: 'github.com',
  },
  {
    what: 'a classic token that only reads',
    product: 'github.com',
    token: 'classicReadOnly',
    code: 'TOKEN_SCOPE_MISSING',
    words: 'The token provided does not match expected scopes',
    remedy: 'write:packages',
  },
  {
    what: 'a fine-grained token',
    product: 'github.com',
    token: 'fineGrained',
    code: 'TOKEN_KIND_UNSUPPORTED',
    words: 'The token provided does not match expected scopes',
    remedy: 'write:packages',
  },
  {
    what: 'wildcard DNS that leads to a page',
    product: 'isolated-page.test',
    token: 'readWrite',
    inputs: { registry: 'container' },
    code: 'ANSWER_INVALID',
    words: 'containers.isolated-page.test',
    remedy: 'registry',
  },
  {
    what: 'wildcard DNS that leads to the login page',
    product: 'isolated.test',
    token: 'readWrite',
    inputs: { registry: 'container' },
    code: 'ANSWER_INVALID',
    words: 'containers.isolated.test',
    remedy: 'registry',
  },
  {
    what: 'wildcard DNS that leads to a page that is missing',
    product: 'isolated-missing.test',
    token: 'readWrite',
    inputs: { registry: 'container' },
    code: 'ANSWER_INVALID',
    words: 'containers.isolated-missing.test',
    remedy: 'registry',
  },
  {
    what: 'an Enterprise Server without packages',
    product: 'packageless.test',
    token: 'readWrite',
    code: 'ANSWER_INVALID',
    words: 'docker.packageless.test',
    remedy: 'not enabled on packageless.test: ask a site administrator to enable them',
  },
  {
    what: 'a private CA that neither Node nor the system knows, found by asking the hosts',
    product: 'private.test',
    token: 'readWrite',
    env: { NODE_EXTRA_CA_CERTS: '' },
    code: 'CA_UNKNOWN',
    words: 'private.test',
    remedy: 'NODE_EXTRA_CA_CERTS',
  },
  {
    what: 'a private CA that neither Node nor the system knows, of a registry that is named',
    product: 'private.test',
    token: 'readWrite',
    inputs: { registry: 'container' },
    env: { NODE_EXTRA_CA_CERTS: '' },
    code: 'CA_UNKNOWN',
    words: 'containers.private.test',
    remedy: 'NODE_EXTRA_CA_CERTS',
  },
  {
    what: 'a private CA that the engine does not know',
    product: 'private.test',
    token: 'readWrite',
    env: { NODE_EXTRA_CA_CERTS: github.privateCaFile },
    code: 'CA_UNKNOWN',
    words: 'certificate signed by unknown authority',
    remedy: '/etc/docker/certs.d/containers.private.test',
  },
  {
    what: 'several platforms for a Docker registry',
    product: 'ghes.test',
    token: 'readWrite',
    inputs: { registry: 'docker', platforms: 'linux/amd64,linux/arm64' },
    code: 'INDEX_UNSUPPORTED',
    words: 'takes images of one platform only',
    remedy: 'registry: container',
  },
  {
    what: 'several platforms, where asking the hosts found a Docker registry',
    product: 'isolated.test',
    token: 'readWrite',
    inputs: { platforms: 'linux/amd64,linux/arm64' },
    code: 'INDEX_UNSUPPORTED',
    words: 'takes images of one platform only',
    remedy: 'registry: container',
  },
];

/** Of the refusals those of the Container registry, which need no name of a product: what loopback ports can show. */
const onPorts = refusals
  .filter(({ product, tokenOf, env }) => product === 'github.com' && !tokenOf && !env)
  .map((refusal) => ({
    ...refusal,
    inputs: {
      ...refusal.inputs,
      registry: github.hosts['ghcr.io'] ?? '',
      'registry-auth': JSON.stringify([
        {
          registry: github.hosts['ghcr.io'],
          username: 'octocat',
          password: github.token(refusal.product, refusal.token),
        },
      ]),
    },
  }));
const inNamespace = github.mode === 'namespace';

describe.each(inNamespace ? refusals : onPorts)('$what', (refusal) => {
  const { product, tokenOf = product, inputs, env = {}, code, words, remedy, what } = refusal;
  const token = github.token(tokenOf, refusal.token);
  let step: StepResult;
  let runner: Runner;

  test('is refused with its code, in the words of who refused', async () => {
    runner = github.newRunner(action, product, token, { env });
    runner.write('Dockerfile', 'FROM scratch\nCOPY hello.txt /hello.txt\n');
    runner.write('hello.txt', 'Never published\n');
    const begun = performance.now();
    step = await runner.main({ image: uniqueName('app'), tags: '1', ...inputs });
    const seconds = (performance.now() - begun) / 1000;
    times.push(`${seconds.toFixed(2).padStart(6)} s  ${what}\n`);
    // Only a registry that is known as GitHub's has codes of its own.
    const expected = inNamespace ? code : expect.stringMatching(/^[A-Z_]+$/);
    expect({ exitCode: step.exitCode, code: step.code }).toEqual({ exitCode: 1, code: expected });
    expect(step.failure).toContain(words);
  });

  (inNamespace ? test : test.skip)('says what to do about it', () => {
    expect(step.failure).toContain(remedy);
  });

  test('leaves nothing: no build, no package, no login', () => {
    const built = runner.commands().filter(({ args }) => args.includes('build') || args.includes('push'));
    expect(built).toEqual([]);
    expect(runner.filesIn(runner.temp).filter((file) => !file.includes('.server.'))).toEqual([]);
  });
});
