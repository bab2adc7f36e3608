/**
 * The use case: log in, produce, push, verify, tag. What is to happen is in the plan; how is in the ports.
 */

import { setImmediate } from 'node:timers/promises';
import type { RunnerFacts } from '../engine/resolve-engine.ts';
import { isIndexMediaType } from '../image/manifest.ts';
import { formatPlatform } from '../image/platform.ts';
import { nothingDone, type Outcome } from '../plan/outcome.ts';
import type { Plan, Planned } from '../plan/plan.ts';
import { type ImageSummary, summarise } from '../source/image-content.ts';
import { remoteContent } from '../source/remote-image.ts';
import { confirmWith, describeExisting } from './existing-tags.ts';
import type { PublishPorts } from './ports.ts';
import { prepare } from './prepare.ts';
import { placeBuilt } from './push-built-image.ts';
import { placeSource } from './push-source-image.ts';
import { withConsent } from './recheck-permission.ts';
import { stage } from './stage-leg.ts';
import { tagAll } from './tag-and-verify.ts';
import { type Confirm, type Placed, type Produced, reasonForNothing, type Target } from './target.ts';

/**
 * @throws PublishError; no tag then points at an image that is not whole
 */
export async function publish({ plan: planned, describe }: Planned, ports: PublishPorts): Promise<Outcome> {
  const [facts, { push, targets }] = await ports.runStage('prepare', 'Prepare', () =>
    Promise.all([
      planned.source === undefined ? ports.engine.readFacts() : undefined,
      prepare(planned, describe, ports),
    ]),
  );
  const plan = { ...planned, push: { ...planned.push, ...push } };
  const repositories = plan.push.value ? targets.map(({ repository }) => repository) : [];
  return withConsent(repositories, ports.registry, () => publishTo(targets, plan, facts, ports));
}

async function publishTo(
  targets: readonly Target[],
  plan: Plan,
  facts: RunnerFacts | undefined,
  ports: PublishPorts,
): Promise<Outcome> {
  const [main] = targets;
  if (main === undefined) return nothingDone(plan, '`images` enables no repository');
  const { staging } = plan;
  const isNamed = staging !== undefined || targets.some(({ tags }) => tags.length > 0);
  const reason = isNamed ? undefined : reasonForNothing(main);
  if (reason !== undefined) return nothingDone(plan, reason);

  const done = { ...nothingDone(plan, plan.push.reason), description: main.description };
  const { confirm, existing } = confirmWith(plan, ports);
  // Where all tags are held there is nothing to move; a leg has no tags yet.
  const tagged = staging === undefined ? targets.filter(({ tags }) => tags.length > 0) : targets;
  const wanted = plan.push.value ? await confirm(tagged) : tagged;
  if (staging !== undefined && plan.push.value && wanted.length > 0) {
    return await stage({ ...plan, staging }, facts, wanted, ports);
  }
  const { placed, imageId, metadata } = await produce(plan, facts, wanted, confirm, ports);
  const [first] = placed;
  if (first === undefined) {
    return { ...done, imageId, metadata, ...(await describeExisting(existing, targets, ports)) };
  }

  // Read beside the tags, which have the connection first.
  const summarised = setImmediate().then(() => summariseImage(plan, facts, first, ports));
  summarised.catch(() => undefined);
  await tagAll(plan, ports, placed);
  const summary = await summarised;
  const { manifest } = first;
  const { digest } = manifest;
  const places = placed.map(({ target }) => target);
  const { description } = first.target;
  const published = { published: true, reason: '', places, description, digest, manifest, metadata };
  return { ...done, ...summary, ...published, imageId: imageId || summary.imageId };
}

async function produce(
  plan: Plan,
  facts: RunnerFacts | undefined,
  targets: readonly Target[],
  confirm: Confirm,
  ports: PublishPorts,
): Promise<Produced> {
  if (targets.length === 0) return { placed: [], imageId: '', metadata: '' };
  if (facts !== undefined) return placeBuilt(plan, facts, targets, confirm, ports);
  if (plan.source === undefined || !plan.push.value) return { placed: [], imageId: '', metadata: '' };
  return placeSource(plan.source, targets, confirm, ports);
}

/** What a build's own decisions do not tell is read from the image. */
async function summariseImage(
  plan: Plan,
  facts: RunnerFacts | undefined,
  { target, manifest }: Placed,
  { registry }: PublishPorts,
): Promise<ImageSummary> {
  const platform = plan.build.platforms[0] ?? facts?.docker?.platform ?? facts?.podman?.platform;
  if (platform !== undefined && facts !== undefined && !isIndexMediaType(manifest.mediaType)) {
    return { platforms: { [formatPlatform(platform)]: manifest.digest }, imageId: '' };
  }
  return summarise(remoteContent(registry, target.repository, manifest));
}
