/** Runs an action: reads its inputs, plans, works in a step, reports, and writes the summary, whatever happens. */

import { gatherFaults } from '../errors.ts';
import type { Repository } from '../image/repository.ts';
import { type InputReader, textsOf } from '../inputs/input-reader.ts';
import { toPublishError } from '../log/error-message.ts';
import { openRecordingLog, type RecordingLog } from '../log/recording-log.ts';
import { plansOfTargets } from '../plan/baked-plans.ts';
import type { AnyPlan } from '../plan/list-decisions.ts';
import { identitiesOf, loginsOf, stepDestinations } from '../plan/step-logins.ts';
import type { RegistryLogin } from '../registry/credential.ts';
import type { IdentityLogin } from '../registry/identity.ts';
import { tellOf } from '../report/announce.ts';
import type { WeighedImage } from '../report/image-sizes.ts';
import { formatPlan } from '../report/plan-table.ts';
import { readSizes, writeSummary } from '../report/summary-file.ts';
import { exportVariables, writeOutputs } from '../runner/runner-files.ts';
import type { StepProcess } from '../step/process.ts';
import { readRun } from '../step/read-workflow-run.ts';
import { maskSecrets, readRegistryAuth } from '../step/step-secrets.ts';
import type { Action, ActionResult, ActionTypes, Given } from './action.ts';
import { circumstancesOf, explainIn } from './explain-error.ts';
import { planWithAnswers } from './plan-with-answers.ts';

/**
 * Runs an action to its end.
 * @param read the texts of its inputs
 * @returns what it came to; an error is a part of that, and is not thrown
 */
export async function runAction<Types extends ActionTypes>(
  action: Action<Types>,
  read: InputReader<Types['name']>,
  process: StepProcess,
): Promise<ActionResult<Types>> {
  const recording = openRecordingLog(process.log, process.masker, process.now);
  const recorded = { ...process, log: recording.log };
  const { inputs, images = [], ...result } = await attempt(action, read, recorded, recording);
  const { plan, outcome, failure } = result;
  const publication = outcome === undefined ? undefined : action.publication(outcome);
  const cleanup = outcome === undefined ? undefined : action.cleanup?.(outcome);
  if (inputs?.summary !== false && (publication ?? cleanup ?? failure) !== undefined) {
    const facts = {
      participle: action.participle,
      isDryRun: inputs?.dryRun === true,
      images,
      ...(plan && { plan }),
      ...(publication && { outcome: publication }),
      ...(cleanup && { cleanup }),
      ...(failure && { failure }),
    };
    await writeSummary(facts, recording, recorded);
  }
  return result;
}

type Outputs<Types extends ActionTypes> = Readonly<Record<Types['output'], string>>;

/** How far an action came. */
interface Attempt<Types extends ActionTypes> extends ActionResult<Types> {
  readonly inputs?: Types['inputs'];
  readonly images?: readonly WeighedImage[];
}

