/**
 * The main entry: what the runner starts.
 */

import { appendFileSync } from 'node:fs';
import { type Account, accountFor, weighFor } from './account.ts';
import type { BuildRequest } from './engine/build-request.ts';
import type { Environment } from './engine/command.ts';
import { type Engine, openEngine } from './engine/engine.ts';
import { readSecretFiles, secretValues } from './engine/secrets.ts';
import {
  appendEntry,
  type Entry,
  maskSecrets,
  readRegistryAuth,
  readRun,
  runEntry,
  temporaryFolder,
  writeOutputs,
} from './entry.ts';
import { type Faults, gatherFaults } from './errors.ts';
import { formatDigestReference } from './image/reference.ts';
import {
  type InputReader,
  type Inputs,
  inputDefaults,
  inputsOfEnvironment,
  parseContextOptions,
  parseInputs,
} from './inputs.ts';
import type { ContextOptions } from './metadata/context.ts';
import { formatOutputs, nothingDone, type Outcome, type OutputName } from './outputs.ts';
import { type Plan, type PublicationPlan, plan } from './plan.ts';
import type { EnginePort, SourcePort } from './ports.ts';
import { publish } from './publish.ts';
import { tokenForm } from './registry/credentials.ts';
import type { ServerFacts } from './registry/directory.ts';
import { isOpen, mostCapable, readServer } from './registry/probe.ts';
import { resolveProduct } from './registry/product.ts';
import type { Journal } from './report/journal.ts';
import type { Log } from './report/log.ts';
import { formatPlan } from './report/plan-table.ts';
import { findMissingFacts, type GitHubFacts, readGitHubFacts } from './run/github-facts.ts';
import type { Run } from './run/run.ts';
import { checkBuild } from './source/build-context.ts';
import { checkSource } from './source/check-source.ts';
import type { SourceSpec } from './source/spec.ts';
import { buildByDigest } from './source/unnamed-build.ts';
import { openStep, type Step, type StepSecrets } from './step.ts';
import { newStepFolder } from './step-folder.ts';

export const run = (): Promise<void> =>
  runEntry((entry) => publishStep(inputsOfEnvironment(entry.env, inputDefaults), entry));

/**
 * One publish, from the strings of the inputs to the outputs.
 * @returns the outputs, which are also written to GITHUB_OUTPUT where there is one
 * @throws PublishError
 */
export const publishStep = (read: InputReader, entry: Entry): Promise<Readonly<Record<OutputName, string>>> =>
  accountFor(entry, (accounted, journal, account) => attemptPublish(read, accounted, journal, account));

