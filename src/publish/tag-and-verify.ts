/** Moves the tags of an image that is whole, and reads each of them back: the same for a publish and a merge. */

import { formatDigestReference } from '../image/reference.ts';
import type { PublicationPlan } from '../plan/plan.ts';
import { readContent } from '../source/image-content.ts';
import { remoteContent } from '../source/remote-image.ts';
import { moveTags, verifyBlobs, verifyName, verifyTags, widthOfTagging } from './move-tags.ts';
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
  plan: Pick<PublicationPlan, 'verify'>,
  ports: NamingPorts,
  image: PushedImage,
): Promise<void> {
  const { registry, log, runStage } = ports;
  const { target, manifest, unmoved, isSeen } = image;
  const { repository, registry: decision } = target.destination;
  const { digest } = manifest;
  if (plan.verify === 'blobs') await runStage('verify', 'Verify the blobs', () => verifyContent(ports, image));
  if (plan.verify !== 'off' && !isSeen) await verifyName(registry, repository, digest, digest);
  if (unmoved.length > 0) {
    const how = { there: movedTags(image), width: widthOfTagging(decision.kind) };
    await runStage('tag', 'Tag', () =>
      moveTags(registry, repository, manifest, unmoved, how, (line) => log.info(line)),
    );
  }
  if (plan.verify === 'off') return;
  await runStage('verify', 'Verify', async () => {
    await verifyTags(registry, repository, digest, unmoved);
    log.info(`Verified ${formatDigestReference(repository, digest)}: ${target.tags.join(', ')}`);
  });
}

async function verifyContent({ registry, log }: NamingPorts, { target, manifest }: PushedImage): Promise<void> {
  const { repository } = target.destination;
  const { digest } = manifest;
  const { blobs } = await readContent(remoteContent(registry, repository, manifest));
  const digests = blobs.map((blob) => blob.digest);
  await verifyBlobs(registry, repository, digest, digests);
  log.info(`Verified ${blobs.length} blobs of ${formatDigestReference(repository, digest)}`);
}
