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
}
