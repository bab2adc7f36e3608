/** Publishes an image: the action of `action.yml`. */

import { noteUnsetArguments } from '../build/argument-notes.ts';
import type { BuildRequest } from '../build/build-request.ts';
import { secretValues } from '../build/build-secrets.ts';
import { checkBuild } from '../build/check-build-files.ts';
import { warnOfCopiedCredential } from '../build/copied-credential.ts';
import { dockerfileLabels } from '../build/dockerfile-labels.ts';
import { baseOf } from '../build/dockerfile-stages.ts';
import { readCheckedOutCommit, readDockerfile } from '../build/read-build-context.ts';
import { readSecretFiles } from '../engine/secret-files.ts';
import { gatherFaults } from '../errors.ts';
import { parseContextOptions } from '../inputs/metadata-options.ts';
import { type InputName, type Inputs, inputDefaults, parseInputs } from '../inputs/publish-inputs.ts';
import { plansOfTargets } from '../plan/baked-plans.ts';
import { metadataVariables } from '../plan/metadata-variables.ts';
import { nothingDone, type Outcome } from '../plan/outcome.ts';
import type { Planned } from '../plan/plan.ts';
import { plan } from '../plan/plan-publish.ts';
import { announce } from '../report/announce.ts';
import { formatOutputs, type OutputName } from '../report/outputs.ts';
import { checkSource } from '../source/check-source.ts';
import { findsSecrets } from '../text/secret-text.ts';
import type { Action, PlanningFacts } from './action.ts';
import { noteUnreadablePackage } from './note-unreadable-package.ts';

interface PublishTypes {
  readonly name: InputName;
  readonly inputs: Inputs;
  readonly planned: Planned;
  readonly outcome: Outcome;
  readonly output: OutputName;
}

export const publishAction: Action<PublishTypes> = {
  defaults: inputDefaults,
  participle: 'published',
  parse: parseInputs,
  async checkFiles({ build: { options } }, { workingFolder }) {
    if (options.builderConfig === '') return;
    const { readBuilderConfig } = await import('../engine/builder-settings.ts');
    await readBuilderConfig(options.builderConfig, workingFolder);
  },
  async readBuildSecrets({ build: { options, secretValues: given } }, env) {
    const values = [...secretValues(options.secrets, given, env).values()];
    return { values, inFiles: await readSecretFiles(options.secrets) };
  },
  async readBake({ inputs, run, secrets, faults }, process) {
    if (inputs.bake === undefined) return undefined;
    // A step with a fault in its inputs starts no tool.
    faults.throwIfAny();
    const { readBakeDefinition } = await import('./read-bake-definition.ts');
    return readBakeDefinition(inputs.bake, inputs, run, secrets, process);
  },
  plan: planOnDisk,
  templatesOf: ({ tags, flavor, labels, annotations, build: { options } }, bake) => [
    ...[tags, flavor, labels, annotations, ...options.buildArgs, ...options.buildContexts],
    ...[...(bake?.definition.targets.values() ?? [])].flatMap(({ args, contexts }) => [...args, ...contexts]),
    // A reproducible image has the time of its commit.
    ...(options.reproducible ? ['{{commit_date}}'] : []),
  ],
  warningsOf(plan, { workingFolder, env }) {
    const builds = plansOfTargets(plan).flatMap(({ build }) => (build === undefined ? [] : [build]));
    const all = builds.flatMap((build) => [
      ...noteUnsetArguments(build.buildArgs, env),
      ...[warnOfCopiedCredential(build, workingFolder) ?? []].flat(),
    ]);
    return [...new Set(all)];
  },
  nothingDone,
  async work(planned, inputs, workplace) {
    const { publishInStep } = await import('./publish-in-step.ts');
    return publishInStep(planned, inputs, workplace);
  },
  async withRemarks(outcome, thePlan, run, process) {
    const { ofTargets } = outcome;
    if (ofTargets === undefined) return noteUnreadablePackage(outcome, thePlan, run, process);
    const remarked = await Promise.all(ofTargets.map((each) => noteUnreadablePackage(each, thePlan, run, process)));
    const { remarks = [] } = remarked[0] ?? {};
    return { ...outcome, remarks, ofTargets: remarked };
  },
  announce: (thePlan, outcome, { env, log }) => announce(thePlan, outcome, env, log),
  outputs: formatOutputs,
  metadataVariables,
  publication: (outcome) => outcome,
};

/** Plans, and looks at what the build or the source would read. */
function planOnDisk(inputs: Inputs, facts: PlanningFacts<InputName>): Planned {
  const { read, process, run, registryAuth, now, server, gitHub, bake } = facts;
  const { env, workingFolder, log } = process;
  const { options } = inputs.build;
  const checkDisk = (check: () => void): void => {
    const checks = gatherFaults();
    checks.attempt(check);
    // A dry run shows the plan also where there is nothing to build.
    if (inputs.dryRun) checks.report((fault) => log.warning(`${fault.code}: ${fault.message}`));
    else checks.throwIfAny();
  };
  const common = {
    registryAuth,
    server,
    isSet: (variable: string) => env[variable] !== undefined,
    checkBuild: (request: BuildRequest) => checkDisk(() => checkBuild(request, workingFolder, env)),
  };
  const metadata = { ...parseContextOptions(env, now), ...gitHub };
  if (inputs.bake !== undefined && bake !== undefined) {
    const { definition, buildxVersion, planBake } = bake;
    const logins = [inputs.token, ...registryAuth.logins.map(({ password }) => password)];
    const hides = findsSecrets(logins.filter((login) => login !== ''));
    const build = { ...inputs.build, options: { ...options, buildxVersion: buildxVersion || options.buildxVersion } };
    return planBake({ ...inputs, bake: inputs.bake, build }, run, {
      ...{ ...common, metadata, definition },
      dockerfileOf: (request) => readDockerfile(request, workingFolder),
      commitOf: (context) => readCheckedOutCommit(context, workingFolder),
      isWithheld: (variable) => hides(env[variable] ?? ''),
      cacheVariables: [...inputs.build.variables.keys()],
    });
  }
  // With `source`, even an invalid one, there is no build to check.
  const isBuilt = read('source') === '';
  const dockerfile = isBuilt ? readDockerfile(options, workingFolder) : undefined;
  const ofContext = isBuilt && {
    dockerfileLabels: dockerfile === undefined ? new Map() : dockerfileLabels(dockerfile, options.target),
    checkedOutCommit: readCheckedOutCommit(options.context, workingFolder),
  };
  return plan(inputs, run, {
    ...{ ...common, metadata: { ...metadata, ...ofContext } },
    baseOf: (build) => dockerfile && baseOf(dockerfile, build.target, build.buildArgs),
    checkBuild: isBuilt ? common.checkBuild : () => undefined,
    checkSource: (source) => checkDisk(() => checkSource(source, workingFolder)),
  });
}
