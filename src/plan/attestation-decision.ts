/** What the run attests of the image that it publishes (https://docs.github.com/en/actions/concepts/security/artifact-attestations). */

import { InputError } from '../errors.ts';
import { describeProduct, type Product } from '../github/product.ts';
import { readOnlyRun } from '../github/read-only-token.ts';
import type { Run } from '../github/workflow-run.ts';
import type { AttestedPredicate } from '../inputs/attested-predicates.ts';
import type { PushDecision } from './plan.ts';
import type { RegistryDecision } from './registry-decision.ts';

/** What decides beside the input. */
interface AttestationFacts {
  readonly run: Pick<Run, 'sourceRepository' | 'event' | 'eventName' | 'actor' | 'hasIdToken'>;
  readonly product: Product;
  readonly registries: readonly RegistryDecision[];
  readonly push: PushDecision;
}

/** What is attested; with the reason, as a sentence, if it is less than the input asks for. */
interface AttestationDecision {
  readonly predicates: readonly AttestedPredicate[];
  readonly notes: readonly string[];
}

/**
 * @param asked as the input `attest` has it
 * @throws InputError ATTESTATION_UNSUPPORTED
 */
export function resolveAttestation(
  asked: readonly AttestedPredicate[],
  { run, product, registries, push }: AttestationFacts,
): AttestationDecision {
  if (asked.length === 0) return { predicates: [], notes: [] };
  if (product.kind === 'ghes') {
    throw new InputError('ATTESTATION_UNSUPPORTED', {
      message: `The input \`attest\` is set, but ${describeProduct(product)} does not support attestations.`,
      remedy:
        'Leave `attest` out. To sign images there, use cosign with a key: see docs/recipes/signing.md of this action.',
    });
  }
  const docker = registries.find(({ kind }) => kind === 'docker');
  if (docker !== undefined) {
    throw new InputError('ATTESTATION_UNSUPPORTED', {
      message: `The input \`attest\` is set, but the Docker registry ${docker.registry} stores images only, and no attestations of them.`,
      remedy: 'Use the Container registry (`registry: container`), or leave `attest` out.',
    });
  }
  if (!push.value) return { predicates: [], notes: [] };
  const origin = readOnlyRun(run);
  if (origin !== undefined && !run.hasIdToken) {
    const whose = origin === 'fork' ? 'it is for a pull request of a fork' : 'Dependabot started it';
    return {
      predicates: [],
      notes: [`Nothing is attested, although \`attest\` is set: GitHub gives this run no ID token, because ${whose}.`],
    };
  }
  return { predicates: asked, notes: [] };
}
