import type { Annotation } from '../image/annotation.ts';
import type { Platform } from '../image/platform.ts';
import type { Attestation } from './attestations.ts';
import type { SecretSource } from './build-secrets.ts';
import type { BuilderChoice } from './builder-choice.ts';
import type { CacheEntry, CachePlan } from './cache.ts';
import type { Compression, Output } from './exporters.ts';

export const engineWishes = ['auto', 'docker', 'podman'] as const;

/** What the input `engine` asks for; `auto`: Docker where it answers, else Podman. */
export type EngineWish = (typeof engineWishes)[number];

export const callMethods = ['build', 'check', 'outline', 'targets'] as const;

/** What is done with the Dockerfile: built, or looked at. */
type CallMethod = (typeof callMethods)[number];

/** What the inputs say about a build; the options have the names and meanings of docker/build-push-action. */
export interface BuildOptions {
  /** A folder, or the URL of a Git repository or archive. */
  readonly context: string;
  /** The Dockerfile; empty for the one in the context. */
  readonly file: string;
  /** The Dockerfile itself, if a bake file holds it. */
  readonly inlineDockerfile?: string;
  /** The target of a bake file that says how to build; absent: the inputs alone do. */
  readonly bakeTarget?: string;
  readonly target: string;
  /** Empty for the platform of the builder. */
  readonly platforms: readonly Platform[];
  /** `NAME=value`, or `NAME` alone for the value that the environment has. */
  readonly buildArgs: readonly string[];
  /** `name=path-or-url` */
  readonly buildContexts: readonly string[];
  readonly secrets: readonly SecretSource[];
  readonly ssh: readonly string[];
  /** `host:ip` */
  readonly addHosts: readonly string[];
  readonly allow: readonly string[];
  readonly network: string;
  readonly noCache: boolean;
  readonly noCacheFilters: readonly string[];
  readonly pull: boolean;
  readonly shmSize: string;
  readonly ulimits: readonly string[];
  readonly cgroupParent: string;
  readonly cacheFrom: readonly CacheEntry[];
  readonly cacheTo: readonly CacheEntry[];
  readonly outputs: readonly Output[];
  readonly load: boolean;
  readonly compression: Compression | undefined;
  /** Whether the same commit gives the same image, byte for byte. */
  readonly reproducible: boolean;
  readonly attestations: readonly Attestation[];
  readonly call: CallMethod;
  readonly engine: EngineWish;
  readonly builder: BuilderChoice;
  /** BuildKit's image for a builder that the step makes; empty for the one that this action knows. */
  readonly builderImage: string;
  /** Configuration of that builder's daemon: TOML, or the path of a file; empty for none. */
  readonly builderConfig: string;
  /** Install this buildx where the runner's is older or missing; empty for no wish. */
  readonly buildxVersion: string;
}

/** What is to be built. */
export interface BuildRequest extends BuildOptions {
  /** `key=value` */
  readonly labels: readonly string[];
  readonly annotations: readonly Annotation[];
  /** Whether the workflow asks for annotations; the default ones are left out if the engine does not support annotations. */
  readonly needsAnnotations: boolean;
  readonly cache: CachePlan;
  /** The page of the run, which provenance names as the builder; empty outside of a workflow. */
  readonly builderId: string;
  /**
   * SOURCE_DATE_EPOCH, in seconds: the one time in the image (https://reproducible-builds.org/specs/source-date-epoch/). Absent: the
   * image need not be reproducible, or its commit has no known time.
   */
  readonly sourceDate?: number;
  /** The image that the build begins with, if the step asks whether it has moved. */
  readonly base?: string;
  /** ID of the secret with which a Git context of the run's own server is fetched; empty for none. */
  readonly gitSecret: string;
}

/**
 * Where the build puts the image before it is published (https://docs.docker.com/build/exporters/). It goes straight to
 * the registries, by digest and without a tag. If the builder cannot do that, it goes into an OCI archive, or under its
 * names into the engine.
 */
export type BuildOutput =
  | { readonly kind: 'engine' }
  | { readonly kind: 'registries' /** `registry/path` */; readonly names: readonly string[] }
  | { readonly kind: 'archive'; readonly file: string };