async function attemptPublish(
  read: InputReader,
  entry: Entry,
  { runStage, spans }: Journal,
  account: Account,
): Promise<Readonly<Record<OutputName, string>>> {
  const { env, log, termination } = entry;
  const faults = gatherFaults();
  const { inputs, secrets, theRun } = await spans.measure('read', 'Read', async () => {
    const inputs = parseInputs(read, faults);
    account.wantsSummary = inputs.summary;
    account.isDryRun = inputs.dryRun;
    const { options, secretValues: given } = inputs.build;
    const ofBuild = [...secretValues(options.secrets, given, env).values()];
    const secrets = { token: inputs.token, registryAuth: await readRegistryAuth(inputs.registryAuth, faults), ofBuild };
    const inFiles = await readSecretFiles(options.secrets);
    maskSecrets(log, inputs.username, { ...secrets, ofBuild: [...ofBuild, ...inFiles] });
    return { inputs, secrets, theRun: readRun(env) };
  });
  const { registryAuth } = secrets;
  const checkDisk = (check: () => void): void => {
    const checks = gatherFaults();
    checks.attempt(check);
    // A plan can be looked at where there is nothing to build.
    if (inputs.dryRun) checks.report((fault) => log.warning(`${fault.code}: ${fault.message}`));
    else checks.throwIfAny();
  };
  const checkRequest = (request: BuildRequest): void => {
    // Whoever gives a source, were it one at fault, builds nothing.
    if (read('source') === '') checkDisk(() => checkBuild(request, process.cwd(), env));
  };
  const checkFiles = (source: SourceSpec): void => checkDisk(() => checkSource(source, process.cwd()));
  // A plan that was asked for is not to be unfolded first.
  const planned = await (inputs.dryRun ? spans.measure : runStage)('plan', 'Plan', async () => {
    const planned = await planWithAnswers(inputs, theRun, entry, secrets, faults, (metadata, server) =>
      plan(inputs, theRun, { metadata, registryAuth, checkBuild: checkRequest, checkSource: checkFiles, server }),
    );
    account.plan = planned.plan;
    for (const line of formatPlan(planned.plan)) log.info(line);
    tellOf(planned.plan, log);
    return planned;
  });
  if (inputs.dryRun) {
    return writeOutputs(env, formatOutputs(planned.plan, nothingDone(planned.plan, '`dry-run` is true')));
  }

  const folder = newStepFolder(temporaryFolder(env));
  // Before the folder is made, so that `post` knows it whatever happens from here on.
  appendEntry(env.GITHUB_STATE, 'folder', folder);
  const { source } = planned.plan;
  const destinations = [...planned.plan.destinations, ...(source?.from === undefined ? [] : [source.from])];
  const step = await openStep({ ...planned.plan, destinations }, folder, env, secrets, log, termination);
  const engine = engineOf(step, planned.plan, inputs, { env, log });
  let keepsLogin = false;
  try {
    const { registry } = step;
    const port: EnginePort = {
      ...engine,
      buildByDigest: (decision, repositories) => buildByDigest(engine, decision, repositories, folder),
    };
    const outcome = await publish(planned, { engine: port, source: sourceOf(step), registry, log, runStage });
    account.outcome = outcome;
    return await spans.measure('report', 'Report', async () => {
      await weighFor(account, outcome, registry, entry);
      report(planned.plan, outcome, env, log);
      keepsLogin = planned.plan.loginScope === 'job' && env.GITHUB_ENV !== undefined;
      const variables = keepsLogin ? await engine.loginVariables() : {};
      for (const [name, value] of Object.entries(variables)) appendEntry(env.GITHUB_ENV, name, value);
      return writeOutputs(env, formatOutputs(planned.plan, outcome));
    });
  } catch (error) {
    return await explainIn(planned.plan, theRun, secrets)(error);
  } finally {
    await engine.close();
    await step.close(keepsLogin);
  }
}

/**
 * Plans with what the environment tells; where a GHES or GitHub's API has more to say, they are asked, once nothing is at
 * fault, and it is planned again.
 * @param faults holds those of the inputs already
 * @throws InputError, or InputFaults with every fault
 */
export async function planWithAnswers<Result extends { readonly plan: PublicationPlan }>(
  inputs: Inputs,
  theRun: Run,
  entry: Entry,
  secrets: StepSecrets,
  faults: Faults,
  planWith: (metadata: ContextOptions, server: ServerFacts | undefined) => Result,
): Promise<Result> {
  const metadata = faults.attempt(() => parseContextOptions(entry.env, new Date()));
  const asksServer = !inputs.dryRun && isOpen(inputs, resolveProduct(theRun.serverUrl));
  const first = metadata && faults.attempt(() => planWith(metadata, asksServer ? mostCapable : undefined));
  faults.throwIfAny();
  if (metadata === undefined || first === undefined) throw new Error('no fault, but no plan either');
  const [asked, server] = await Promise.all([
    inputs.dryRun ? undefined : askGitHub(inputs, theRun, entry),
    asksServer
      ? readServer(theRun, entry.env, entry.termination).catch(explainIn(first.plan, theRun, secrets))
      : undefined,
  ]);
  return asked === undefined && server === undefined ? first : planWith({ ...metadata, ...asked }, server);
}

/** Throws an error again, with its cause and remedy in this very run. */
export function explainIn(
  { product, destinations, push }: PublicationPlan,
  theRun: Run,
  secrets: StepSecrets,
): (error: unknown) => Promise<never> {
  return async (error) => {
    const { explain } = await import('./report/diagnosis.ts');
    throw explain(error, { product, destinations, push: push.value, run: theRun, secrets });
  };
}

