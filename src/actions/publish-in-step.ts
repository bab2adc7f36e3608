/** The work of a publish: opens the engine and the sources in the step, and carries out the plan. */

import { InputError } from '../errors.ts';
import type { Inputs } from '../inputs/publish-inputs.ts';
import type { Outcome } from '../plan/outcome.ts';
import type { Plan, Planned, PlannedBake } from '../plan/plan.ts';
import { buildByDigest } from '../publish/build-by-digest.ts';
import type { EnginePort, PublishPorts } from '../publish/ports.ts';
import { publishImage } from '../publish/publish-image.ts';
import type { Done, Workplace } from './action.ts';
import { attesterOf } from './open-attester.ts';
import { engineOf, sourceOf } from './open-ports.ts';

/** @throws InputError INPUTS_CONTRADICT */
function requireSourceDate({ build }: Planned['plan']): void {
  if (build === undefined || !build.reproducible || build.sourceDate !== undefined) return;
  throw new InputError('INPUTS_CONTRADICT', {
    message: '`reproducible` is true, but neither the event nor GitHub’s API told when the commit was made.',
    remedy: 'Set the variable SOURCE_DATE_EPOCH for the step: `git log -1 --format=%ct` prints it.',
  });
}

/** Only a step that has a bake file loads what publishes one. */
async function publishTargets(plan: Plan, bake: PlannedBake, ports: PublishPorts): Promise<Outcome> {
  const { publishBake } = await import('../publish/publish-bake.ts');
  return publishBake(plan, bake, ports);
}

/** @throws PublishError; no tag then points at an image that is not whole */
export async function publishInStep(planned: Planned, inputs: Inputs, workplace: Workplace): Promise<Done<Outcome>> {
  requireSourceDate(planned.plan);
  const { process, step, runStage } = workplace;
  const { env } = process;
  const { registry, docker } = step;
  const engine = engineOf(step, planned.plan, inputs, process);
  try {
    const port: EnginePort = {
      ...engine,
      buildByDigest: (request, decision, repositories) =>
        buildByDigest(engine, request, decision, repositories, docker.temp),
      async bakeByDigest(bake, builds, decision, pushes) {
        const { bakeByDigest } = await import('../publish/bake-by-digest.ts');
        return bakeByDigest(engine, bake, builds, decision, docker.temp, pushes);
      },
    };
    const attester = attesterOf(planned.plan, inputs.token, workplace);
    const ports = {
      ...{ engine: port, source: sourceOf(step), registry, log: process.log, runStage },
      ...(attester && { attester }),
      checkLogins: step.checkLogins,
      isCompared: inputs.summary && Boolean(env.GITHUB_STEP_SUMMARY),
    };
    const outcome = await (planned.baked === undefined
      ? publishImage(planned, ports)
      : publishTargets(planned.plan, planned.baked, ports));
    return { outcome, loginVariables: await engine.loginVariables() };
  } finally {
    await engine.close();
  }
}
