/** GitHub's attestations, as a publish or a merge makes them in its step. */

import { appendFile, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PublishError } from '../errors.ts';
import { askAttestationRights, requireIdToken } from '../github/attestation-permissions.ts';
import { grantAttestations } from '../github/job-permissions.ts';
import type { GitHubApi } from '../github/rest-api.ts';
import type { PublicationPlan } from '../plan/plan.ts';
import type { Attester } from '../publish/ports.ts';
import { retryPorts } from '../step/retry-ports.ts';
import type { Workplace } from './action.ts';
import { withGitHubApi } from './with-github-api.ts';

/**
 * @param token of GitHub
 * @returns `undefined` if the plan attests nothing
 */
export function attesterOf(
  { attested, push, retries }: Pick<PublicationPlan, 'attested' | 'push' | 'retries'>,
  token: string,
  { process: { env, log, termination }, run }: Workplace,
): Attester | undefined {
  const { sourceRepository: source } = run;
  if (attested === undefined || !push.value) return undefined;
  const organisation = run.event.ownerType === 'User' ? undefined : source?.owner;
  let mayRecord = false;
  let bundlePath: string | undefined;

  /** @param attempts at each question; absent: one */
  function withApi<Result>(attempts: number | undefined, work: (api: GitHubApi) => Promise<Result>): Promise<Result> {
    const limits =
      attempts === undefined
        ? { deadline: 10_000 }
        : { attempts: { retries: attempts, ...retryPorts(log, termination) } };
    return withGitHubApi({ url: run.apiUrl, token, environment: env, signal: termination, ...limits }, work);
  }

  return {
    async check() {
      requireIdToken(env, token);
      if (source === undefined) return;
      ({ mayRecord } = await withApi(undefined, (api) => askAttestationRights(api, source, organisation)));
      if (organisation === undefined || mayRecord) return;
      log.notice(
        `GitHub will not record where the image is stored, because the job lacks the permission \`artifact-metadata: write\`. The image is attested all the same. All permissions of such a job:\n${grantAttestations}`,
      );
    },
    async sign(statement) {
      const { signAttestation } = await import('../github/artifact-attestations.ts');
      return signAttestation(statement);
    },
    async store(attestation) {
      const { storeAttestation } = await import('../github/artifact-attestations.ts');
      const { owner, name } = source ?? { owner: '', name: '' };
      const id = await withApi(retries, (api) => storeAttestation(api, { owner, name }, attestation));
      // Not in the folder of the step, which goes with the step: a later step verifies or publishes the bundle.
      bundlePath ??= join(await mkdtemp(join(env.RUNNER_TEMP || tmpdir(), 'attestation-')), 'attestation.jsonl');
      await appendFile(bundlePath, Buffer.concat([attestation.bundle, Buffer.from('\n')]));
      return { id, url: `${run.serverUrl.origin}/${owner}/${name}/attestations/${id}`, bundlePath };
    },
    async record(subject) {
      if (organisation === undefined || !mayRecord) return;
      const { recordStorage } = await import('../github/artifact-attestations.ts');
      try {
        await withApi(retries, (api) => recordStorage(api, organisation, subject));
      } catch (error) {
        if (!(error instanceof PublishError)) throw error;
        log.notice(`GitHub did not record where ${subject.name}@${subject.digest} is stored: ${error.message}`);
      }
    },
  };
}
