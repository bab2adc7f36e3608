import { describe, expect, test } from '@jest/globals';
import { RegistryError } from '../../../src/errors.ts';
import {
  type HostAnswer,
  isOpen,
  mostCapable,
  parseServerFacts,
  probeServer,
  type ServerFacts,
} from '../../../src/github/enterprise-server.ts';
import { describeProduct, resolveProduct } from '../../../src/github/product.ts';
import { parsePlatform } from '../../../src/image/platform.ts';
import { checkRequest, resolveRegistry } from '../../../src/plan/registry-decision.ts';
import type { Presence } from '../../../src/registry/ping.ts';

const server = { kind: 'ghes', host: 'ghes.example' } as const;
const yes: Presence = { isRegistry: true };
const no = (reason: string): Presence => ({ isRegistry: false, reason });
const untrusted = (): Presence => {
  const cause = Object.assign(new Error('unable to get local issuer certificate'), {
    code: 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  });
  const error = new RegistryError('REGISTRY_UNREACHABLE', { message: 'No answer.', remedy: 'Name the CA.', cause });
  return { isRegistry: false, reason: error.message, error };
};
const never = (): Promise<never> => new Promise(() => {});

/** Asks hosts that answer as given; one that is not given never answers. */
function probe(answers: Readonly<Record<string, Presence>>, version?: unknown) {
  const asked: string[] = [];
  const facts = probeServer(server, {
    async ping(registry) {
      asked.push(registry);
      return answers[registry] ?? never();
    },
    readVersion: async () => version,
  });
  return { asked, facts };
}

describe('a GitHub Enterprise Server', () => {
  test('is asked at its three hosts at once', () => {
    expect(probe({}).asked).toEqual(['containers.ghes.example', 'docker.ghes.example', 'ghes.example']);
  });

  test('whose Container registry answers is not waited for any longer', async () => {
    const { facts } = probe({ 'containers.ghes.example': yes });
    expect((await facts).answers).toEqual({ container: { isRegistry: true } });
  });

  test('whose Docker registry answers is waited for at containers.* only', async () => {
    const { facts } = probe({ 'containers.ghes.example': no('A page.'), 'docker.ghes.example': yes });
    expect((await facts).answers).toEqual({
      container: { isRegistry: false, reason: 'A page.' },
      docker: { isRegistry: true },
    });
  });

  test('is refused where none of its hosts is a registry and one has a certificate that is not trusted', async () => {
    const { facts } = probe({
      'containers.ghes.example': no('No such host.'),
      'docker.ghes.example': no('No such host.'),
      'ghes.example': untrusted(),
    });
    await expect(facts).rejects.toMatchObject({ code: 'REGISTRY_UNREACHABLE' });
  });

  test('may have a wrong certificate at a host that is not needed', async () => {
    const { facts } = probe({ 'containers.ghes.example': untrusted(), 'docker.ghes.example': yes });
    expect((await facts).answers.docker).toEqual({ isRegistry: true });
  });

  test.each([
    ['as its version', '3.20.1', '3.20.1'],
    ['GHAE', 'GitHub AE', 'GitHub AE'],
    ['not at all', undefined, undefined],
    ['with no text', 3.2, undefined],
    ['with something else', '3.20.1\u001b[31m', undefined],
  ])('tells its version %s', async (_, meta, version) => {
    expect(await probe({ 'containers.ghes.example': yes }, meta).facts).toMatchObject({ version });
  });
});

const page: HostAnswer = { isRegistry: false, reason: 'HOST/v2/ answers 404 (text/html), not as a registry does.' };
const registry: HostAnswer = { isRegistry: true };
const decisions: [string, ServerFacts['answers'], object][] = [
  ['containers.HOST', { container: registry }, { registry: 'containers.ghes.example', kind: 'container' }],
  ['docker.HOST', { container: page, docker: registry }, { registry: 'docker.ghes.example', kind: 'docker' }],
  ['HOST', { container: page, docker: page, bare: registry }, { registry: 'ghes.example', kind: 'docker' }],
];

