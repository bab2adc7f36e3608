/** What a publish does before it builds: it logs in, asks for permission, and finds the names that the registries allow. */

import { PermissionError, type PublishError, RegistryError, withFacts } from '../errors.ts';
import { formatTagReference } from '../image/reference.ts';
import { formatRepository, type Repository } from '../image/repository.ts';
import { isMarkerTag } from '../legs/marker.ts';
import type { ImageDescription } from '../metadata/describe-image.ts';
import type { Plan, Planned, PublicationPlan, PushDecision } from '../plan/plan.ts';
import { type Target, targetOf } from '../plan/target.ts';
import type { PublishPorts } from './ports.ts';

/** What a publish asks of its registries, whatever its content comes from. */
export type NamingPorts = Pick<PublishPorts, 'registry' | 'attester' | 'isCompared' | 'log' | 'runStage'>;

/** What the registries answered. */
interface Prepared {
  /** As it is carried out: a refusal may turn it into "no". */
  readonly push: PushDecision;
  readonly targets: readonly Target[];
}

/**
 * Logs in everywhere, while the registries answer.
 * @throws PermissionError PUSH_DENIED, TOKEN_REJECTED, LOGIN_REFUSED; RegistryError
 */
export async function prepare(plan: Plan, describe: Planned['describe'], ports: PublishPorts): Promise<Prepared> {
  const asked = prepareTargets(plan, describe, ports);
  const [prepared] = await Promise.all([asked, needsLogin(plan) ? logIn([plan], ports, asked) : undefined]);
  return prepared;
}

/**
 * Leaves the logins where the engine reads them, and has those checked that `prepareTargets` does not check by the way.
 * @param asked what `prepareTargets` asks meanwhile
 * @throws RegistryError LOGIN_REFUSED, REGISTRY_*, CA_UNKNOWN; what `asked` threw, if the engine failed as well
 */
export async function logIn(
  plans: readonly Pick<Plan, 'push' | 'destinations'>[],
  { engine, checkLogins }: Pick<PublishPorts, 'engine' | 'checkLogins'>,
  asked: Promise<unknown>,
): Promise<void> {
  const pushedTo = plans.flatMap(({ push, destinations }) => (push.value ? destinations : []));
  const registries = new Set(pushedTo.map(({ repository }) => repository.registry));
  const checked = checkLogins([...registries]);
  await Promise.all([checked, logInEngine(engine, [asked, checked])]);
}

/**
 * Our own client and the engine both find what is wrong with a registry, each in its own words. The step tells what our client
 * found, whichever came first. The engine's remedy helps the engine alone, and the next run would fail again.
 * @param ours requests of our own client to the same registries
 */
async function logInEngine(engine: PublishPorts['engine'], ours: readonly Promise<unknown>[]): Promise<void> {
  try {
    await engine.logIn();
  } catch (error) {
    if (error instanceof RegistryError || error instanceof PermissionError) await Promise.all(ours);
    throw error;
  }
}

/**
 * Asks each registry whether this run may push there, so that a refusal comes before the build, and which tags it has, so
 * that none moves backwards. Asks GitHub whether it may attest.
 * @throws PermissionError PUSH_DENIED, TOKEN_REJECTED, ATTESTATION_DENIED; RegistryError
 */
export async function prepareTargets(
  plan: PublicationPlan & Pick<Plan, 'staging'>,
  describe: Planned['describe'],
  ports: NamingPorts,
): Promise<Prepared> {
  const { push } = plan;
  const asked = plan.destinations.map(async (destination) => {
    const { repository } = destination;
    if (!push.value) return { refusal: undefined, target: targetOf(destination, plan.description) };
    const refusal = await askPermission(ports, repository);
    if (refusal !== undefined && push.yieldsBecause === undefined) throw refusal;
    const isNamed = refusal === undefined && plan.staging === undefined;
    const description = isNamed ? await describeFor(plan, describe, ports, repository) : plan.description;
    return { refusal, target: targetOf(destination, description) };
  });
  const mayAttest = push.value ? ports.attester?.check() : undefined;
  const [answers] = await Promise.all([Promise.all(asked), mayAttest]);
  const isRefused = answers.some(({ refusal }) => refusal !== undefined);
  return {
    push: isRefused ? { ...push, value: false, reason: push.yieldsBecause ?? '' } : push,
    targets: answers.map(({ target }) => target),
  };
}

/** Our own client has its logins at hand; an engine, and later steps of the job, read them from the private folder. */
function needsLogin({ source, loginScope }: Plan): boolean {
  return source === undefined || source.spec.kind === 'docker-daemon' || loginScope === 'job';
}

/** @returns the error of a refusal; `undefined` if the run may push, or if the registry does not tell */
async function askPermission(
  { registry, log }: NamingPorts,
  repository: Repository,
): Promise<PublishError | undefined> {
  const permission = await registry.mayPush(repository);
  const name = formatRepository(repository);
  if (permission.answer === 'unknown') {
    log.notice(`Could not check in advance whether this run may push to ${name}: ${permission.reason}`);
    // Whoever answers nobody, or does not know the login, is not worth a build.
    await registry.checkLogin(repository.registry);
  }
  if (permission.answer !== 'refused') return undefined;
  const { error } = permission;
  // A login that was refused is not one that lacks a right.
  const code = error.code === 'TOKEN_REJECTED' ? error.code : 'PUSH_DENIED';
  return withFacts(error, { code, message: `This run may not push to ${name}: ${error.message}` });
}

/** The names once more, with the tags that the registry has, if those can change anything. */
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
      log.notice(`${formatTagReference(repository, tag)} was not moved, because ${reason}.`);
    }
    return description;
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    log.notice(
      `Could not list the tags of ${formatRepository(repository)}, so all tags in \`tags\` are moved without a check for newer versions: ${error.message}`,
    );
    return plan.description;
  }
}
