/**
 * The entry of `merge/`: the same resolution and names as a publish, for legs that are in the registry already.
 */

import { gatherFaults } from '../errors.ts';
import { removePackageVersions } from '../github/package-versions.ts';
import { hostOfOwningProduct } from '../github/product-registries.ts';
import { isSameRepository, type Repository } from '../image/repository.ts';
import { type InputReader, textsOf } from '../inputs/input-reader.ts';
import { mergeInputDefaults, parseMergeInputs } from '../inputs/merge-inputs.ts';
import type { RemoveVersions } from '../legs/leg-store.ts';
import type { Journal } from '../log/recording-log.ts';
import { nothingDone, type Outcome } from '../plan/outcome.ts';
import { type MergePlan, planMerge } from '../plan/plan-merge.ts';
import { loginsOf } from '../plan/step-logins.ts';
import { mergeLegs } from '../publish/merge-legs.ts';
import { announce, tellOf } from '../report/announce.ts';
import { formatOutputs, type OutputName } from '../report/outputs.ts';
import { formatPlan } from '../report/plan-table.ts';
import { type Account, weighFor } from '../report/summary-file.ts';
import { writeOutputs } from '../runner/runner-files.ts';
import type { Entry } from '../step/process.ts';
import { readRun } from '../step/read-workflow-run.ts';
import { retryPorts } from '../step/retry-ports.ts';
import { withStep } from '../step/run-in-step.ts';
import { maskSecrets, readRegistryAuth } from '../step/step-secrets.ts';
import type { Environment } from '../text/environment.ts';
import { circumstancesOf } from './explain-error.ts';
import { explainIn, planWithAnswers } from './plan-with-answers.ts';
import { accountFor } from './run-action.ts';

/** What a merge has something to say about; the names are those of a publish. */
export const mergeOutputNames = [
  'image',
  'reference',
  'digest',
  'tags',
  'tag-names',
  'version',
  'registry',
  'repository',
  'package-url',
  'published',
  'reason',
  'platforms',
  'annotations',
  'plan',
] as const satisfies readonly OutputName[];

type MergeReader = InputReader<keyof typeof mergeInputDefaults>;

type MergeOutputs = Readonly<Partial<Record<OutputName, string>>>;

function writeMergeOutputs(env: Environment, mergePlan: MergePlan, outcome: Outcome): MergeOutputs {
  const outputs = formatOutputs(mergePlan, outcome);
  return writeOutputs(env, Object.fromEntries(mergeOutputNames.map((name) => [name, outputs[name]])));
}

/**
 * One merge, from the strings of the inputs to the outputs.
 * @returns the outputs, which are also written to GITHUB_OUTPUT where there is one
 * @throws PublishError
 */
export const mergeStep = (read: MergeReader, entry: Entry): Promise<MergeOutputs> =>
  accountFor(entry, (accounted, journal, account) => attemptMerge(read, accounted, journal, account));

async function attemptMerge(
  read: MergeReader,
  entry: Entry,
  { runStage, spans }: Journal,
  account: Account,
): Promise<MergeOutputs> {
  const { env, log, termination } = entry;
  const faults = gatherFaults();
  const { inputs, secrets, theRun } = await spans.measure('read', 'Read', async () => {
    const inputs = parseMergeInputs(read, faults);
    account.wantsSummary = inputs.summary;
    account.isDryRun = inputs.dryRun;
    const secrets = { token: inputs.token, registryAuth: await readRegistryAuth(inputs.registryAuth, faults) };
    maskSecrets(log, inputs.username, secrets, textsOf(read, mergeInputDefaults));
    return { inputs, secrets, theRun: readRun(env) };
  });
  const { registryAuth } = secrets;
  // A plan that was asked for is not to be unfolded first.
  const planned = await (inputs.dryRun ? spans.measure : runStage)('plan', 'Plan', async () => {
    const planned = await planWithAnswers(inputs, theRun, entry, secrets, faults, (metadata, server) =>
      planMerge(inputs, theRun, { metadata, registryAuth, server }),
    );
    account.plan = planned.plan;
    for (const line of formatPlan(planned.plan)) log.info(line);
    tellOf(planned.plan, log);
    return planned;
  });
  if (inputs.dryRun) return writeMergeOutputs(env, planned.plan, nothingDone(planned.plan, '`dry-run` is true'));

  const { product, destinations } = planned.plan;
  const { token, retries } = inputs;
  const explain = explainIn(circumstancesOf(planned.plan, theRun, secrets));
  const repositories = destinations.map(({ repository }) => repository);
  const stepPlan = { product, repositories, logins: loginsOf(destinations, secrets), retries };
  return withStep(stepPlan, entry, explain, secrets, async ({ registry }) => {
    const removeVersions: RemoveVersions = async (repository, digests) => {
      if (!isOwnPackage(planned.plan, repository)) return false;
      const { createGitHubApi } = await import('../github/rest-api.ts');
      const attempts = { retries, ...retryPorts(log, termination) };
      const api = createGitHubApi({ url: theRun.apiUrl, token, environment: env, signal: termination, attempts });
      try {
        await removePackageVersions(api, repository, theRun.event.ownerType, digests);
      } finally {
        api.close();
      }
      return true;
    };
    const outcome = await mergeLegs(planned, { registry, removeVersions, log, runStage });
    account.outcome = outcome;
    return await spans.measure('report', 'Report', async () => {
      await weighFor(account, outcome, registry, entry);
      announce(planned.plan, outcome, env, log);
      return writeMergeOutputs(env, planned.plan, outcome);
    });
  });
}

/** Whether the API of the run's product has the package, and the step's token is good for it. */
function isOwnPackage({ destinations, product }: MergePlan, repository: Repository): boolean {
  return destinations.some(
    (destination) =>
      isSameRepository(destination.repository, repository) &&
      destination.registry.kind === 'container' &&
      destination.credential.kind === 'token' &&
      hostOfOwningProduct(repository.registry, product) === product.host,
  );
}
