/**
 * The plan: every decision of a publish, as a value, made before anything is done. `dry-run` prints it.
 */

import type { BuildRequest } from '../build/build-request.ts';
import { features, featuresOfBuilder } from '../build/capabilities.ts';
import { checkOutputs } from '../build/exporters.ts';
import { gatherFaults, InputError } from '../errors.ts';
import type { Run } from '../github/workflow-run.ts';
import type { SourceSpec } from '../image/transport.ts';
import type { Inputs } from '../inputs/publish-inputs.ts';
import type { ImageDescription } from '../metadata/describe-image.ts';
import { type ContextOptions, scopeOf } from '../metadata/metadata-context.ts';
import { buildOf, noteWithheldGitSecret } from './build-decision.ts';
import { fillBuildValues } from './build-values.ts';
import { noteEmptySecrets, refuseEmptySecrets } from './empty-secrets.ts';
import { refuseImitatedReferences } from './imitated-references.ts';
import { refuseDockerRegistry, resolveStaging } from './leg-decision.ts';
import type { Planned } from './plan.ts';
import { draftPublication, type PublicationFacts } from './plan-publication.ts';
import { resolvePush } from './push-decision.ts';
import { checkRequest } from './registry-decision.ts';
import { contextOf, sourceDateOf } from './run-metadata.ts';
import { planSource } from './source-decision.ts';
import { targetOf } from './target.ts';

