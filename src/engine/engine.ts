/**
 * The engine of one step: learns what the runner has, decides, prepares what has to be there (buildx, a builder), logs in,
 * builds, and removes what it made.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { BuildOptions, BuildOutput, BuildRequest } from '../build/build-request.ts';
import { secretValues } from '../build/build-secrets.ts';
import { releasePlatform } from '../build/buildx-releases.ts';
import { actionsCacheOf } from '../build/cache.ts';
import { dockerfilePath } from '../build/context-path.ts';
import { InputError } from '../errors.ts';
import { parsePlatform } from '../image/platform.ts';
import type { RegistryLogin } from '../registry/credential.ts';
import type { Environment } from '../text/environment.ts';
import type { AnnotationPlace } from '../text/source-line.ts';
import { type BuildxBuilder, buildWithBuildx } from './buildx-build.ts';
import { installBuildx } from './buildx-install.ts';
import { findBuildx } from './buildx-plugin.ts';
import { builderNames, type FoundBuilder, findBuilder } from './buildx-store.ts';
import { createCommandRunner } from './command.ts';
import { type Built, buildWithDocker, type DockerPorts } from './docker.ts';
import { readEngineFacts } from './docker-info.ts';
import { logIn } from './log-in.ts';
import { checkEndpoints, createBuilder, ownBuilderEnvironment, removeArguments } from './own-builder.ts';
import { buildWithPodman } from './podman.ts';
import { chooseEngine, podmanPortsOf, writePodmanLogins } from './podman-fallback.ts';
import { type EngineDecision, type RunnerFacts, resolveEngine } from './resolve-engine.ts';
import { writeSecrets } from './secret-files.ts';
import { selectedBuilder } from './selected-builder.ts';

interface EnginePorts extends DockerPorts {
  /** The step's own environment: secrets, certificates and the tool cache are in it. */
  readonly variables: Environment;
  readonly say: (line: string) => void;
  readonly warn: (message: string, place?: AnnotationPlace) => void;
  /** Told of a builder that was made, so that it can be removed where the step is killed. */
  readonly onBuilder: (removal: readonly string[]) => void;
}

/** What the step's engine is for. */
interface EngineTask {
  /** With what the user wants to build. */
  readonly wish: Pick<BuildOptions, 'engine' | 'builder' | 'buildxVersion'>;
  /** Whether the step builds at all. */
  readonly isAsked: boolean;
  readonly usesDockerRegistry: boolean;
  readonly logins: readonly RegistryLogin[];
  /** ID → value, of the secrets in inputs, and of the Git token. */
  readonly secrets: ReadonlyMap<string, string>;
  /** Of cache entries: for the client of the builder alone. */
  readonly cacheVariables: ReadonlyMap<string, string>;
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
  /** Decides, and prepares what the decision needs. @throws ToolError ENGINE_CANNOT, BUILDX_MISSING, BUILDER_FAILED */
  resolveBuilder(facts: RunnerFacts, request: BuildRequest): Promise<EngineDecision>;
  /** Logs in wherever the step has a credential for. */
  logIn(): Promise<void>;
  /** Builds, and pushes under the references when `push` is true; with an output, to there instead. */
  build(
    request: BuildRequest,
    decision: EngineDecision,
    references: readonly string[],
    push: boolean,
    output?: BuildOutput,
  ): Promise<Built>;
  /** Variables with which later steps of the job are logged in, too. */
  loginVariables(): Promise<Readonly<Record<string, string>>>;
  /** Removes the builder that the step made. */
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
  const builderName = nodes && `publish-${crypto.randomUUID().slice(0, 8)}`;
  // A node's private key is for its file alone.
  const own = Object.fromEntries(
    Object.entries(ports.env).filter(([name]) => !/^BUILDER_NODE_\d+_AUTH_TLS_/.test(name)),
  );
  const base = nodes === undefined ? own : ownBuilderEnvironment(own, config.folder);
  const env: Environment = { ...base, ...Object.fromEntries(task.cacheVariables) };
  const tools: DockerPorts = { ...ports, env };
  const podmanPorts = podmanPortsOf(tools, config.folder);
  let known: Promise<RunnerFacts> | undefined;
  let prepared: BuildxBuilder | undefined;
  let isCreated = false;

  async function readDocker(): Promise<RunnerFacts> {
    const [path, name] = await Promise.all([findBuildx(config.folder, config.pluginFolders), wantedBuilder()]);
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
      actionsCache: actionsCacheOf(env),
    };
  }

  async function wantedBuilder(): Promise<string | undefined> {
    if (wish.builder.kind === 'named') return wish.builder.name;
    return nodes === undefined ? selectedBuilder(config, env) : builderName;
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
        'Create it in an earlier step (docker/setup-buildx-action with `name`), correct `builder`, or leave it out.',
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
    await writePodmanLogins(podmanPorts, config.folder, variables);
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

  return {
    readFacts: facts,
    async resolveBuilder(found, request) {
      const decision = resolveEngine(found, request, { usesDockerRegistry: task.usesDockerRegistry });
      if (decision.tool !== 'buildx') return decision;
      const install = decision.install;
      const buildx =
        install === undefined ? decision.buildx : await installBuildx(install, { ...ports, env: variables });
      if (nodes !== undefined && builderName !== undefined) {
        isCreated = true;
        ports.onBuilder(removeArguments(buildx, builderName));
        await createBuilder({ run, env, temp, variables }, buildx, builderName, nodes);
      }
      prepared = { buildx, builder: decision.builder, endpoints: found.builder?.endpoints ?? [] };
      return { ...decision, buildx };
    },
    async logIn() {
      const isPodman = await usesPodman();
      // One after the other: each login rewrites the same file.
      for (const login of task.logins) await logIn(isPodman ? podmanPorts : tools, login);
    },
    async build(request, decision, references, push, output) {
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
        if (prepared === undefined) throw new Error('the builder was not prepared');
        const withCache = {
          ...request,
          cacheFrom: [...request.cacheFrom, ...decision.cache.from],
          cacheTo: [...request.cacheTo, ...decision.cache.to],
        };
        const dockerfile = dockerfilePath(request);
        const buildxPorts = {
          ...tools,
          warn,
          onWarnings: (warnings: Parameters<Parameters<typeof buildWithBuildx>[0]['onWarnings']>[0]): void => {
            for (const { message, line } of warnings) {
              const place =
                dockerfile === undefined ? {} : { file: dockerfile, ...(line === undefined ? {} : { line }) };
              warn(message, { ...place, title: 'Dockerfile' });
            }
          },
        };
        return await buildWithBuildx(buildxPorts, decision, prepared, withCache, target);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
    async loginVariables() {
      return (await usesPodman()) ? { REGISTRY_AUTH_FILE: podmanPorts.authFile } : { DOCKER_CONFIG: config.folder };
    },
    async close() {
      if (!isCreated || prepared === undefined || builderName === undefined) return;
      isCreated = false;
      // The step's own commands may have been ended: what it made goes nevertheless.
      const cleaner = createCommandRunner(AbortSignal.timeout(10_000));
      const result = await cleaner.run(removeArguments(prepared.buildx, builderName), { env }).catch(() => undefined);
      if (result?.exitCode !== 0)
        warn(`The builder "${builderName}" could not be removed: ${result?.stderr.trim() ?? 'no answer within 10 s'}`);
    },
  };
}
