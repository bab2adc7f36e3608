/** Moves the tags of an image that is whole, and reads each of them back: the same for a publish and a merge. */

import type { StoredManifest } from '../image/manifest.ts';
import { formatDigestReference } from '../image/reference.ts';
import type { Repository } from '../image/repository.ts';
import type { PublicationPlan } from '../plan/plan.ts';
import { ifReadable, verifyBlobs } from '../registry/read-back.ts';
import { readContent } from '../source/image-content.ts';
import { remoteContent } from '../source/remote-image.ts';
import { moveTags, verifyName, verifyTags, widthOfTagging } from './move-tags.ts';
import type { NamingPorts } from './prepare.ts';
import { movedTags, type PushedImage, withMoved } from './pushed-image.ts';

/**
 * Tags one repository after the other.
 * @throws RegistryError as `moveTags`, DIGEST_MISMATCH, BLOB_MISSING, with the tags that have moved in the other repositories
 */
export async function tagAll(
  plan: Pick<PublicationPlan, 'verify'>,
  ports: NamingPorts,
  images: readonly PushedImage[],
): Promise<void> {
  for (const [index, image] of images.entries()) {
    try {
      await tagAndVerify(plan, ports, image);
    } catch (error) {
      throw images.reduce<unknown>((told, other, place) => {
        if (place === index) return told;
        return withMoved(told, other.target, place < index ? other.target.tags : movedTags(other));
      }, error);
    }
  }
}

/** Looks at what was pushed, then moves the tags, then asks for each. */
async function tagAndVerify(
  { verify }: Pick<PublicationPlan, 'verify'>,
  ports: NamingPorts,
  image: PushedImage,
): Promise<void> {
  const { registry, log, runStage } = ports;
  const { target, digest, manifest, unmoved } = image;
  const { repository, registry: decision } = target.destination;
  const noteUnreadable = (): void =>
    log.notice(
      `${repository.registry} lets this login push and not read. ${formatDigestReference(repository, digest)} could not be read back: ${target.tags.join(', ')}.`,
    );
  if (manifest === undefined) {
    noteUnreadable();
    return;
  }
  const isReadable =
    verify === 'off' || (await ifReadable(() => verifyBefore(verify, ports, image, manifest))) !== 'unreadable';
  if (unmoved.length > 0) {
    const how = { there: movedTags(image), width: widthOfTagging(decision.kind) };
    await runStage('tag', 'Tag', () =>
      moveTags(registry, repository, manifest, unmoved, how, (line) => log.info(line)),
    );
  }
  if (!isReadable) noteUnreadable();
  if (verify === 'off' || !isReadable) return;
  await runStage('verify', 'Verify', async () => {
    await verifyTags(registry, repository, digest, unmoved);
    log.info(`Verified ${formatDigestReference(repository, digest)}: ${target.tags.join(', ')}`);
  });
}

/** What is looked at before a tag moves. */
async function verifyBefore(
  verify: Exclude<PublicationPlan['verify'], 'off'>,
  ports: NamingPorts,
  { target: { destination }, isSeen }: PushedImage,
  manifest: StoredManifest,
): Promise<void> {
  const { repository } = destination;
  if (verify === 'blobs') {
    await ports.runStage('verify', 'Verify the blobs', () => verifyContent(ports, repository, manifest));
  }
  if (!isSeen) await verifyName(ports.registry, repository, manifest.digest, manifest.digest);
}

async function verifyContent(
  { registry, log }: NamingPorts,
  repository: Repository,
  manifest: StoredManifest,
): Promise<void> {
  const { digest } = manifest;
  const { blobs } = await readContent(remoteContent(registry, repository, manifest));
  const digests = blobs.map((blob) => blob.digest);
  await verifyBlobs(registry, repository, digest, digests);
  log.info(`Verified ${blobs.length} blobs of ${formatDigestReference(repository, digest)}`);
}
