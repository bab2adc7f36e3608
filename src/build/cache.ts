/**
 * Where a build finds what earlier builds left, and leaves its own (https://docs.docker.com/build/cache/backends/).
 */

import { InputError } from '../errors.ts';
import { formatFields } from '../text/csv.ts';
import type { Environment } from '../text/environment.ts';
import { meantBy } from './attribute-notes.ts';
import { readFields, readRecordLines, readTypedEntry, type TypedEntry } from './input-lists.ts';

export const cacheModes = ['off', 'auto', 'gha', 'registry', 'inline'] as const;

export type CacheMode = (typeof cacheModes)[number];

/** One line of `cache-from` or `cache-to`; nothing secret is among its attributes. */
export interface CacheEntry extends TypedEntry {
  /** Variables from which buildx takes what is secret, so that it is on no command line; their values stay at the edge. */
  readonly variables: readonly string[];
}

/** A cache entry and the values of its variables. */
interface ParsedCacheEntry {
  readonly entry: CacheEntry;
  readonly values: ReadonlyMap<string, string>;
}

/** Secret attributes, with the variable from which buildx takes the same; empty where buildx has none. */
const secretAttributes: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  gha: { token: 'ACTIONS_RUNTIME_TOKEN' },
  s3: {
    access_key_id: 'AWS_ACCESS_KEY_ID',
    secret_access_key: 'AWS_SECRET_ACCESS_KEY',
    session_token: 'AWS_SESSION_TOKEN',
  },
};
const secretNames = ['token', 'ghtoken', 'access_key_id', 'secret_access_key', 'session_token'];

/** The attributes that this action reads itself. */
export const cacheAttributes = ['type', 'ignore-error', ...secretNames];

type CacheInput = 'cache-from' | 'cache-to';

function parseCacheEntry(input: CacheInput, text: string): ParsedCacheEntry {
  const fields = readFields(input, text);
  // A name alone is an image in a registry.
  if (fields.length === 1 && !text.includes('=')) {
    return { entry: { type: 'registry', attributes: [['ref', text]], variables: [] }, values: new Map() };
  }
  const example = 'type=registry,ref=ghcr.io/octo-org/app:buildcache';
  const { type, attributes } = readTypedEntry(input, fields, cacheAttributes, example);
  const isSecret = ([name]: readonly [string, string]): boolean => secretNames.includes(name);
  const values = new Map(
    attributes.filter(isSecret).map(([name, value]) => [variableOf(input, type, name), value] as const),
  );
  const open = attributes.filter((attribute) => !isSecret(attribute));
  for (const [name] of open) refuseMisspelt(input, name);
  return { entry: { type, attributes: open, variables: [...values.keys()] }, values };
}

/**
 * An attribute that is passed on unread is visible on a command line. A secret whose name has a typing error must not get
 * there.
 */
function refuseMisspelt(input: CacheInput, name: string): void {
  const meant = meantBy(name, secretNames);
  if (meant === undefined) return;
  throw new InputError('INPUT_INVALID', {
    message: `The input \`${input}\` has the attribute "${name}", which looks like "${meant}". The value of "${meant}" is a secret, so the step must know its name.`,
    remedy: `Write "${meant}" in place of "${name}".`,
  });
}

function variableOf(input: CacheInput, type: string, name: string): string {
  const variables = Object.hasOwn(secretAttributes, type) ? secretAttributes[type] : undefined;
  const variable = variables?.[name];
  if (variable !== undefined) return variable;
  throw new InputError('INPUT_INVALID', {
    message: `The input \`${input}\` has the attribute "${name}" (type=${type}). buildx takes it from its command line alone, where every process of the machine can read it.`,
    remedy: `Leave "${name}" out and give the builder the credential in another way, or use another type of cache.`,
  });
}

/** @throws InputError INPUT_INVALID; the first of an input */
export function parseCacheEntries(input: CacheInput, text: string): readonly ParsedCacheEntry[] {
  return readRecordLines(input, text).map((line) => parseCacheEntry(input, line));
}

/** What the `cache` input may use on a run: a value of the plan. */
export interface CachePlan {
  readonly mode: CacheMode;
  /** `registry/path` of the main destination; empty where there is none, or where it holds images alone. */
  readonly repository: string;
  /** Names of what may be read, the nearest first: this branch or pull request's base, then the default branch. */
  readonly reads: readonly string[];
  /** Name of what is written; empty on pull requests and tags, which only read. */
  readonly writes: string;
  /** Whether the run may write to the repository. */
  readonly mayPush: boolean;
  /** Published references that may hold an inline cache. */
  readonly images: readonly string[];
}

/** What the cache comes to on one engine. */
export interface CacheDecision {
  readonly from: readonly CacheEntry[];
  readonly to: readonly CacheEntry[];
  /** As a clause: "…, because REASON". */
  readonly reason: string;
}

/** What the engine and the runner have for caches. */
interface CacheFacts {
  /** Whether the engine can write a cache to a registry or to GitHub's cache service. */
  readonly canExport: boolean;
  /** Whether the engine can put a cache into the image itself. */
  readonly canInline: boolean;
  readonly actionsCache: ActionsCache;
}

/** GitHub's cache service, and what a job may do there. */
export interface ActionsCache {
  /** Whether the runner lets a step talk to it. */
  readonly isThere: boolean;
  readonly reads: boolean;
  readonly writes: boolean;
  /** As a clause. */
  readonly reason: string;
}

