/** The work of a publish: opens the engine and the sources in the step, and carries out the plan. */

import type { Inputs } from '../inputs/publish-inputs.ts';
import type { Outcome } from '../plan/outcome.ts';
import type { Planned } from '../plan/plan.ts';
import { buildByDigest } from '../publish/build-by-digest.ts';
import type { EnginePort } from '../publish/ports.ts';
import { publishImage } from '../publish/publish-image.ts';
import type { Done, Workplace } from './action.ts';
import { attesterOf } from './open-attester.ts';
import { engineOf, sourceOf } from './open-ports.ts';

/** @throws PublishError; no tag then points at an image that is not whole */
export async function publishInStep(planned: Planned, inputs: Inputs, workplace: Workplace): Promise<Done<Outcome>> {
  const { process, step, runStage } = workplace;
  const { registry, docker } = step;
  const engine = engineOf(step, planned.plan, inputs, process);
  try {
    const port: EnginePort = {
      ...engine,
      buildByDigest: (request, decision, repositories) =>
        buildByDigest(engine, request, decision, repositories, docker.temp),
    };
    const attester = attesterOf(planned.plan, inputs.token, workplace);
    const ports = {
      ...{ engine: port, source: sourceOf(step), registry, log: process.log, runStage },
      ...(attester && { attester }),
    };
    return { outcome: await publishImage(planned, ports), loginVariables: await engine.loginVariables() };
  } finally {
    await engine.close();
  }
}
