/** The use case of a publish, from a plan to its outcome: prepare, build or take the image, push, tag, verify. */

import { nothingDone, type Outcome } from '../plan/outcome.ts';
import type { Plan, Planned } from '../plan/plan.ts';
import { isNamed, type NamedTarget, reasonForNoTag, type Target } from '../plan/target.ts';
import { attestImages } from './attest-image.ts';
import type { ExistingTags } from './existing-tags.ts';
import { askRegistries, outcomeOf, outcomeWithout, readBefore, summariseBeside } from './image-steps.ts';
import type { PublishPorts } from './ports.ts';
import { prepare } from './prepare.ts';
import { type PublishedContent, readPublishedContent } from './published-content.ts';
import { buildOnly, pushBuiltImage } from './push-built-image.ts';
import { pushSourceImage } from './push-source-image.ts';
import type { PushResult } from './pushed-image.ts';
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
  const { content, existing, mayMove } = await askRegistries(targets, plan, asked, ports);
  if (staging !== undefined) {
    const legs = targets.filter(mayMove);
    if (legs.length > 0) return stageLeg(plan, staging, content, legs, ports);
  }
  const moving = named.filter(mayMove);
  const before = readBefore(moving, ports);
  const pushed = await produce(plan, content, moving, existing, ports);
  const { images } = pushed;
  if (images.length === 0) return outcomeWithout(done, pushed, existing, targets);

  const attested = await attestImages(plan, images, ports);
  const summarised = summariseBeside(content, images, ports);
  await tagAll(plan, ports, images);
  return outcomeOf(plan, done, pushed, { attested, summarised, before });
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
