/** The steps of a publish that are the same for one image and for the images of a bake file. */

import { setImmediate } from 'node:timers/promises';
import type { BuildRequest } from '../build/build-request.ts';
import type { RunnerFacts } from '../engine/resolve-engine.ts';
import { isIndexMediaType } from '../image/manifest.ts';
import { formatPlatform, type Platform } from '../image/platform.ts';
import type { Attested, Outcome, PreviousImage } from '../plan/outcome.ts';
import type { Plan } from '../plan/plan.ts';
import type { NamedTarget, Target } from '../plan/target.ts';
import { ifReadable } from '../registry/read-back.ts';
import { type ImageSummary, summarise } from '../source/image-content.ts';
import { remoteContent } from '../source/remote-image.ts';
import { type BaseImage, readBaseImage, withBase } from './base-image.ts';
import { type ExistingTags, type MayMove, openExistingTags } from './existing-tags.ts';
import type { PublishPorts } from './ports.ts';
import { readPrevious } from './previous-image.ts';
import type { PublishedContent } from './published-content.ts';
import type { PushedImage, PushResult } from './pushed-image.ts';

/** What the registries say of an image before it is made. */
export interface Asked<Content extends PublishedContent> {
  /** With the base image, if `if-exists` asks for it. */
  readonly content: Content;
  readonly existing: ExistingTags;
  readonly mayMove: MayMove;
}

/** @throws InputError TAG_EXISTS; RegistryError */
export async function askRegistries<Content extends PublishedContent>(
  targets: readonly Target[],
  plan: Pick<Plan, 'ifExists'>,
  asked: Content,
  ports: PublishPorts,
): Promise<Asked<Content>> {
  const base = await baseOfContent(asked, ports);
  const content =
    asked.request && typeof base === 'object' ? { ...asked, request: withBase(asked.request, base) } : asked;
  const existing = openExistingTags(plan, ports, base);
  // A leg has no tags yet; the merge is going to move those of the plan.
  return { content, existing, mayMove: await existing.ask(targets) };
}

/** The base image that `if-exists` asks about, as it is now; `undefined` if it asks about none, or if nobody knows. */
async function baseOfContent(
  { request }: PublishedContent,
  { registry, log }: PublishPorts,
): Promise<BaseImage | 'unknown' | undefined> {
  return request?.base === undefined ? undefined : readBaseImage(registry, request.base, log.notice);
}

/** Begins to read what an image comes after, beside the build; `undefined` if nobody is going to compare them. */
export function readBefore(
  [compared]: readonly NamedTarget[],
  { isCompared, registry }: PublishPorts,
): Promise<PreviousImage | undefined> | undefined {
  if (isCompared !== true || compared === undefined) return undefined;
  const before = readPrevious(compared, registry);
  before.catch(() => undefined);
  return before;
}

/** Begins to look at an image that is whole. It is read beside the tags, which have the connection first. */
export function summariseBeside(
  content: PublishedContent,
  [first]: readonly PushedImage[],
  ports: PublishPorts,
): Promise<ImageSummary> {
  const summarised = setImmediate().then(() =>
    first === undefined ? { platforms: {}, imageId: '' } : summariseImage(content, first, ports),
  );
  summarised.catch(() => undefined);
  return summarised;
}

/** The platform of a build of one. */
function builtPlatform({ platforms }: BuildRequest, { docker, podman }: RunnerFacts): Platform | undefined {
  return platforms[0] ?? docker?.platform ?? podman?.platform;
}

/** A build of one platform is known from its own decisions; anything else is read from the image. */
async function summariseImage(
  content: PublishedContent,
  { target, manifest }: PushedImage,
  { registry }: PublishPorts,
): Promise<ImageSummary> {
  const unknown = { platforms: {}, imageId: '' };
  if (manifest === undefined) return unknown;
  const platform = content.request && builtPlatform(content.request, content.facts);
  if (platform !== undefined && !isIndexMediaType(manifest.mediaType)) {
    return { platforms: { [formatPlatform(platform)]: manifest.digest }, imageId: '' };
  }
  const image = remoteContent(registry, target.destination.repository, manifest);
  const summary = await ifReadable(() => summarise(image));
  return summary === 'unreadable' ? unknown : summary;
}

/** The outcome of an image that was not pushed, since its version already exists. */
export async function outcomeWithout(
  done: Outcome,
  { imageId, metadata }: Pick<PushResult, 'imageId' | 'metadata'>,
  existing: ExistingTags,
  targets: readonly Target[],
): Promise<Outcome> {
  return { ...done, imageId, metadata, ...(await existing.describe(targets)) };
}

/** What was found out beside the push. */
interface Beside {
  readonly attested: readonly Attested[];
  readonly summarised: Promise<ImageSummary>;
  readonly before: Promise<PreviousImage | undefined> | undefined;
}

/** The outcome of an image that is published, with its tags. */
export async function outcomeOf(
  plan: Pick<Plan, 'attested'>,
  done: Outcome,
  { images, imageId, metadata }: PushResult,
  { attested, summarised, before }: Beside,
): Promise<Outcome> {
  const [first] = images;
  if (first === undefined) return done;
  const [summary, previous] = await Promise.all([summarised, before]);
  const { manifest, digest, target } = first;
  const moved = images.map((each) => each.target);
  const published = { published: true, reason: '', targets: moved, digest, ...(manifest && { manifest }) };
  const { description } = target;
  return {
    ...{ ...done, ...summary, ...published, description, metadata, imageId: imageId || summary.imageId },
    ...(plan.attested && { attested }),
    ...(previous && { previous }),
  };
}
