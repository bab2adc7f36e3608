/**
 * What a publish and a merge decide alike: where the image goes, by which login, what it is called there, and whether this run
 * publishes at all.
 */

import { type Faults, gather } from '../errors.ts';
import type { ServerFacts } from '../github/enterprise-server.ts';
import { packageUrl } from '../github/package-page.ts';
import { type Product, resolveProduct } from '../github/product.ts';
import type { Run } from '../github/workflow-run.ts';
import type { Registry } from '../image/registry-name.ts';
import type { PublicationInputs } from '../inputs/publication-inputs.ts';
import { describeImage, type ImageDescription } from '../metadata/describe-image.ts';
import { parseFlavor } from '../metadata/flavor.ts';
import { parseAnnotations, parseLabels } from '../metadata/labels.ts';
import type { ContextOptions } from '../metadata/metadata-context.ts';
import { parseTagRules, repositoriesIn } from '../metadata/tag-rules.ts';
import type { RegistryAuth } from '../registry/credential.ts';
import { resolveAttestation } from './attestation-decision.ts';
import {
  checkWrittenLogins,
  type GivenCredentials,
  givenCredentials,
  resolveCredentialAmong,
} from './credential-decision.ts';
import { noteComments, noteUntrusted } from './empty-secrets.ts';
import { locateImage, locateImages } from './locate-image.ts';
import type { Destination, Planned, PublicationPlan, PushDecision } from './plan.ts';
import type { RegistryDecision } from './registry-decision.ts';
import { contextOf } from './run-metadata.ts';

/** What a plan is made from beside the inputs and the run. */
export interface PublicationFacts {
  /** The time, and what the environment says of the metadata. */
  readonly metadata: ContextOptions;
  readonly registryAuth: RegistryAuth;
  /** What a GHES told of itself; `undefined`: it was not asked. */
  readonly server?: ServerFacts | undefined;
  /** Registries that the run publishes other images to. */
  readonly otherRegistries?: readonly Registry[];
}

/** A publication as far as its inputs let it be decided; where one is at fault, the rest is judged all the same. */
export interface PublicationDraft {
  readonly product: Product;
  readonly push: PushDecision;
  readonly destinations: readonly Destination[];
  /** Of all that is named, also of what has no credential. */
  readonly registries: readonly RegistryDecision[];
  readonly given: GivenCredentials;
  /** As far as is known without the tags that the registry has; `undefined` where its inputs are at fault. */
  readonly description: ImageDescription | undefined;
  /**
   * What the draft comes to, once no input is at fault.
   * @param notes of the particular plan
   */
  readonly finish: (notes: readonly string[]) => Planned<PublicationPlan>;
}

/**
 * @param inputs `labels` of a merge are empty
 * @param faults gathers what is wrong with the inputs
 */
export function draftPublication(
  inputs: PublicationInputs & { readonly labels: string },
  run: Run,
  { metadata, registryAuth, server, otherRegistries = [] }: PublicationFacts,
  push: PushDecision,
  { attempt }: Pick<Faults, 'attempt'>,
): PublicationDraft {
  const product = resolveProduct(run.serverUrl, server?.version);
  const naming = attempt(() =>
    gather({
      rules: () => parseTagRules(inputs.tags),
      flavor: () => parseFlavor(inputs.flavor),
      labels: () => parseLabels(inputs.labels),
      annotations: () => parseAnnotations(inputs.annotations),
    }),
  );
  const named = repositoriesIn(naming?.rules ?? []);
  const located =
    attempt(() =>
      inputs.images === '' && named.length === 0
        ? [locateImage(inputs, run, product, server)]
        : locateImages(inputs.images, named, product),
    ) ?? [];
  const given = givenCredentials(inputs, run, registryAuth);
  const owners = {
    sourceOwner: run.sourceRepository?.owner ?? '',
    sourceRepository: run.sourceRepository?.name ?? '',
    sourceOwnerType: run.event.ownerType,
  };
  checkWrittenLogins(registryAuth, product, attempt);
  const registries = located.map(({ registry }) => registry);
  const hosts = [...registries.map(({ registry }) => registry), ...otherRegistries];
  const facts = { run, product, registries, push };
  const attestation = attempt(() => resolveAttestation(inputs.attest, facts)) ?? { predicates: [], notes: [] };
  const mustPush = push.value && push.yieldsBecause === undefined;
  const destinations = located.flatMap(({ registry, repository }) => {
    const credential = attempt(() => resolveCredentialAmong(hosts, registry.registry, product, given, mustPush));
    if (credential === undefined) return [];
    return [{ registry, repository, credential, packageUrl: packageUrl(registry, repository, product, owners) }];
  });
  const describe = (existingTags?: readonly string[]): ImageDescription | undefined =>
    naming && describeImage(naming, contextOf(run, { ...metadata, existingTags }));
  const description = attempt(() => describe());
  return {
    ...{ product, push, destinations, registries, given, description },
    finish: (notes) => {
      if (description === undefined) throw new Error('a fault was gathered, and the plan finished all the same');
      const { ifExists, verify, retries } = inputs;
      const noted = located.flatMap((each) => each.notes);
      const unfinished = [...noteComments(registryAuth), ...noteUntrusted(registryAuth, run)];
      const all = [...noted, ...notes, ...attestation.notes, ...unfinished];
      const attested = attestation.predicates.length === 0 ? {} : { attested: attestation.predicates };
      const care = { ifExists, push, ...attested, verify, retries };
      return {
        plan: { schema: 1, product, destinations, description, ...care, notes: all },
        describe: (existingTags) => describe(existingTags) ?? description,
      };
    },
  };
}
