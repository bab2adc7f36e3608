/**
 * What BuildKit in a container has to know of its runner, as the configuration of its daemon. These are the mirrors,
 * insecure registries and certificates that the Docker engine has in its own configuration. Pure.
 */

import type { JsonObject } from '../text/json.ts';
import type { DaemonRegistries } from './docker-info.ts';
import type { RegistryCertificates } from './runner-certificates.ts';

/** What the configuration depends on. */
export interface BuildkitdFacts {
  readonly registries: DaemonRegistries;
  /** Of single registries. */
  readonly certificates: readonly RegistryCertificates[];
  /** Files with the CAs that the runner trusts beside those that every image has. */
  readonly authorities: readonly string[];
  /** `host[:port]` of the registries that the build is known to use. */
  readonly hosts: readonly string[];
  /** Those of them that lie in a network which the daemon takes for insecure. */
  readonly insecureHosts: readonly string[];
}

/** One registry (https://github.com/moby/buildkit/blob/master/docs/buildkitd.toml.md, `[registry]`). */
interface RegistryTable {
  mirrors?: readonly string[];
  http?: true;
  insecure?: true;
  ca?: readonly string[];
  keypair?: readonly { readonly cert: string; readonly key: string }[];
}

/** @returns a document for `formatBuilderConfig`; empty where BuildKit's defaults serve */
export function buildkitdConfig(facts: BuildkitdFacts): JsonObject {
  const { registries, certificates, authorities, hosts, insecureHosts } = facts;
  const tables = new Map<string, RegistryTable>();
  const at = (host: string): RegistryTable => {
    const table = tables.get(host) ?? {};
    tables.set(host, table);
    return table;
  };
  const mirrors = registries.mirrors.map((mirror) => ({
    host: mirror.replace(/^https?:\/\//, '').replace(/(?<!\/)\/+$/, ''),
    isPlain: mirror.startsWith('http://'),
  }));
  if (mirrors.length > 0) at('docker.io').mirrors = mirrors.map(({ host }) => host);
  for (const { host, isPlain } of mirrors) if (isPlain) at(hostAlone(host)).http = true;
  // As the Docker engine takes "insecure": HTTPS whatever the certificate, else plain HTTP.
  for (const host of [...registries.insecure, ...insecureHosts])
    Object.assign(at(host), { http: true, insecure: true });
  if (authorities.length > 0) {
    for (const host of [...hosts, ...mirrors.map((mirror) => hostAlone(mirror.host)), 'docker.io']) {
      at(host).ca = authorities;
    }
  }
  for (const { host, authorities: own, pairs } of certificates) {
    if (own.length > 0) at(host).ca = [...(at(host).ca ?? []), ...own];
    if (pairs.length > 0) at(host).keypair = pairs;
  }
  return tables.size > 0 ? { registry: Object.fromEntries(tables) } : {};
}

/** A mirror may have a path. */
function hostAlone(mirror: string): string {
  return mirror.split('/', 1)[0] ?? '';
}
