/** Pulls an image into Docker or Podman: the action of `pull/action.yml`. */

import type { Pulled } from '../engine/docker.ts';
import { type PullInputs, parsePullInputs, pullInputDefaults } from '../inputs/pull-inputs.ts';
import { type PullPlan, planPull } from '../plan/plan-pull.ts';
import type { Action, Done, Workplace } from './action.ts';
import { loginVariables, openPullEngine, pullImage } from './pull-image.ts';

interface PullTypes {
  readonly name: keyof typeof pullInputDefaults;
  readonly inputs: PullInputs;
  readonly planned: { readonly plan: PullPlan };
  readonly outcome: Pulled;
  readonly output: 'image' | 'digest' | 'imageid';
}

export const pullAction: Action<PullTypes> = {
  defaults: pullInputDefaults,
  participle: 'pulled',
  parse: parsePullInputs,
  plan: (inputs, { run, registryAuth, server }) => ({ plan: planPull(inputs, run, registryAuth, server) }),
  work: pullIn,
  announce: ({ reference }, { digest }, { log }) => log.info(`Pulled ${reference}, ${digest}`),
  outputs: ({ reference }, { digest, imageId }) => ({ image: reference, digest, imageid: imageId }),
  // A job may pull many images, and a pull changes nothing that others see: the log has it, and only a failure needs a remedy.
  publication: () => undefined,
};

async function pullIn(
  { plan }: PullTypes['planned'],
  inputs: PullInputs,
  { process, step, runStage }: Workplace,
): Promise<Done<Pulled>> {
  const engine = await runStage('prepare', 'Prepare', async () => {
    await step.writeLogins();
    const [engine] = await Promise.all([openPullEngine(inputs.engine, step, process), step.checkLogins()]);
    return engine;
  });
  const outcome = await runStage('pull', 'Pull', () => pullImage(plan, engine, step.registry, inputs.platform));
  return { outcome, loginVariables: loginVariables(engine) };
}
