/**
 * The builder of a step: decides which it is, and makes ready what that needs (buildx, a builder of the step's own). It
 * then gives it to builds, and removes what was made for the step alone.
 */

import type { BuildRequest } from '../build/build-request.ts';
import type { BuilderChoice } from '../build/builder-choice.ts';
import { joinBuilds, type LookedAt } from '../build/joined-builds.ts';
import { readDockerfile } from '../build/read-build-context.ts';
import { PublishError, withFacts } from '../errors.ts';
import type { Platform } from '../image/platform.ts';
import type { Registry } from '../image/registry-name.ts';
import type { RegistryLogin } from '../registry/credential.ts';
import type { Environment } from '../text/environment.ts';
import { installBuildx } from './buildx-install.ts';
import type { BuildxBuilder } from './buildx-run.ts';
import { createCommandRunner } from './command.ts';
import type { DockerPorts } from './docker.ts';
import {
  type ForeignPlatforms,
  foreignPlatforms,
  hasForeign,
  joinForeign,
  nothingForeign,
} from './foreign-platforms.ts';
import { type HandledPlatforms, readHandled } from './handled-platforms.ts';
import { type JobBuilder, jobBuilderFolder } from './job-builder.ts';
import type { BuilderMaker, MadeBuilder } from './made-builder.ts';
import { createBuilder, removeArguments } from './own-builder.ts';
import { type EngineDecision, type RunnerFacts, resolveEngine } from './resolve-engine.ts';

export interface BuilderPorts extends DockerPorts {
  /** The step's own environment: certificates and the tool cache are in it. */
  readonly variables: Environment;
  readonly say: (line: string) => void;
  readonly warn: (message: string) => void;
  /** Told of a builder with nodes elsewhere, so that it can be removed where the step is killed. */
  readonly onBuilder: (removal: readonly string[]) => void;
  /** The same for a builder of the job, before it is made; whether the post step is going to remove it. */
  readonly onJobBuilder: (builder: JobBuilder) => boolean;
}

/** What builders are for. */
export interface BuildersTask {
  readonly usesDockerRegistry: boolean;
  readonly logins: readonly RegistryLogin[];
  /** Those that the step publishes to. */
  readonly registries: readonly Registry[];
  /** Against which the paths of inputs are meant. */
  readonly workingFolder: string;
  /** Where a builder of the job is kept: the runner's temporary folder, or the step's own. */
  readonly jobFolder: string;
  /** A builder of nodes that the workflow lists, and its name. */
  readonly nodes: { readonly name: string; readonly choice: Extract<BuilderChoice, { kind: 'nodes' }> } | undefined;
  /** Leaves the logins where the CLI and buildx read them. */
  readonly writeLogins: () => Promise<void>;
  /** @throws ToolError ENGINE_DOWN where the Docker engine does not answer */
  readonly checkEngine: () => Promise<unknown>;
}

/** A builder that is ready. */
export interface ReadyBuilder extends BuildxBuilder {
  /** Of the children that use it. */
  readonly env: Environment;
  /** The platforms that it emulates, as far as that is known. */
  readonly emulated: readonly Platform[];
}

export interface Builders {
  /**
   * Begins to make a builder if the build is going to need one.
   * @param others that it makes at the same time
   */
  begin(facts: RunnerFacts, request: BuildRequest, others?: readonly BuildRequest[]): void;
  /**
   * Decides, and makes ready what the decision needs.
   * @throws ToolError ENGINE_CANNOT, BUILDX_MISSING, BUILDER_FAILED, PLATFORM_UNSUPPORTED; InputError INPUT_INVALID
   */
  resolve(facts: RunnerFacts, request: BuildRequest, others?: readonly BuildRequest[]): Promise<EngineDecision>;
  /**
   * Runs a build of buildx; once more, with a builder that is made anew, if the one of the job is lost on the way.
   * @throws ToolError ENGINE_DOWN if the builder was lost with its engine
   */
  build<T>(work: (builder: ReadyBuilder) => Promise<T>): Promise<T>;
  /** @param isUsed whether anything was built */
  close(isUsed: boolean): Promise<void>;
}

/** Platforms other than the engine's own, and how later steps of the job get to know them. */
interface ReadForeign {
  readonly foreign: ForeignPlatforms;
  readonly keep: () => Promise<void>;
}

/** A decision, and what was looked at for it. */
interface Decided {
  readonly decision: EngineDecision;
  /** What all builds ask for. */
  readonly request: BuildRequest;
  readonly builds: readonly [LookedAt, ...LookedAt[]];
  /** Settles later than the decision, if that did not depend on it. */
  readonly reading: Promise<ReadForeign>;
}

