/** Asks the GitHub Enterprise Server of a run which registries it has, once a job. */

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hasRegistry, parseServerFacts, probeServer, type ServerFacts } from '../github/enterprise-server.ts';
import { resolveProduct } from '../github/product.ts';
import type { Environment } from '../text/environment.ts';

const pingTimeout = 3_000;
/** The version is for messages only: nobody waits long for it. */
const metaTimeout = 1_000;
const longestMeta = 1024 * 1024;

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
  const [{ createRegistryClient }, { createHttp }] = await Promise.all([
    import('../registry/client.ts'),
    import('../http/http.ts'),
  ]);
  const sleep = (): Promise<void> => Promise.resolve();
  const ports = { now: Date.now, sleep, random: Math.random, log: () => {} };
  const ways = { environment, signal: termination };
  const client = createRegistryClient({ credentials: () => undefined, retries: 1, ...ports, ...ways });
  const http = createHttp({ userAgent: 'publish-docker-package', ...ways });
  try {
    const facts = await probeServer(server, {
      ping: (registry) => client.ping(registry, pingTimeout),
      async readMeta() {
        try {
          const url = new URL(`${apiUrl.replace(/\/$/, '')}/meta`);
          const signal = AbortSignal.timeout(metaTimeout);
          const response = await http.send({ method: 'GET', url, redirects: 'answer', signal });
          const header = response.headers['x-github-enterprise-version'];
          const body = (await http.readBytes(response, longestMeta, 'ignore')).toString();
          return { header: typeof header === 'string' ? header : undefined, body };
        } catch {
          return undefined;
        }
      },
    });
    // An answer that failed to come may come to the next step.
    if (file !== undefined && hasRegistry(facts)) await writeFile(file, JSON.stringify(facts)).catch(() => undefined);
    return facts;
  } finally {
    client.close();
    http.close();
  }
}
