/**
 * The use case of a bake file: its targets are built together, and each is published as an image of its own. No tag moves before all
 * of them are whole in their repositories.
 */

import type { BuildRequest } from '../build/build-request.ts';
import type { EngineDecision, RunnerFacts } from '../engine/resolve-engine.ts';
import type { Attested, Outcome, PreviousImage } from '../plan/outcome.ts';
import { nothingDone } from '../plan/outcome.ts';
import type { Plan, PlannedBake, PlannedTarget, PushDecision } from '../plan/plan.ts';
import { isNamed, type NamedTarget, reasonForNoTag, type Target } from '../plan/target.ts';
import type { ImageSummary } from '../source/image-content.ts';
import { attestImages } from './attest-image.ts';
import type { TargetBuild } from './bake-by-digest.ts';
import { chooseBuilder } from './choose-builder.ts';
import type { ExistingTags } from './existing-tags.ts';
import { askRegistries, outcomeOf, outcomeWithout, readBefore, summariseBeside } from './image-steps.ts';
import type { PublishPorts } from './ports.ts';
import { logIn, prepareTargets } from './prepare.ts';
import { takeUntagged } from './push-built-image.ts';
import { mainReference, type PushResult } from './pushed-image.ts';
import { withConsent } from './recheck-permission.ts';
import { tagTogether } from './tag-and-verify.ts';

/** A target with what its registries answered. */
interface Prepared {
  readonly planned: PlannedTarget;
  readonly plan: PlannedTarget['plan'];
  readonly targets: readonly Target[];
  readonly named: readonly NamedTarget[];
  /** What comes of it if nothing is published. */
  readonly done: Outcome;
}

/** A target before it is built. */
interface Considered extends Prepared {
  readonly request: BuildRequest;
  readonly existing: ExistingTags;
  readonly moving: readonly NamedTarget[];
  readonly before: Promise<PreviousImage | undefined> | undefined;
}

/** A target that was built and pushed. */
interface Pushed extends Considered {
  readonly pushed: PushResult;
}

/**
 * @param plan the one around the targets
 * @returns the outcome of the first target, with those of all
 * @throws PublishError; a build that failed has moved no tag
 */
export async function publishBake(plan: Plan, bake: PlannedBake, ports: PublishPorts): Promise<Outcome> {
  const { registry, runStage } = ports;
  const [facts, prepared] = await runStage('prepare', 'Prepare', async () => {
    const plans = bake.targets.map((target) => target.plan);
    const asked = prepareAll(bake, ports);
    const [known, all] = await Promise.all([readFacts(plan, bake, ports), asked, logIn(plans, ports, asked)]);
    return [known, all] as const;
  });
  const pushing = prepared.filter((each) => each.plan.push.value);
  const repositories = pushing.flatMap(({ targets }) => targets.map(({ destination }) => destination.repository));
  const outcomes = await withConsent(repositories, registry, () => publishAll(prepared, bake, facts, ports));
  const [first] = outcomes;
  if (first === undefined) throw new Error('a bake without a target was planned');
  return { ...first, published: outcomes.some(({ published }) => published), ofTargets: outcomes };
}

/** Begins to make a builder, if all targets are built whatever exists. */
async function readFacts(plan: Plan, bake: PlannedBake, { engine }: PublishPorts): Promise<RunnerFacts> {
  const facts = await engine.readFacts();
  const [first, ...others] = requestsOf(bake);
  if (plan.ifExists === 'overwrite' && first !== undefined) engine.beginBuilder(facts, first, others);
  return facts;
}

/** Of all targets: one builder makes them. */
function requestsOf({ targets, others }: PlannedBake): readonly BuildRequest[] {
  return [...targets.map(({ plan: { build } }) => build), ...others.map(({ request }) => request)];
}

/** @throws PermissionError PUSH_DENIED, TOKEN_REJECTED, ATTESTATION_DENIED; RegistryError */
async function prepareAll(bake: PlannedBake, ports: PublishPorts): Promise<readonly Prepared[]> {
  const { attester: _, ...withoutAttester } = ports;
  const answers = await Promise.all(
    bake.targets.map(async (planned, index) => {
      const { plan, describe } = planned;
      return { planned, ...(await prepareTargets(plan, describe, index === 0 ? ports : withoutAttester)) };
    }),
  );
  // What one registry refuses is published nowhere: all of it, or nothing.
  const refused = answers.find(({ push, planned }) => planned.plan.push.value && !push.value)?.push;
  return answers.map(({ planned, push: own, targets }) => {
    const push: PushDecision = refused ?? own;
    const plan = { ...planned.plan, push };
    const description = targets[0]?.description ?? plan.description;
    const done = { ...nothingDone(plan, reasonOf(plan, targets)), description };
    return { planned, plan, targets, named: targets.filter(isNamed), done };
  });
}