export function openBuilders(ports: BuilderPorts, task: BuildersTask): Builders {
  const { run, env, temp, variables, warn } = ports;
  const { nodes } = task;
  let decided: Promise<EngineDecision> | undefined;
  /** One question for all builds. */
  let handled: Promise<HandledPlatforms> | undefined;
  let maker: BuilderMaker | undefined;
  let made: MadeBuilder | undefined;
  let ready: ReadyBuilder | undefined;
  let hasNodes = false;
  const closing = new AbortController();

  /** What the engine runs beside programs of its own platform matters only to a build for others. */
  async function readForeign(
    { docker, buildx }: RunnerFacts,
    { request, dockerfile }: LookedAt,
  ): Promise<ForeignPlatforms> {
    if (docker === undefined || request.call !== 'build') return nothingForeign;
    if (!hasForeign(request, dockerfile, docker.platform)) return nothingForeign;
    handled ??= readHandled(ports, docker, buildx?.path, jobBuilderFolder(task.jobFolder));
    return foreignPlatforms(request, dockerfile, (await handled).platforms);
  }

  async function readAllForeign(facts: RunnerFacts, builds: readonly LookedAt[]): Promise<ReadForeign> {
    const foreign = joinForeign(await Promise.all(builds.map((each) => readForeign(facts, each))));
    return { foreign, keep: async () => (await handled)?.keep() };
  }

  async function decide(facts: RunnerFacts, first: BuildRequest, others: readonly BuildRequest[]): Promise<Decided> {
    const lookAt = (request: BuildRequest): LookedAt => ({
      request,
      dockerfile: readDockerfile(request, task.workingFolder),
    });
    const builds = [lookAt(first), ...others.map(lookAt)] as const;
    const reading = readAllForeign(facts, builds);
    // Whoever waits for it gets the error.
    reading.catch(() => undefined);
    const request = joinBuilds(first, others);
    const { usesDockerRegistry } = task;
    const decideFor = (foreign: readonly Platform[]): EngineDecision =>
      resolveEngine(facts, request, { usesDockerRegistry, foreign });
    const whatever = decideFor([]);
    const decision = whatever.isMade ? whatever : decideFor((await reading).foreign.running);
    return { decision, request, builds: [...builds], reading };
  }

  async function findBuildx({ install, buildx }: EngineDecision): Promise<string> {
    return install === undefined ? buildx : installBuildx(install, { ...ports, env: variables });
  }

  async function make(
    { docker }: RunnerFacts,
    { decision, request, builds, reading }: Decided,
  ): Promise<EngineDecision> {
    const [{ openBuilderMaker }, buildx] = await Promise.all([import('./made-builder.ts'), findBuildx(decision)]);
    // A step that has been refused meanwhile makes nothing.
    closing.signal.throwIfAborted();
    maker ??= openBuilderMaker(ports);
    const { registries, workingFolder, jobFolder, logins, writeLogins } = task;
    const daemon = docker?.registries ?? { mirrors: [], insecure: [], insecureNetworks: [] };
    made = await maker.make({
      ...{ buildx, request, builds },
      readForeign: async () => (await reading).foreign,
      surroundings: { variables, workingFolder, daemon, registries },
      temp: jobFolder,
      need: decision.reason,
      login: (registry) => (logins.some((each) => each.registry === registry) ? writeLogins() : undefined),
    });
    const { keep } = await reading;
    await keep();
    ready = { buildx, builder: made.name, endpoints: [], env: made.env, emulated: made.emulated };
    return { ...decision, buildx, builder: made.name };
  }

  /** Whatever else is installed or made waits until the step may publish. */
  function begin(facts: RunnerFacts, request: BuildRequest, others: readonly BuildRequest[]): Promise<EngineDecision> {
    decided ??= decide(facts, request, others).then((all) => (all.decision.isMade ? make(facts, all) : all.decision));
    return decided;
  }

  return {
    begin(facts, request, others = []) {
      // Whoever waits for the decision gets the error.
      begin(facts, request, others).catch(() => undefined);
    },
    async resolve(facts, request, others = []) {
      const decision = await begin(facts, request, others);
      if (decision.tool !== 'buildx' || decision.isMade) return decision;
      const buildx = await findBuildx(decision);
      if (nodes !== undefined) {
        hasNodes = true;
        ports.onBuilder(removeArguments(buildx, nodes.name));
        await createBuilder({ run, env, temp, variables }, buildx, nodes.name, nodes.choice);
      }
      ready = { buildx, builder: decision.builder, endpoints: facts.builder?.endpoints ?? [], env, emulated: [] };
      return { ...decision, buildx };
    },
    async build(work) {
      if (ready === undefined) throw new Error('the builder was not prepared');
      const builder = ready;
      try {
        return await work(builder);
      } catch (error) {
        const isLost = error instanceof PublishError && error.code === 'BUILDER_DOWN';
        if (made === undefined || !isLost) throw error;
        ports.signal.throwIfAborted();
        await task.checkEngine().catch((down: unknown) => {
          throw down instanceof PublishError ? withFacts(down, { message: `${error.message} ${down.message}` }) : down;
        });
        warn(`The builder ${made.name} was lost during the build, so the step makes it anew and builds once more.`);
        await made.remake();
        return work(builder);
      }
    },
    async close(isUsed) {
      closing.abort();
      await maker?.close(isUsed);
      if (!hasNodes || ready === undefined || nodes === undefined) return;
      hasNodes = false;
      // The step's own commands may have been ended: what it made goes nevertheless.
      const cleaner = createCommandRunner(AbortSignal.timeout(10_000));
      const result = await cleaner.run(removeArguments(ready.buildx, nodes.name), { env }).catch(() => undefined);
      if (result?.exitCode !== 0)
        warn(`The builder "${nodes.name}" could not be removed: ${result?.stderr.trim() ?? 'no answer within 10 s'}`);
    },
  };
}
