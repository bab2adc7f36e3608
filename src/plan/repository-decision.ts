/**
 * The path of an image in its registry (docs.github.com, "Working with the Container registry", "Working with the
 * Docker registry").
 */

import { InputError } from '../errors.ts';
import { faultOfComponent, parseRepository, type Repository } from '../image/repository.ts';
import type { RegistryDecision } from './registry-decision.ts';

interface RepositoryDecision {
  readonly repository: Repository;
  /** What a person would want to know about how the name came to be, as sentences. */
  readonly notes: readonly string[];
}

export interface NameParts {
  /** May be empty where the registry is not GitHub's. */
  readonly owner: string;
  /** The repository of the source: the middle segment of the Docker registry's paths. */
  readonly sourceRepository: string;
  readonly image: string;
}

/**
 * Where the image goes within the registry. Upper case is mended, and said; what cannot be mended is refused, naming the
 * part.
 * @throws InputError REPOSITORY_INVALID
 */
export function resolveRepository(decision: RegistryDecision, parts: NameParts): RepositoryDecision {
  const { registry, kind } = decision;
  const full = `images: ${registry}/octo-org/my-repository/my-app`;
  const named: { part: string; value: string; example: string }[] = [
    { part: 'owner', value: parts.owner, example: 'owner: octo-org' },
    ...(kind === 'docker' ? [{ part: 'repository', value: parts.sourceRepository, example: full }] : []),
    { part: 'image', value: parts.image, example: 'image: my-app' },
  ];
  const [host = '', ...rest] = parts.image.replace(/:[^/]*$/, '').split('/');
  if (rest.length > 0 && /^(?:localhost|[a-z0-9-]+(?:\.[a-z0-9-]+)+)(?::[0-9]+)?$/i.test(host)) {
    const [image, owner] = [rest.at(-1), rest.slice(0, -1).join('/')];
    throw new InputError('REPOSITORY_INVALID', {
      message: `The image "${parts.image}" begins with a registry, "${host}": expected what follows the owner, such as my-app.`,
      remedy: `Write \`registry: ${host.toLowerCase()}\`${owner === '' ? '' : `, \`owner: ${owner}\``} and \`image: ${image}\`.`,
    });
  }
  if (kind === 'docker' && parts.image.includes('/')) {
    throw new InputError('REPOSITORY_INVALID', {
      message: `The image "${parts.image}" has a "/": paths of the Docker registry ${registry} have exactly three segments, OWNER/REPOSITORY/IMAGE.`,
      remedy: `Set \`image: ${parts.image.split('/').at(-1)}\`.`,
    });
  }
  const notes: string[] = [];
  const path: string[] = [];
  for (const { part, value, example } of named) {
    // Docker Hub alone has no repositories without an owner but its own.
    if (value === '' && part === 'owner' && kind === 'other' && registry !== 'docker.io') continue;
    const lower = value.toLowerCase();
    if (lower !== value)
      notes.push(`The ${part} "${value}" is written "${lower}": repositories of a registry are lower-case.`);
    // The image of a Container registry, and of most others, may be several components deep.
    for (const component of part === 'image' ? lower.split('/') : [lower]) {
      const fault = faultOfComponent(component);
      if (fault !== undefined) throw invalidPart(part, value, fault, example);
    }
    path.push(lower);
  }
  const [owner, image = ''] = path;
  if (kind !== 'docker' && image.startsWith(`${owner}/`)) {
    notes.push(
      `The image "${parts.image}" goes to ${path.join('/')}, because the owner stands before it; for ${image} write \`image: ${image.slice(image.indexOf('/') + 1)}\`.`,
    );
  }
  return { repository: parseRepository(registry, path.join('/')), notes };
}

function invalidPart(part: string, value: string, fault: string, example: string): InputError {
  const isMissing = value === '';
  return new InputError('REPOSITORY_INVALID', {
    message: isMissing
      ? `The ${part} is missing: outside of a workflow the step cannot find it out.`
      : `The ${part} "${value}" cannot be part of a repository's name: ${fault}.`,
    remedy:
      part === 'owner' && !isMissing
        ? 'Registries have no valid name for this owner. Set `owner` to an organisation whose name is letters and digits joined by single ".", "_" or by "-".'
        : `Set it yourself, for example \`${example}\`.`,
  });
}
