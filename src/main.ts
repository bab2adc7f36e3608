/**
 * The main entry: what the runner starts.
 */

import { appendFileSync } from 'node:fs';
import { type Account, weighPublished, writeSummary } from './account.ts';
import type { BuildRequest } from './engine/build-request.ts';
import type { Environment } from './engine/command.ts';
import { build, logIn, readBuilderFacts, resolveBuilder } from './engine/docker.ts';
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
import { gatherFaults } from './errors.ts';
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
import { type Plan, type Planned, plan } from './plan.ts';
import { type EnginePort, publish } from './publish.ts';
import { tokenForm } from './registry/credentials.ts';
import type { ServerFacts } from './registry/directory.ts';
import { isOpen, mostCapable, readServer } from './registry/probe.ts';
import { resolveProduct } from './registry/product.ts';
import { toPublishError } from './report/failure.ts';
import { type Journal, openJournal } from './report/journal.ts';
import type { Log } from './report/log.ts';
import { formatPlan } from './report/plan-table.ts';
import { findMissingFacts, type GitHubFacts, readGitHubFacts } from './run/github-facts.ts';
import type { Run } from './run/run.ts';
import { checkBuildContext } from './source/build-context.ts';
import { openStep, type Step } from './step.ts';
import { newStepFolder } from './step-folder.ts';

export const run = (): Promise<void> =>
  runEntry((entry) => publishStep(inputsOfEnvironment(entry.env, inputDefaults), entry));

/**
 * One publish, from the strings of the inputs to the outputs; the summary says what came of it, whatever that is.
 * @returns the outputs, which are also written to GITHUB_OUTPUT where there is one
 * @throws PublishError
 */
export async function publishStep(read: InputReader, entry: Entry): Promise<Readonly<Record<OutputName, string>>> {
  const journal = openJournal(entry.log, entry.now);
  const account: Account = { wantsSummary: true, isDryRun: false, images: [] };
  try {
    return await attemptPublish(read, { ...entry, log: journal.log }, journal, account);
  } catch (error) {
    account.failure = toPublishError(error);
    throw error;
  } finally {
    await writeSummary(account, journal, entry);
  }
}

async function attemptPublish(
  read: InputReader,
  { env, log, termination }: Entry,
  { stage, spans }: Journal,
  account: Account,
): Promise<Readonly<Record<OutputName, string>>> {
  const faults = gatherFaults();
  const { inputs, secrets, theRun, metadata } = await spans.measure('read', 'Read', async () => {
    const inputs = parseInputs(read, faults);
    account.wantsSummary = inputs.summary;
    account.isDryRun = inputs.dryRun;
    const secrets = { token: inputs.token, registryAuth: await readRegistryAuth(inputs.registryAuth, faults) };
    maskSecrets(log, inputs.username, secrets);
    return {
      inputs,
      secrets,
      theRun: readRun(env),
      metadata: faults.attempt(() => parseContextOptions(env, new Date())),
    };
  });
  const { registryAuth } = secrets;
  const checkBuild = (request: BuildRequest): void => {
    const checks = gatherFaults();
    checks.attempt(() => checkBuildContext(request, process.cwd()));
    // A plan can be looked at where there is nothing to build.
    if (inputs.dryRun) checks.report((fault) => log.warning(`${fault.code}: ${fault.message}`));
    else checks.throwIfAny();
  };
  const planWith = (facts: ContextOptions, server: ServerFacts | undefined): Planned =>
    plan(inputs, theRun, { metadata: facts, registryAuth, checkBuild, server });
  const explainIn =
    ({ plan: { product, destinations, push } }: Planned) =>
    async (error: unknown): Promise<never> => {
      const { explain } = await import('./report/diagnosis.ts');
      throw explain(error, { product, destinations, push: push.value, run: theRun, secrets });
    };
  const makePlan = async (): Promise<Planned> => {
    const asksServer = !inputs.dryRun && isOpen(inputs, resolveProduct(theRun.serverUrl));
    const first = metadata && faults.attempt(() => planWith(metadata, asksServer ? mostCapable : undefined));
    faults.throwIfAny();
    if (metadata === undefined || first === undefined) throw new Error('no fault, but no plan either');
    const [asked, server] = await Promise.all([
      inputs.dryRun ? undefined : askGitHub(inputs, theRun, env, log),
      asksServer ? readServer(theRun, env).catch(explainIn(first)) : undefined,
    ]);
    const planned = asked === undefined && server === undefined ? first : planWith({ ...metadata, ...asked }, server);
    account.plan = planned.plan;
    for (const line of formatPlan(planned.plan)) log.info(line);
    for (const note of planned.plan.notes) log.notice(note);
    for (const warning of planned.plan.description.warnings) log.warning(warning);
    return planned;
  };
  // A plan that was asked for is not to be unfolded first.
  const planned = await (inputs.dryRun ? spans.measure : stage)('plan', 'Plan', makePlan);
  if (inputs.dryRun) {
    return writeOutputs(env, formatOutputs(planned.plan, nothingDone(planned.plan, '`dry-run` is true')));
  }

  const folder = newStepFolder(temporaryFolder(env));
  // Before the folder is made, so that `post` knows it whatever happens from here on.
  appendEntry(env.GITHUB_STATE, 'folder', folder);
  const step = await openStep(planned.plan, folder, env, secrets, log, termination);
  let keepsLogin = false;
  try {
    const engine = engineOf(step, planned.plan);
    const outcome = await publish(planned, { engine, registry: step.registry, log, stage });
    account.outcome = outcome;
    return await spans.measure('report', 'Report', async () => {
      if (account.wantsSummary && env.GITHUB_STEP_SUMMARY) {
        account.images = await weighPublished(planned.plan.destinations, outcome, step.registry, log);
      }
      keepsLogin = planned.plan.loginScope === 'job' && env.GITHUB_ENV !== undefined;
      if (keepsLogin) appendEntry(env.GITHUB_ENV, 'DOCKER_CONFIG', step.config.folder);
      report(planned.plan, outcome, env, log);
      return writeOutputs(env, formatOutputs(planned.plan, outcome));
    });
  } catch (error) {
    return await explainIn(planned)(error);
  } finally {
    await step.close(keepsLogin);
  }
}

