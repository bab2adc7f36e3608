/** Our own client copies an image into its repositories, under no tag: in the form that each registry takes. */

import { RegistryError } from '../errors.ts';
import { mediaTypes, type StoredManifest, storedManifest } from '../image/manifest.ts';
import { formatRepository, isSameRepository } from '../image/repository.ts';
import { formatSource, type SourceSpec } from '../image/transport.ts';
import type { PlannedSource } from '../plan/plan.ts';
import type { Target } from '../plan/target.ts';
import { asSchema2, readContent } from '../source/image-content.ts';
import type { ImageSource } from '../source/image-source.ts';
import type { PublishPorts } from './ports.ts';
import type { PushedImage } from './pushed-image.ts';
import { checkLimits } from './registry-limits.ts';
import { copyReferrers, pushImage } from './upload-image.ts';

/**
 * @returns one image a target, in their order
 * @throws InputError SOURCE_*, LAYER_TOO_LARGE, LAYER_FOREIGN, INDEX_UNSUPPORTED; RegistryError MEDIA_TYPE_UNSUPPORTED,
 *   PUSH_DENIED, DIGEST_MISMATCH, REGISTRY_*
 */
export async function pushByClient(
  source: PlannedSource,
  targets: readonly Target[],
  ports: PublishPorts,
): Promise<readonly PushedImage[]> {
  return ports.runStage('push', 'Push', () => copyTo(source, targets, ports));
}

async function copyTo(
  { spec, referrers }: PlannedSource,
  targets: readonly Target[],
  { registry, source: sources, log }: PublishPorts,
): Promise<readonly PushedImage[]> {
  const source = await sources.open(spec);
  try {
    const content = await readContent(source);
    log.info(`Source: ${formatSource(spec)} is ${source.root.digest}`);
    const { otherPlatforms = [] } = source;
    if (otherPlatforms.length > 0) log.warning(describeLeftOut(spec, otherPlatforms, targets));
    for (const { destination } of targets) {
      for (const warning of checkLimits(content, destination.registry.kind, destination.repository))
        log.warning(warning);
    }
    const from = source.repository;
    const isFrom = ({ destination }: Target): boolean =>
      from !== undefined && isSameRepository(destination.repository, from);
    const images = targets.map((target) => {
      const manifest = formFor(target, source);
      return {
        target,
        digest: manifest.digest,
        manifest,
        unmoved: target.tags,
        // The Docker registry finds no manifest by its digest, so there is nothing to ask.
        isSeen: isDockerRegistry(target) || isFrom(target),
      };
    });
    for (const target of targets) {
      const { repository } = target.destination;
      const byDigest = !isDockerRegistry(target);
      const nearest = nearestTo(target, source, targets);
      await pushImage(registry, nearest, repository, { content, byDigest, log: (line) => log.info(line) });
      if (!referrers || from === undefined || isFrom(target)) continue;
      const count = await copyReferrers(registry, from, repository, content.manifests);
      log.info(`${formatRepository(repository)}: copied manifests that refer to the image: ${count}`);
    }
    return images;
  } finally {
    await source.close();
  }
}

function isDockerRegistry({ destination }: Target): boolean {
  return destination.registry.kind === 'docker';
}

/**
 * The source; if it is not in the target's registry, an earlier target there, which has the image by now. The registry then
 * mounts the blobs from it.
 */
function nearestTo(target: Target, source: ImageSource, targets: readonly Target[]): ImageSource {
  const { repository } = target.destination;
  if (source.repository?.registry === repository.registry) return source;
  const [earlier] = targets.flatMap(({ destination }) =>
    destination.repository.registry === repository.registry ? [destination.repository] : [],
  );
  return earlier === undefined || isSameRepository(earlier, repository) ? source : { ...source, repository: earlier };
}

/** What of an image stays behind where a tool saved it in two forms, of which one has a single platform. */
function describeLeftOut(spec: SourceSpec, platforms: readonly string[], targets: readonly Target[]): string {
  const isFile = spec.kind === 'docker-archive';
  const reason = targets.every(isDockerRegistry)
    ? 'a Docker registry takes one image.'
    : `${isFile ? 'name the file' : 'write it with `docker save` and name the file'} \`oci-archive:\` in \`source\` to publish all of it.`;
  return `${formatSource(spec)} has ${platforms.join(', ')} as well, which is not published: ${reason}`;
}

/** The manifest as it is, but in the one form that the Docker registry takes. */
function formFor(target: Target, { root }: ImageSource): StoredManifest {
  if (!isDockerRegistry(target)) return root;
  const bytes = asSchema2(root);
  if (bytes !== undefined) return storedManifest(bytes, mediaTypes.dockerManifest);
  throw new RegistryError('MEDIA_TYPE_UNSUPPORTED', {
    message: `${root.digest} (${root.mediaType}) cannot go to ${formatRepository(target.destination.repository)}: the Docker registry takes Docker’s schema 2 with gzip layers only.`,
    remedy:
      'Publish to the Container registry (`registry: container`), or build the image with gzip layers; what `docker save` wrote gets them where `source` names it `docker-archive:`.',
  });
}
