/** Our own client brings an opened image into its repositories. */

import { RegistryError } from '../errors.ts';
import { mediaTypes, type StoredManifest, storedManifest } from '../image/manifest.ts';
import { formatRepository } from '../image/repository.ts';
import { formatSource, type SourceSpec } from '../image/transport.ts';
import type { PlannedSource } from '../plan/plan.ts';
import { asSchema2, readContent } from '../source/image-content.ts';
import type { ImageSource } from '../source/image-source.ts';
import type { PublishPorts } from './ports.ts';
import { checkLimits } from './registry-limits.ts';
import type { Placed, Target } from './target.ts';
import { copyReferrers, pushImage } from './upload-image.ts';

/** Takes an image from where it is, by our own client and under no tag. */
export async function placeOpened(
  planned: PlannedSource,
  targets: readonly Target[],
  ports: PublishPorts,
): Promise<readonly Placed[]> {
  return ports.runStage('push', 'Push', () => copyTo(planned, targets, ports));
}

async function copyTo(
  { spec, referrers }: PlannedSource,
  targets: readonly Target[],
  { registry, source: sources, log }: PublishPorts,
): Promise<readonly Placed[]> {
  const source = await sources.open(spec);
  try {
    const content = await readContent(source);
    log.info(`Source: ${formatSource(spec)} is ${source.root.digest}`);
    const { otherPlatforms = [] } = source;
    if (otherPlatforms.length > 0) log.warning(describeLeftOut(spec, otherPlatforms, targets));
    for (const { kind, repository } of targets) {
      for (const warning of checkLimits(content, kind, repository)) log.warning(warning);
    }
    const origin = source.repository && formatRepository(source.repository);
    const isFrom = ({ repository }: Target): boolean => formatRepository(repository) === origin;
    const placed = targets.map((target) => ({
      target,
      manifest: formFor(target, source),
      unmoved: target.tags,
      // The Docker registry knows no digests to ask for.
      isSeen: target.kind === 'docker' || isFrom(target),
    }));
    for (const { target } of placed) {
      const byDigest = target.kind !== 'docker';
      const nearest = nearestTo(target, source, targets);
      await pushImage(registry, nearest, target.repository, { content, byDigest, log: (line) => log.info(line) });
      if (!referrers || source.repository === undefined || isFrom(target)) continue;
      const count = await copyReferrers(registry, source.repository, target.repository, content.manifests);
      log.info(`${formatRepository(target.repository)}: manifests that refer to it, brought along: ${count}`);
    }
    return placed;
  } finally {
    await source.close();
  }
}

/** The same source; where its registry is another, an earlier target of the same registry gives what it has got by then. */
function nearestTo({ repository }: Target, source: ImageSource, targets: readonly Target[]): ImageSource {
  if (source.repository?.registry === repository.registry) return source;
  const earlier = targets.find((each) => each.repository.registry === repository.registry);
  return earlier === undefined || earlier.repository === repository
    ? source
    : { ...source, repository: earlier.repository };
}

/** What of an image stays behind where a tool saved it in two forms, of which one has a single platform. */
function describeLeftOut(spec: SourceSpec, platforms: readonly string[], targets: readonly Target[]): string {
  const isFile = spec.kind === 'docker-archive';
  const reason = targets.every(({ kind }) => kind === 'docker')
    ? 'a Docker registry takes one image.'
    : `${isFile ? 'name the file' : 'write it with `docker save` and name the file'} \`oci-archive:\` in \`source\` to publish all of it.`;
  return `${formatSource(spec)} has ${platforms.join(', ')} as well, which is not published: ${reason}`;
}

/** The manifest as it is, but in the one form that the Docker registry takes. */
function formFor({ kind, repository }: Target, { root }: ImageSource): StoredManifest {
  if (kind !== 'docker') return root;
  const bytes = asSchema2(root);
  if (bytes !== undefined) return storedManifest(bytes, mediaTypes.dockerManifest);
  throw new RegistryError('MEDIA_TYPE_UNSUPPORTED', {
    message: `${root.digest} (${root.mediaType}) cannot go to ${formatRepository(repository)}: the Docker registry takes Docker’s schema 2 with gzip layers only.`,
    remedy:
      'Publish to the Container registry (`registry: container`), or build the image with gzip layers; what `docker save` wrote gets them where `source` names it `docker-archive:`.',
  });
}
