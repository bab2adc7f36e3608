/**
 * The main entry: what the runner starts.
 */

import type { BuildRequest } from '../build/build-request.ts';
import { secretValues } from '../build/build-secrets.ts';
import { checkBuild } from '../build/check-build-files.ts';
import { warnOfCopiedCredential } from '../build/copied-credential.ts';
import { readCheckedOutCommit, readDockerfileLabels } from '../build/read-build-context.ts';
import { readSecretFiles } from '../engine/secret-files.ts';
import { gatherFaults } from '../errors.ts';
import type { SourceSpec } from '../image/transport.ts';
import { type InputReader, textsOf } from '../inputs/input-reader.ts';
import { type InputName, inputDefaults, parseInputs } from '../inputs/publish-inputs.ts';
import type { Journal } from '../log/recording-log.ts';
import { nothingDone } from '../plan/outcome.ts';
import { plan } from '../plan/plan-publish.ts';
import { loginsOf } from '../plan/step-logins.ts';
import { buildByDigest } from '../publish/build-by-digest.ts';
import type { EnginePort } from '../publish/ports.ts';
import { publishImage } from '../publish/publish-image.ts';
import { announce, tellOf } from '../report/announce.ts';
import { formatOutputs, type OutputName } from '../report/outputs.ts';
import { formatPlan } from '../report/plan-table.ts';
import { type Account, weighFor } from '../report/summary-file.ts';
import { writeOutputs } from '../runner/runner-files.ts';
import { checkSource } from '../source/check-source.ts';
import type { Entry } from '../step/process.ts';
import { readRun } from '../step/read-workflow-run.ts';
import { withStep } from '../step/run-in-step.ts';
import { maskSecrets, readRegistryAuth } from '../step/step-secrets.ts';
import { circumstancesOf } from './explain-error.ts';
import { engineOf, sourceOf } from './open-ports.ts';
import { explainIn, planWithAnswers } from './plan-with-answers.ts';
import { accountFor } from './run-action.ts';

/**
 * One publish, from the strings of the inputs to the outputs.
 * @returns the outputs, which are also written to GITHUB_OUTPUT where there is one
 * @throws PublishError
 */
export const publishStep = (
  read: InputReader<InputName>,
  entry: Entry,
): Promise<Readonly<Record<OutputName, string>>> =>
  accountFor(entry, (accounted, journal, account) => attemptPublish(read, accounted, journal, account));

async function attemptPublish(
  read: InputReader<InputName>,
  entry: Entry,
  { runStage, spans }: Journal,
  account: Account,
): Promise<Readonly<Record<OutputName, string>>> {
  const { env, workingFolder, log } = entry;
  const faults = gatherFaults();
  const { inputs, secrets, theRun } = await spans.measure('read', 'Read', async () => {
    const inputs = parseInputs(read, faults);
    account.wantsSummary = inputs.summary;
    account.isDryRun = inputs.dryRun;
    const { options, secretValues: given } = inputs.build;
    const ofBuild = [...secretValues(options.secrets, given, env).values()];
    const secrets = { token: inputs.token, registryAuth: await readRegistryAuth(inputs.registryAuth, faults), ofBuild };
    const inFiles = await readSecretFiles(options.secrets);
    maskSecrets(log, inputs.username, { ...secrets, ofBuild: [...ofBuild, ...inFiles] }, textsOf(read, inputDefaults));
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
    if (read('source') === '') checkDisk(() => checkBuild(request, workingFolder, env));
  };
  const checkFiles = (source: SourceSpec): void => checkDisk(() => checkSource(source, workingFolder));
  const { options } = inputs.build;
  const ofContext =
    read('source') === ''
      ? {
          dockerfileLabels: readDockerfileLabels(options, workingFolder),
          checkedOutCommit: readCheckedOutCommit(options.context, workingFolder),
        }
      : {};
  // A plan that was asked for is not to be unfolded first.
  const planned = await (inputs.dryRun ? spans.measure : runStage)('plan', 'Plan', async () => {
    const planned = await planWithAnswers(inputs, theRun, entry, secrets, faults, (metadata, server) =>
      plan(inputs, theRun, {
        metadata: { ...metadata, ...ofContext },
        registryAuth,
        checkBuild: checkRequest,
        checkSource: checkFiles,
        server,
      }),
    );
    account.plan = planned.plan;
    for (const line of formatPlan(planned.plan)) log.info(line);
    tellOf(planned.plan, log);
    const { build, source } = planned.plan;
    const warning = source === undefined ? warnOfCopiedCredential(build, workingFolder) : undefined;
    if (warning !== undefined) log.warning(warning);
    return planned;
  });
  if (inputs.dryRun) {
    return writeOutputs(env, formatOutputs(planned.plan, nothingDone(planned.plan, '`dry-run` is true')));
  }

  const { source, loginScope, product, retries } = planned.plan;
  const destinations = [...planned.plan.destinations, ...(source?.from === undefined ? [] : [source.from])];
  const explain = explainIn(circumstancesOf(planned.plan, theRun, secrets));
  const repositories = destinations.map(({ repository }) => repository);
  const stepPlan = { product, repositories, logins: loginsOf(destinations, secrets), retries };
  return withStep(stepPlan, entry, explain, secrets, async (step) => {
    const engine = engineOf(step, planned.plan, inputs, { env, log });
    try {
      const { registry, docker } = step;
      const port: EnginePort = {
        ...engine,
        buildByDigest: (decision, repositories) => buildByDigest(engine, decision, repositories, docker.temp),
      };
      const outcome = await publishImage(planned, { engine: port, source: sourceOf(step), registry, log, runStage });
      account.outcome = outcome;
      return await spans.measure('report', 'Report', async () => {
        await weighFor(account, outcome, registry, entry);
        announce(planned.plan, outcome, env, log);
        if (loginScope === 'job') step.keepLogin(await engine.loginVariables());
        return writeOutputs(env, formatOutputs(planned.plan, outcome));
      });
    } finally {
      await engine.close();
    }
  });
}