/** By the mode that a workflow gives its job, where that is no full one. */
const limitsOfMode: Readonly<Record<string, Omit<ActionsCache, 'isThere'>>> = {
  none: { reads: false, writes: false, reason: 'ACTIONS_CACHE_MODE keeps this job from GitHub’s cache service' },
  read: { reads: true, writes: false, reason: 'ACTIONS_CACHE_MODE lets this job read GitHub’s cache service' },
  'write-only': {
    reads: false,
    writes: true,
    reason: 'ACTIONS_CACHE_MODE lets this job write to GitHub’s cache service',
  },
};

/**
 * @param env of the step: where the service is, and ACTIONS_CACHE_MODE (`none`, `read`, `write`, `write-only`;
 *   https://github.com/actions/runner/pull/4538)
 */
export function actionsCacheOf(env: Environment): ActionsCache {
  const all = { reads: true, writes: true };
  const isThere = Boolean(env.ACTIONS_RUNTIME_TOKEN && (env.ACTIONS_RESULTS_URL || env.ACTIONS_CACHE_URL));
  // A service that is not there is the builder's to report, if the workflow asks for it.
  if (!isThere) return { isThere, ...all, reason: 'the runner offers no cache service' };
  const limits = limitsOfMode[env.ACTIONS_CACHE_MODE ?? ''];
  return { isThere, ...(limits ?? { ...all, reason: 'the runner offers GitHub’s cache service' }) };
}

/**
 * A part of a tag that is made from a branch.
 * @param parts what of the image the job builds, where others build the rest of it: each writes a cache of its own
 */
export function cacheName(branch: string, parts: readonly string[] = []): string {
  const clean = (text: string): string => text.replaceAll(/[^A-Za-z0-9_.-]/g, '-');
  const suffix = parts
    .map((part) => clean(`-${part}`))
    .join('')
    .slice(0, 60);
  return `${clean(branch).slice(0, 100 - suffix.length)}${suffix}`;
}

function entryOf(type: string, attributes: Readonly<Record<string, string>>): CacheEntry {
  return { type, attributes: Object.entries(attributes), variables: [] };
}

function chooseMode(plan: CachePlan, facts: CacheFacts): { readonly mode: CacheMode; readonly reason: string } {
  if (plan.mode !== 'auto') return { mode: plan.mode, reason: `\`cache\` is ${plan.mode}` };
  if (!facts.canExport) {
    return facts.canInline && plan.repository !== ''
      ? { mode: 'inline', reason: 'this engine can keep a cache in the image alone' }
      : { mode: 'off', reason: 'this engine can keep no cache outside of itself' };
  }
  const { isThere, reads, writes, reason } = facts.actionsCache;
  if (isThere && (reads || writes)) return { mode: 'gha', reason };
  return plan.repository === ''
    ? { mode: 'off', reason: 'there is no registry to keep it in' }
    : { mode: 'registry', reason };
}

/**
 * `cache` as entries of `cache-from` and `cache-to`: pull requests and tags read, branches write.
 * A cache that cannot be written is no reason to fail (`ignore-error`).
 */
export function resolveCache(plan: CachePlan, facts: CacheFacts): CacheDecision {
  const { mode, reason } = chooseMode(plan, facts);
  const isWritten = plan.writes !== '';
  if (mode === 'gha') {
    const { reads, writes } = facts.actionsCache;
    // One service for all images of a Git repository, of which each is written as a whole.
    const [, , ...image] = plan.repository.split('/');
    const scope = (name: string): string => ['buildkit', ...image, name].join('-');
    return {
      from: reads ? plan.reads.map((name) => entryOf('gha', { scope: scope(name) })) : [],
      to:
        isWritten && writes ? [entryOf('gha', { scope: scope(plan.writes), mode: 'max', 'ignore-error': 'true' })] : [],
      reason,
    };
  }
  if (mode === 'registry' && plan.repository !== '') {
    const ref = (name: string): string => `${plan.repository}:buildcache-${name}`;
    const options = { mode: 'max', 'image-manifest': 'true', 'oci-mediatypes': 'true', 'ignore-error': 'true' };
    return {
      from: plan.reads.map((name) => entryOf('registry', { ref: ref(name) })),
      to: isWritten && plan.mayPush ? [entryOf('registry', { ref: ref(plan.writes), ...options })] : [],
      reason,
    };
  }
  if (mode === 'inline' && plan.repository !== '') {
    return {
      from: plan.images.map((ref) => entryOf('registry', { ref })),
      to: isWritten && plan.mayPush ? [entryOf('inline', {})] : [],
      reason,
    };
  }
  return { from: [], to: [], reason };
}

/** An entry as buildx reads it. */
export function formatCacheEntry({ type, attributes }: CacheEntry): string {
  return formatFields([`type=${type}`, ...attributes.map(([name, value]) => `${name}=${value}`)]);
}

/** An entry of `cache-to` whose failure is a warning, unless the workflow said how it wants it. */
export function tolerant(entry: CacheEntry): CacheEntry {
  if (entry.type === 'inline' || entry.attributes.some(([name]) => name === 'ignore-error')) return entry;
  return { ...entry, attributes: [...entry.attributes, ['ignore-error', 'true']] };
}

/** Whether an entry writes anything but the image itself. */
export function isExport({ type }: CacheEntry): boolean {
  return type !== 'inline';
}

/** A decision in words, for the log. */
export function formatCache({ from, to }: CacheDecision): string {
  const names = (entries: readonly CacheEntry[]): string => entries.map(formatCacheEntry).join(' and ') || 'nothing';
  return `read from ${names(from)}, write to ${names(to)}`;
}
