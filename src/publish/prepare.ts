/** Before anything is built: permission, the tags that are there, and the names that follow from them. */

import { type PublishError, RegistryError, withFacts } from '../errors.ts';
import { formatTagReference } from '../image/reference.ts';
import { formatRepository, type Repository } from '../image/repository.ts';
import type { Tag } from '../image/tag.ts';
import { isMarkerTag } from '../legs/marker.ts';
import type { DescribedTag, ImageDescription } from '../metadata/describe-image.ts';
import type { Decision, Plan, Planned, PublicationPlan } from '../plan/plan.ts';
import type { PublishPorts } from './ports.ts';
import type { Target } from './target.ts';

/** What a publish asks of its registries, whatever its content comes from. */
export type NamingPorts = Pick<PublishPorts, 'registry' | 'log' | 'runStage'>;

function movingOrder({ tags: [main, ...others] }: ImageDescription): readonly Tag[] {
  const isLatest = ({ kind }: DescribedTag): boolean => kind === 'latest';
  const ordered = [...others.filter((each) => !isLatest(each)), ...others.filter(isLatest)];
  return [...(main === undefined ? [] : [main]), ...ordered].map(({ tag }) => tag);
}

/** Logs in everywhere, beside the questions to the registries. */
export async function prepare(plan: Plan, describe: Planned['describe'], ports: PublishPorts): Promise<Prepared> {
  const [prepared] = await Promise.all([
    prepareTargets(plan, describe, ports),
    needsLogin(plan) ? ports.engine.logIn() : undefined,
  ]);
  return prepared;
}

/** What the registries answered. */
export interface Prepared {
  /** Whether the run publishes after all: a refusal may be no failure of it. */
  readonly push: Decision<boolean>;
  readonly targets: readonly Target[];
}

/**
 * Asks each registry whether this run may push there, so that a refusal comes before the build, and which tags it has, so
 * that none moves backwards.
 */
export async function prepareTargets(
  plan: PublicationPlan & Pick<Plan, 'staging'>,
  describe: Planned['describe'],
  ports: NamingPorts,
): Promise<Prepared> {
  const { yieldsBecause } = plan.push;
  const asked = plan.destinations.map(async ({ repository }) => {
    if (!plan.push.value) return { refusal: undefined, description: plan.description };
    const refusal = await askPermission(ports, repository);
    if (refusal !== undefined && yieldsBecause === undefined) throw refusal;
    const isNamed = refusal === undefined && plan.staging === undefined;
    return { refusal, description: isNamed ? await describeFor(plan, describe, ports, repository) : plan.description };
  });
  const answers = await Promise.all(asked);
  const isRefused = answers.some(({ refusal }) => refusal !== undefined);
  return {
    push: isRefused ? { value: false, reason: yieldsBecause ?? '' } : plan.push,
    targets: plan.destinations.map(({ repository, registry: { kind } }, index) => {
      const description = answers[index]?.description ?? plan.description;
      return { repository, kind, description, tags: movingOrder(description) };
    }),
  };
}

/** Our own client logs in by itself; an engine, and later steps of the job, need the CLI's login. */
function needsLogin({ source, loginScope }: Plan): boolean {
  return source === undefined || source.spec.kind === 'docker-daemon' || loginScope === 'job';
}

/** @returns the error of a refusal; `undefined` when the run may push, or when that could not be told */
async function askPermission(
  { registry, log }: NamingPorts,
  repository: Repository,
): Promise<PublishError | undefined> {
  const permission = await registry.mayPush(repository);
  const name = formatRepository(repository);
  if (permission.answer === 'unknown') {
    log.notice(`Whether this run may push to ${name} could not be told before the build: ${permission.reason}`);
  }
  if (permission.answer !== 'refused') return undefined;
  const { error } = permission;
  // A login that was refused is not one that lacks a right.
  const code = error.code === 'TOKEN_REJECTED' ? error.code : 'PUSH_DENIED';
  return withFacts(error, { code, message: `This run may not push to ${name}: ${error.message}` });
}

/** The names once more, with the tags that the registry has, where that can matter. */
async function describeFor(
  plan: PublicationPlan,
  describe: Planned['describe'],
  { registry, log }: NamingPorts,
  repository: Repository,
): Promise<ImageDescription> {
  if (plan.description.tags.every(({ kind }) => kind === 'fixed')) return plan.description;
  try {
    const tags = await registry.listTags(repository);
    const description = describe(tags.filter((tag) => !isMarkerTag(tag)));
    for (const { tag, reason } of description.held) {
      log.notice(`${formatTagReference(repository, tag)} stays where it is, because ${reason}.`);
    }
    return description;
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    log.notice(
      `The tags of ${formatRepository(repository)} could not be listed, so all of \`tags\` move: ${error.message}`,
    );
    return plan.description;
  }
}