/** What the payload lacks, from the API; `undefined` where nothing is missing. */
async function askGitHub(inputs: Inputs, theRun: Run, env: Environment, log: Log): Promise<GitHubFacts | undefined> {
  const { tags, flavor, labels, annotations } = inputs;
  const missing = findMissingFacts(theRun, [tags, flavor, labels, annotations]);
  // A terminal has no API of its own to ask.
  if (env.GITHUB_ACTIONS !== 'true' || !(missing.repository || missing.commit)) return undefined;
  const { createApi } = await import('./run/github-api.ts');
  // A password for another registry is none of GitHub's business.
  const token = tokenForm(inputs.token) === 'other' ? '' : inputs.token;
  return readGitHubFacts(missing, theRun, createApi(theRun.apiUrl, token, env), (message) => log.info(message));
}

function engineOf(
  { docker, config, logins }: Step,
  { build: request, destinations, push: { value: push } }: Plan,
): EnginePort {
  const usesDockerRegistry = push && destinations.some(({ registry }) => registry.kind === 'docker');
  const repositories = destinations.map(({ repository }) => repository);
  return {
    readFacts: () => readBuilderFacts(docker, config),
    resolveBuilder: (facts) => resolveBuilder(facts, request, usesDockerRegistry),
    logIn: async () => {
      // One after the other: each `docker login` rewrites the same configuration file.
      for (const { registry, username, password } of logins) await logIn(docker, registry, username, password);
    },
    build: (decision, references, push) => build(docker, decision, request, references, repositories, push),
  };
}

function report(thePlan: Plan, outcome: Outcome, env: Environment, log: Log): void {
  if (!outcome.published || outcome.digest === undefined) {
    log.notice(`Nothing was published, because ${outcome.reason}.`);
    return;
  }
  const { digest } = outcome;
  const [main = '', ...others] = thePlan.destinations.map(({ repository }) =>
    formatDigestReference(repository, digest),
  );
  const references = [main, ...others];
  // The runner's list of what a job made, for attestation steps (actions/runner, CreateArtifactsFileCommand).
  if (env.GITHUB_ARTIFACTS) appendFileSync(env.GITHUB_ARTIFACTS, references.map((each) => `oci://${each}\n`).join(''));
  // The main one is the last line of the log.
  for (const reference of [...others, main]) log.info(`Published ${reference}`);
}
