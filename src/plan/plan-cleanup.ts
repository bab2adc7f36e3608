/** The plan of `cleanup/`: of which package, by which rules, and by which way the registry deletes. */

import { InputError } from '../errors.ts';
import type { ServerFacts } from '../github/enterprise-server.ts';
import { type Product, resolveProduct } from '../github/product.ts';
import { hostOfOwningProduct } from '../github/product-registries.ts';
import type { Run } from '../github/workflow-run.ts';
import type { CleanupInputs } from '../inputs/cleanup-inputs.ts';
import type { Verification } from '../inputs/publication-inputs.ts';
import type { RegistryAuth } from '../registry/credential.ts';
import { checkWrittenLogins, givenCredentials, resolveCredential } from './credential-decision.ts';
import { noteLogins } from './empty-secrets.ts';
import { locateImage } from './locate-image.ts';
import { hasPackagesApi } from './packages-api.ts';
import type { Decision, Destination } from './plan.ts';
import type { RetentionRules } from './retention-rules.ts';

/** `packages-api`: GitHub's, which knows the versions without a tag too. `registry`: the manifests of the tags, by DELETE. */
type WayToDelete = 'packages-api' | 'registry';

export interface CleanupPlan {
  readonly product: Product;
  readonly destinations: readonly [Omit<Destination, 'packageUrl'>];
  readonly rules: RetentionRules;
  readonly way: Decision<WayToDelete>;
  readonly dryRun: boolean;
  readonly verify: Verification;
  readonly retries: number;
  readonly notes: readonly string[];
}

/** @throws InputError, or InputFaults with every fault; CLEANUP_UNSUPPORTED if GitHub has no way to delete there */
export function planCleanup(
  inputs: CleanupInputs,
  run: Run,
  registryAuth: RegistryAuth,
  server?: ServerFacts,
): CleanupPlan {
  const product = resolveProduct(run.serverUrl, server?.version);
  checkWrittenLogins(registryAuth, product);
  const { registry, repository, notes } = locateImage(inputs, run, product, server);
  const given = givenCredentials(inputs, run, registryAuth);
  const credential = resolveCredential(registry.registry, product, given, true);
  const destination = { registry, repository, credential };
  if (registry.kind === 'docker') {
    throw new InputError('CLEANUP_UNSUPPORTED', {
      message: `The Docker registry ${registry.registry} cannot be cleaned up: it has no digests, so nothing tells which versions share content.`,
      remedy: 'Delete versions on the page of the package, or move to the Container registry.',
    });
  }
  const isByApi = hasPackagesApi(destination, product);
  if (registry.kind === 'container' && !isByApi) {
    throw new InputError('CLEANUP_UNSUPPORTED', {
      message: `${registry.registry} deletes through the packages API of its own GitHub only, and this run has no token for that.`,
      remedy: `Run the clean-up on ${hostOfOwningProduct(registry.registry, product)}, with \`token\` and without an entry for ${registry.registry} in \`registry-auth\`.`,
    });
  }
  const { deleteTags, deleteUntagged, keepTags, keepVersions, keepNewest, keepYoungerThan } = inputs;
  if (!isByApi && deleteTags.length === 0) {
    throw new InputError('INPUT_INVALID', {
      message: `The input \`delete-tags\` is empty, but ${registry.registry} lists only what has a tag: there is nothing to delete.`,
      remedy:
        'Name the tags that may go, such as `delete-tags: pr-*`. Versions without a tag are removed by the garbage collection of the registry.',
    });
  }
  return {
    product,
    destinations: [destination],
    rules: { deleteTags, deleteUntagged, keepTags, keepVersions, keepNewest, keepYoungerThan },
    way: isByApi
      ? { value: 'packages-api', reason: 'the registry belongs to the product of the token' }
      : { value: 'registry', reason: 'the registry is not one of GitHub' },
    dryRun: !inputs.deletes,
    verify: inputs.verify,
    retries: inputs.retries,
    notes: [
      ...notes,
      ...noteLogins(registryAuth, run),
      ...(keepYoungerThan === 0 && inputs.deletes
        ? ['`keep-younger-than` is 0: the step may delete what another run is publishing at this moment.']
        : []),
    ],
  };
}
