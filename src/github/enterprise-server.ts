/**
 * Asks a GitHub Enterprise Server which registries it has (docs.github.com, "Enabling subdomain isolation" and "Working with
 * the Container registry"): all of its hosts side by side, once a job.
 */

import type { RegistryError } from '../errors.ts';
import { codeOf, isCertificateFault } from '../http/request-failure.ts';
import { parseRegistry, type Registry } from '../image/registry-name.ts';
import { isObject, parseJson } from '../text/json.ts';
import type { Product } from './product.ts';
import { registryHosts } from './product-registries.ts';

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

interface ProbePorts {
  /** `error`: there was no answer, or half of one. */
  readonly ping: (registry: Registry) => Promise<HostAnswer & { readonly error?: RegistryError }>;
  /** What the REST API gives as its version, if anything. */
  readonly readVersion: () => Promise<unknown>;
}

/**
 * Waits for a host only where those before it are no registry.
 * @throws RegistryError where none is, and one has a certificate that is not trusted
 */
export async function probeServer(server: Server, { ping, readVersion }: ProbePorts): Promise<ServerFacts> {
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
  const version = readVersion();
  const answers: { -readonly [Host in keyof ServerFacts['answers']]: ServerFacts['answers'][Host] } = {
    container: await asked.container,
  };
  if (!answers.container.isRegistry) answers.docker = await asked.docker;
  if (answers.docker?.isRegistry === false) answers.bare = await asked.bare;
  const untrusted = errors.find((error) => isCertificateFault(codeOf(error?.cause)));
  if (untrusted !== undefined && !hasRegistry({ version: undefined, answers })) throw untrusted;
  return { version: parseVersion(await version), answers };
}

export function hasRegistry({ answers: { container, docker, bare } }: ServerFacts): boolean {
  return container.isRegistry || docker?.isRegistry === true || bare?.isRegistry === true;
}

function parseVersion(version: unknown): string | undefined {
  // GHAE says "GitHub AE".
  return typeof version === 'string' && /^[\w. -]{1,40}$/.test(version) ? version : undefined;
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

/** What a host answered to the question whether it is a registry. */
export type HostAnswer = { readonly isRegistry: true } | { readonly isRegistry: false; readonly reason: string };

/** What a GitHub Enterprise Server told of itself. */
export interface ServerFacts {
  /** Such as `3.20.1`; `undefined` where it was not told. */
  readonly version: string | undefined;
  /** In the order of preference; those after a registry need not be known. */
  readonly answers: {
    readonly container: HostAnswer;
    readonly docker?: HostAnswer | undefined;
    readonly bare?: HostAnswer | undefined;
  };
}
