/** Moves the tags of an image that is whole, and reads each of them back: the same for a publish and a merge. */

import type { StoredManifest } from '../image/manifest.ts';
import { formatDigestReference } from '../image/reference.ts';
import type { Repository } from '../image/repository.ts';
import type { Tag } from '../image/tag.ts';
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
  plan: Pick<PublicationPlan, 'verify'>,
  ports: NamingPorts,
  image: PushedImage,
): Promise<void> {
  const looked = await lookAt(plan, ports, image);
  await move(ports, looked, image.unmoved, movedTags(image));
  await verifyMoved(plan, ports, looked);
}

/**
 * Tags several images of one step. All are whole and looked at before the first tag moves. Then the tags move, image by image, and
 * `latest` moves last of all.
 * @throws RegistryError as `tagAll`
 */
export async function tagTogether(
  plan: Pick<PublicationPlan, 'verify'>,
  ports: NamingPorts,
  images: readonly PushedImage[],
): Promise<void> {
  const looked: LookedAt[] = [];
  for (const image of images) looked.push(await lookAt(plan, ports, image));
  const moved = new Map(images.map((image) => [image, movedTags(image)]));
  for (const isLast of [false, true]) {
    for (const each of looked) {
      const { image } = each;
      const there = moved.get(image) ?? [];
      const isTurn = (tag: Tag): boolean => isLatest(image, tag) === isLast;
      const later = isLast ? [] : image.unmoved.filter((tag) => isLatest(image, tag));
      try {
        const tags = image.unmoved.filter(isTurn);
        await move(ports, each, tags, there, later);
        moved.set(image, [...there, ...tags]);
      } catch (error) {
        throw images.reduce<unknown>(
          (told, other) => (other === image ? told : withMoved(told, other.target, moved.get(other) ?? [])),
          error,
        );
      }
    }
  }
  for (const each of looked) await verifyMoved(plan, ports, each);
}

function isLatest({ target }: PushedImage, tag: Tag): boolean {
  return target.description.tags.some((each) => each.tag === tag && each.kind === 'latest');
}

/** An image, and whether this login may read it. */
interface LookedAt {
  readonly image: PushedImage;
  readonly isReadable: boolean;
}

async function lookAt(
  { verify }: Pick<PublicationPlan, 'verify'>,
  ports: NamingPorts,
  image: PushedImage,
): Promise<LookedAt> {
  const { manifest } = image;
  if (manifest === undefined) return { image, isReadable: false };
  const isReadable =
    verify === 'off' || (await ifReadable(() => verifyBefore(verify, ports, image, manifest))) !== 'unreadable';
  return { image, isReadable };
}

/**
 * @param there the tags that point at the image by now
 * @param later the tags that move in another turn
 */
async function move(
  { registry, log, runStage }: NamingPorts,
  { image: { target, manifest } }: LookedAt,
  tags: readonly Tag[],
  there: readonly Tag[],
  later: readonly Tag[] = [],
): Promise<void> {
  if (manifest === undefined || tags.length === 0) return;
  const { repository, registry: decision } = target.destination;
  const how = { there, later, width: widthOfTagging(decision.kind) };
  await runStage('tag', 'Tag', () => moveTags(registry, repository, manifest, tags, how, (line) => log.info(line)));
}

async function verifyMoved(
  { verify }: Pick<PublicationPlan, 'verify'>,
  { registry, log, runStage }: NamingPorts,
  { image: { target, digest, unmoved }, isReadable }: LookedAt,
): Promise<void> {
  const { repository } = target.destination;
  const reference = formatDigestReference(repository, digest);
  const tags = target.tags.join(', ');
  if (!isReadable) {
    log.notice(
      `${repository.registry} lets this login push and not read. ${reference} could not be read back: ${tags}.`,
    );
    return;
  }
  if (verify === 'off') return;
  await runStage('verify', 'Verify', async () => {
    await verifyTags(registry, repository, digest, unmoved);
    log.info(`Verified ${reference}: ${tags}`);
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
