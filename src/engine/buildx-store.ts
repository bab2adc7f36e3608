/** Reads what buildx keeps of its builders (docker/buildx, store). */

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Environment } from '../text/environment.ts';
import { parseJson } from '../text/json.ts';

/** Where buildx keeps its builders (https://github.com/docker/buildx/blob/master/util/confutil/config.go). */
export function buildxFolder(configFolder: string, env: Environment): string {
  return env.BUILDX_CONFIG || join(configFolder, 'buildx');
}

/** A file of buildx; `undefined` where it is absent, or not what buildx writes. */
export async function readJson(path: string): Promise<unknown> {
  return parseJson(await readFile(path, 'utf8').catch(() => ''));
}

/** A builder that buildx knows. */
export interface FoundBuilder {
  readonly name: string;
  /** `docker-container`, `kubernetes`, `remote`; `docker` for the daemon's own. */
  readonly driver: string;
  readonly endpoints: readonly string[];
}

/** @returns `undefined` where there is no builder of the name */
export async function findBuilder(
  name: string,
  configFolder: string,
  env: Environment,
): Promise<FoundBuilder | undefined> {
  const value = await readJson(join(buildxFolder(configFolder, env), 'instances', name));
  if (typeof value !== 'object' || value === null) {
    // Every context of the CLI is a builder, too; "default" is the one that is always there.
    const contexts = await readdir(join(configFolder, 'contexts', 'meta')).catch(() => []);
    const metas = contexts.map((each) => readJson(join(configFolder, 'contexts', 'meta', each, 'meta.json')));
    const isContext = (await Promise.all(metas)).some(
      (meta) => typeof meta === 'object' && meta !== null && 'Name' in meta && meta.Name === name,
    );
    return name === 'default' || isContext ? { name, driver: 'docker', endpoints: [] } : undefined;
  }
  const nodes: readonly unknown[] = 'Nodes' in value && Array.isArray(value.Nodes) ? value.Nodes : [];
  return {
    name,
    driver: 'Driver' in value && typeof value.Driver === 'string' ? value.Driver : 'docker-container',
    endpoints: nodes.flatMap((node) =>
      typeof node === 'object' && node !== null && 'Endpoint' in node && typeof node.Endpoint === 'string'
        ? [node.Endpoint]
        : [],
    ),
  };
}

/** Names of the builders that were made on this runner, for an error. */
export async function builderNames(configFolder: string, env: Environment): Promise<readonly string[]> {
  return ['default', ...(await readdir(join(buildxFolder(configFolder, env), 'instances')).catch(() => []))];
}
