/**
 * Podman in the place of Docker: where no Docker engine answers, and where what answers at Docker's socket is Podman.
 */

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EngineWish } from '../build/build-request.ts';
import { type PublishError, ToolError, withFacts } from '../errors.ts';
import { type Environment, homeOf } from '../text/environment.ts';
import { isObject, type JsonObject } from '../text/json.ts';
import { pathsOf } from '../text/local-path.ts';
import { withoutUrlSecrets } from '../text/url-secrets.ts';
import type { DockerPorts } from './docker.ts';
import type { EngineFacts } from './docker-info.ts';
import { findProgram } from './find-program.ts';
import type { PodmanPorts } from './podman.ts';

/**
 * Which of the two it is to be. Podman replaces Docker if it may and is installed. If it is not, Docker's own failure
 * says what is wrong.
 * @param readDocker what a look at Docker told; `docker` is absent where a builder of its own makes the engine unnecessary
 * @returns the look at Docker, or why it is Podman, as a clause
 * @throws what `readDocker` threw, if Podman cannot replace Docker
 */
export async function chooseEngine<Look extends { readonly docker: EngineFacts | undefined }>(
  wish: EngineWish,
  env: Environment,
  readDocker: () => Promise<Look>,
): Promise<{ readonly docker: Look } | { readonly podman: string }> {
  if (wish === 'podman') return { podman: '`engine` is podman' };
  const mayStandIn = (): boolean => wish === 'auto' && findProgram('podman', env) !== undefined;
  try {
    const docker = await readDocker();
    if (docker.docker?.isPodman && mayStandIn()) return { podman: 'Podman answers at Docker’s socket' };
    return { docker };
  } catch (error) {
    const isAbsent = error instanceof ToolError && (error.code === 'ENGINE_DOWN' || error.code === 'ENGINE_MISSING');
    if (!isAbsent || !mayStandIn()) throw error;
    // Whoever names an engine wants that one; the image would otherwise be built elsewhere, without a word.
    if (env.DOCKER_HOST && !env.DOCKER_HOST.includes('podman')) throw namedEngineAbsent(error, env.DOCKER_HOST);
    return { podman: 'no Docker engine answers on this runner' };
  }
}

function namedEngineAbsent(error: ToolError, host: string): PublishError {
  return withFacts(error, {
    message: `${error.message} DOCKER_HOST names the engine ${withoutUrlSecrets(host)}, so Podman does not take its place.`,
    remedy:
      'Start that engine, or correct DOCKER_HOST. To build with Podman, set `engine: podman`, or remove DOCKER_HOST.',
  });
}

/**
 * The ports of Podman's commands. Podman also asks the credential helpers of DOCKER_CONFIG, and takes an entry that
 * means "no login" literally. So it gets a folder of its own.
 * @param configFolder the step's private DOCKER_CONFIG
 */
export function podmanPortsOf(ports: DockerPorts, configFolder: string): PodmanPorts {
  const folder = join(configFolder, 'podman');
  return { ...ports, env: { ...ports.env, DOCKER_CONFIG: folder }, authFile: join(folder, 'config.json') };
}

/** What a file of logins has (containers-auth.json(5)). */
function parseLogins(text: string): { readonly auths?: JsonObject; readonly credHelpers?: JsonObject } {
  const value: unknown = JSON.parse(text);
  const at = (key: string): JsonObject => (isObject(value) && isObject(value[key]) ? value[key] : {});
  return { auths: at('auths'), credHelpers: at('credHelpers') };
}

/**
 * Where Podman keeps its logins unless told otherwise (containers-auth.json(5)).
 * @returns empty if the variables do not say
 */
export function podmanLoginFile(variables: Environment, platform: NodeJS.Platform): string {
  if (variables.REGISTRY_AUTH_FILE) return variables.REGISTRY_AUTH_FILE;
  const isLinux = platform !== 'win32' && platform !== 'darwin';
  const base = isLinux ? variables.XDG_RUNTIME_DIR : homeOf(variables, platform);
  return base ? pathsOf(platform).join(base, ...(isLinux ? [] : ['.config']), 'containers', 'auth.json') : '';
}

/**
 * Podman's logins begin as a copy of the runner's, as Docker's do.
 * @param configFolder the step's private DOCKER_CONFIG
 * @param variables the step's own environment, which says where the runner's are (podman-login(1), `--authfile`)
 */
export async function writePodmanLogins(
  { env, authFile }: Pick<PodmanPorts, 'env' | 'authFile'>,
  configFolder: string,
  variables: Environment,
): Promise<void> {
  const paths = [join(configFolder, 'config.json'), podmanLoginFile(variables, process.platform)];
  const files = await Promise.all(paths.map((path) => readFile(path, 'utf8').catch(() => '{}')));
  const [own = {}, runners = {}] = files.map(parseLogins);
  const helpers = Object.entries(own.credHelpers ?? {}).filter(([, helper]) => helper !== '');
  const logins = {
    auths: { ...runners.auths, ...own.auths },
    credHelpers: { ...runners.credHelpers, ...Object.fromEntries(helpers) },
  };
  await mkdir(env.DOCKER_CONFIG ?? '', { recursive: true, mode: 0o700 });
  await writeFile(authFile, JSON.stringify(logins), { mode: 0o600 });
}