async function attempt<Types extends ActionTypes>(
  action: Action<Types>,
  read: InputReader<Types['name']>,
  process: StepProcess,
  { spans, runStage }: RecordingLog,
): Promise<Attempt<Types>> {
  const { env, log, termination } = process;
  let reached: Attempt<Types> = {};
  const leaveOutputs = (inputs: Types['inputs'], outputs: Outputs<Types>): Outputs<Types> => {
    const variables = inputs.metadataEnv === true ? action.metadataVariables?.(outputs) : undefined;
    if (variables !== undefined) exportVariables(env, variables);
    return writeOutputs(env, outputs);
  };
  try {
    const asked = await spans.measure('read', 'Read', () => readAll(action, read, process));
    const { inputs, secrets, registryAuth, run } = asked;
    reached = { inputs };

    // In a dry run the plan is the result, so it is not folded into a group of the log.
    const planned = await (inputs.dryRun ? spans.measure : runStage)('plan', 'Plan', async () => {
      const planned = await planWithAnswers(action, read, process, asked);
      for (const line of formatPlan(planned.plan)) log.info(line);
      tellOf(planned.plan, log);
      for (const warning of action.warningsOf?.(planned.plan, process) ?? []) log.warning(warning);
      return planned;
    });
    const plan: Types['planned']['plan'] = planned.plan;
    reached = { inputs, plan };
    if (inputs.dryRun && action.nothingDone !== undefined) {
      const outcome = action.nothingDone(plan, '`dry-run` is true');
      return { inputs, plan, outcome, outputs: leaveOutputs(inputs, action.outputs(plan, outcome)) };
    }

    const destinations = stepDestinations(plan);
    const repositories = destinations.map(({ repository }) => repository);
    const { product, retries } = plan;
    const identities = identitiesOf(destinations, registryAuth, run);
    const trusted = identities.length === 0 ? [] : await logInByIdentities(identities, plan, process);
    const logins = [...loginsOf(destinations, secrets), ...trusted];
    const stepPlan = { product, retries, repositories, logins };
    const explain = explainIn(circumstancesOf(plan, run, secrets));
    // A step that is refused, or only plans, loads nothing that talks to an engine or a registry.
    const { withStep } = await import('../step/run-in-step.ts');
    await withStep(stepPlan, process, explain, secrets, async (step) => {
      const { outcome: done, loginVariables } = await action.work(planned, inputs, { process, step, run, runStage });
      reached = { inputs, plan, outcome: done };
      await spans.measure('report', 'Report', async () => {
        const publication = inputs.summary === false ? undefined : action.publication(done);
        const [images, outcome] = await Promise.all([
          publication === undefined ? [] : readSizes(publication, targetsOf(plan), step.registry, process),
          action.withRemarks?.(done, plan, run, process) ?? done,
        ]);
        reached = { inputs, plan, outcome, images };
        action.announce(plan, outcome, process);
        if (inputs.loginScope === 'job') step.keepLogin(loginVariables);
        reached = { ...reached, outputs: leaveOutputs(inputs, action.outputs(plan, outcome)) };
      });
    });
    return reached;
  } catch (error) {
    // A step that received a signal failed because of that signal, whatever broke off first.
    return { ...reached, failure: toPublishError(termination.aborted ? termination.reason : error) };
  }
}

/** Reads inputs and run; every secret is masked from here on. */
async function readAll<Types extends ActionTypes>(
  action: Action<Types>,
  read: InputReader<Types['name']>,
  process: StepProcess,
): Promise<Given<Types>> {
  const { env, log } = process;
  const faults = gatherFaults();
  const parsed = action.parse(read, faults);
  const registryAuth = await readRegistryAuth(parsed.registryAuth, parsed.token, faults);
  // An identity in the place of a token is no token.
  const inputs = registryAuth.ofToken === undefined ? parsed : { ...parsed, token: '' };
  await action.checkFiles?.(inputs, process).catch((error: unknown) => {
    faults.attempt(() => {
      throw error;
    });
  });
  const { values = [], inFiles = [] } = (await action.readBuildSecrets?.(inputs, env)) ?? {};
  const secrets = { token: inputs.token, registryAuth: registryAuth.logins, ofBuild: values };
  const hidden = { ...secrets, ofBuild: [...values, ...inFiles] };
  maskSecrets(log, inputs.username, hidden, textsOf(read, action.defaults));
  return { inputs, secrets, registryAuth, run: readRun(env), faults };
}

function targetsOf(plan: AnyPlan): readonly string[] {
  return 'bake' in plan ? (plan.bake?.targets ?? []).map(({ target }) => target) : [];
}

function repositoriesOf({ destinations }: AnyPlan): readonly Repository[] {
  return destinations.map(({ repository }) => repository);
}

/** Only a step that logs in by the identity of its job loads what that takes. */
async function logInByIdentities(
  identities: readonly IdentityLogin[],
  plan: AnyPlan,
  process: StepProcess,
): Promise<readonly RegistryLogin[]> {
  const { obtainLogins } = await import('../step/identity-logins.ts');
  const pushes = 'push' in plan && plan.push.value;
  const pushed = pushes ? plansOfTargets(plan).flatMap(repositoriesOf) : [];
  return obtainLogins(identities, pushed, plan.retries, process);
}
