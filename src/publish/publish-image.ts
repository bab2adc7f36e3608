/** The use case of a publish, from a plan to its outcome: prepare, build or take the image, push, tag, verify. */

import { setImmediate } from 'node:timers/promises';
import type { BuildRequest } from '../build/build-request.ts';
import type { RunnerFacts } from '../engine/resolve-engine.ts';
import { isIndexMediaType } from '../image/manifest.ts';
import { formatPlatform, type Platform } from '../image/platform.ts';
import { nothingDone, type Outcome } from '../plan/outcome.ts';
import type { Plan, Planned } from '../plan/plan.ts';
import { isNamed, type NamedTarget, reasonForNoTag, type Target } from '../plan/target.ts';
import { ifReadable } from '../registry/read-back.ts';
import { type ImageSummary, summarise } from '../source/image-content.ts';
import { remoteContent } from '../source/remote-image.ts';
import { attestImages } from './attest-image.ts';
import { type BaseImage, readBaseImage, withBase } from './base-image.ts';
import { type ExistingTags, openExistingTags } from './existing-tags.ts';
import type { PublishPorts } from './ports.ts';
import { prepare } from './prepare.ts';
import { readPrevious } from './previous-image.ts';
import { type PublishedContent, readPublishedContent } from './published-content.ts';
import { buildOnly, pushBuiltImage } from './push-built-image.ts';
import { pushSourceImage } from './push-source-image.ts';
import type { PushedImage, PushResult } from './pushed-image.ts';
import { withConsent } from './recheck-permission.ts';
import { stageLeg } from './stage-leg.ts';
import { tagAll } from './tag-and-verify.ts';

/**
 * @throws PublishError; no tag then points at an image that is not whole
 */
export async function publishImage({ plan: planned, describe }: Planned, ports: PublishPorts): Promise<Outcome> {
  const [content, { push, targets }] = await ports.runStage('prepare', 'Prepare', () =>
    Promise.all([readPublishedContent(planned, ports), prepare(planned, describe, ports)]),
  );
  const plan = { ...planned, push };
  const repositories = push.value ? targets.map(({ destination }) => destination.repository) : [];
  return withConsent(repositories, ports.registry, () => publishTo(targets, plan, content, ports));
}

async function publishTo(
  targets: readonly Target[],
  plan: Plan,
  asked: PublishedContent,
  ports: PublishPorts,
): Promise<Outcome> {
  const [main] = targets;
  if (main === undefined) return nothingDone(plan, '`images` enables no repository');
  const { staging } = plan;
  const named = targets.filter(isNamed);
  if (staging === undefined && named.length === 0) return nothingDone(plan, reasonForNoTag(main));

  const done = { ...nothingDone(plan, plan.push.reason), description: main.description };
  if (!plan.push.value) {
    if (asked.request === undefined) return done;
    const { imageId, metadata } = await buildOnly(asked.request, asked.facts, named, ports);
    return { ...done, imageId, metadata };
  }
  const base = await baseOfContent(asked, ports);
  const content =
    asked.request && typeof base === 'object' ? { ...asked, request: withBase(asked.request, base) } : asked;
  const existing = openExistingTags(plan, ports, base);
  // A leg has no tags yet; the merge is going to move those of the plan.
  const mayMove = await existing.ask(targets);
  if (staging !== undefined) {
    const legs = targets.filter(mayMove);
    if (legs.length > 0) return stageLeg(plan, staging, content, legs, ports);
  }
  const moving = named.filter(mayMove);
  // Asked beside the build.
  const [compared] = ports.isCompared ? moving : [];
  const before = compared && readPrevious(compared, ports.registry);
  before?.catch(() => undefined);
  const { images, imageId, metadata } = await produce(plan, content, moving, existing, ports);
  const [first] = images;
  if (first === undefined) return { ...done, imageId, metadata, ...(await existing.describe(targets)) };

  const attested = await attestImages(plan, images, ports);
  // Read beside the tags, which have the connection first.
  const summarised = setImmediate().then(() => summariseImage(content, first, ports));
  summarised.catch(() => undefined);
  await tagAll(plan, ports, images);
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

async function produce(
  plan: Plan,
  content: PublishedContent,
  targets: readonly NamedTarget[],
  existing: ExistingTags,
  ports: PublishPorts,
): Promise<PushResult> {
  if (targets.length === 0) return { images: [], imageId: '', metadata: '' };
  return content.request === undefined
    ? pushSourceImage(plan, content.source, targets, existing, ports)
    : pushBuiltImage(plan, content.request, content.facts, targets, existing, ports);
}

/** The base image that `if-exists` asks about, as it is now; `undefined` if it asks about none, or if nobody knows. */
async function baseOfContent(
  { request }: PublishedContent,
  { registry, log }: PublishPorts,
): Promise<BaseImage | 'unknown' | undefined> {
  return request?.base === undefined ? undefined : readBaseImage(registry, request.base, log.notice);
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
