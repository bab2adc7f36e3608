/** What a builder of the step's own has to be for one build, on this runner. */

import { lookup } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type BuildHosts, hostsOf } from '../build/build-hosts.ts';
import type { BuildRequest } from '../build/build-request.ts';
import { buildkitImage } from '../build/buildkit-image.ts';
import type { LookedAt } from '../build/joined-builds.ts';
import { InputError } from '../errors.ts';
import { isInNetwork } from '../http/proxy.ts';
import { isLoopbackHost } from '../image/registry-name.ts';
import { type Environment, inEitherCase } from '../text/environment.ts';
import type { JsonObject } from '../text/json.ts';
import { buildkitdConfig } from './buildkitd-config.ts';
import type { DaemonRegistries } from './docker-info.ts';
import type { BuilderSettings } from './job-builder.ts';
import { readAuthorities, readRegistryCertificates } from './runner-certificates.ts';

/** The runner, as far as a builder depends on it. */
export interface BuilderSurroundings {
  /** The step's own variables. */
  readonly variables: Environment;
  readonly workingFolder: string;
  readonly daemon: DaemonRegistries;
  /** `host[:port]` of the registries that the step publishes to. */
  readonly registries: readonly string[];
}

/**
 * The configuration that the input `builder-config` gives.
 * @param text the configuration itself, or the path of a file that has it; empty for none
 * @throws InputError INPUT_INVALID
 */
export async function readBuilderConfig(text: string, workingFolder: string): Promise<JsonObject> {
  if (text.trim() === '') return {};
  const { isInlineConfig, parseBuilderConfig } = await import('../build/builder-config.ts');
  if (isInlineConfig(text)) return parseBuilderConfig(text, 'The input `builder-config`');
  const path = resolve(workingFolder, text.trim());
  const content = await readFile(path, 'utf8').catch((cause: Error) => {
    throw new InputError('INPUT_INVALID', {
      message: `The input \`builder-config\` is "${text.trim()}", which is no file that can be read (${path}): expected the path of a buildkitd.toml, or its text.`,
      remedy: 'Check out the repository first (actions/checkout), correct the path, or write the configuration itself.',
      cause,
    });
  });
  return parseBuilderConfig(content, `The file "${text.trim()}" of \`builder-config\``);
}

/**
 * @param request what all builds ask for
 * @throws InputError INPUT_INVALID
 */
export async function readBuilderSettings(
  request: BuildRequest,
  builds: readonly LookedAt[],
  { variables, workingFolder, daemon, registries }: BuilderSurroundings,
): Promise<BuilderSettings> {
  const named = builds.map((each) => hostsOf(each.request, each.dockerfile));
  const proxies = proxyVariables(variables);
  const hosts = [...new Set([...registries, ...named.flatMap((each) => each.registries)])];
  const others = [
    ...named.flatMap((each) => each.others),
    ...hostsOfUrls([...Object.values(proxies), ...daemon.mirrors, ...cacheUrls(request, variables)]),
  ];
  const [addresses, elsewhere, certificates, authorities, given] = await Promise.all([
    Promise.all(hosts.map(async (host) => ({ host, addresses: await addressesOf(host) }))),
    Promise.all(others.map(addressesOf)),
    readRegistryCertificates(variables),
    readAuthorities(variables),
    readBuilderConfig(request.builderConfig, workingFolder),
  ]);
  const isLocal = (list: readonly string[]): boolean => list.some(isLoopbackHost);
  const insecureHosts = addresses.filter((each) => each.addresses.some(isInsecure)).map(({ host }) => host);
  const own = buildkitdConfig({ registries: daemon, certificates, authorities, hosts, insecureHosts });
  const isConfigured = Object.keys({ ...own, ...given }).length > 0;
  const { formatBuilderConfig, mergeConfig } = isConfigured ? await import('../build/builder-config.ts') : absent;
  return {
    image: request.builderImage || buildkitImage,
    usesHostNetwork: [...addresses.map((each) => each.addresses), ...elsewhere].some(isLocal),
    config: formatBuilderConfig(mergeConfig(own, given)),
    variables: proxies,
    allowsInsecure: request.allow.includes('security.insecure'),
  };

  function isInsecure(address: string): boolean {
    return daemon.insecureNetworks.some((network) => {
      const [base = '', prefix = ''] = network.split('/');
      return isInNetwork(address, base, Number(prefix));
    });
  }
}

/** In the place of what needs no parser. */
const absent = { formatBuilderConfig: () => '', mergeConfig: (under: JsonObject) => under };

/** The proxies of the runner, by the names that Go reads; lower case goes before upper case, as in curl. */
function proxyVariables(variables: Environment): Readonly<Record<string, string>> {
  const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'] as const;
  const pairs = names.map((name) => [name, inEitherCase(variables, name)] as const);
  return Object.fromEntries(pairs.filter(([, value]) => value !== ''));
}

/** Where GitHub's cache service is, for a build that uses it. */
function cacheUrls({ cache, cacheFrom, cacheTo }: BuildRequest, variables: Environment): readonly string[] {
  const usesIt =
    cache.mode === 'gha' || cache.mode === 'auto' || [...cacheFrom, ...cacheTo].some(({ type }) => type === 'gha');
  return usesIt ? [variables.ACTIONS_RESULTS_URL ?? '', variables.ACTIONS_CACHE_URL ?? ''] : [];
}

function hostsOfUrls(texts: readonly string[]): BuildHosts['others'] {
  return texts.flatMap((text) => {
    const url = URL.parse(text.includes('://') ? text : `http://${text}`);
    return url === null || text === '' || text.includes(',') ? [] : [url.host];
  });
}

/** How long a resolver may take, in milliseconds: who cannot be found is not on this machine. */
const patience = 2_000;

/** @param host `host[:port]` */
async function addressesOf(host: string): Promise<readonly string[]> {
  const name = host.replace(/:[0-9]+$/, '').replace(/^\[(.*)\]$/, '$1');
  if (isLoopbackHost(name)) return [name.includes(':') ? '::1' : '127.0.0.1'];
  const late = sleep(patience, [], { ref: false });
  const found = await Promise.race([lookup(name, { all: true }).catch(() => []), late]);
  return found.map(({ address }) => address);
}
