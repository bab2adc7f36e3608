/** What a publish needs of the world. */

import type { BuilderDecision, BuilderFacts, Built } from './engine/docker.ts';
import type { Digest } from './image/digest.ts';
import type { RegistryClient } from './registry/client.ts';
import type { Log } from './report/log.ts';
import type { ImageSource } from './source/image-source.ts';
import type { EngineImage, SourceSpec } from './source/spec.ts';
import type { UnnamedBuild } from './source/staged-build.ts';

/** The engine, as a publish needs it. */
export interface EnginePort {
  readFacts(): Promise<BuilderFacts>;
  resolveBuilder(facts: BuilderFacts): BuilderDecision;
  /** Logs in wherever the step has a credential for. */
  logIn(): Promise<void>;
  /** Builds, and pushes under the references when `push` is true. */
  build(decision: BuilderDecision, references: readonly string[], push: boolean): Promise<Built>;
  /** Builds under no name, and pushes by digest where the builder can. */
  buildByDigest(decision: BuilderDecision, facts: BuilderFacts): Promise<UnnamedBuild>;
}

/** Images that are there already. */
export interface SourcePort {
  open(spec: SourceSpec): Promise<ImageSource>;
  /** The ID by which an engine knows an image. */
  readImageId(image: EngineImage): Promise<string>;
  /** The Docker engine pushes an image of its own under a reference; gives the digest. */
  pushFromDaemon(imageId: string, reference: string): Promise<Digest>;
}

export interface PublishPorts {
  readonly engine: EnginePort;
  readonly source: SourcePort;
  readonly registry: RegistryClient;
  readonly log: Log;
}
