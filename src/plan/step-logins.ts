/** The repositories that a step reads or writes, and the logins that it makes. */

import type { Run } from '../github/workflow-run.ts';
import type { RegistryAuth, RegistryLogin } from '../registry/credential.ts';
import type { IdentityLogin } from '../registry/identity.ts';
import { plansOfTargets } from './baked-plans.ts';
import type { AnyPlan } from './list-decisions.ts';
import type { Destination } from './plan.ts';

/** A repository that a step reads or writes. */
type StepDestination = Omit<Destination, 'packageUrl'>;

/** The destinations of a plan, and the repository of its source. */
export function stepDestinations(plan: AnyPlan): readonly StepDestination[] {
  const from = 'source' in plan ? plan.source?.from : undefined;
  const destinations = plansOfTargets(plan).flatMap((each): readonly StepDestination[] => each.destinations);
  return [...destinations, ...(from === undefined ? [] : [from])];
}

/** The logins that a step makes, one a registry: its destinations' and all of `registry-auth`. */
export function loginsOf(
  destinations: readonly StepDestination[],
  { token, registryAuth }: { readonly token: string; readonly registryAuth: readonly RegistryLogin[] },
): readonly RegistryLogin[] {
  const withToken = destinations.flatMap(({ registry, credential }) =>
    credential.kind === 'token'
      ? [{ registry: registry.registry, username: credential.username, password: token }]
      : [],
  );
  const all = [...withToken, ...registryAuth];
  return [...new Map(all.map((login) => [login.registry, login])).values()];
}

/**
 * The logins that the identity of the job gives, one a registry: the destinations', and those of `registry-auth` if the run has an
 * ID token.
 */
export function identitiesOf(
  destinations: readonly StepDestination[],
  { identities }: Pick<RegistryAuth, 'identities'>,
  { hasIdToken }: Pick<Run, 'hasIdToken'>,
): readonly IdentityLogin[] {
  const ofDestinations = destinations.flatMap(({ registry, credential }) =>
    credential.kind === 'identity'
      ? [{ registry: registry.registry, username: credential.username, identity: credential.identity }]
      : [],
  );
  const all = [...ofDestinations, ...(hasIdToken ? identities : [])];
  return [...new Map(all.map((login) => [login.registry, login])).values()];
}