describe('the registry of a GitHub Enterprise Server', () => {
  test.each(decisions)('is %s where that answers first', (_, answers, expected) => {
    const decision = resolveRegistry('auto', server, { version: undefined, answers });
    expect(decision).toMatchObject({ ...expected, isAssumed: false });
    expect(decision.reason).toContain('answers as a registry');
  });

  test('is assumed to be docker.HOST where nothing answers, and the reason is each answer', () => {
    const decision = resolveRegistry('auto', server, {
      version: undefined,
      answers: { container: page, docker: page, bare: page },
    });
    expect(decision).toMatchObject({ registry: 'docker.ghes.example', kind: 'docker', isAssumed: true });
    expect(decision.reason).toBe(
      `no host of GitHub Enterprise Server at ghes.example answers as a registry (${Array(3).fill('HOST/v2/ answers 404 (text/html), not as a registry does').join('; ')})`,
    );
  });

  test('is that of the input where one is named, whatever answers', () => {
    expect(resolveRegistry('docker', server, mostCapable)).toMatchObject({ registry: 'docker.ghes.example' });
  });

  test('is open only on a GHES, with `registry: auto` and no `images`', () => {
    expect(isOpen({ registry: 'auto' }, server)).toBe(true);
    expect(isOpen({ registry: 'auto', images: 'ghcr.io/a/b' }, server)).toBe(false);
    expect(isOpen({ registry: 'docker' }, server)).toBe(false);
    expect(isOpen({ registry: 'auto' }, resolveProduct(new URL('https://octo.ghe.com')))).toBe(false);
  });
});

test('the version of a server is in the words for it', () => {
  const product = resolveProduct(new URL('https://ghes.example'), '3.20.1');
  expect(describeProduct(product)).toBe('GitHub Enterprise Server 3.20.1 at ghes.example');
});

describe('what a server told is remembered', () => {
  const facts: ServerFacts = { version: '3.20.1', answers: { container: page, docker: registry } };
  test('as it was', () => {
    expect(parseServerFacts(JSON.stringify(facts))).toEqual({
      ...facts,
      answers: { ...facts.answers, bare: undefined },
    });
  });

  test.each([
    ['nothing', ''],
    ['no JSON', '{'],
    ['a list', '[]'],
    ['no answers', '{"version":"3"}'],
    ['no registry', '{"answers":{"container":{"isRegistry":false,"reason":"x"}}}'],
    ['a version that is no text', '{"version":3,"answers":{"container":{"isRegistry":true}}}'],
    ['an answer of another form', '{"answers":{"container":true}}'],
  ])('but not from a file with %s', (_, text) => {
    expect(parseServerFacts(text)).toBeUndefined();
  });
});

describe('a build for several platforms', () => {
  const platforms = ['linux/amd64', 'linux/arm64'].map(parsePlatform);
  test('is refused for a Docker registry, with what takes it', () => {
    const decision = resolveRegistry('docker', server);
    expect(() => checkRequest(decision, { platforms, referrers: false })).toThrow(
      expect.objectContaining({
        code: 'INDEX_UNSUPPORTED',
        message: expect.stringContaining('docker.ghes.example takes images of one platform only'),
        remedy: expect.stringContaining('registry: container'),
      }),
    );
  });

  test('is not refused for a registry that is only assumed, for a Container registry, or of one platform', () => {
    expect(() => checkRequest(resolveRegistry('auto', server), { platforms, referrers: false })).not.toThrow();
    expect(() => checkRequest(resolveRegistry('container', server), { platforms, referrers: false })).not.toThrow();
    expect(() =>
      checkRequest(resolveRegistry('docker', server), { platforms: platforms.slice(0, 1), referrers: false }),
    ).not.toThrow();
  });
});
