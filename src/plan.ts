/**
 * The plan: every decision of a publish, as a value, made before anything is done. `dry-run` prints it.
 */

import type { BuildRequest } from './engine/build-request.ts';
import { type CacheMode, type CachePlan, cacheName } from './engine/cache.ts';
import { checkOutputs } from './engine/outputs.ts';
import { gitSecretId } from './engine/secrets.ts';
import { gatherFaults, InputError } from './errors.ts';
import { formatPlatform, type Platform } from './image/platform.ts';
import { formatRepository, type Repository } from './image/repository.ts';
import type { SourceSpec } from './image/transport.ts';
import type { IfExists, Inputs, Verification } from './inputs.ts';
import { describeImage, type ImageDescription, type Naming } from './metadata/describe-image.ts';
import { parseFlavor } from './metadata/flavor.ts';
import { parseImages } from './metadata/image-names.ts';
import { parseAnnotations, parseLabels } from './metadata/labels.ts';
import { type ContextOptions, contextOf } from './metadata/metadata-context.ts';
import { parseTagRules } from './metadata/tag-rules.ts';
import {
  type CredentialDecision,
  type GivenCredentials,
  resolveCredential,
  tokenForm,
} from './registry/credentials.ts';
import {
  checkRequest,
  hostOfOwningProduct,
  type RegistryDecision,
  resolveRegistry,
  resolveRepository,
  type ServerFacts,
} from './registry/directory.ts';
import { packageUrl } from './registry/package-page.ts';
import { type Product, resolveProduct } from './registry/product.ts';
import { readOnlyRun } from './run/read-only.ts';
import type { Run } from './run/run.ts';
import { refuseDockerRegistry, resolveStaging, type Staging } from './source/staging.ts';

/** A decision with the reason for it, as a clause. */
export interface Decision<Value> {
  readonly value: Value;
  readonly reason: string;
}

/** Whether the run publishes. */
export interface PushDecision extends Decision<boolean> {
  /** Why a registry's refusal is no failure of this run, as a clause; `undefined` where it is one. */
  readonly yieldsBecause: string | undefined;
}

/** One repository that the image goes to. */
export interface Destination {
  readonly registry: RegistryDecision;
  readonly repository: Repository;
  readonly credential: CredentialDecision;
  /** The package's page on GitHub; empty elsewhere. */
  readonly packageUrl: string;
}

/** Where an image already is. */
export interface PlannedSource {
  readonly spec: SourceSpec;
  /** The repository that it is in, for a source in a registry. */
  readonly from?: Omit<Destination, 'packageUrl'>;
  readonly referrers: boolean;
}

/** Where an image goes and what it is called there, whatever its content comes from. */
export interface PublicationPlan {
  /** Of the plan's own form; raised when a reader of the JSON would have to change. */
  readonly schema: 1;
  readonly product: Product;
  /** The first is the main one; empty when `images` enables none. */
  readonly destinations: readonly Destination[];
  /** As far as is known without the tags that the registry has. */
  readonly description: ImageDescription;
  readonly ifExists: IfExists;
  readonly push: PushDecision;
  readonly verify: Verification;
  readonly retries: number;
  /** What a person would want to know, as sentences. */
  readonly notes: readonly string[];
}

export interface Plan extends PublicationPlan {
  /** Absent: the image is built. */
  readonly source?: PlannedSource;
  readonly build: BuildRequest;
  /** The image is a leg that `merge` joins with others, and gets no tag; absent: it is published by this step. */
  readonly staging?: Staging;
  readonly loginScope: 'step' | 'job';
}

/** What a plan is made from beside the inputs and the run. */
export interface PlanFacts {
  /** The time, and what the environment says of the metadata. */
  readonly metadata: ContextOptions;
  /** Whom `registry-auth` names; the passwords stay at the edge. */
  readonly registryAuth: GivenCredentials['registryAuth'];
  /** Looks at the disk for what the build would read; its faults are reported with the others. */
  readonly checkBuild: (build: BuildRequest) => void;
  /** The same for the file or folder of a source. */
  readonly checkSource: (source: SourceSpec) => void;
  /** What a GHES told of itself; `undefined`: it was not asked. */
  readonly server?: ServerFacts | undefined;
}

