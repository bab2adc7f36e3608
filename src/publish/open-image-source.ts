/** Opens what `source` names. */

import type { DockerPorts } from '../engine/docker.ts';
import type { SourceSpec } from '../image/transport.ts';
import type { RegistryClient } from '../registry/client.ts';
import { openDockerArchive } from '../source/docker-archive.ts';
import { closedOnFailure, openArchive, openFolder } from '../source/image-files.ts';
import type { ImageSource } from '../source/image-source.ts';
import { openLayout } from '../source/oci-layout.ts';
import { openRemote } from '../source/remote-image.ts';
import { openEngineImage } from './open-engine-image.ts';

interface SourcePorts {
  readonly client: RegistryClient;
  /** Its `temp` also takes what has to be on disk: an archive without its compression, compressed layers. */
  readonly docker: DockerPorts;
}

/**
 * @throws InputError SOURCE_MISSING, SOURCE_AMBIGUOUS, SOURCE_DAMAGED, SOURCE_INCOMPLETE; RegistryError MANIFEST_UNKNOWN,
 *   DIGEST_MISMATCH, REGISTRY_*; ToolError ENGINE_MISSING, COMMAND_FAILED
 */
export async function openSource(spec: SourceSpec, { client, docker }: SourcePorts): Promise<ImageSource> {
  const { temp, signal } = docker;
  switch (spec.kind) {
    case 'docker':
      return openRemote(client, spec.reference);
    case 'docker-daemon':
    case 'containers-storage':
      return openEngineImage(docker, spec);
    case 'oci':
      return closedOnFailure(await openFolder(spec.path, signal), (files) => openLayout(files, spec.name));
    case 'oci-archive':
      return closedOnFailure(await openArchive(spec.path, temp, signal), (files) => openLayout(files, spec.name));
    case 'docker-archive':
      return closedOnFailure(await openArchive(spec.path, temp, signal), (files) =>
        openDockerArchive(files, spec.name, temp),
      );
  }
}
