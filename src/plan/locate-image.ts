/** Registry and repository of each image that a run names. */

import { InputError } from '../errors.ts';
import type { ServerFacts } from '../github/enterprise-server.ts';
import type { Product } from '../github/product.ts';
import type { Run } from '../github/workflow-run.ts';
import { formatRepository, isSameRepository, type Repository } from '../image/repository.ts';
import type { Inputs } from '../inputs/publish-inputs.ts';
import { parseImages } from '../metadata/image-names.ts';
import { type RegistryDecision, resolveRegistry } from './registry-decision.ts';
import { resolveRepository } from './repository-decision.ts';

interface Located {
  readonly registry: RegistryDecision;
  readonly repository: Repository;
  readonly notes: readonly string[];
}

/** What to know of a registry that GitHub has given up. */
function notesOnRegistry({ registry }: RegistryDecision): readonly string[] {
  if (registry !== 'docker.pkg.github.com') return [];
  return [
    'GitHub announced that docker.pkg.github.com closes on 2025-02-24. Publish to ghcr.io: leave `registry` out, or set `registry: container`.',
  ];
}

/** A path of a Docker registry has the repository of the source in it already. */
function defaultImage(name: string, { kind }: RegistryDecision, target: string | undefined): string {
  if (target === undefined) return name;
  return kind === 'docker' || name === '' ? target : `${name}/${target}`;
}

/** The one repository that `registry`, `owner` and `image` name, or the run where they say nothing. */
export function locateImage(
  inputs: Pick<Inputs, 'registry' | 'owner' | 'image' | 'bakeTarget'>,
  run: Run,
  product: Product,
  server?: ServerFacts,
): Located {
  const source = run.sourceRepository;
  const registry = resolveRegistry(inputs.registry, product, server);
  const parts = {
    owner: inputs.owner || (source?.owner ?? ''),
    sourceRepository: source?.name ?? '',
    image: inputs.image || defaultImage(source?.name ?? '', registry, inputs.bakeTarget),
  };
  const { notes, ...repository } = resolveRepository(registry, parts);
  return { registry, ...repository, notes: [...notesOnRegistry(registry), ...notes] };
}

/**
 * The repositories that `images` and whole references in `tags` name, each once.
 * @param ofTags those of `tags`
 * @throws InputError IMAGES_INVALID, REGISTRY_INVALID, REPOSITORY_INVALID
 */
export function locateImages(images: string, ofTags: readonly Repository[], product: Product): readonly Located[] {
  const listed = parseImages(images);
  const isListed = (repository: Repository): boolean => listed.some((each) => isSameRepository(each, repository));
  const named = [...listed, ...ofTags.filter((each) => !isListed(each))];
  const once = new Map(named.map((repository) => [formatRepository(repository), repository]));
  return [...once].map(([name, repository]) => {
    const isRepeated = named.filter((other) => formatRepository(other) === name).length > 1;
    const registry = resolveRegistry(repository.registry, product);
    const segments = repository.path.split('/').length;
    const input = isListed(repository) ? '`images`' : '`tags`';
    if (registry.kind === 'docker' && segments !== 3) {
      throw new InputError('REPOSITORY_INVALID', {
        message: `"${repository.path}" in ${input} is not a path of the Docker registry ${repository.registry}: expected OWNER/REPOSITORY/IMAGE.`,
        remedy: 'Give the name all three segments.',
      });
    }
    if (registry.kind === 'container' && segments < 2) {
      throw new InputError('REPOSITORY_INVALID', {
        message: `"${repository.path}" in ${input} is not a path of the Container registry ${repository.registry}: expected OWNER/IMAGE.`,
        remedy: 'Put the owner before the name of the image.',
      });
    }
    const repeated = isRepeated ? [`\`images\` lists ${name} more than once. The image goes there once.`] : [];
    const notes = [...notesOnRegistry(registry), ...repeated];
    return { registry: { ...registry, reason: `${input} names it` }, repository, notes };
  });
}
