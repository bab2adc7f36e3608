/** Asks the GitHub Enterprise Server of a run which registries it has, once a job. */

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hasRegistry, parseServerFacts, probeServer, type ServerFacts } from '../github/enterprise-server.ts';
import { resolveProduct } from '../github/product.ts';
import type { Environment } from '../text/environment.ts';
import { isObject } from '../text/json.ts';
import { withAnonymousClient } from './with-anonymous-client.ts';
import { withGitHubApi } from './with-github-api.ts';

const pingTimeout = 3_000;
/** The version is for messages only: nobody waits long for it. */
const versionTimeout = 1_000;

/**
 * Asks the server that a run is on, unless an earlier step of the job has.
 * @param environment RUNNER_TEMP, which the runner empties with each job, keeps the answer
 * @returns `undefined` for a run that is on no GHES
 * @throws RegistryError as `probeServer`
 */
export async function readServer(
  { serverUrl, apiUrl }: { readonly serverUrl: URL; readonly apiUrl: string },
  environment: Environment,
  termination: AbortSignal,
): Promise<ServerFacts | undefined> {
  const server = resolveProduct(serverUrl);
  if (server.kind !== 'ghes') return undefined;
  const folder = environment.RUNNER_TEMP;
  const file = folder ? join(folder, `publish-docker-package.server.${server.host}.json`) : undefined;
  const known = file === undefined ? undefined : parseServerFacts(await readFile(file, 'utf8').catch(() => ''));
  if (known !== undefined) return known;
  const ways = { environment, signal: termination };
  const facts = await withAnonymousClient(ways, (client) =>
    probeServer(server, {
      ping: (registry) => client.ping(registry, pingTimeout),
      readVersion: () => readVersion(apiUrl, ways),
    }),
  );
  // An answer that failed to come may come to the next step.
  if (file !== undefined && hasRegistry(facts)) await writeFile(file, JSON.stringify(facts)).catch(() => undefined);
  return facts;
}

/** A header of every answer of the REST API, or `installed_version` of its `/meta`; `undefined` if there is no answer. */
async function readVersion(
  url: string,
  ways: { readonly environment: Environment; readonly signal: AbortSignal },
): Promise<unknown> {
  try {
    const answer = await withGitHubApi({ url, token: '', ...ways, deadline: versionTimeout }, (api) =>
      api.ask((rest) => rest.meta.get({ request: { redirect: 'manual' } })),
    );
    const data: unknown = answer?.data;
    return answer?.headers['x-github-enterprise-version'] ?? (isObject(data) ? data.installed_version : undefined);
  } catch {
    return undefined;
  }
}
