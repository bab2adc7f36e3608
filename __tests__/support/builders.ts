/** Values with overrides: a test says only what it is about. */

import { type BakeDefinition, parseBakeDefinition } from '../../src/build/bake-definition.ts';
import type { BuildRequest } from '../../src/build/build-request.ts';
import { actionsCacheOf } from '../../src/build/cache.ts';
import type { EngineDecision, RunnerFacts } from '../../src/engine/resolve-engine.ts';
import { gatherFaults } from '../../src/errors.ts';
import { parseRun, type Run } from '../../src/github/workflow-run.ts';
import { type InputName, type Inputs, inputDefaults, parseInputs } from '../../src/inputs/publish-inputs.ts';
import type { Plan, Planned, PlannedBake } from '../../src/plan/plan.ts';
import { type BakeFacts, planBake } from '../../src/plan/plan-bake.ts';
import { type PlanFacts, plan } from '../../src/plan/plan-publish.ts';
import { noRegistryAuth } from '../../src/registry/credential.ts';
import './expressions.ts';

export const sha = '860c1904a1ce19322e91ac35af1ab07466440c37';

/** A push to the default branch of octo-org/octo-app on github.com. */
export function aRun(env: Readonly<Record<string, string>> = {}, payload: Readonly<Record<string, unknown>> = {}): Run {
  const repository = { name: 'octo-app', default_branch: 'main', owner: { type: 'Organization' } };
  const defaults = {
    GITHUB_SERVER_URL: 'https://github.com',
    GITHUB_EVENT_NAME: 'push',
    GITHUB_REF: 'refs/heads/main',
    GITHUB_SHA: sha,
    GITHUB_REPOSITORY: 'octo-org/octo-app',
  };
  return parseRun({ ...defaults, ...env }, JSON.stringify({ repository, ...payload }));
}

/** The defaults of the action, with the token that the runner gives. */
export function someInputs(texts: Readonly<Partial<Record<InputName, string>>> = {}): Inputs {
  const faults = gatherFaults();
  const inputs = parseInputs((name) => texts[name] ?? (name === 'token' ? 'ghs_job' : inputDefaults[name]), faults);
  faults.throwIfAny();
  return inputs;
}

/** What `plan` comes to, with what it may change later. */
export function planned(
  texts: Readonly<Partial<Record<InputName, string>>> = {},
  run: Run = aRun(),
  facts: Partial<PlanFacts> = {},
): Planned {
  const metadata = { now: new Date('2026-01-02T03:04:05Z') };
  return plan(someInputs(texts), run, {
    metadata,
    registryAuth: noRegistryAuth,
    checkBuild: () => undefined,
    checkSource: () => undefined,
    ...facts,
  });
}

export function aPlan(texts?: Readonly<Partial<Record<InputName, string>>>, run?: Run): Plan {
  return planned(texts, run).plan;
}

/** The build of a plan that has one. */
export function buildIn({ build }: Plan): BuildRequest {
  if (build === undefined) throw new Error('the plan is to publish an image that exists');
  return build;
}

/** The default build, without labels and annotations. */
export function aBuild(overrides: Partial<BuildRequest> = {}): BuildRequest {
  return { ...buildIn(aPlan()), labels: [], annotations: [], ...overrides };
}

/** Docker 28 with buildx and the classic image store, on amd64. */
export function someRunnerFacts(overrides: Partial<RunnerFacts> = {}): RunnerFacts {
  return {
    docker: {
      id: 'f24bb97a-4c4b-4ab3-8c4b-4f55a3e6c6b1',
      serverVersion: '28.5.2',
      imageStore: 'classic',
      platform: { os: 'linux', architecture: 'amd64' },
      isPodman: false,
      registries: { mirrors: [], insecure: [], insecureNetworks: ['::1/128', '127.0.0.0/8'] },
    },
    buildx: { path: '/buildx', version: '' },
    cliHasBuildKit: false,
    builder: undefined,
    podman: undefined,
    actionsCache: actionsCacheOf({}),
    ...overrides,
  };
}

/** To build with buildx and the engine's own BuildKit. */
export function aDecision(overrides: Partial<EngineDecision> = {}): EngineDecision {
  return {
    kind: 'docker-containerd',
    tool: 'buildx',
    reason: 'it is there',
    buildx: '/buildx',
    install: undefined,
    builder: undefined,
    isMade: false,
    isForClient: false,
    cache: { from: [], to: [], reason: 'it is a test' },
    notes: [],
    ...overrides,
  };
}

/** What a bake file comes to, from its targets as buildx prints them. */
export function aDefinition(target: Readonly<Record<string, object>>, group: object = {}): BakeDefinition {
  return parseBakeDefinition(
    JSON.stringify({ group: { default: { targets: Object.keys(target) }, ...group }, target }),
  );
}

/** What `planBake` comes to. */
export function bakePlanned(
  target: Readonly<Record<string, object>>,
  texts: Readonly<Partial<Record<InputName, string>>> = {},
  run: Run = aRun(),
  facts: Partial<BakeFacts> = {},
): Planned & { readonly baked: PlannedBake } {
  const inputs = someInputs({ bake: 'docker-bake.hcl', ...texts });
  if (inputs.bake === undefined) throw new Error('there is a bake file');
  const planned = planBake({ ...inputs, bake: inputs.bake }, run, {
    definition: aDefinition(target),
    metadata: { now: new Date('2026-01-02T03:04:05Z') },
    registryAuth: noRegistryAuth,
    checkBuild: () => undefined,
    dockerfileOf: () => undefined,
    commitOf: () => undefined,
    isWithheld: () => false,
    cacheVariables: [],
    ...facts,
  });
  if (planned.baked === undefined) throw new Error('a bake is planned');
  return { ...planned, baked: planned.baked };
}
