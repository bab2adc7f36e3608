/**
 * A package that GitHub makes is private, whatever the repository is
 * (https://docs.github.com/en/packages/learn-github-packages/configuring-a-packages-access-control-and-visibility). Who publishes from a
 * public repository usually learns of it from others.
 */

import { RegistryError } from '../errors.ts';
import { packageSettingsUrl } from '../github/package-page.ts';
import type { Run } from '../github/workflow-run.ts';
import type { Digest } from '../image/digest.ts';
import { formatRepository, type Repository } from '../image/repository.ts';
import type { Outcome } from '../plan/outcome.ts';
import type { PublicationPlan } from '../plan/plan.ts';
import type { RegistryClient } from '../registry/client.ts';
import type { StepProcess } from '../step/process.ts';
import { withAnonymousClient } from './with-anonymous-client.ts';

/** Milliseconds: nobody waits long for a notice. */
const longest = 5_000;

/**
 * Asks for a published image as somebody without a login does, if the repository of the run is public.
 * @returns the outcome, with a remark on each package of github.com that others cannot read
 */
export async function noteUnreadablePackage(
  outcome: Outcome,
  { product }: Pick<PublicationPlan, 'product'>,
  { event }: Pick<Run, 'event'>,
  { env, termination }: Pick<StepProcess, 'env' | 'termination'>,
): Promise<Outcome> {
  const { digest, targets } = outcome;
  const packages = targets.map(({ destination }) => destination).filter(({ packageUrl }) => packageUrl !== '');
  // A GHES in private mode shows nothing without a login, and GHE.com has no public repositories.
  const isShown = product.kind === 'github.com' && event.isPublic === true;
  if (!outcome.published || digest === undefined || !isShown || packages.length === 0) return outcome;
  const signal = AbortSignal.any([termination, AbortSignal.timeout(longest)]);
  const remarks = await withAnonymousClient({ environment: env, signal }, (client) =>
    Promise.all(
      packages.map(async ({ repository, packageUrl }) => {
        if (await isReadable(client, repository, digest)) return [];
        const url = packageSettingsUrl(packageUrl);
        return [
          `This repository is public, but nobody can pull ${formatRepository(repository)} without a login. To change that, open ${url} and choose *Change visibility*.`,
        ];
      }),
    ),
  );
  return { ...outcome, remarks: remarks.flat() };
}

/** @returns `true` also if there is no answer: then nobody knows */
async function isReadable(client: RegistryClient, repository: Repository, digest: Digest): Promise<boolean> {
  try {
    return (await client.headManifest(repository, digest)) !== undefined;
  } catch (error) {
    return !(error instanceof RegistryError && [401, 403].includes(error.status));
  }
}
