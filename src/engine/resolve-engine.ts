/**
 * Which engine builds, and how: the one with the least set-up that supports the build, with the reason
 * (docs/engines.md). Pure.
 */

import type { BuildRequest } from '../build/build-request.ts';
import { type BuildxRelease, defaultRelease, isAtLeast, parseRelease } from '../build/buildx-releases.ts';
import { type ActionsCache, type CacheDecision, resolveCache } from '../build/cache.ts';
import { can, cannot, describeMissing, type EngineKind, features, missingFeatures } from '../build/capabilities.ts';
import { formatPlatform, type Platform } from '../image/platform.ts';
import type { FoundBuilder } from './buildx-store.ts';
import type { EngineFacts } from './docker-info.ts';

/** What a look at the runner told about building. */
export interface RunnerFacts {
  /** `undefined` if a builder of its own makes it unnecessary, or Podman replaces it. */
  readonly docker: EngineFacts | undefined;
  readonly buildx: { readonly path: string /** Empty: was not asked. */; readonly version: string } | undefined;
  /** Whether the CLI has a BuildKit without buildx: 18.09 to 20.10, unless DOCKER_BUILDKIT=0. */
  readonly cliHasBuildKit: boolean;
  /** The builder that the workflow names, or that is selected on this runner. */
  readonly builder: FoundBuilder | undefined;
  /** Set where Podman builds. */
  readonly podman: { readonly version: string; readonly platform: Platform; readonly reason: string } | undefined;
  readonly actionsCache: ActionsCache;
}

/** How the image is going to be built. */
export interface EngineDecision {
  readonly kind: EngineKind;
  readonly tool: 'buildx' | 'docker' | 'podman';
  /** As a clause: "…, because REASON". */
  readonly reason: string;
  /** The plugin's path; empty where it is to be installed, or is not used. */
  readonly buildx: string;
  readonly install: BuildxRelease | undefined;
  /** `undefined` for the daemon's own BuildKit, and for a builder that the step makes. */
  readonly builder: string | undefined;
  /** Whether the step makes a builder of its own for it, or uses the one that an earlier step of the job made. */
  readonly isMade: boolean;
  /** Whether the image is left with the engine, for this action's own client to push. */
  readonly isForClient: boolean;
  readonly cache: CacheDecision;
  /** What the image goes without on this engine, as sentences. */
  readonly notes: readonly string[];
}

/** What a decision depends on beside the build. */
interface ResolveOptions {
  /** Whether a push goes to GitHub's Docker registry, which new engines and it do not understand each other about. */
  readonly usesDockerRegistry: boolean;
  /** Platforms on which the build runs programs and the engine itself cannot. */
  readonly foreign: readonly Platform[];
}

interface Candidate extends Pick<EngineDecision, 'kind' | 'tool' | 'reason'> {
  /** Who cannot, at the head of an error. */
  readonly subject: string;
}

/** The release of Docker from which its BuildKit has what buildx asks for (https://docs.docker.com/engine/release-notes/23.0/). */
const oldest = 23;

function candidateOf(facts: RunnerFacts, build: BuildRequest): Candidate {
  const { podman, docker, builder } = facts;
  if (podman !== undefined) {
    return { kind: 'podman', tool: 'podman', reason: podman.reason, subject: `Podman ${podman.version}` };
  }
  if (build.builder.kind === 'nodes') {
    const names = build.builder.nodes.map(({ endpoint }) => endpoint).join(', ');
    return { kind: 'builder', tool: 'buildx', reason: `\`builder\` names ${names}`, subject: `The builder ${names}` };
  }
  if (builder !== undefined && builder.driver !== 'docker') {
    const { name, driver } = builder;
    const isNamed = build.builder.kind === 'named';
    return {
      kind: 'builder',
      tool: 'buildx',
      reason: isNamed ? `\`builder\` names "${name}" (${driver})` : `the builder "${name}" is selected on this runner`,
      subject: `The builder "${name}" (${driver})`,
    };
  }
  const store = docker?.imageStore ?? 'classic';
  const version = docker?.serverVersion ?? 'not asked';
  if (Number.parseInt(version, 10) < oldest) {
    const subject = `The BuildKit of this older Docker engine (${version})`;
    return {
      kind: 'docker-old',
      tool: 'buildx',
      reason: 'the engine’s own BuildKit needs no builder container',
      subject,
    };
  }
  return {
    kind: store === 'containerd' ? 'docker-containerd' : 'docker-classic',
    tool: 'buildx',
    reason: 'the engine’s own BuildKit needs no builder container',
    subject: `The ${store} image store of this Docker engine (${version})`,
  };
}

