/**
 * What the engine on this runner is: asked once, kept as a value.
 *
 * If the CLI would talk to a Unix socket, this file asks the daemon there (`GET /info`,
 * https://docs.docker.com/reference/api/engine/). It takes 5 ms; `docker info` starts every plugin and takes 80 ms.
 * Contexts, TCP and SSH endpoints are left to `docker info`, whose answer has the same form.
 */

import { ToolError } from '../errors.ts';
import { type Platform, parsePlatform } from '../image/platform.ts';
import { lastLines } from '../text/cut.ts';
import type { Environment } from '../text/environment.ts';
import { isObject, type JsonObject } from '../text/json.ts';
import type { DockerPorts } from './docker.ts';
import { askEngine } from './engine-socket.ts';

export interface EngineFacts {
  /** What tells one daemon from another; empty where it does not say. */
  readonly id: string;
  /** As the daemon prints it, for example `28.5.2`. */
  readonly serverVersion: string;
  /** `containerd` can hold indexes; `classic` holds one platform of an image. */
  readonly imageStore: 'classic' | 'containerd';
  /** The platform that the daemon builds for by itself. */
  readonly platform: Platform;
  /** Whether it is Podman that answers (`podman system service`, which adds to Docker's form, such as `BuildahVersion`). */
  readonly isPodman: boolean;
  readonly registries: DaemonRegistries;
}

/** What the daemon's configuration says of registries (`RegistryConfig`). */
export interface DaemonRegistries {
  /** URLs of the mirrors of Docker Hub (`registry-mirrors`). */
  readonly mirrors: readonly string[];
  /** `host[:port]` (`insecure-registries`). */
  readonly insecure: readonly string[];
  /** CIDR; those of this machine are always among them. */
  readonly insecureNetworks: readonly string[];
}

function listAt(parent: JsonObject, key: string): readonly unknown[] {
  const value = parent[key];
  return Array.isArray(value) ? value : [];
}

function stringAt(parent: JsonObject, key: string): string {
  const value = parent[key];
  return typeof value === 'string' ? value : '';
}

/**
 * Parses the daemon's `GET /info`, or the answer of `docker info --format '{{json .}}'`.
 * @throws ToolError ENGINE_DOWN when the daemon gave the CLI no answer; COMMAND_FAILED when the text is not Docker's
 */
export function parseEngineFacts(json: string): EngineFacts {
  let info: unknown;
  try {
    info = JSON.parse(json);
  } catch (cause) {
    throw notDocker(json, cause);
  }
  if (!isObject(info)) throw notDocker(json, undefined);
  const [serverError] = listAt(info, 'ServerErrors');
  if (typeof serverError === 'string') throw engineDown(serverError);
  const serverVersion = stringAt(info, 'ServerVersion');
  if (serverVersion === '') throw notDocker(json, undefined);
  const usesContainerd = listAt(info, 'DriverStatus').some(
    (row) =>
      Array.isArray(row) &&
      row[0] === 'driver-type' &&
      typeof row[1] === 'string' &&
      row[1].startsWith('io.containerd.snapshotter'),
  );
  return {
    id: stringAt(info, 'ID'),
    serverVersion,
    imageStore: usesContainerd ? 'containerd' : 'classic',
    platform: parseMachine(stringAt(info, 'OSType'), stringAt(info, 'Architecture')),
    isPodman: 'BuildahVersion' in info,
    registries: parseRegistries(isObject(info.RegistryConfig) ? info.RegistryConfig : {}),
  };
}

function parseRegistries(config: JsonObject): DaemonRegistries {
  const strings = (list: readonly unknown[]): readonly string[] => list.filter((each) => typeof each === 'string');
  const indexes = Object.entries(isObject(config.IndexConfigs) ? config.IndexConfigs : {});
  return {
    mirrors: strings(listAt(config, 'Mirrors')),
    insecure: indexes.flatMap(([name, each]) => (isObject(each) && each.Secure === false ? [name] : [])),
    insecureNetworks: strings(listAt(config, 'InsecureRegistryCIDRs')),
  };
}

