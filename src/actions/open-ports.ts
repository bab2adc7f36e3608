/** The engine and the sources of a publish, opened in its step. */

import { type Engine, openEngine } from '../engine/engine.ts';
import type { JobBuilder } from '../engine/job-builder.ts';
import type { Inputs } from '../inputs/publish-inputs.ts';
import { plansOfTargets } from '../plan/baked-plans.ts';
import type { Plan } from '../plan/plan.ts';
import type { SourcePort } from '../publish/ports.ts';
import { keepState } from '../runner/runner-files.ts';
import { type StepProcess, temporaryFolder } from '../step/process.ts';
import type { StepInUse } from '../step/run-in-step.ts';

/** Whether later steps and a post step follow, which know the runner's temporary folder. */
function isInJob({ RUNNER_TEMP, GITHUB_STATE }: StepProcess['env']): boolean {
  return Boolean(RUNNER_TEMP && GITHUB_STATE);
}

export function engineOf(
  { docker, config, logins, writeLogins, cacheToken }: StepInUse,
  plan: Plan,
  { build, token }: Inputs,
  { env, log, workingFolder }: Pick<StepProcess, 'env' | 'log' | 'workingFolder'>,
): Engine {
  const { build: request, push } = plan;
  const destinations = plansOfTargets(plan).flatMap((each) => each.destinations);
  const ports = {
    ...docker,
    variables: env,
    say: (line: string) => log.info(line),
    warn: log.warning,
    // A builder in a cluster outlives the step that was killed: `post` removes it, with the variables that a child may have.
    onBuilder: (argv: readonly string[]) =>
      keepState(env, 'builder', JSON.stringify({ argv, variables: Object.keys(docker.env) })),
    // One of the job outlives the step on purpose.
    onJobBuilder: (builder: JobBuilder) => {
      keepState(env, 'job-builder', JSON.stringify({ ...builder, variables: Object.keys(docker.env) }));
      return isInJob(env);
    },
  };
  return openEngine(ports, config, {
    wish: build.options,
    isAsked: request !== undefined,
    usesDockerRegistry: push.value && destinations.some(({ registry }) => registry.kind === 'docker'),
    logins,
    writeLogins,
    registries: destinations.map(({ repository }) => repository.registry),
    workingFolder,
    jobFolder: isInJob(env) ? temporaryFolder(env) : docker.temp,
    secrets: request?.gitSecret ? new Map([...build.secretValues, [request.gitSecret, token]]) : build.secretValues,
    cacheVariables: build.variables,
    cacheToken,
  });
}

/** Only a step that has a source loads what reads one. */
export function sourceOf({ docker, registry: client }: StepInUse): SourcePort {
  return {
    async open(spec) {
      const { openSource } = await import('../publish/open-image-source.ts');
      return openSource(spec, { client, docker });
    },
    async readImageId(image) {
      const { readImageId } = await import('../engine/engine-image.ts');
      return readImageId(docker, image);
    },
    async pushFromDaemon(imageId, reference) {
      const { pushFromDaemon } = await import('../engine/docker.ts');
      return pushFromDaemon(docker, imageId, reference);
    },
  };
}
