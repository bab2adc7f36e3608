/**
 * The main entry: what the runner starts.
 */

import { appendFileSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import type { BuildRequest } from './engine/build-request.ts';
import { gatherFaults } from './errors.ts';
import { formatDigestReference } from './image/reference.ts';
import { type InputReader, type Inputs, inputsOfEnvironment, parseContextOptions, parseInputs } from './inputs.ts';
import { formatOutputs, nothingDone, type Outcome, type OutputName } from './outputs.ts';
import { type Plan, plan } from './plan.ts';
import { publish } from './publish.ts';
import { exitCodeOf, onTermination } from './report/cancellation.ts';
import { formatFailure, toPublishError } from './report/failure.ts';
import { type Log, workflowLog } from './report/log.ts';
import { formatPlan } from './report/plan-table.ts';
import { formatFileEntry } from './report/runner.ts';
import { parseRun } from './run/run.ts';
import { checkBuildContext } from './source/build-context.ts';
import { openStep } from './step.ts';
import { newStepFolder } from './step-folder.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export async function run(): Promise<void> {
  const { env } = process;
  const log = workflowLog((text) => void process.stdout.write(text));
  const termination = onTermination(process);
  try {
    await publishStep(inputsOfEnvironment(env), env, log, termination);
  } catch (error) {
    const failure = toPublishError(error);
    if (failure.detail !== '')
      await log.group('What the failed command printed last', async () => log.tool(failure.detail));
    log.error(formatFailure(failure), { title: failure.code });
    process.exitCode = exitCodeOf(termination);
  }
}

/**
 * One publish, from the strings of the inputs to the outputs.
 * @returns the outputs, which are also written to GITHUB_OUTPUT where there is one
 * @throws PublishError
 */
export async function publishStep(
  read: InputReader,
  env: Environment,
  log: Log,
  termination: AbortSignal,
): Promise<Readonly<Record<OutputName, string>>> {
  const faults = gatherFaults();
  const inputs = parseInputs(read, faults);
  for (const secret of secretsOf(inputs)) log.mask(secret);
  const theRun = parseRun(env, env.GITHUB_EVENT_PATH ? readFileSync(env.GITHUB_EVENT_PATH, 'utf8') : '');
  const metadata = faults.attempt(() => parseContextOptions(env, new Date()));
  const checkBuild = (build: BuildRequest): void => checkBuildContext(build, process.cwd());
  const planned = metadata && faults.attempt(() => plan(inputs, theRun, { metadata, checkBuild }));
  faults.throwIfAny();
  if (planned === undefined) throw new Error('no fault, but no plan either');
  for (const line of formatPlan(planned.plan)) log.info(line);
  for (const warning of planned.plan.description.warnings) log.warning(warning);
  if (inputs.dryRun) return writeOutputs(env, planned.plan, nothingDone(planned.plan, '`dry-run` is true'));

  const folder = newStepFolder(env.RUNNER_TEMP || tmpdir());
  // Before the folder is made, so that `post` knows it whatever happens from here on.
  appendEntry(env.GITHUB_STATE, 'folder', folder);
  const keepsLogin = planned.plan.loginScope === 'job' && env.GITHUB_ENV !== undefined;
  const step = await openStep(planned.plan, folder, env, inputs.token, log, termination);
  try {
    const outcome = await publish(planned, { engine: step.engine, registry: step.registry, log });
    if (keepsLogin) appendEntry(env.GITHUB_ENV, 'DOCKER_CONFIG', step.dockerConfig);
    report(planned.plan, outcome, env, log);
    return writeOutputs(env, planned.plan, outcome);
  } finally {
    await step.close(keepsLogin);
  }
}

/** The token, and the form in which the CLI's configuration keeps it. */
function secretsOf({ token, username }: Inputs): readonly string[] {
  return token === '' ? [] : [token, Buffer.from(`${username}:${token}`).toString('base64')];
}

function appendEntry(file: string | undefined, name: string, value: string): void {
  if (file) appendFileSync(file, formatFileEntry(name, value));
}

function writeOutputs(env: Environment, thePlan: Plan, outcome: Outcome): Readonly<Record<OutputName, string>> {
  const outputs = formatOutputs(thePlan, outcome);
  for (const [name, value] of Object.entries(outputs)) appendEntry(env.GITHUB_OUTPUT, name, value);
  return outputs;
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
