/**
 * The builder that buildx uses by default. This is buildx's own rule
 * (https://github.com/docker/buildx/blob/master/store/store.go, `Current`;
 * https://github.com/docker/buildx/blob/master/store/storeutil/storeutil.go, `GetCurrentInstance`): a choice applies to
 * the endpoint that it was made for, or to all.
 */

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Environment } from '../text/environment.ts';
import { isObject } from '../text/json.ts';
import { buildxFolder, readJson } from './buildx-store.ts';
import { contextName, defaultSocket } from './docker-info.ts';

/** What the CLI is configured with, as far as it tells one endpoint from another. */
interface EndpointConfig {
  /** The CLI's DOCKER_CONFIG. */
  readonly folder: string;
  /** `currentContext` of its config.json. */
  readonly currentContext: string | undefined;
}

/**
 * What buildx knows the current endpoint by: the name of the context, or of the default one the address of its daemon
 * (https://github.com/docker/buildx/blob/master/util/dockerutil/context.go, `GetCurrentEndpoint`).
 */
export function endpointKey(
  env: Environment,
  currentContext: string | undefined,
  platform: NodeJS.Platform = process.platform,
): string {
  const context = contextName(env, currentContext);
  if (context !== 'default') return context;
  const host = (env.DOCKER_HOST ?? '').trim();
  if (host !== '') return completeHost(host);
  if (env.DOCKER_TLS_VERIFY || env.DOCKER_TLS) return 'tcp://localhost:2376';
  return platform === 'win32' ? defaultPipe : `unix://${defaultSocket}`;
}

const defaultPipe = 'npipe:////./pipe/docker_engine';

/** As the CLI completes DOCKER_HOST (https://github.com/docker/cli/blob/master/opts/hosts.go, `ParseHost`). */
function completeHost(host: string): string {
  if (host === 'unix://') return `unix://${defaultSocket}`;
  if (host === 'npipe://') return defaultPipe;
  const [, protocol = 'tcp', address = ''] = /^(?:([^:/]*):\/\/)?(.*)$/.exec(host) ?? [];
  if (protocol !== 'tcp') return host;
  const [, authority = '', path = ''] = /^([^/]*)(.*)$/.exec(address) ?? [];
  const named = /^(?:\[(?<v6>[^\]]+)\]|(?<name>[^:]*))(?::(?<port>\d*))?$/.exec(authority)?.groups;
  // An IPv6 address may stand without its brackets.
  const name = named === undefined ? authority : named.v6 || named.name || 'localhost';
  return `tcp://${name.includes(':') ? `[${name}]` : name}:${named?.port || '2375'}${path}`;
}

/**
 * The builder of BUILDX_BUILDER, else the one that `docker buildx use` (or docker/setup-buildx-action) noted, else the one
 * that is named as the context.
 * @returns `undefined` for the daemon's own BuildKit
 */
export async function selectedBuilder(
  { folder: configFolder, currentContext }: EndpointConfig,
  env: Environment,
): Promise<string | undefined> {
  if (env.BUILDX_BUILDER) return env.BUILDX_BUILDER === 'default' ? undefined : env.BUILDX_BUILDER;
  const folder = buildxFolder(configFolder, env);
  const key = endpointKey(env, currentContext);
  const find = (name: string): Promise<string | undefined> => instanceName(folder, name);
  const noted = await readJson(join(folder, 'current'));
  const { Key, Name, Global } = isObject(noted) ? noted : {};
  const chosen = typeof Name === 'string' ? await find(Name) : undefined;
  if (chosen !== undefined && (Global === true || Key === key)) return chosen;
  // If a builder was chosen for this endpoint and no longer exists, there is no choice.
  const isHere = typeof Name === 'string' && Name !== '' && Key === key;
  const byDefault = isHere ? undefined : await find(await readDefault(folder, key));
  return byDefault ?? (await find(contextName(env, currentContext)));
}

/** What `docker buildx use --default` noted for an endpoint; empty where nothing was. */
function readDefault(folder: string, key: string): Promise<string> {
  const hash = createHash('sha256').update(key).digest('hex').slice(0, 20);
  return readFile(join(folder, 'defaults', hash), 'utf8').catch(() => '');
}

/** @returns the name by which the builder is stored; `undefined` where there is none (store/util.go, `ValidateName`) */
async function instanceName(folder: string, name: string): Promise<string | undefined> {
  if (!/^[a-zA-Z][a-zA-Z0-9._-]*$/.test(name)) return undefined;
  const stored = name.toLowerCase();
  return isObject(await readJson(join(folder, 'instances', stored))) ? stored : undefined;
}
