/**
 * The main entry: what the runner starts.
 */

import { appendFileSync } from 'node:fs';
import type { BuildRequest } from './engine/build-request.ts';
import type { Environment } from './engine/command.ts';
import { type Engine, openEngine } from './engine/engine.ts';
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
import { publish } from './publish.ts';
import { tokenForm } from './registry/credentials.ts';
import type { ServerFacts } from './registry/directory.ts';
import { isOpen, mostCapable, readServer } from './registry/probe.ts';
import { resolveProduct } from './registry/product.ts';
import type { Log } from './report/log.ts';
import { formatPlan } from './report/plan-table.ts';
import { findMissingFacts, type GitHubFacts, readGitHubFacts } from './run/github-facts.ts';
import type { Run } from './run/run.ts';
import { checkBuild } from './source/build-context.ts';
import { openStep, type Step } from './step.ts';
import { newStepFolder } from './step-folder.ts';

export const run = (): Promise<void> =>
  runEntry((entry) => publishStep(inputsOfEnvironment(entry.env, inputDefaults), entry));

/**
 * One publish, from the strings of the inputs to the outputs.
 * @returns the outputs, which are also written to GITHUB_OUTPUT where there is one
 * @throws PublishError
 */
export async function publishStep(
  read: InputReader,
  { env, log, termination }: Entry,
): Promise<Readonly<Record<OutputName, string>>> {
  const faults = gatherFaults();
  const inputs = parseInputs(read, faults);
  const secrets = { token: inputs.token, registryAuth: await readRegistryAuth(inputs.registryAuth, faults) };
  maskSecrets(log, inputs.username, secrets);
  maskBuildSecrets(log, inputs.build.secretValues);
  const theRun = readRun(env);
  const { registryAuth } = secrets;
  const metadata = faults.attempt(() => parseContextOptions(env, new Date()));
  const checkFiles = (request: BuildRequest): void => {
    const checks = gatherFaults();
    checks.attempt(() => checkBuild(request, process.cwd(), env));
    // A plan can be looked at where there is nothing to build.
    if (inputs.dryRun) checks.report((fault) => log.warning(`${fault.code}: ${fault.message}`));
    else checks.throwIfAny();
  };
  const planWith = (facts: ContextOptions, server: ServerFacts | undefined): Planned =>
    plan(inputs, theRun, { metadata: facts, registryAuth, checkBuild: checkFiles, server });
  const asksServer = !inputs.dryRun && isOpen(inputs, resolveProduct(theRun.serverUrl));
  const first = metadata && faults.attempt(() => planWith(metadata, asksServer ? mostCapable : undefined));
  faults.throwIfAny();
  if (metadata === undefined || first === undefined) throw new Error('no fault, but no plan either');
  const explainIn =
    ({ plan: { product, destinations, push } }: Planned) =>
    async (error: unknown): Promise<never> => {
      const { explain } = await import('./report/diagnosis.ts');
      throw explain(error, { product, destinations, push: push.value, run: theRun, secrets });
    };
  const [asked, server] = await Promise.all([
    inputs.dryRun ? undefined : askGitHub(inputs, theRun, { env, log, termination }),
    asksServer ? readServer(theRun, env).catch(explainIn(first)) : undefined,
  ]);
  const planned = asked === undefined && server === undefined ? first : planWith({ ...metadata, ...asked }, server);
  for (const line of formatPlan(planned.plan)) log.info(line);
  for (const warning of planned.plan.description.warnings) log.warning(warning);
  if (inputs.dryRun) {
    return writeOutputs(env, formatOutputs(planned.plan, nothingDone(planned.plan, '`dry-run` is true')));
  }

  const folder = newStepFolder(temporaryFolder(env));
  // Before the folder is made, so that `post` knows it whatever happens from here on.
  appendEntry(env.GITHUB_STATE, 'folder', folder);
  const step = await openStep(planned.plan, folder, env, secrets, log, termination);
  const engine = engineOf(step, planned.plan, inputs, { env, log });
  let keepsLogin = false;
  try {
    const outcome = await publish(planned, { engine, registry: step.registry, log });
    report(planned.plan, outcome, env, log);
    keepsLogin = planned.plan.loginScope === 'job' && env.GITHUB_ENV !== undefined;
    const variables = keepsLogin ? await engine.loginVariables() : {};
    for (const [name, value] of Object.entries(variables)) appendEntry(env.GITHUB_ENV, name, value);
    return writeOutputs(env, formatOutputs(planned.plan, outcome));
  } catch (error) {
    return await explainIn(planned)(error);
  } finally {
    await engine.close();
    await step.close(keepsLogin);
  }
}

/** What the payload lacks, from the API; `undefined` where nothing is missing. */
async function askGitHub(inputs: Inputs, theRun: Run, { env, log }: Entry): Promise<GitHubFacts | undefined> {
  const { tags, flavor, labels, annotations } = inputs;
  const missing = findMissingFacts(theRun, [tags, flavor, labels, annotations]);
  // A terminal has no API of its own to ask.
  if (env.GITHUB_ACTIONS !== 'true' || !(missing.repository || missing.commit)) return undefined;
  const { createApi } = await import('./run/github-api.ts');
  // A password for another registry is none of GitHub's business.
  const token = tokenForm(inputs.token) === 'other' ? '' : inputs.token;
  return readGitHubFacts(missing, theRun, createApi(theRun.apiUrl, token, env), (message) => log.info(message));
}

/** Each line of a secret that is long enough to be one: `{` and the like would make *** of the whole log. */
function maskBuildSecrets(log: Log, values: ReadonlyMap<string, string>): void {
  for (const line of [...values.values()].flatMap((value) => value.split('\n'))) {
    if (line.trim().length >= 6) log.mask(line.trim());
  }
}

function engineOf(
  { docker, config, logins }: Step,
  { build: request, destinations, push }: Plan,
  { build: { secretValues, variables }, token }: Inputs,
  { env, log }: Pick<Entry, 'env' | 'log'>,
): Engine {
  const ports = {
    ...docker,
    variables: env,
    say: (line: string) => log.info(line),
    warn: log.warning,
    // A builder in a cluster outlives the step that was killed: `post` removes it.
    onBuilder: (removal: readonly string[]) => appendEntry(env.GITHUB_STATE, 'builder', JSON.stringify(removal)),
  };
  return openEngine(ports, config, {
    request,
    repositories: destinations.map(({ repository }) => repository),
    usesDockerRegistry: push.value && destinations.some(({ registry }) => registry.kind === 'docker'),
    logins,
    secrets: request.gitSecret === '' ? secretValues : new Map([...secretValues, [request.gitSecret, token]]),
    cacheVariables: variables,
  });
}

function report(thePlan: Plan, outcome: Outcome, env: Environment, log: Log): void {
  if (!outcome.published || outcome.digest === undefined) {
    log.notice(`Nothing was published, because ${outcome.reason}.`);
    return;
  }
  const { digest } = outcome;
  const references = thePlan.destinations.map(({ repository }) => formatDigestReference(repository, digest));
  // The runner's list of what a job made, for attestation steps (actions/runner, CreateArtifactsFileCommand).
  if (env.GITHUB_ARTIFACTS) appendFileSync(env.GITHUB_ARTIFACTS, references.map((each) => `oci://${each}\n`).join(''));
  for (const reference of references) log.info(`Published ${reference}`);
}
