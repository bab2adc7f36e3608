/** Moves the tags that are left, and reads each of them back. */

import { formatDigestReference } from '../image/reference.ts';
import type { PublicationPlan } from '../plan/plan.ts';
import { readContent } from '../source/image-content.ts';
import { remoteContent } from '../source/remote-image.ts';
import { mismatch, moveTags, verifyBlobs, verifyTags, widthOfTagging } from './move-tags.ts';
import type { NamingPorts } from './prepare.ts';
import { movedOf, type Placed, withMoved } from './target.ts';

/**
 * One repository after the other.
 * @throws PublishError as `tagAndVerify`, with what stands in the other repositories by then
 */
export async function tagAll(
  plan: Pick<PublicationPlan, 'verify'>,
  ports: NamingPorts,
  placed: readonly Placed[],
): Promise<void> {
  const finished: Placed[] = [];
  for (const each of placed) {
    try {
      await tagAndVerify(plan, ports, each);
    } catch (error) {
      const others = placed.filter((one) => one !== each);
      throw others.reduce<unknown>(
        (told, other) => withMoved(told, other.target, finished.includes(other) ? other.target.tags : movedOf(other)),
        error,
      );
    }
    finished.push(each);
  }
}

/** Looks at what was pushed, then moves the tags, then asks for each. */
async function tagAndVerify(plan: Pick<PublicationPlan, 'verify'>, ports: NamingPorts, placed: Placed): Promise<void> {
  const { registry, log, runStage } = ports;
  const { target, manifest, unmoved, isSeen } = placed;
  const { repository, tags } = target;
  const { digest } = manifest;
  if (plan.verify === 'blobs') await runStage('verify', 'Verify the blobs', () => verifyContent(ports, placed));
  if (plan.verify !== 'off' && !isSeen) {
    const found = await registry.headManifest(repository, digest);
    if (found?.digest !== digest) throw mismatch(repository, digest, digest, found?.digest);
  }
  if (unmoved.length > 0) {
    const how = { there: movedOf(placed), width: widthOfTagging(target.kind) };
    await runStage('tag', 'Tag', () =>
      moveTags(registry, repository, manifest, unmoved, how, (line) => log.info(line)),
    );
  }
  if (plan.verify === 'off') return;
  await runStage('verify', 'Verify', async () => {
    await verifyTags(registry, repository, digest, unmoved);
    log.info(`Verified ${formatDigestReference(repository, digest)}: ${tags.join(', ')}`);
  });
}

async function verifyContent({ registry, log }: NamingPorts, { target, manifest }: Placed): Promise<void> {
  const { repository } = target;
  const { digest } = manifest;
  const { blobs } = await readContent(remoteContent(registry, repository, manifest));
  await verifyBlobs(
    registry,
    repository,
    digest,
    blobs.map((blob) => blob.digest),
  );
  log.info(`Verified ${blobs.length} blobs of ${formatDigestReference(repository, digest)}`);
}