/** A plan, and the one part of it that the registry may change. */
export interface Planned<Kind extends PublicationPlan = Plan> {
  readonly plan: Kind;
  /** The description again, for a repository that has these tags: `latest` and its like never move backwards. */
  readonly describe: (existingTags: readonly string[]) => ImageDescription;
}

/** Whether the run publishes. */
function resolvePush(inputs: Inputs, run: Run): PushDecision {
  const decide = (value: boolean, reason: string, yieldsBecause?: string): PushDecision => ({
    value,
    reason,
    yieldsBecause,
  });
  const { call } = inputs.build.options;
  if (call !== 'build') return decide(false, `\`call\` is ${call}`);
  if (inputs.push === 'true') return decide(true, '`push` is true');
  if (inputs.push === 'false') return decide(false, '`push` is false');
  if (run.ref.kind === 'pull') {
    const fork = readOnlyRun(run) === 'fork' ? ' from a fork' : '';
    return decide(false, `the run is for pull request ${run.ref.name}${fork} and \`push\` is auto`);
  }
  // Dependabot's runs have a token that only reads, unless `permissions` gives it more: the registry knows.
  if (readOnlyRun(run) === 'dependabot') {
    return decide(true, 'the run is for no pull request', 'Dependabot started the run, and its token only reads');
  }
  return decide(true, 'the run is for no pull request');
}

interface Located {
  readonly registry: RegistryDecision;
  readonly repository: Repository;
  readonly notes: readonly string[];
}

/** The one repository that `registry`, `owner` and `image` name, or the run where they say nothing. */
export function locateImage(
  inputs: Pick<Inputs, 'registry' | 'owner' | 'image'>,
  run: Run,
  product: Product,
  server?: ServerFacts,
): Located {
  const source = run.sourceRepository;
  const registry = resolveRegistry(inputs.registry, product, server);
  const parts = {
    owner: inputs.owner || (source?.owner ?? ''),
    sourceRepository: source?.name ?? '',
    image: inputs.image || (source?.name ?? ''),
  };
  return { registry, ...resolveRepository(registry, parts) };
}