function reasonOf({ push }: Plan, targets: readonly Target[]): string {
  const [main] = targets;
  if (main === undefined) return '`images` enables no repository';
  return targets.some(isNamed) ? push.reason : reasonForNoTag(main);
}

async function publishAll(
  prepared: readonly Prepared[],
  bake: PlannedBake,
  facts: RunnerFacts,
  ports: PublishPorts,
): Promise<readonly Outcome[]> {
  const open = prepared.filter(({ named }) => named.length > 0);
  const isPushed = open.some(({ plan }) => plan.push.value);
  if (!isPushed) return buildAll(prepared, open, bake, facts, ports);
  const considered = await Promise.all(open.map((each) => consider(each, facts, ports)));
  const built = considered.filter(({ moving }) => moving.length > 0);
  const pushed = await pushAll(built, bake, facts, ports);
  const whole = pushed.filter((each) => each.pushed.images.length > 0);

  const attested = new Map<Prepared['planned'], readonly Attested[]>();
  for (const { planned, plan, pushed } of whole) attested.set(planned, await attestImages(plan, pushed.images, ports));
  const summaries = new Map<Prepared['planned'], Promise<ImageSummary>>(
    whole.map(({ planned, request, pushed }) => [planned, summariseBeside({ request, facts }, pushed.images, ports)]),
  );
  const [first] = whole;
  if (first !== undefined) {
    await tagTogether(
      first.plan,
      ports,
      whole.flatMap(({ pushed }) => pushed.images),
    );
  }
  return Promise.all(
    prepared.map(async ({ planned, done }) => {
      const published = whole.find((each) => each.planned === planned);
      const summarised = summaries.get(planned);
      if (published !== undefined && summarised !== undefined) {
        const { plan, pushed, before } = published;
        return outcomeOf(plan, done, pushed, { attested: attested.get(planned) ?? [], summarised, before });
      }
      const asked = considered.find((each) => each.planned === planned);
      const result = pushed.find((each) => each.planned === planned)?.pushed ?? { imageId: '', metadata: '' };
      return asked === undefined ? done : outcomeWithout(done, result, asked.existing, asked.targets);
    }),
  );
}

/** @throws InputError TAG_EXISTS; RegistryError */
async function consider(prepared: Prepared, facts: RunnerFacts, ports: PublishPorts): Promise<Considered> {
  const { plan, targets, named } = prepared;
  const asked = { request: plan.build, facts };
  const { content, existing, mayMove } = await askRegistries(targets, plan, asked, ports);
  const moving = named.filter(mayMove);
  return { ...prepared, request: content.request, existing, moving, before: readBefore(moving, ports) };
}

/** Builds, and pushes nothing. */
async function buildAll(
  prepared: readonly Prepared[],
  open: readonly Prepared[],
  bake: PlannedBake,
  facts: RunnerFacts,
  ports: PublishPorts,
): Promise<readonly Outcome[]> {
  if (open.length === 0) return prepared.map(({ done }) => done);
  const decision = await chooseFor(bake, facts, ports);
  const builds = open.map(({ planned, plan, named }) => buildOf(planned, plan.build, named, []));
  const { imageIds, metadata } = await ports.runStage('build', 'Build', () =>
    ports.engine.bakeByDigest(bake, builds, decision, false),
  );
  return prepared.map(({ planned, done }) => ({ ...done, imageId: imageIds.get(planned.name) ?? '', metadata }));
}

/** Builds and pushes by digest. @throws BuildError BUILD_FAILED; InputError TAG_EXISTS; ToolError; RegistryError */
async function pushAll(
  built: readonly Considered[],
  bake: PlannedBake,
  facts: RunnerFacts,
  ports: PublishPorts,
): Promise<readonly Pushed[]> {
  if (built.length === 0) return [];
  const decision = await chooseFor(bake, facts, ports);
  const builds = built.map(({ planned, request, moving }) => buildOf(planned, request, moving, moving));
  const { results } = await ports.runStage('build', 'Build', () =>
    ports.engine.bakeByDigest(bake, builds, decision, true),
  );
  const pushed: Pushed[] = [];
  for (const each of built) {
    const made = results.get(each.planned.name);
    if (made === undefined) continue;
    const { imageId, metadata, result } = made;
    const images = await takeUntagged(result, each.moving, each.existing, ports);
    pushed.push({ ...each, pushed: { images, imageId, metadata } });
  }
  return pushed;
}

async function chooseFor(bake: PlannedBake, facts: RunnerFacts, ports: PublishPorts): Promise<EngineDecision> {
  const [first, ...others] = requestsOf(bake);
  if (first === undefined) throw new Error('a bake without a target was planned');
  return chooseBuilder(first, facts, ports, others);
}

function buildOf(
  { name }: PlannedTarget,
  request: BuildRequest,
  named: readonly NamedTarget[],
  to: readonly NamedTarget[],
): TargetBuild {
  return {
    name,
    request,
    references: named.map(mainReference),
    repositories: to.map(({ destination }) => destination.repository),
  };
}
