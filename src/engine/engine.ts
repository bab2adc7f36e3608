/**
 * The engine of one step: learns what the runner has, decides, prepares what has to be there (buildx, a builder), logs in,
 * builds, and removes what it made.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { BuildOptions, BuildOutput, BuildRequest } from '../build/build-request.ts';
import { secretValues } from '../build/build-secrets.ts';
import { releasePlatform } from '../build/buildx-releases.ts';
import { actionsCacheOf, type CacheEntry, formatCache } from '../build/cache.ts';
import { dockerfilePath } from '../build/context-path.ts';
import { InputError } from '../errors.ts';
import { parsePlatform } from '../image/platform.ts';
import type { Environment } from '../text/environment.ts';
import type { AnnotationPlace } from '../text/source-line.ts';
import type { Bake, Baked } from './bake-build.ts';
import { buildWithBuildx } from './buildx-build.ts';
import { findBuildx } from './buildx-plugin.ts';
import type { BuildxBuilder, BuildxPorts } from './buildx-run.ts';
import { builderNames, type FoundBuilder, findBuilder } from './buildx-store.ts';
import { type Built, buildWithDocker, type DockerPorts } from './docker.ts';
import { engineSocket, readEngineFacts } from './docker-info.ts';
import { createEmulationClock } from './emulation-clock.ts';
import { logInByEngine } from './engine-login.ts';
import { type BuildPart, buildParts } from './load-separately.ts';
import { checkEndpoints, ownBuilderEnvironment } from './own-builder.ts';
import { buildWithPodman } from './podman.ts';
import { chooseEngine, podmanPortsOf, writePodmanLogins } from './podman-fallback.ts';
import { type BuilderPorts, type Builders, type BuildersTask, openBuilders } from './prepare-builder.ts';
import { cacheOn, type EngineDecision, type RunnerFacts } from './resolve-engine.ts';
import { writeSecrets } from './secret-files.ts';
import { selectedBuilder } from './selected-builder.ts';

interface EnginePorts extends Omit<BuilderPorts, 'warn'> {
  readonly warn: (message: string, place?: AnnotationPlace) => void;
}

/** What the step's engine is for. */
interface EngineTask extends Omit<BuildersTask, 'nodes' | 'checkEngine'> {
  /** With what the user wants to build. */
  readonly wish: Pick<BuildOptions, 'engine' | 'builder' | 'buildxVersion'>;
  /** Whether the step builds at all. */
  readonly isAsked: boolean;
  /** ID → value, of the secrets in inputs, and of the Git token. */
  readonly secrets: ReadonlyMap<string, string>;
  /** Of cache entries: for the client of the builder alone. */
  readonly cacheVariables: ReadonlyMap<string, string>;
  /** Of GitHub's cache service: for a build that keeps its cache there; empty for none. */
  readonly cacheToken: string;
}

/** The step's private DOCKER_CONFIG. */
interface EngineConfig {
  readonly folder: string;
  readonly currentContext: string | undefined;
  readonly pluginFolders: readonly string[];
}

export interface Engine {
  /** @throws ToolError ENGINE_MISSING, ENGINE_DOWN, BUILDER_DOWN; InputError BUILDER_MISSING */
  readFacts(): Promise<RunnerFacts>;
  readonly beginBuilder: Builders['begin'];
  readonly resolveBuilder: Builders['resolve'];
  /**
   * Leaves the logins of the step where the engine reads them. An engine on this machine tries each.
   * @throws PermissionError LOGIN_REFUSED; RegistryError REGISTRY_UNREACHABLE
   */
  logIn(): Promise<void>;
  /** Builds, and pushes under the references when `push` is true; with an output, to there instead. */
  build(
    request: BuildRequest,
    decision: EngineDecision,
    references: readonly string[],
    push: boolean,
    output?: BuildOutput,
  ): Promise<Built>;
  /** Builds the targets of a bake file, all at once. */
  bake(bake: Bake, decision: EngineDecision): Promise<Baked>;
  /** Variables with which later steps of the job are logged in, too. */
  loginVariables(): Promise<Readonly<Record<string, string>>>;
  /** Removes the builder that the step made, unless it is for the rest of the job. */
  close(): Promise<void>;
}

const nobody: RunnerFacts = {
  docker: undefined,
  buildx: undefined,
  cliHasBuildKit: false,
  builder: undefined,
  podman: undefined,
  actionsCache: actionsCacheOf({}),
};

