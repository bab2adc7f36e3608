/**
 * Asks a GitHub Enterprise Server which registries it has (docs.github.com, "Enabling subdomain isolation" and "Working with
 * the Container registry"): all of its hosts side by side, once a job.
 */

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RegistryError } from '../errors.ts';
import { codeOf, isCertificateFault } from '../http/request-failure.ts';
import { parseRegistry, type Registry } from '../image/registry-name.ts';
import type { Environment } from '../text/environment.ts';
import { isObject, parseJson } from '../text/json.ts';
import { type HostAnswer, registryHosts, type ServerFacts } from './directory.ts';
import { type Product, resolveProduct } from './product.ts';

export type Server = Extract<Product, { readonly kind: 'ghes' }>;

/** Whether only the server can tell where the run publishes to, or pulls from. */
export function isOpen(input: { readonly registry: string; readonly images?: string }, product: Product): boolean {
  return product.kind === 'ghes' && input.registry === 'auto' && (input.images ?? '') === '';
}

/**
 * The most that a server can say. Faults of the inputs come before any question to the network, so what they are judged by
 * until then is the registry that takes the most.
 */
export const mostCapable: ServerFacts = { version: undefined, answers: { container: { isRegistry: true } } };

export interface ProbePorts {
  /** `error`: there was no answer, or half of one. */
  readonly ping: (registry: Registry) => Promise<HostAnswer & { readonly error?: RegistryError }>;
  /** The answer to `GET /meta` of the REST API, `undefined` where there is none. */
  readonly readMeta: () => Promise<{ readonly header: string | undefined; readonly body: string } | undefined>;
}

/**
 * Waits for a host only where those before it are no registry.
 * @throws RegistryError where none is, and one has a certificate that is not trusted
 */
export async function probeServer(server: Server, { ping, readMeta }: ProbePorts): Promise<ServerFacts> {
  const { container, docker } = registryHosts(server);
  const errors: (RegistryError | undefined)[] = [];
  const ask = async (host: string): Promise<ServerFacts['answers']['container']> => {
    const presence = await ping(parseRegistry(host));
    if (presence.isRegistry) return { isRegistry: true };
    errors.push(presence.error);
    return { isRegistry: false, reason: presence.reason };
  };
  const asked = { container: ask(container), docker: ask(docker), bare: ask(server.host) };
  for (const answer of Object.values(asked)) answer.catch(() => undefined);
  const meta = readMeta();
  const answers: { -readonly [Host in keyof ServerFacts['answers']]: ServerFacts['answers'][Host] } = {
    container: await asked.container,
  };
  if (!answers.container.isRegistry) answers.docker = await asked.docker;
  if (answers.docker?.isRegistry === false) answers.bare = await asked.bare;
  const untrusted = errors.find((error) => isCertificateFault(codeOf(error?.cause)));
  if (untrusted !== undefined && !hasRegistry({ version: undefined, answers })) throw untrusted;
  return { version: parseVersion(await meta), answers };
}

function hasRegistry({ answers: { container, docker, bare } }: ServerFacts): boolean {
  return container.isRegistry || docker?.isRegistry === true || bare?.isRegistry === true;
}

/** A header of every answer of the REST API, or `installed_version` of its `/meta`. */
function parseVersion(meta: { readonly header: string | undefined; readonly body: string } | undefined) {
  const body = parseJson(meta?.body ?? '');
  const version = meta?.header ?? (isObject(body) ? body.installed_version : undefined);
  // GHAE says "GitHub AE".
  return typeof version === 'string' && /^[\w. -]{1,40}$/.test(version) ? version : undefined;
}

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
    import('./client.ts'),
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

/** @returns `undefined` for a text that `readServer` did not write */
export function parseServerFacts(text: string): ServerFacts | undefined {
  const value = parseJson(text);
  if (!isObject(value) || !isObject(value.answers)) return undefined;
  const { version } = value;
  const { container, docker, bare } = value.answers;
  const answers = { container: parseAnswer(container), docker: parseAnswer(docker), bare: parseAnswer(bare) };
  if (answers.container === undefined || (version !== undefined && typeof version !== 'string')) return undefined;
  const facts = { version, answers: { ...answers, container: answers.container } };
  return hasRegistry(facts) ? facts : undefined;
}

function parseAnswer(value: unknown): ServerFacts['answers']['docker'] {
  if (!isObject(value)) return undefined;
  if (value.isRegistry === true) return { isRegistry: true };
  return typeof value.reason === 'string' ? { isRegistry: false, reason: value.reason } : undefined;
}
