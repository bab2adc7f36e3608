/**
 * The entry of `pull/`: the same resolution and login as a publish, then a pull into Docker or Podman.
 */

import type { Circumstances } from '../diagnosis/explain.ts';
import { gatherFaults } from '../errors.ts';
import { isOpen, mostCapable, type ServerFacts } from '../github/enterprise-server.ts';
import { resolveProduct } from '../github/product.ts';
import { type InputReader, textsOf } from '../inputs/input-reader.ts';
import { parsePullInputs, pullInputDefaults } from '../inputs/pull-inputs.ts';
import { type PullPlan, planPull } from '../plan/plan-pull.ts';
import { loginsOf } from '../plan/step-logins.ts';
import { writeOutputs } from '../runner/runner-files.ts';
import type { Entry } from '../step/process.ts';
import { readRun } from '../step/read-workflow-run.ts';
import { withStep } from '../step/run-in-step.ts';
import { maskSecrets, readRegistryAuth } from '../step/step-secrets.ts';
import { readServer } from './ask-server.ts';
import { explainIn } from './plan-with-answers.ts';
import { logInWith, loginVariables, openPullEngine, pullImage } from './pull-image.ts';

/**
 * One pull, from the strings of the inputs to the outputs.
 * @throws PublishError
 */
export async function pullStep(
  read: InputReader<keyof typeof pullInputDefaults>,
  entry: Entry,
): Promise<Readonly<Record<'image' | 'digest' | 'imageid', string>>> {
  const { env, log, termination } = entry;
  const faults = gatherFaults();
  const inputs = parsePullInputs(read, faults);
  const secrets = { token: inputs.token, registryAuth: await readRegistryAuth(inputs.registryAuth, faults) };
  maskSecrets(log, inputs.username, secrets, textsOf(read, pullInputDefaults));
  const theRun = readRun(env);
  const asksServer = isOpen(inputs, resolveProduct(theRun.serverUrl));
  const planWith = (server?: ServerFacts): PullPlan => planPull(inputs, theRun, secrets.registryAuth, server);
  const first = faults.attempt(() => planWith(asksServer ? mostCapable : undefined));
  faults.throwIfAny();
  if (first === undefined) throw new Error('no fault, but no plan either');
  const circumstancesOf = ({ product, destinations }: PullPlan): Circumstances => {
    return { product, destinations, push: false, run: theRun, secrets };
  };
  const plan = asksServer
    ? planWith(await readServer(theRun, env, termination).catch(explainIn(circumstancesOf(first))))
    : first;
  const { product, destinations, retries } = plan;
  const [{ registry, repository }] = destinations;
  log.info(`Registry ${registry.registry}, because ${registry.reason}`);
  for (const note of plan.notes) log.info(note);

  const stepPlan = { product, repositories: [repository], logins: loginsOf(destinations, secrets), retries };
  return withStep(stepPlan, entry, explainIn(circumstancesOf(plan)), secrets, async (step) => {
    const engine = await openPullEngine(inputs.engine, step, entry);
    for (const login of step.logins) await logInWith(engine, login);
    const pulled = await log.group('Pull', () => pullImage(plan, engine, step.registry, inputs.platform));
    log.info(`Pulled ${plan.reference}, ${pulled.digest}`);
    if (inputs.loginScope === 'job') step.keepLogin(loginVariables(engine));
    return writeOutputs(env, { image: plan.reference, digest: pulled.digest, imageid: pulled.imageId });
  });
}
