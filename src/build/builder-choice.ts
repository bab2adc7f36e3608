/**
 * The `builder` input: a builder of the runner by name, or endpoints of BuildKit that become the nodes of one builder
 * (https://docs.docker.com/build/builders/drivers/).
 */

import { type InputError, inputError } from '../errors.ts';
import { type Platform, parsePlatform } from '../image/platform.ts';
import { readAttributes, readFields, readRecordLines } from './input-lists.ts';

/** One endpoint. */
export interface BuilderNode {
  /** `tcp://HOST:PORT`, `docker-container://NAME`, `kubernetes://NAME` … */
  readonly endpoint: string;
  /** What it is to build for; empty for what it says itself. */
  readonly platforms: readonly Platform[];
  /** `name=value`, for the driver. */
  readonly driverOptions: readonly string[];
}

export type BuilderChoice =
  | { readonly kind: 'auto' }
  | { readonly kind: 'named'; readonly name: string }
  | { readonly kind: 'nodes'; readonly driver: 'remote' | 'kubernetes'; readonly nodes: readonly BuilderNode[] };

const remoteSchemes = ['tcp', 'unix', 'ssh', 'docker-container', 'kube-pod', 'podman-container'];
/** The attributes that this action reads itself; the others are options of the driver. */
export const builderAttributes = ['platforms'];

function unreadable(line: string, expected: string): InputError {
  return inputError(
    'INPUT_INVALID',
    `The input \`builder\` has the line "${line}"`,
    expected,
    'Write the name of a builder, or an endpoint such as tcp://buildkit.example:1234, one a line, with an optional ,platforms=linux/arm64.',
  );
}

function schemeOf(line: string): string {
  return /^([a-z-]+):\/\//.exec(line)?.[1] ?? '';
}

function parseNode(line: string): BuilderNode {
  const [endpoint = '', ...fields] = readFields('builder', line);
  const scheme = schemeOf(endpoint);
  if (scheme !== 'kubernetes' && !remoteSchemes.includes(scheme)) {
    throw unreadable(
      line,
      `an endpoint that begins with ${[...remoteSchemes, 'kubernetes'].map((each) => `${each}://`).join(', ')}`,
    );
  }
  const rest = endpoint.slice(scheme.length + '://'.length);
  if (scheme === 'tcp' && !(URL.canParse(endpoint) && /^[^/]+:[0-9]+$/.test(rest))) {
    throw unreadable(line, 'tcp://HOST:PORT');
  }
  if (rest === '' && scheme !== 'kubernetes') throw unreadable(line, `${scheme}://NAME`);
  const attributes = readAttributes('builder', fields, builderAttributes);
  const platforms = (attributes.get('platforms') ?? '').split(',').filter((each) => each.trim() !== '');
  return {
    endpoint,
    platforms: platforms.map((each) => parsePlatform(each.trim())),
    driverOptions: [...attributes].flatMap(([name, value]) => (name === 'platforms' ? [] : [`${name}=${value}`])),
  };
}

/**
 * @param text a name, or endpoints one a line; empty for what the runner has
 * @throws InputError INPUT_INVALID, PLATFORM_INVALID
 */
export function parseBuilder(text: string): BuilderChoice {
  const lines = readRecordLines('builder', text);
  const [first = ''] = lines;
  if (first === '') return { kind: 'auto' };
  if (lines.length === 1 && !first.includes('://')) {
    // As buildx itself: https://github.com/docker/buildx/blob/master/store/util.go, `ValidateName`.
    if (/^[a-zA-Z][a-zA-Z0-9._-]*$/.test(first)) return { kind: 'named', name: first };
    throw unreadable(first, 'a name that begins with a letter and has letters, digits, ".", "_" and "-" only');
  }
  const nodes = lines.map(parseNode);
  const drivers = new Set(nodes.map(({ endpoint }) => (schemeOf(endpoint) === 'kubernetes' ? 'kubernetes' : 'remote')));
  const [driver] = drivers;
  if (drivers.size > 1 || driver === undefined)
    throw unreadable(first, 'endpoints of one kind, because they become the nodes of one builder');
  return { kind: 'nodes', driver, nodes };
}
