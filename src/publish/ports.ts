/** What a publish needs of the world. */

import type { BuildRequest } from '../build/build-request.ts';
import type { Engine } from '../engine/engine.ts';
import type { EngineDecision } from '../engine/resolve-engine.ts';
import type { Digest } from '../image/digest.ts';
import type { Repository } from '../image/repository.ts';
import type { EngineImage, SourceSpec } from '../image/transport.ts';
import type { Log } from '../log/log.ts';
import type { RunStage } from '../log/phases.ts';
import type { RegistryClient } from '../registry/client.ts';
import type { ImageSource } from '../source/image-source.ts';
import type { UnnamedBuild } from './build-by-digest.ts';

/** The engine, as a publish needs it. */
export interface EnginePort extends Pick<Engine, 'readFacts' | 'beginBuilder' | 'resolveBuilder' | 'logIn' | 'build'> {
  /** Builds under no name, and pushes by digest where the builder can. */
  buildByDigest(
    request: BuildRequest,
    decision: EngineDecision,
    repositories: readonly Repository[],
  ): Promise<UnnamedBuild>;
}

/** Images that already exist. */
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
  readonly runStage: RunStage;
}
