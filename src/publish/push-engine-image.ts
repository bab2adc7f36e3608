/** Pushes an image that an engine has: the engine does it under the version tag, or our own client reads it from the engine. */

import type { Digest } from '../image/digest.ts';
import { formatTagReference } from '../image/reference.ts';
import type { EngineImage } from '../image/transport.ts';
import { isSameTarget, type NamedTarget } from '../plan/target.ts';
import { findPushed, ifReadable } from '../registry/read-back.ts';
import { copyToOthers } from './copy-to-others.ts';
import type { ExistingTags } from './existing-tags.ts';
import { mismatch } from './move-tags.ts';
import type { PublishPorts } from './ports.ts';
import { pushByClient } from './push-by-client.ts';
import { mainReference, type PushedImage, type PushResult } from './pushed-image.ts';

/**
 * Reads what the registry has under the version tag since an engine pushed it, as soon as it shows the push.
 * @param pushAgain pushes the image under further names, for a login that may push and not read. Our own client cannot
 *   read the manifest then, and so cannot write it under each tag
 * @throws RegistryError DIGEST_MISMATCH
 */
export async function readBack(
  target: NamedTarget,
  digest: Digest,
  { registry }: Pick<PublishPorts, 'registry'>,
  pushAgain: (references: readonly string[]) => Promise<unknown>,
): Promise<PushedImage> {
  const { repository } = target.destination;
  const [tag, ...unmoved] = target.tags;
  const manifest = await ifReadable(() => findPushed(registry, repository, tag, digest));
  if (manifest === 'unreadable') {
    if (unmoved.length > 0) await pushAgain(unmoved.map((each) => formatTagReference(repository, each)));
    return { target, digest, manifest: undefined, unmoved: [], isSeen: true };
  }
  if (manifest?.digest !== digest) throw mismatch(repository, tag, digest, manifest?.digest);
  return { target, digest, manifest, unmoved, isSeen: true };
}

/**
 * The Docker engine pushes its images itself, except to a Docker registry, which new engines cannot push to. Images of Podman
 * may be an index, so our own client pushes them.
 * @throws InputError SOURCE_MISSING; PermissionError PUSH_DENIED; ToolError PUSH_FAILED; RegistryError
 */
export async function pushEngineImage(
  image: EngineImage,
  targets: readonly NamedTarget[],
  existing: ExistingTags,
  ports: PublishPorts,
): Promise<PushResult> {
  const { log, source, runStage } = ports;
  const imageId = image.kind === 'docker-daemon' ? await source.readImageId(image) : image.image;
  const mayMove = await existing.ask(targets);
  const confirmed = targets.filter(mayMove);
  const isByClient = ({ destination: { registry } }: NamedTarget): boolean =>
    registry.kind === 'docker' || image.kind !== 'docker-daemon';
  const pushByEngine = async (target: NamedTarget): Promise<PushedImage> => {
    const reference = mainReference(target);
    const digest = await runStage('push', `Push of ${reference}`, () => source.pushFromDaemon(imageId, reference));
    const pushAgain = async (references: readonly string[]): Promise<void> => {
      for (const each of references) await source.pushFromDaemon(imageId, each);
    };
    return readBack(target, digest, ports, pushAgain);
  };
  const [main, ...further] = confirmed.filter((each) => !isByClient(each));
  const first = main && (await pushByEngine(main));
  const byEngine = first === undefined ? [] : [first, ...(await copyToOthers(first, further, ports, pushByEngine))];
  const others = confirmed.filter(isByClient);
  if (others.some(({ destination: { registry } }) => registry.kind === 'docker')) {
    log.info(
      "This action uploads the image itself, because newer Docker engines cannot push to GitHub's Docker registry.",
    );
  }
  const byClient = others.length === 0 ? [] : await pushByClient({ spec: image, referrers: false }, others, ports);
  const pushed = [...byEngine, ...byClient];
  const images = confirmed.flatMap((target) => pushed.filter((each) => isSameTarget(each.target, target)));
  return { images, imageId, metadata: '' };
}
