/**
 * Whether this job may attest, asked before anything is built. GitHub looks at the right of a token before it looks at
 * what the token sends. So an empty request is enough: GitHub refuses it as forbidden, or as invalid.
 */

import { PermissionError, PublishError, RegistryError } from '../errors.ts';
import type { Environment } from '../text/environment.ts';
import { grantAttestations } from './job-permissions.ts';
import type { GitHubApi } from './rest-api.ts';
import { tokenForm } from './token-form.ts';
import { mayRequestIdToken, type SourceRepository } from './workflow-run.ts';

function denied(message: string, cause?: unknown): PermissionError {
  return new PermissionError('ATTESTATION_DENIED', {
    message,
    remedy: `Give the job these permissions. A reusable workflow needs them in its caller, too.\n${grantAttestations}`,
    cause,
  });
}

/**
 * @param env of the step
 * @param token with which the attestation is going to be stored
 * @throws PermissionError ATTESTATION_DENIED
 */
export function requireIdToken(env: Environment, token: string): void {
  if (!mayRequestIdToken(env)) {
    throw denied(
      env.GITHUB_ACTIONS === 'true'
        ? 'The input `attest` is set, but this job gets no ID token from GitHub: it lacks the permission `id-token: write`.'
        : 'The input `attest` is set, but only a job of GitHub Actions can attest: outside of one, GitHub gives no ID token.',
    );
  }
  if (tokenForm(token) !== 'other') return;
  throw new PermissionError('ATTESTATION_DENIED', {
    message: 'The input `attest` is set, but `token` is not a token of GitHub, so the attestation cannot be stored.',
    remedy: 'Leave `token` at its default. Write the login for the other registry into `registry-auth`.',
  });
}

/** What GitHub says if a token lacks the right, and if the repository does not have the feature. */
const refusals = /not accessible by|feature not available|must have admin rights/i;

/** @returns the refusal; `undefined` if there is none, or if GitHub's answer does not tell */
async function refusalOf(question: () => Promise<unknown>): Promise<RegistryError | undefined> {
  try {
    await question();
    return undefined;
  } catch (error) {
    if (!(error instanceof PublishError)) throw error;
    return error instanceof RegistryError && refusals.test(error.words) ? error : undefined;
  }
}

/**
 * @param api each request is sent once
 * @param organisation that owns the repository; `undefined` if a person does, who has no storage records
 * @returns whether a storage record may be written, too
 * @throws PermissionError ATTESTATION_DENIED
 */
export async function askAttestationRights(
  api: Pick<GitHubApi, 'ask'>,
  { owner, name }: SourceRepository,
  organisation: string | undefined,
): Promise<{ readonly mayRecord: boolean }> {
  const [attestation, record] = await Promise.all([
    refusalOf(() => api.ask((rest) => rest.repos.createAttestation({ owner, repo: name, bundle: {} }))),
    organisation === undefined
      ? undefined
      : refusalOf(() =>
          api.ask((rest) =>
            rest.orgs.createArtifactStorageRecord({ org: organisation, name: '', digest: '', registry_url: '' }),
          ),
        ),
  ]);
  if (attestation !== undefined && /feature not available/i.test(attestation.words)) {
    throw new PermissionError('ATTESTATION_DENIED', {
      message: `The input \`attest\` is set, but GitHub stores no attestations for ${owner}/${name}: ${attestation.words}`,
      remedy: 'Leave `attest` out, make the repository public, or use a plan of GitHub that has attestations.',
      cause: attestation,
    });
  }
  if (attestation !== undefined) {
    throw denied(
      `The input \`attest\` is set, but the token may not store attestations of ${owner}/${name}: ${attestation.words} The job lacks the permission \`attestations: write\`.`,
      attestation,
    );
  }
  return { mayRecord: organisation !== undefined && record === undefined };
}