/** What the payload lacks, from the API; `undefined` where nothing is missing. */
async function askGitHub(
  inputs: Inputs,
  theRun: Run,
  { env, log, termination }: Entry,
): Promise<GitHubFacts | undefined> {
  const { tags, flavor, labels, annotations } = inputs;
  const missing = findMissingFacts(theRun, [tags, flavor, labels, annotations]);
  // A terminal has no API of its own to ask.
  if (env.GITHUB_ACTIONS !== 'true' || !(missing.repository || missing.commit)) return undefined;
  const { createApi } = await import('./run/github-api.ts');
  // A password for another registry is none of GitHub's business.
  const token = tokenForm(inputs.token) === 'other' ? '' : inputs.token;
  return readGitHubFacts(missing, theRun, createApi(theRun.apiUrl, token, env, termination), (message) =>
    log.info(message),
  );
}

function engineOf(
  { docker, config, logins }: Step,
  { build: request, destinations, push, source }: Plan,
  { build, token }: Inputs,
  { env, log }: Pick<Entry, 'env' | 'log'>,
): Engine {
  const ports = {
    ...docker,
    variables: env,
    say: (line: string) => log.info(line),
    warn: log.warning,
    // A builder in a cluster outlives the step that was killed: `post` removes it, with the variables that a child may have.
    onBuilder: (argv: readonly string[]) =>
      appendEntry(env.GITHUB_STATE, 'builder', JSON.stringify({ argv, variables: Object.keys(docker.env) })),
  };
  return openEngine(ports, config, {
    request,
    isAsked: source === undefined,
    usesDockerRegistry: push.value && destinations.some(({ registry }) => registry.kind === 'docker'),
    logins,
    secrets:
      request.gitSecret === '' ? build.secretValues : new Map([...build.secretValues, [request.gitSecret, token]]),
    cacheVariables: build.variables,
  });
}

/** Only a step that has a source loads what reads one. */
function sourceOf({ docker, registry: client }: Step): SourcePort {
  return {
    async open(spec) {
      const { openSource } = await import('./source/open.ts');
      return openSource(spec, { client, docker });
    },
    async readImageId(image) {
      const { readImageId } = await import('./source/engine-image.ts');
      return readImageId(docker, image);
    },
    async pushFromDaemon(imageId, reference) {
      const { pushFromDaemon } = await import('./source/engine-image.ts');
      return pushFromDaemon(docker, imageId, reference);
    },
  };
}

/** Notices for decisions that a person would want to know, and warnings for what is odd. */
export function tellOf({ notes, description }: PublicationPlan, log: Log): void {
  for (const note of notes) log.notice(note);
  for (const warning of description.warnings) log.warning(warning);
}

/** Tells people and later steps what was published. */
export function report(
  thePlan: PublicationPlan & Pick<Plan, 'staging'>,
  outcome: Outcome,
  env: Environment,
  log: Log,
): void {
  if (thePlan.staging !== undefined && outcome.digest !== undefined) return;
  if (!outcome.published || outcome.digest === undefined) {
    log.notice(`Nothing was published, because ${outcome.reason}.`);
    return;
  }
  const { digest, places = [] } = outcome;
  const references = places.map(({ repository }) => formatDigestReference(repository, digest));
  // The runner's list of what a job made, for attestation steps (actions/runner, CreateArtifactsFileCommand).
  if (env.GITHUB_ARTIFACTS) appendFileSync(env.GITHUB_ARTIFACTS, references.map((each) => `oci://${each}\n`).join(''));
  // The main one comes last.
  for (const { repository, description } of [...places.slice(1), ...places.slice(0, 1)]) {
    const tags = description.tags.map(({ tag }) => tag).join(', ');
    const destination = thePlan.destinations.find((each) => each.repository === repository);
    log.info(`Published ${formatDigestReference(repository, digest)} as ${tags}`);
    if (destination?.packageUrl) log.info(`Package ${destination.packageUrl}`);
  }
}