function locateImages(images: string, product: Product): readonly Located[] {
  return parseImages(images).map((repository) => {
    const registry = resolveRegistry(repository.registry, product);
    const segments = repository.path.split('/').length;
    if (registry.kind === 'docker' && segments !== 3) {
      throw new InputError('REPOSITORY_INVALID', {
        message: `"${repository.path}" in \`images\` is no path of the Docker registry ${repository.registry}: expected OWNER/REPOSITORY/IMAGE.`,
        remedy: 'Give the name all three segments.',
      });
    }
    if (registry.kind === 'container' && segments < 2) {
      throw new InputError('REPOSITORY_INVALID', {
        message: `"${repository.path}" in \`images\` is no path of the Container registry ${repository.registry}: expected OWNER/IMAGE.`,
        remedy: 'Put the owner before the name of the image.',
      });
    }
    return { registry: { ...registry, reason: '`images` names it' }, repository, notes: [] };
  });
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

/** The build, with what the rest of the plan adds to its inputs. */
function buildOf(
  { build: { options, cache }, annotations, token, stage }: Inputs,
  run: Run,
  destinations: readonly Destination[],
  push: boolean,
  description: ImageDescription | undefined,
): BuildRequest {
  const [main] = destinations;
  const { serverUrl, sourceRepository, runId, attempt } = run;
  const owned = sourceRepository && `${sourceRepository.owner}/${sourceRepository.name}`;
  return {
    ...options,
    labels: (description?.labels ?? []).map(({ name, value }) => `${name}=${value}`),
    annotations: description?.annotations ?? [],
    needsAnnotations: annotations.trim() !== '',
    cache: planCache(cache, legParts(stage, options.platforms), run, main, push, description),
    builderId:
      owned === undefined || runId === ''
        ? ''
        : `${serverUrl.origin}/${owned}/actions/runs/${runId}/attempts/${attempt}`,
    // A password for another registry is none of GitHub's business.
    gitSecret: tokenForm(token) === 'other' ? '' : gitSecretId(options.context, serverUrl.host, options.secrets),
  };
}

/** What tells a leg from the others of its run; nothing for a whole image. */
function legParts(stage: string | undefined, platforms: readonly Platform[]): readonly string[] {
  return stage === undefined ? [] : [stage, ...platforms.map(formatPlatform)].filter((part) => part !== '');
}

function planCache(
  mode: CacheMode,
  parts: readonly string[],
  { ref, event, baseRef }: Run,
  main: Destination | undefined,
  push: boolean,
  description: ImageDescription | undefined,
): CachePlan {
  const own = ref.kind === 'branch' ? ref.name : '';
  const branches = [own, baseRef, event.defaultBranch ?? ''].filter((branch) => branch !== '');
  // A Docker registry has images alone.
  const repository = main === undefined || main.registry.kind === 'docker' ? '' : formatRepository(main.repository);
  const last = branches.slice(-1).map((branch) => cacheName(branch));
  const tags = [description?.tags[0]?.tag, ...last, 'latest'].filter((tag) => tag !== undefined);
  return {
    mode,
    repository,
    reads: [...new Set(branches.map((branch) => cacheName(branch, parts)))],
    writes: own === '' ? '' : cacheName(own, parts),
    mayPush: push,
    images: repository === '' ? [] : [...new Set(tags)].map((tag) => `${repository}:${tag}`),
  };
}

/**
 * The token of the destinations is sent to a source's registry only where it is theirs too.
 * @throws InputError REGISTRY_INVALID for a registry that imitates one of GitHub's
 */
function planSource(
  { source, referrers }: Inputs,
  product: Product,
  given: GivenCredentials,
  destinations: readonly Destination[],
): PlannedSource | undefined {
  if (source === undefined) return undefined;
  if (source.kind !== 'docker') return { spec: source, referrers };
  const { repository } = source.reference;
  const registry = { ...resolveRegistry(repository.registry, product), reason: '`source` names it' };
  const same = destinations.find((each) => each.registry.registry === registry.registry);
  const isOwn = hostOfOwningProduct(registry.registry, product) === product.host;
  const own = { ...given, token: isOwn ? given.token : '' };
  const credential = same?.credential ?? resolveCredential(registry.registry, product, own, false);
  return { spec: source, from: { registry, repository, credential }, referrers };
}

/**
 * @throws InputError, or InputFaults with every fault of every input
 */
export function plan(inputs: Inputs, run: Run, facts: PlanFacts): Planned {
  const { attempt, throwIfAny } = gatherFaults();
  const product = resolveProduct(run.serverUrl, facts.server?.version);
  const push = resolvePush(inputs, run);
  const located =
    attempt(() =>
      inputs.images === '' ? [locateImage(inputs, run, product, facts.server)] : locateImages(inputs.images, product),
    ) ?? [];
  const given = { token: inputs.token, username: inputs.username, registryAuth: facts.registryAuth };
  const owners = {
    sourceOwner: run.sourceRepository?.owner ?? '',
    sourceRepository: run.sourceRepository?.name ?? '',
    sourceOwnerType: run.event.ownerType,
  };
  const destinations = located.flatMap(({ registry, repository }) => {
    const credential = attempt(() => resolveCredential(registry.registry, product, given, push.value));
    if (credential === undefined) return [];
    return [{ registry, repository, credential, packageUrl: packageUrl(registry, repository, product, owners) }];
  });
  const naming = attempt(() => parseNaming(inputs));
  const staging = attempt(() => (inputs.stage === undefined ? undefined : resolveStaging(inputs.stage, run)));
  if (inputs.stage !== undefined) attempt(() => refuseDockerRegistry(located.map(({ registry }) => registry)));
  const describe = (existingTags: readonly string[] | undefined): ImageDescription | undefined => {
    const description = naming && describeImage(naming, contextOf(run, { ...facts.metadata, existingTags }));
    // An image that is there already keeps those that it has.
    return description && inputs.source ? { ...description, labels: [], annotations: [] } : description;
  };
  const description = attempt(() => describe(undefined));
  const build = buildOf(inputs, run, destinations, push.value, description);
  attempt(() => checkOutputs(build.outputs, build.load, push));
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
      notes: located.flatMap(({ notes }) => notes),
    },
    describe: (existingTags) => describe(existingTags) ?? description,
  };
}
