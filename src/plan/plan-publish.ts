/**
 * The plan: every decision of a publish, as a value, made before anything is done. `dry-run` prints it.
 */

import type { BuildRequest } from '../build/build-request.ts';
import { checkOutputs } from '../build/exporters.ts';
import { gatherFaults } from '../errors.ts';
import type { ServerFacts } from '../github/enterprise-server.ts';
import { packageUrl } from '../github/package-page.ts';
import { resolveProduct } from '../github/product.ts';
import type { Run } from '../github/workflow-run.ts';
import type { SourceSpec } from '../image/transport.ts';
import type { Inputs } from '../inputs/publish-inputs.ts';
import { describeImage, type ImageDescription, type Naming } from '../metadata/describe-image.ts';
import { parseFlavor } from '../metadata/flavor.ts';
import { parseAnnotations, parseLabels } from '../metadata/labels.ts';
import { type ContextOptions, scopeOf } from '../metadata/metadata-context.ts';
import { parseTagRules, repositoriesIn } from '../metadata/tag-rules.ts';
import type { RegistryAuth } from '../registry/credential.ts';
import { buildOf } from './build-decision.ts';
import { fillBuildValues } from './build-values.ts';
import { checkWrittenLogin, resolveCredentialAmong } from './credential-decision.ts';
import { noteComments, noteEmptySecrets, refuseEmptySecrets } from './empty-secrets.ts';
import { refuseImitatedReferences } from './imitated-references.ts';
import { refuseDockerRegistry, resolveStaging } from './leg-decision.ts';
import { locateImage, locateImages } from './locate-image.ts';
import type { Planned } from './plan.ts';
import { resolvePush } from './push-decision.ts';
import { checkRequest } from './registry-decision.ts';
import { contextOf } from './run-metadata.ts';
import { planSource } from './source-decision.ts';
import { targetOf } from './target.ts';

/** What a plan is made from beside the inputs and the run. */
export interface PlanFacts {
  /** The time, and what the environment says of the metadata. */
  readonly metadata: ContextOptions;
  readonly registryAuth: RegistryAuth;
  /** Whether a variable is set in the environment of the step; default: none is. */
  readonly isSet?: (variable: string) => boolean;
  /** Looks at the disk for what the build would read; its faults are reported with the others. */
  readonly checkBuild: (build: BuildRequest) => void;
  /** The same for the file or folder of a source. */
  readonly checkSource: (source: SourceSpec) => void;
  /** What a GHES told of itself; `undefined`: it was not asked. */
  readonly server?: ServerFacts | undefined;
}

function parseNaming(inputs: Inputs): Naming | undefined {
  const { attempt, throwIfAny } = gatherFaults();
  const rules = attempt(() => parseTagRules(inputs.tags));
  const flavor = attempt(() => parseFlavor(inputs.flavor));
  const labels = attempt(() => parseLabels(inputs.labels));
  const annotations = attempt(() => parseAnnotations(inputs.annotations));
  throwIfAny();
  return rules && flavor && labels && annotations && { rules, flavor, labels, annotations };
}

/** A checkout of another commit is what the image is built from, so its labels name that one. */
function notesOnCommit(
  { sha, ref }: Run,
  { checkedOutCommit, usesPullRequestHead }: ContextOptions,
): readonly string[] {
  if (checkedOutCommit === undefined || sha === '' || checkedOutCommit === sha) return [];
  if (usesPullRequestHead === true && ref.kind === 'pull') return [];
  return [
    `The build context is checked out at commit ${checkedOutCommit}, and the run is for commit ${sha}. The label \`revision\` and \`type=sha\` name the commit of the checkout.`,
  ];
}

/**
 * @throws InputError, or InputFaults with every fault of every input
 */
export function plan(inputs: Inputs, run: Run, facts: PlanFacts): Planned {
  const { attempt, throwIfAny } = gatherFaults();
  const product = resolveProduct(run.serverUrl, facts.server?.version);
  const push = resolvePush(inputs, run);
  const naming = attempt(() => parseNaming(inputs));
  const named = repositoriesIn(naming?.rules ?? []);
  const located =
    attempt(() =>
      inputs.images === '' && named.length === 0
        ? [locateImage(inputs, run, product, facts.server)]
        : locateImages(inputs.images, named, product),
    ) ?? [];
  const given = {
    token: inputs.token,
    username: inputs.username,
    actor: run.actor,
    registryAuth: facts.registryAuth.logins,
  };
  const owners = {
    sourceOwner: run.sourceRepository?.owner ?? '',
    sourceRepository: run.sourceRepository?.name ?? '',
    sourceOwnerType: run.event.ownerType,
  };
  for (const login of facts.registryAuth.logins) attempt(() => checkWrittenLogin(login, product));
  const registries = located.map(({ registry }) => registry.registry);
  const mustPush = push.value && push.yieldsBecause === undefined;
  const destinations = located.flatMap(({ registry, repository }) => {
    const credential = attempt(() => resolveCredentialAmong(registries, registry.registry, product, given, mustPush));
    if (credential === undefined) return [];
    return [{ registry, repository, credential, packageUrl: packageUrl(registry, repository, product, owners) }];
  });
  const empty = { ofBuild: inputs.build.emptySecrets, logins: facts.registryAuth.empty };
  refuseEmptySecrets(empty, registries, push, attempt);
  const staging = attempt(() => (inputs.stage === undefined ? undefined : resolveStaging(inputs.stage, run)));
  if (inputs.stage !== undefined) attempt(() => refuseDockerRegistry(located.map(({ registry }) => registry)));
  const describe = (existingTags: readonly string[] | undefined): ImageDescription | undefined => {
    const description = naming && describeImage(naming, contextOf(run, { ...facts.metadata, existingTags }));
    // An image that is there already keeps those that it has.
    return description && inputs.source ? { ...description, labels: [], annotations: [] } : description;
  };
  const description = attempt(() => describe(undefined));
  const scope = scopeOf(contextOf(run, facts.metadata), () => {});
  const options = attempt(() => {
    if (description === undefined) return undefined;
    const targets = destinations.map((destination) => targetOf(destination, description));
    return fillBuildValues(inputs.build.options, description, targets, scope, facts.isSet ?? (() => false));
  });
  const ofBuild = { ...inputs.build, options: options ?? inputs.build.options };
  const build = buildOf({ ...inputs, build: ofBuild }, run, destinations, push.value, description);
  attempt(() => checkOutputs(build.outputs, build.load, push));
  attempt(() => refuseImitatedReferences(build, product));
  const source = attempt(() => planSource(inputs, product, given, destinations));
  attempt(() => (inputs.source === undefined ? facts.checkBuild(build) : facts.checkSource(inputs.source)));
  const request = { platforms: build.platforms, referrers: inputs.referrers };
  if (push.value) for (const { registry } of destinations) attempt(() => checkRequest(registry, request));
  throwIfAny();
  // Only a gathered fault leaves it undefined, and that was just thrown.
  if (description === undefined) throw new Error('the image has no description');
  return {
    plan: {
      schema: 1,
      product,
      destinations,
      description,
      ...(source === undefined ? {} : { source }),
      build,
      ...(staging && { staging }),
      ifExists: inputs.ifExists,
      push,
      loginScope: inputs.loginScope,
      verify: inputs.verify,
      retries: inputs.retries,
      notes: [
        ...located.flatMap(({ notes }) => notes),
        ...inputs.build.notes,
        ...noteEmptySecrets(empty),
        ...noteComments(facts.registryAuth),
        ...notesOnCommit(run, facts.metadata),
      ],
    },
    describe: (existingTags) => describe(existingTags) ?? description,
  };
}