export interface PlanFacts extends PublicationFacts {
  /** Whether a variable is set in the environment of the step; default: none is. */
  readonly isSet?: (variable: string) => boolean;
  /** Looks at the disk for what the build would read; its faults are reported with the others. */
  readonly checkBuild: (build: BuildRequest) => void;
  /** The image that a build begins with, as far as the Dockerfile tells it. */
  readonly baseOf?: (build: BuildRequest) => string | undefined;
  /** The same for the file or folder of a source. */
  readonly checkSource: (source: SourceSpec) => void;
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

/** @returns a sentence, if the builder's provenance, which has times in it, goes with an image that is to be reproducible */
function noteProvenance({ source, build: { options } }: Inputs): readonly string[] {
  const hasTimes = options.attestations.some(({ type }) => type === 'provenance');
  if (source !== undefined || !options.reproducible || !hasTimes) return [];
  return [
    'The image is reproducible, but the index around it is not: `provenance` has the times of the build. To attest how it was built, use `attest`, which leaves the image as it is.',
  ];
}

/** @throws InputError INPUTS_CONTRADICT */
function checkAttest({ attest, stage, source, build: { options } }: Inputs): void {
  if (attest.length === 0) return;
  if (stage !== undefined) {
    throw new InputError('INPUTS_CONTRADICT', {
      message: '`attest` cannot be used with `stage`: an image is attested when it is published, which `merge` does.',
      remedy: 'Set `attest` on the step that merges, and leave it out here.',
    });
  }
  const hasSbom = source !== undefined || options.attestations.some(({ type }) => type === 'sbom');
  if (!attest.includes('sbom') || hasSbom) return;
  throw new InputError('INPUTS_CONTRADICT', {
    message: '`attest` names `sbom`, but `sbom` is not set, so the build makes no SBOM.',
    remedy: 'Set `sbom: true`, or leave `sbom` out of `attest`.',
  });
}

const noBase =
  '`if-exists` is `skip-unless-base-changed`, but the Dockerfile names no base image that the step can ask for. A version that exists stays.';

/** @returns `undefined` also for a name that `build-contexts` replaces */
function baseOfBuild(build: BuildRequest, { baseOf }: PlanFacts): string | undefined {
  const base = baseOf?.(build);
  return base === undefined || build.buildContexts.some((each) => each.startsWith(`${base}=`)) ? undefined : base;
}

/** @throws InputError INPUTS_CONTRADICT */
function refuseBaseOfSource(source: SourceSpec | undefined): void {
  if (source === undefined) return;
  throw new InputError('INPUTS_CONTRADICT', {
    message:
      '`if-exists` is `skip-unless-base-changed`, but `source` names an image that exists: the step builds nothing.',
    remedy: 'Set `if-exists: skip`, or leave `source` out.',
  });
}

/**
 * @throws InputError, or InputFaults with every fault of every input
 */
export function plan(inputs: Inputs, run: Run, facts: PlanFacts): Planned {
  const faults = gatherFaults();
  const { attempt } = faults;
  const { source: spec, referrers, stage } = inputs;
  const push = resolvePush(inputs.push, run, inputs.build.options.call);
  const sourceDate = inputs.build.options.reproducible ? sourceDateOf(run, facts.metadata) : undefined;
  const metadata = sourceDate === undefined ? facts.metadata : { ...facts.metadata, now: sourceDate };
  const draft = draftPublication(inputs, run, { ...facts, metadata }, push, faults);
  const { product, destinations, registries, description } = draft;
  const empty = { ofBuild: inputs.build.emptySecrets, logins: facts.registryAuth.empty };
  const hosts = registries.map(({ registry }) => registry);
  refuseEmptySecrets(empty, hosts, push, attempt);
  const staging = attempt(() => (stage === undefined ? undefined : resolveStaging(stage, run)));
  if (stage !== undefined) attempt(() => refuseDockerRegistry(registries));
  attempt(() => checkAttest(inputs));
  // Also of an image that is not built: a fault in its inputs is a fault.
  const scope = scopeOf(contextOf(run, metadata), () => {});
  const filled = attempt(() => {
    if (description === undefined) return undefined;
    const targets = destinations.map((destination) => targetOf(destination, description));
    return fillBuildValues(inputs.build.options, description, targets, scope, facts.isSet ?? (() => false));
  });
  const ofBuild = { ...inputs.build, options: filled ?? inputs.build.options };
  const asked = buildOf({ ...inputs, build: ofBuild }, run, destinations, push.value, description);
  const asksForBase = inputs.ifExists === 'skip-unless-base-changed';
  const base = asksForBase ? baseOfBuild(asked, facts) : undefined;
  const build = {
    ...asked,
    ...(sourceDate === undefined ? {} : { sourceDate: Math.floor(sourceDate.getTime() / 1000) }),
    ...(base === undefined ? {} : { base }),
  };
  if (asksForBase) attempt(() => refuseBaseOfSource(spec));
  attempt(() => checkOutputs(build.outputs, build.load, push));
  attempt(() => refuseImitatedReferences(build, product));
  const source = attempt(() => spec && planSource({ spec, referrers }, product, draft.given, destinations));
  attempt(() => (spec === undefined ? facts.checkBuild(build) : facts.checkSource(spec)));
  const request = { platforms: build.platforms, referrers };
  if (push.value) for (const { registry } of destinations) attempt(() => checkRequest(registry, request));
  faults.throwIfAny();
  const ofContext = spec === undefined ? noteWithheldGitSecret(inputs.build.options, inputs.token, run) : [];
  const notes = [
    ...inputs.build.notes,
    ...noteEmptySecrets(empty),
    ...notesOnCommit(run, facts.metadata),
    ...noteProvenance(inputs),
    ...ofContext,
    ...(asksForBase && base === undefined ? [noBase] : []),
  ];
  const { plan: publication, describe } = draft.finish(notes);
  const options = { ...(staging && { staging }), loginScope: inputs.loginScope };
  const needs = featuresOfBuilder(build).map((name) => ({ what: features[name].what, input: features[name].input }));
  const ofBuilder = needs.length > 0 && { builderNeeds: needs };
  if (source === undefined) return { plan: { ...publication, build, ...ofBuilder, ...options }, describe };
  // An image that already exists keeps those that it has.
  const asItIs = (each: ImageDescription): ImageDescription => ({ ...each, labels: [], annotations: [] });
  return {
    plan: { ...publication, description: asItIs(publication.description), source, ...options },
    describe: (existingTags) => asItIs(describe(existingTags)),
  };
}
