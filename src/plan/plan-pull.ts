/** The plan of a pull. */

import { InputError } from '../errors.ts';
import type { ServerFacts } from '../github/enterprise-server.ts';
import { type Product, resolveProduct } from '../github/product.ts';
import type { Run } from '../github/workflow-run.ts';
import type { Digest } from '../image/digest.ts';
import { formatReference } from '../image/reference.ts';
import { parseTag, type Tag } from '../image/tag.ts';
import type { PullInputs } from '../inputs/pull-inputs.ts';
import type { RegistryAuth } from '../registry/credential.ts';
import { checkWrittenLogins, givenCredentials, resolveCredential } from './credential-decision.ts';
import { noteLogins } from './empty-secrets.ts';
import { locateImage } from './locate-image.ts';
import type { Destination } from './plan.ts';

export const latest = parseTag('latest');

export interface PullPlan {
  readonly product: Product;
  readonly destinations: readonly [Omit<Destination, 'packageUrl'>];
  readonly reference: string;
  /** Absent where the digest alone says what is pulled. */
  readonly tag?: Tag;
  /** What counts where it is there, also beside a tag. */
  readonly digest?: Digest;
  readonly retries: number;
  readonly notes: readonly string[];
}

/**
 * @throws InputError, or InputFaults with every fault; DIGEST_UNSUPPORTED for a digest on a Docker registry
 */
export function planPull(inputs: PullInputs, run: Run, registryAuth: RegistryAuth, server?: ServerFacts): PullPlan {
  const product = resolveProduct(run.serverUrl, server?.version);
  checkWrittenLogins(registryAuth, product);
  const { registry, repository, notes } = locateImage(inputs, run, product, server);
  const { digest } = inputs;
  if (digest !== undefined && registry.kind === 'docker') {
    throw new InputError('DIGEST_UNSUPPORTED', {
      message: `${digest} cannot be pulled: the Docker registry ${registry.registry} finds images by tag only.`,
      remedy: 'Set `tag` instead of `digest`, or use the Container registry (`registry: container`).',
    });
  }
  const tag = inputs.tag ?? (digest === undefined ? latest : undefined);
  const given = givenCredentials(inputs, run, registryAuth);
  const credential = resolveCredential(registry.registry, product, given, false);
  return {
    product,
    destinations: [{ registry, repository, credential }],
    ...(tag && { tag }),
    ...(digest && { digest }),
    reference: formatReference({ repository, ...(tag && { tag }), ...(digest && { digest }) }),
    retries: inputs.retries,
    notes: [...notes, ...noteLogins(registryAuth, run)],
  };
}
