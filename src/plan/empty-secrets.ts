/**
 * Secrets that are empty in this run: a pull request of a fork, and a run that Dependabot started, have none
 * (https://docs.github.com/en/actions/how-tos/write-workflows/choose-what-workflows-do/use-secrets). A run that
 * publishes must have every secret that its inputs name; any other run goes on without.
 */

import { type Faults, InputError } from '../errors.ts';
import type { Run } from '../github/workflow-run.ts';
import type { Registry } from '../image/registry-name.ts';
import type { EmptyLogin, RegistryAuth } from '../registry/credential.ts';
import type { PushDecision } from './plan.ts';

/** What has no value in this run. */
interface EmptySecrets {
  /** IDs of `secrets`. */
  readonly ofBuild: readonly string[];
  readonly logins: readonly EmptyLogin[];
}

/**
 * @param destinations the registries that the run publishes to
 * @param attempt gathers SECRET_MISSING, for a run that publishes
 */
export function refuseEmptySecrets(
  { ofBuild, logins }: EmptySecrets,
  destinations: readonly Registry[],
  push: PushDecision,
  attempt: Faults['attempt'],
): void {
  if (!push.value || push.yieldsBecause !== undefined) return;
  const refuse = (message: string, remedy: string): void => {
    attempt(() => {
      throw new InputError('SECRET_MISSING', { message, remedy });
    });
  };
  for (const id of ofBuild) {
    refuse(
      `The input \`secrets\` has the entry "${id}", which is empty, and this run publishes what it builds.`,
      'Correct the name of the secret in the entry. A secret of an environment needs the `environment` of the job. If the build can do without it, leave the entry out.',
    );
  }
  for (const { registry, lacks } of logins.filter(({ registry }) => destinations.includes(registry))) {
    refuse(
      `The entry for ${registry} in \`registry-auth\` has an empty ${lacks}, and this run publishes to ${registry}.`,
      `Correct the name of the secret in \`${lacks}\`. A secret of an environment needs the \`environment\` of the job.`,
    );
  }
}

/** @returns sentences on what a run does without */
export function noteEmptySecrets({ ofBuild, logins }: EmptySecrets): readonly string[] {
  return [
    ...ofBuild.map((id) => `The secret "${id}" of \`secrets\` is empty in this run. The build goes on without it.`),
    ...logins.map(
      ({ registry, lacks }) =>
        `The ${lacks} for ${registry} in \`registry-auth\` is empty in this run. The step goes on without this login.`,
    ),
  ];
}

/** @returns sentences on logins by the identity of the job that a run without an ID token goes on without */
export function noteUntrusted(
  { identities }: Pick<RegistryAuth, 'identities'>,
  { hasIdToken }: Pick<Run, 'hasIdToken'>,
): readonly string[] {
  if (hasIdToken) return [];
  return identities.map(
    ({ registry }) => `GitHub gives this run no ID token. The step goes on without the login to ${registry}.`,
  );
}

/** @returns sentences on passwords that YAML may have cut */
export function noteComments({ commented }: Pick<RegistryAuth, 'commented'>): readonly string[] {
  return commented.map(
    (registry) =>
      `In \`registry-auth\`, a blank and a "#" follow the password for ${registry}. YAML ends the password there. If the rest belongs to it, write \`password: \${{ toJSON(secrets.NAME) }}\`.`,
  );
}

/** @returns sentences on every login of `registry-auth` that an action without a build goes on without, or may have wrong */
export function noteLogins(registryAuth: RegistryAuth, run: Pick<Run, 'hasIdToken'>): readonly string[] {
  return [
    ...noteEmptySecrets({ ofBuild: [], logins: registryAuth.empty }),
    ...noteComments(registryAuth),
    ...noteUntrusted(registryAuth, run),
  ];
}
