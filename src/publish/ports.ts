/** What a publish needs of the world. */

import type { BuildRequest } from '../build/build-request.ts';
import type { Engine } from '../engine/engine.ts';
import type { EngineDecision } from '../engine/resolve-engine.ts';
import type { AttestedSubject, SignedAttestation, Statement } from '../github/artifact-attestations.ts';
import type { Digest } from '../image/digest.ts';
import type { Registry } from '../image/registry-name.ts';
import type { Repository } from '../image/repository.ts';
import type { EngineImage, SourceSpec } from '../image/transport.ts';
import type { Log } from '../log/log.ts';
import type { RunStage } from '../log/phases.ts';
import type { Attested } from '../plan/outcome.ts';
import type { PlannedBake } from '../plan/plan.ts';
import type { RegistryClient } from '../registry/client.ts';
import type { ImageSource } from '../source/image-source.ts';
import type { TargetBuild, UnnamedBake } from './bake-by-digest.ts';
import type { UnnamedBuild } from './build-by-digest.ts';

/** The engine, as a publish needs it. */
export interface EnginePort extends Pick<Engine, 'readFacts' | 'beginBuilder' | 'resolveBuilder' | 'logIn' | 'build'> {
  /** Builds under no name, and pushes by digest where the builder can. */
  buildByDigest(
    request: BuildRequest,
    decision: EngineDecision,
    repositories: readonly Repository[],
  ): Promise<UnnamedBuild>;
  /** Builds the targets of a bake file, under no names, and pushes by digest where the builder can. */
  bakeByDigest(
    bake: PlannedBake,
    builds: readonly TargetBuild[],
    decision: EngineDecision,
    pushes: boolean,
  ): Promise<UnnamedBake>;
}

/** Images that already exist. */
export interface SourcePort {
  open(spec: SourceSpec): Promise<ImageSource>;
  /** The ID by which an engine knows an image. */
  readImageId(image: EngineImage): Promise<string>;
  /** The Docker engine pushes an image of its own under a reference; gives the digest. */
  pushFromDaemon(imageId: string, reference: string): Promise<Digest>;
}

/** GitHub, as attesting needs it. */
export interface Attester {
  /**
   * Asks GitHub whether this job may attest, before anything is built.
   * @throws PermissionError ATTESTATION_DENIED
   */
  check(): Promise<void>;
  /** @throws RegistryError ATTESTATION_FAILED */
  sign(statement: Statement): Promise<SignedAttestation>;
  /**
   * Keeps an attestation with the repository of the run, and its bundle for later steps of the job.
   * @throws RegistryError ATTESTATION_FAILED; PermissionError ATTESTATION_DENIED
   */
  store(attestation: SignedAttestation): Promise<Attested>;
  /** Tells GitHub where an attested image is. A failure is a notice: the image is attested all the same. */
  record(subject: AttestedSubject): Promise<void>;
}

export interface PublishPorts {
  readonly engine: EnginePort;
  readonly source: SourcePort;
  readonly registry: RegistryClient;
  /**
   * Has the registries check the logins of the step.
   * @param asked those that check it anyway, since the step asks them for permission
   * @throws RegistryError LOGIN_REFUSED
   */
  readonly checkLogins: (asked: readonly Registry[]) => Promise<void>;
  /** Absent if the plan attests nothing. */
  readonly attester?: Attester;
  /** Whether somebody is going to compare the image with the one before it. Default: nobody. */
  readonly isCompared?: boolean;
  readonly log: Log;
  readonly runStage: RunStage;
}