/** Where `uname -m`, which the daemon reports, is another word than images use (those that platforms know are left out). */
const machines: Readonly<Record<string, string>> = {
  armv6l: 'arm/v6',
  armv7l: 'arm/v7',
  armv8l: 'arm/v7',
  i586: '386',
  i686: '386',
  loongarch64: 'loong64',
};

/** A machine that nobody has heard of is no reason to fail: it is only named. */
function parseMachine(os: string, machine: string): Platform {
  const name = machines[machine] ?? machine;
  try {
    return parsePlatform(`${os}/${name}`);
  } catch {
    return { os, architecture: name };
  }
}

function notDocker(text: string, cause: unknown): ToolError {
  return new ToolError('COMMAND_FAILED', {
    message: 'The engine did not answer GET /info like a Docker engine.',
    remedy: 'Check which engine DOCKER_HOST, or the current `docker context`, points at.',
    detail: lastLines(text, 2000),
    cause,
  });
}

/** @param reason the daemon's or the CLI's own words */
export function engineDown(reason: string): ToolError {
  return new ToolError('ENGINE_DOWN', {
    message: `The Docker engine does not answer: ${reason.trim().replace(/(?<![.?!])$/, '.')}`,
    remedy:
      'Start the Docker daemon on the runner, let the user of the runner reach its socket, or point DOCKER_HOST or the current `docker context` at a running engine.',
  });
}

export const defaultSocket = '/var/run/docker.sock';

/**
 * The context that the CLI uses (https://docs.docker.com/reference/cli/docker/#environment-variables: DOCKER_HOST means
 * the default context and goes before DOCKER_CONTEXT, which goes before the context of the configuration).
 * @param currentContext `currentContext` of the CLI's config.json
 */
export function contextName(env: Environment, currentContext: string | undefined): string {
  return env.DOCKER_HOST ? 'default' : env.DOCKER_CONTEXT || currentContext || 'default';
}

/**
 * The Unix socket that the CLI would use.
 * @param currentContext `currentContext` of the CLI's config.json
 * @returns its path, or `undefined` when the endpoint is of another kind
 */
export function engineSocket(
  env: Environment,
  currentContext: string | undefined,
  platform: NodeJS.Platform = process.platform,
): string | undefined {
  if (env.DOCKER_HOST) {
    if (!env.DOCKER_HOST.startsWith('unix://')) return undefined;
    return env.DOCKER_HOST.slice('unix://'.length) || defaultSocket;
  }
  return contextName(env, currentContext) === 'default' && platform !== 'win32' ? defaultSocket : undefined;
}

/**
 * @throws ToolError ENGINE_MISSING, ENGINE_DOWN, COMMAND_FAILED
 */
export async function readEngineFacts(
  { run, env, signal }: Pick<DockerPorts, 'run' | 'env' | 'signal'>,
  currentContext: string | undefined,
): Promise<EngineFacts> {
  const socket = engineSocket(env, currentContext);
  if (socket !== undefined) {
    const asked = { method: 'GET', path: '/info', limit: 10, signal } as const;
    const { text } = await askEngine(socket, asked).catch((error: Error) => {
      throw engineDown(error.message);
    });
    return parseEngineFacts(text);
  }
  // The CLI itself waits for an endpoint that takes a connection and says nothing, without end.
  const result = await run(['docker', 'info', '--format', '{{json .}}'], { env, timeout: 30_000 });
  // Without an answer of the daemon the CLI still prints the form, empty, and says why on stderr.
  if (result.exitCode !== 0 || result.stdout.trim() === '') {
    throw engineDown(result.stderr.trim() || `docker info ended with exit code ${result.exitCode}`);
  }
  return parseEngineFacts(result.stdout);
}
