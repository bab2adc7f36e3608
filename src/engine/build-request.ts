import type { Platform } from '../image/platform.ts';

/** What is to be built; the options have the names and meanings of docker/build-push-action. */
export interface BuildRequest {
  /** A folder, or the URL of a Git repository or archive. */
  readonly context: string;
  /** The Dockerfile; empty for the one in the context. */
  readonly file: string;
  readonly target: string;
  /** Empty for the platform of the builder. */
  readonly platforms: readonly Platform[];
  /** `NAME=value`, or `NAME` alone for the value that the environment has. */
  readonly buildArgs: readonly string[];
  /** `key=value` */
  readonly labels: readonly string[];
  /** Where the result goes that gets no tag; absent: under its names, in the engine and, if pushed, the registries. */
  readonly output?: DigestOutput;
}

/**
 * Straight to the registries, by digest, or into an OCI archive, for those builders that cannot push by digest
 * (https://docs.docker.com/build/exporters/).
 */
export type DigestOutput =
  | { readonly kind: 'registries' /** `registry/path` */; readonly names: readonly string[] }
  | { readonly kind: 'archive'; readonly file: string };