/** The same engine without buildx. */
function withoutBuildx({ cliHasBuildKit }: RunnerFacts, candidate: Candidate): Candidate | undefined {
  if (candidate.kind === 'builder' || candidate.tool !== 'buildx') return undefined;
  return {
    kind: cliHasBuildKit ? 'docker-buildkit' : 'docker-legacy',
    tool: 'docker',
    reason: `the Docker CLI of this runner has no buildx plugin${cliHasBuildKit ? ', but a BuildKit of its own' : ''}`,
    subject: 'The Docker CLI of this runner, which has no buildx plugin,',
  };
}

/** Which buildx is to be installed, if any. */
function resolveInstall(
  { buildx }: RunnerFacts,
  build: BuildRequest,
): { readonly release: BuildxRelease; readonly reason: string } | undefined {
  const wanted = parseRelease(build.buildxVersion);
  if (wanted !== undefined) {
    if (buildx !== undefined && isAtLeast(buildx.version, wanted.version)) return undefined;
    const reason = buildx === undefined ? 'the runner has none' : `the runner’s is ${buildx.version}`;
    return { release: wanted, reason };
  }
  const release = buildx === undefined ? parseRelease(defaultRelease) : undefined;
  return release && { release, reason: 'the runner has none' };
}

/** A builder that the step makes in the Docker engine, for what the engine itself cannot do. */
function madeBuilder(chosen: Candidate, build: BuildRequest, foreign: readonly Platform[]): Candidate | undefined {
  // Whoever names a builder wants that one.
  const mayMake = build.builder.kind === 'auto' && chosen.kind !== 'podman' && chosen.kind !== 'builder';
  const missing = missingFeatures(chosen.kind, build);
  if (!mayMake || missing.length + foreign.length === 0 || missingFeatures('builder', build).length > 0)
    return undefined;
  const why =
    missing.length > 0
      ? describeMissing(missing.map((name) => features[name]))
      : `run programs for ${foreign.map(formatPlatform).join(', ')}`;
  const reason = `${chosen.subject.charAt(0).toLowerCase()}${chosen.subject.slice(1)} cannot ${why}`;
  return { kind: 'builder', tool: 'buildx', reason, subject: 'A builder of BuildKit’s own image' };
}

/**
 * @throws ToolError ENGINE_CANNOT, naming what would do it
 */
export function resolveEngine(facts: RunnerFacts, build: BuildRequest, options: ResolveOptions): EngineDecision {
  const wish = candidateOf(facts, build);
  const install = wish.tool === 'buildx' ? resolveInstall(facts, build) : undefined;
  const plain = install === undefined ? undefined : withoutBuildx(facts, wish);
  // A missing buildx is only fetched for what cannot be done without it.
  const isPlainEnough =
    plain !== undefined && build.buildxVersion === '' && missingFeatures(plain.kind, build).length === 0;
  const found = isPlainEnough ? plain : wish;
  const made = madeBuilder(found, build, options.foreign);
  const chosen = made ?? found;
  if (missingFeatures(chosen.kind, build).length > 0) {
    throw cannot(chosen.kind, (facts.buildx === undefined ? plain : undefined)?.subject ?? chosen.subject, build);
  }
  const isInstalled = chosen.tool === 'buildx' && install !== undefined;
  return {
    kind: chosen.kind,
    tool: chosen.tool,
    reason: isInstalled
      ? `${chosen.reason}; buildx ${install.release.version} is installed, because ${install.reason}`
      : chosen.reason,
    buildx: chosen.tool === 'buildx' && !isInstalled ? (facts.buildx?.path ?? '') : '',
    install: isInstalled ? install.release : undefined,
    builder: chosen.tool === 'buildx' && made === undefined ? facts.builder?.name : undefined,
    isMade: made !== undefined,
    isForClient: options.usesDockerRegistry,
    cache: cacheOn(chosen.kind, build, facts),
    notes: notesOf(chosen.kind, build, options.usesDockerRegistry),
  };
}

/** The cache of a build on an engine of this kind. */
export function cacheOn(
  kind: EngineKind,
  { cache }: Pick<BuildRequest, 'cache'>,
  { actionsCache }: Pick<RunnerFacts, 'actionsCache'>,
): CacheDecision {
  return resolveCache(cache, { canExport: can(kind, 'cache-to'), canInline: can(kind, 'cache-inline'), actionsCache });
}

function notesOf(kind: EngineKind, build: BuildRequest, isForClient: boolean): readonly string[] {
  const isBare = build.annotations.length > 0 && build.call === 'build' && (!can(kind, 'annotations') || isForClient);
  return isBare
    ? [
        `The image goes without its ${build.annotations.length} default annotations, which this engine cannot carry; its labels say the same.`,
      ]
    : [];
}

/**
 * How a build can reach a registry without a tag. The builder pushes by digest itself. Or it writes an archive, or
 * leaves the image in the engine, and our own client pushes. The `docker` driver of buildx pushes under tags only.
 */
export function resolveDigestPush({ kind }: Pick<EngineDecision, 'kind'>): 'builder' | 'archive' | 'engine' {
  if (kind === 'builder') return 'builder';
  return kind === 'docker-containerd' ? 'archive' : 'engine';
}