export function openEngine(ports: EnginePorts, config: EngineConfig, task: EngineTask): Engine {
  const { run, temp, variables, say, warn } = ports;
  const { wish } = task;
  const nodes = wish.builder.kind === 'nodes' ? wish.builder : undefined;
  const nodesName = nodes && `publish-${crypto.randomUUID().slice(0, 8)}`;
  // A node's private key is for its file alone.
  const own = Object.fromEntries(
    Object.entries(ports.env).filter(([name]) => !/^BUILDER_NODE_\d+_AUTH_TLS_/.test(name)),
  );
  const base = nodes === undefined ? own : ownBuilderEnvironment(own, config.folder);
  const env: Environment = { ...base, ...Object.fromEntries(task.cacheVariables) };
  const tools: DockerPorts = { ...ports, env };
  const podmanPorts = podmanPortsOf(tools, config.folder);
  let written: Promise<void> | undefined;
  /** Once, for whoever needs them first. */
  const writeLogins = (): Promise<void> => {
    written ??= task.writeLogins();
    return written;
  };
  let known: Promise<RunnerFacts> | undefined;
  let isBuilt = false;
  const builders = openBuilders(
    { ...ports, env },
    {
      ...task,
      nodes: nodes && nodesName ? { name: nodesName, choice: nodes } : undefined,
      writeLogins,
      checkEngine: () => readEngineFacts(tools, config.currentContext),
    },
  );

  async function readDocker(): Promise<RunnerFacts> {
    const [path, name] = await Promise.all([
      findBuildx(config.folder, config.pluginFolders, ports.env),
      wantedBuilder(),
    ]);
    const builder = name === undefined ? undefined : await knownBuilder(name);
    const isElsewhere = nodes !== undefined || (builder !== undefined && builder.driver !== 'docker');
    const endpoints = nodes?.nodes.map(({ endpoint }) => endpoint) ?? builder?.endpoints ?? [];
    const [docker, version, cliHasBuildKit] = await Promise.all([
      isElsewhere ? undefined : readEngineFacts(tools, config.currentContext),
      path !== undefined && wish.buildxVersion !== '' ? readVersion(path) : '',
      path === undefined && !isElsewhere ? readCliBuildKit() : false,
      checkEndpoints(endpoints),
    ]);
    return {
      ...nobody,
      docker,
      buildx: path === undefined ? undefined : { path, version },
      cliHasBuildKit,
      builder,
      actionsCache: actionsCacheOf(withCacheToken(env)),
    };
  }

  /** What an entry of `cache-from` or `cache-to` says goes before it. */
  function withCacheToken(ofClient: Environment): Environment {
    return task.cacheToken === '' ? ofClient : { ACTIONS_RUNTIME_TOKEN: task.cacheToken, ...ofClient };
  }

  async function wantedBuilder(): Promise<string | undefined> {
    if (wish.builder.kind === 'named') return wish.builder.name;
    return nodes === undefined ? selectedBuilder(config, env) : nodesName;
  }

  async function knownBuilder(name: string): Promise<FoundBuilder> {
    if (nodes !== undefined)
      return { name, driver: nodes.driver, endpoints: nodes.nodes.map(({ endpoint }) => endpoint) };
    const found = await findBuilder(name, config.folder, env);
    if (found !== undefined) return found;
    const names = await builderNames(config.folder, env);
    throw new InputError('BUILDER_MISSING', {
      message: `There is no builder "${name}" on this runner: it has ${names.join(', ')}.`,
      remedy:
        'Leave `builder` out, so that the step makes a builder if it needs one. Or correct it, or create the builder in an earlier step.',
    });
  }

  async function readVersion(buildx: string): Promise<string> {
    const { stdout } = await run([buildx, 'version'], { env });
    return /\s(v?\d+\.\d+\.\d+\S*)/.exec(stdout)?.[1] ?? '';
  }

  /** BuildKit was part of the CLI from 18.09 on, until 23.0 left it to buildx. */
  async function readCliBuildKit(): Promise<boolean> {
    if (env.DOCKER_BUILDKIT === '0') return false;
    const { stdout } = await run(['docker', '--version'], { env });
    const [, major = '0', minor = '0'] = /version (\d+)\.(\d+)/.exec(stdout) ?? [];
    return Number(major) < 23 && Number(major) + Number(minor) / 100 >= 18.09;
  }

  async function readPodman(reason: string): Promise<RunnerFacts> {
    const { stdout } = await run(['podman', 'version', '--format', '{{.Client.Version}}'], { env });
    const platform = parsePlatform(`linux/${releasePlatform(process.platform, process.arch).split('-')[1] ?? ''}`);
    return { ...nobody, podman: { version: stdout.trim(), platform, reason } };
  }

  async function readRunner(): Promise<RunnerFacts> {
    // A builder that was named is a builder of buildx.
    const engine = wish.engine === 'auto' && wish.builder.kind !== 'auto' ? 'docker' : wish.engine;
    const chosen = await chooseEngine(engine, env, readDocker);
    return 'podman' in chosen ? readPodman(chosen.podman) : chosen.docker;
  }

  const facts = (): Promise<RunnerFacts> => {
    known ??= readRunner();
    return known;
  };

  /** A step that takes an image from elsewhere needs no engine to be there. */
  async function usesPodman(): Promise<boolean> {
    return task.isAsked ? (await facts()).podman !== undefined : false;
  }

  /**
   * Runs buildx with the builder that was chosen.
   * @param dockerfile of which there may be warnings; `undefined` if it is not in the workspace
   * @param caches of the build: the client of GitHub's cache service has its token
   */
  function byBuildx<Result>(
    dockerfile: string | undefined,
    caches: readonly CacheEntry[],
    work: (ports: BuildxPorts, builder: BuildxBuilder) => Promise<Result>,
  ): Promise<Result> {
    return builders.build(async (builder) => {
      const clock = createEmulationClock(builder.emulated);
      const ports: BuildxPorts = {
        ...{ ...tools, warn },
        env: caches.some(({ type }) => type === 'gha') ? withCacheToken(builder.env) : builder.env,
        onOutput(text) {
          clock.read(text);
          tools.onOutput(text);
        },
        onWarnings(warnings) {
          for (const { message, line } of warnings) {
            const place = dockerfile === undefined ? {} : { file: dockerfile, ...(line === undefined ? {} : { line }) };
            warn(message, { ...place, title: 'Dockerfile' });
          }
        },
      };
      const result = await work(ports, builder);
      for (const [platform, seconds] of clock.seconds()) {
        warn(
          `${platform} was emulated: its RUN instructions took ${seconds.toFixed(1)} s. A runner of that platform is faster (docs/recipes/multi-platform.md).`,
        );
      }
      return result;
    });
  }

  return {
    readFacts: facts,
    beginBuilder: builders.begin,
    resolveBuilder: builders.resolve,
    async logIn() {
      await writeLogins();
      const { podman, docker } = task.isAsked ? await facts() : nobody;
      if (podman !== undefined) await writePodmanLogins(podmanPorts, config.folder, variables);
      const socket = docker && engineSocket(env, config.currentContext);
      if (socket !== undefined) await Promise.all(task.logins.map((login) => logInByEngine(tools, socket, login)));
    },
    async build(request, decision, references, push, output) {
      isBuilt = true;
      const folder = await mkdtemp(join(temp, 'build-'));
      try {
        const values = secretValues(request.secrets, task.secrets, variables);
        const gitToken = task.secrets.get(request.gitSecret);
        const all = gitToken === undefined ? values : new Map([...values, [request.gitSecret, gitToken] as const]);
        const secrets = await writeSecrets(all, folder);
        const target = { references, push, output, folder, secrets };
        for (const note of decision.notes) say(note);
        if (decision.tool === 'podman') return await buildWithPodman(podmanPorts, request, target);
        if (decision.tool === 'docker') {
          return await buildWithDocker(tools, decision.kind === 'docker-buildkit', request, target);
        }
        const withCache = {
          ...request,
          cacheFrom: [...request.cacheFrom, ...decision.cache.from],
          cacheTo: [...request.cacheTo, ...decision.cache.to],
        };
        const [first, second] = buildParts(withCache, decision.kind, push || output !== undefined);
        const run = (part: BuildPart): Promise<Built> => {
          const to = part.isLoad ? { ...target, push: false, output: undefined } : target;
          const caches = [...part.request.cacheFrom, ...part.request.cacheTo];
          return byBuildx(dockerfilePath(request), caches, (ports, builder) =>
            buildWithBuildx(ports, decision, builder, part.request, to),
          );
        };
        const built = await run(first);
        if (second !== undefined) await run(second);
        return built;
      } finally {
        await rm(folder, { recursive: true, force: true, maxRetries: 3 });
      }
    },
    async bake(bake, decision) {
      isBuilt = true;
      const folder = await mkdtemp(join(temp, 'bake-'));
      try {
        const { bakeWithBuildx } = await import('./bake-build.ts');
        const known = await facts();
        const requests = bake.targets.map(({ request }) => request);
        // The inputs give every target the same ones.
        const values = secretValues(requests[0]?.secrets ?? [], task.secrets, variables);
        const secrets = await writeSecrets(values, folder);
        for (const note of decision.notes) say(note);
        const targets = bake.targets.map((target) => {
          if (!target.isImage) return target;
          const cache = cacheOn(decision.kind, target.request, known);
          const { from, to } = cache;
          if (target.request.cache.mode !== 'off') {
            say(`Cache of ${target.name}: ${formatCache(cache)}, because ${cache.reason}`);
          }
          const { cacheFrom, cacheTo } = target.request;
          return {
            ...target,
            request: { ...target.request, cacheFrom: [...cacheFrom, ...from], cacheTo: [...cacheTo, ...to] },
          };
        });
        // Warnings of several Dockerfiles name no file.
        const [only, ...rest] = requests;
        const dockerfile = only !== undefined && rest.length === 0 ? dockerfilePath(only) : undefined;
        const caches = targets.flatMap(({ request: { cacheFrom, cacheTo } }) => [...cacheFrom, ...cacheTo]);
        return await byBuildx(dockerfile, caches, (ports, builder) =>
          bakeWithBuildx(ports, decision, builder, { ...bake, targets }, { folder, secrets }),
        );
      } finally {
        await rm(folder, { recursive: true, force: true, maxRetries: 3 });
      }
    },
    async loginVariables() {
      return (await usesPodman()) ? { REGISTRY_AUTH_FILE: podmanPorts.authFile } : { DOCKER_CONFIG: config.folder };
    },
    close: () => builders.close(isBuilt),
  };
}
