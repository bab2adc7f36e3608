/**
 * A repository: a path in a registry that holds manifests and tags.
 *
 * Grammar (distribution-spec, "Pulling manifests", `<name>`):
 *
 *     path       := component ('/' component)*
 *     component  := alphanumeric (separator alphanumeric)*
 *     alphanumeric := [a-z0-9]+
 *     separator  := '.' | '_' | '__' | '-'+
 */

import { InputError } from '../errors.ts';
import type { Registry } from './registry-name.ts';

export interface Repository {
  readonly registry: Registry;
  /** `owner/image`, lower-case. */
  readonly path: string;
}

const componentPattern = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;

/**
 * The spec notes that clients limit `host[:port]/path` to 255 characters; newer ones count the path alone. The smaller
 * bound is the one every client accepts.
 */
const maximumLength = 255;

/**
 * Why a path component is not valid, in words.
 * @returns `undefined` for a valid component.
 */
export function faultOfComponent(component: string): string | undefined {
  if (componentPattern.test(component)) return undefined;
  if (component === '') return 'it is empty';
  if (/[A-Z]/.test(component)) return 'it must be lower-case';
  if (/^[._-]/.test(component)) return `it starts with "${component[0]}"`;
  if (/[._-]$/.test(component)) return `it ends with "${component.at(-1)}"`;
  const foreign = component.match(/[^a-z0-9._-]/u);
  if (foreign) return `it contains "${foreign[0]}"`;
  const separators = component.match(/[._-]{2,}/g)?.find((run) => !/^(?:__|-+)$/.test(run));
  return `"${separators}" may not stand between letters; one ".", one or two "_", or any number of "-" may`;
}

/**
 * @param registry where the repository is
 * @param path `component[/component…]`, lower-case
 * @throws InputError REPOSITORY_INVALID, naming the component that is wrong and why
 */
export function parseRepository(registry: Registry, path: string): Repository {
  const remedy = 'Set `image` (and `owner`) to a lower-case name, such as `image: my-app`.';
  for (const component of path.split('/')) {
    const fault = faultOfComponent(component);
    if (fault !== undefined) {
      throw new InputError('REPOSITORY_INVALID', {
        message: `"${component}" in the repository "${registry}/${path}" is invalid: ${fault}.`,
        remedy,
      });
    }
  }
  const length = `${registry}/${path}`.length;
  if (length > maximumLength) {
    throw new InputError('REPOSITORY_INVALID', {
      message: `The repository "${registry}/${path}" has ${length} characters; at most ${maximumLength} are allowed.`,
      remedy,
    });
  }
  return { registry, path };
}

/** `registry/path`, as in a reference. */
export function formatRepository(repository: Repository): string {
  return `${repository.registry}/${repository.path}`;
}

export function isSameRepository(one: Repository, other: Repository): boolean {
  return one.registry === other.registry && one.path === other.path;
}
