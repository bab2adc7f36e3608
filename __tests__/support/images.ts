/** One image in each form in which a source may find it, made by the tools that make them in the field. */

import { execFile } from 'node:child_process';
import { cpSync, createReadStream, createWriteStream, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { createGzip } from 'node:zlib';
import { digestOf } from '../../src/image/digest.ts';
import { lab } from './lab.ts';
import { uniqueName } from './step.ts';

const execute = promisify(execFile);

type Environment = Readonly<Record<string, string>>;

export interface MadeImages extends Disposable {
  readonly folder: string;
  /** The text of hello.txt in every form of the image. */
  readonly text: string;
  /** Digest of more/numbers, which is larger than what is compressed at a time. */
  readonly numbers: string;
  /** Its name in Docker's classic image store, and in Podman's. */
  readonly name: string;
  /** In Docker's image store with an ID, and no name. */
  readonly imageId: string;
  /** `docker save` of Docker 28. */
  readonly dockerArchive: string;
  /** `docker save` of Docker 20.10: layers in folders of their own. */
  readonly oldDockerArchive: string;
  /** `docker save` of Docker 28 with containerd’s image store: layers are compressed. */
  readonly containerdArchive: string;
  /** In Podman's storage, amd64 and arm64: what it calls a manifest list. */
  readonly podmanIndex: string;
  /** `podman save --format docker-archive`. */
  readonly podmanArchive: string;
  /** `crane pull`: layers are compressed, and named after their digests. */
  readonly craneArchive: string;
  /** `skopeo copy` to `docker-archive:`: layers are behind links. */
  readonly skopeoArchive: string;
  /** `oras copy --to-oci-layout` of the tag 1.0, amd64 and arm64: what its index lists stands in index.json, too. */
  readonly orasFolder: string;
  /** buildx, amd64 and arm64. */
  readonly ociArchive: string;
  readonly ociArchiveGz: string;
  /** `ociArchive`, unpacked. */
  readonly ociFolder: string;
  /** An OCI archive of one platform. */
  readonly singleOciArchive: string;
  /** In the registry of the lab, amd64 and arm64: `localhost:5000/…:1.0`. */
  readonly remote: string;
  /** Digest of the one of the two that is for amd64. */
  readonly remoteAmd64: string;
  /** The same for one platform. */
  readonly singleRemote: string;
}

/** @param command the program and its arguments */
export async function runTool(command: readonly string[], environment: Environment, cwd = tmpdir()): Promise<string> {
  const [program = '', ...args] = command;
  const { stdout } = await execute(program, args, { cwd, env: { ...process.env, ...environment }, maxBuffer: 64e6 });
  return stdout.trim();
}

/** @throws LabError where the lab has none of the engines */
export async function makeImages(): Promise<MadeImages> {
  const [docker, old, containerd, podman, { address }, { crane = 'crane', oras = 'oras' }] = await Promise.all([
    lab.engine(),
    lab['engine-20.10'](),
    lab['engine-containerd'](),
    lab.podman(),
    lab.registry(),
    lab.tools(),
  ]);
  const folder = mkdtempSync(join(tmpdir(), 'publish-images-'));
  const at = (name: string): string => join(folder, name);
  const id = uniqueName('source');
  const text = `Hello from ${id}\n`;
  const context = at('context');
  mkdirSync(context);
  writeFileSync(join(context, 'Dockerfile'), 'FROM scratch\nCOPY hello.txt /hello.txt\nCOPY more /more/\n');
  writeFileSync(join(context, 'hello.txt'), text);
  mkdirSync(join(context, 'more'));
  // Several blocks of the compressor, and a last one that is not full.
  const numbers = Array.from({ length: 400_000 }, (_, index) => `${index}\n`).join('');
  writeFileSync(join(context, 'more', 'numbers'), numbers);

  const name = `example.test/${id}:1.0`;
  const buildx = ['docker', 'buildx', 'build', '--provenance=false'];
  const platforms = '--platform=linux/amd64,linux/arm64';
  const remote = `${address}/octo-org/${id}:1.0`;
  const singleRemote = `${address}/octo-org/${id}-single:1.0`;
  await Promise.all([
    runTool([...buildx, '--tag', name, context], docker.environment),
    runTool(['docker', 'build', '--tag', name, context], old.environment),
    runTool([...buildx, platforms, '--tag', remote, '--push', context], containerd.environment),
    runTool([...buildx, '--tag', singleRemote, '--push', context], docker.environment),
    runTool([...buildx, '--tag', name, context], containerd.environment),
    runTool(
      [...buildx, platforms, `--output=type=oci,dest=${at('oci.tar')},name=${name}`, context],
      containerd.environment,
    ),
    runTool([...buildx, `--output=type=oci,dest=${at('single-oci.tar')}`, context], containerd.environment),
  ]);
  await runTool(['docker', 'save', '--output', at('docker.tar'), name], docker.environment);
  await runTool(['docker', 'save', '--output', at('old-docker.tar'), name], old.environment);
  await runTool(['docker', 'save', '--output', at('containerd.tar'), name], containerd.environment);
  await runTool(['podman', 'load', '--quiet', '--input', at('docker.tar')], podman.environment);
  await runTool(
    ['podman', 'save', '--quiet', '--format', 'docker-archive', '--output', at('podman.tar'), name],
    podman.environment,
  );
  const podmanIndex = `example.test/${id}-index:1.0`;
  await runTool(
    ['podman', 'build', '--quiet', '--layers=false', platforms, '--manifest', podmanIndex, context],
    podman.environment,
  );
  mkdirSync(at('oci'));
  await runTool(['tar', '--extract', '--file', at('oci.tar'), '--directory', at('oci')], {});
  await pipeline(createReadStream(at('oci.tar')), createGzip(), createWriteStream(at('oci.tar.gz')));
  const imageId = await runTool(['docker', 'image', 'inspect', '--format', '{{.Id}}', name], docker.environment);
  await runTool([crane, 'pull', '--platform=linux/amd64', remote, at('crane.tar')], {});
  await runTool([oras, 'copy', '--from-plain-http', '--to-oci-layout', remote, `${at('oras')}:1.0`], {});
  await runTool(
    ['skopeo', 'copy', '--quiet', `oci-archive:${at('single-oci.tar')}`, `docker-archive:${at('skopeo.tar')}:${name}`],
    podman.environment,
  );
  const remoteAmd64 = await runTool([crane, 'digest', '--platform=linux/amd64', remote], {});
  return {
    folder,
    text,
    numbers: digestOf(Buffer.from(numbers)),
    name,
    imageId,
    dockerArchive: at('docker.tar'),
    oldDockerArchive: at('old-docker.tar'),
    containerdArchive: at('containerd.tar'),
    podmanIndex,
    podmanArchive: at('podman.tar'),
    craneArchive: at('crane.tar'),
    skopeoArchive: at('skopeo.tar'),
    orasFolder: at('oras'),
    ociArchive: at('oci.tar'),
    ociArchiveGz: at('oci.tar.gz'),
    ociFolder: at('oci'),
    singleOciArchive: at('single-oci.tar'),
    remote,
    remoteAmd64,
    singleRemote,
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** A copy of a folder that a test may damage. */
export function copyFolder(from: string, to: string): string {
  cpSync(from, to, { recursive: true });
  return to;
}
