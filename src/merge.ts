/**
 * The entry of `merge/`: the same resolution and names as a publish, for legs that are in the registry already.
 */

import type { Environment } from './engine/command.ts';
import {
  appendEntry,
  maskSecrets,
  readRegistryAuth,
  readRun,
  runEntry,
  temporaryFolder,
  writeOutputs,
} from './entry.ts';
import { gatherFaults } from './errors.ts';
import type { Repository } from './image/repository.ts';
import { inputsOfEnvironment, mergeInputDefaults, parseMergeInputs } from './inputs.ts';
import { join } from './join.ts';
import { explainIn, planWithAnswers, report } from './main.ts';
import { type MergePlan, planMerge } from './merge-plan.ts';
import { formatOutputs, nothingDone, type Outcome, type OutputName } from './outputs.ts';
import { hostOfOwningProduct } from './registry/directory.ts';
import { removePackageVersions } from './registry/package-versions.ts';
import { formatMerge } from './report/plan-table.ts';
import type { RemoveVersions } from './source/staged.ts';
import { openStep, retryPorts } from './step.ts';
import { newStepFolder } from './step-folder.ts';

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

function writeMergeOutputs(env: Environment, mergePlan: MergePlan, outcome: Outcome): void {
  const outputs = formatOutputs(mergePlan, outcome);
  writeOutputs(env, Object.fromEntries(mergeOutputNames.map((name) => [name, outputs[name]])));
}

export const run = (): Promise<void> =>
  runEntry(async (entry) => {
    const { env, log, termination } = entry;
    const faults = gatherFaults();
    const inputs = parseMergeInputs(inputsOfEnvironment(env, mergeInputDefaults), faults);
    const secrets = { token: inputs.token, registryAuth: await readRegistryAuth(inputs.registryAuth, faults) };
    maskSecrets(log, inputs.username, secrets);
    const theRun = readRun(env);
    const { registryAuth } = secrets;
    const planned = await planWithAnswers(inputs, theRun, entry, secrets, faults, (metadata, server) =>
      planMerge(inputs, theRun, { metadata, registryAuth, server }),
    );
    for (const line of formatMerge(planned.plan)) log.info(line);
    for (const warning of planned.plan.description.warnings) log.warning(warning);
    if (inputs.dryRun) {
      writeMergeOutputs(env, planned.plan, nothingDone(planned.plan, '`dry-run` is true'));
      return;
    }

    const folder = newStepFolder(temporaryFolder(env));
    appendEntry(env.GITHUB_STATE, 'folder', folder);
    const step = await openStep(planned.plan, folder, env, secrets, log, termination);
    try {
      const { apiUrl: url, event } = theRun;
      const { token, retries } = inputs;
      const api = {
        url,
        token,
        environment: env,
        retries,
        ownerType: event.ownerType,
        ...retryPorts(log, termination),
      };
      const removeVersions: RemoveVersions = async (repository, digests) => {
        if (!isOwnPackage(planned.plan, repository)) return false;
        await removePackageVersions(api, repository, digests);
        return true;
      };
      const outcome = await join(planned, { registry: step.registry, removeVersions, log });
      report(planned.plan, outcome, env, log);
      writeMergeOutputs(env, planned.plan, outcome);
    } catch (error) {
      await explainIn(planned.plan, theRun, secrets)(error);
    } finally {
      await step.close(false);
    }
  });

/** Whether the API of the run's product has the package, and the step's token is good for it. */
function isOwnPackage({ destinations, product }: MergePlan, repository: Repository): boolean {
  return destinations.some(
    ({ repository: { registry, path }, registry: { kind }, credential }) =>
      registry === repository.registry &&
      path === repository.path &&
      kind === 'container' &&
      credential.kind === 'token' &&
      hostOfOwningProduct(registry, product) === product.host,
  );
}
