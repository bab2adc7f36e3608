/**
 * Installs buildx where the runner has none, or an older one: from the runner's tool cache, else from the release, checked
 * before it is used. The layout is that of @actions/tool-cache, so that images which were filled with it serve
 * (docs/adr/0005-buildx-install.md).
 */

import { createHash } from 'node:crypto';
import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { assetName, type BuildxRelease, checksumOf, releasePlatform } from '../build/buildx-releases.ts';
import { ToolError } from '../errors.ts';
import { createHttp } from '../http/http.ts';
import type { Environment } from '../text/environment.ts';

const releases = 'https://github.com/docker/buildx/releases/download';

/** No buildx is near as large. */
const mostBytes = 256 * 1024 * 1024;

export interface InstallPorts {
  /** For RUNNER_TOOL_CACHE, BUILDX_DOWNLOAD_URL and the proxies. */
  readonly env: Environment;
  /** The step's private folder, for a runner without a tool cache. */
  readonly temp: string;
  readonly say: (line: string) => void;
  /** Cuts the download when it fires. */
  readonly signal: AbortSignal;
  /** Runs an attempt again while its failure is transient. */
  readonly retry: <T>(what: string, attempt: () => Promise<T>) => Promise<T>;
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function missing(message: string, asset: string, cause?: unknown): ToolError {
  return new ToolError('BUILDX_MISSING', {
    message,
    remedy: `Install ${asset} on the runner as docker-buildx in ~/.docker/cli-plugins or /usr/local/lib/docker/cli-plugins, let the runner reach ${releases}, or name a mirror of it in BUILDX_DOWNLOAD_URL.`,
    ...(cause === undefined ? {} : { cause }),
  });
}

/**
 * @returns the path of the program
 * @throws ToolError BUILDX_MISSING where it cannot be had; BUILDX_UNTRUSTED where it is not what it should be
 */
export async function installBuildx(release: BuildxRelease, ports: InstallPorts): Promise<string> {
  const { env, temp, say } = ports;
  const platform = releasePlatform(process.platform, process.arch);
  const asset = assetName(release, platform);
  const expected = checksumOf(release, platform);
  if (expected === undefined) throw missing(`buildx ${release.version} has no binary for ${platform}.`, 'a buildx');
  const name = process.platform === 'win32' ? 'docker-buildx.exe' : 'docker-buildx';
  const folder = join(env.RUNNER_TOOL_CACHE || join(temp, 'tools'), 'buildx', release.version, process.arch);
  const path = join(folder, name);
  const cached = await readFile(path).catch(() => undefined);
  if (cached !== undefined && sha256(cached) === expected) {
    say(`buildx ${release.version} is in the tool cache of the runner`);
    return path;
  }
  const bytes = await ports.retry(`Download of ${asset}`, () => download(release, asset, ports));
  if (sha256(bytes) !== expected) {
    throw new ToolError('BUILDX_UNTRUSTED', {
      message: `${asset} has the SHA-256 ${sha256(bytes)}, not ${expected}, so the step does not use it.`,
      remedy:
        'A proxy, or the mirror in BUILDX_DOWNLOAD_URL, sent a different file. Find out which, or install buildx on the runner.',
    });
  }
  await mkdir(folder, { recursive: true });
  const unfinished = `${path}.${crypto.randomUUID()}`;
  try {
    await writeFile(unfinished, bytes);
    await chmod(unfinished, 0o755);
    // Whole or not at all, also where jobs that share the cache come here at once.
    await rename(unfinished, path);
    await writeFile(`${folder}.complete`, '');
  } finally {
    await rm(unfinished, { force: true });
  }
  say(`Installed buildx ${release.version}`);
  return path;
}

async function download(release: BuildxRelease, asset: string, { env, signal }: InstallPorts): Promise<Uint8Array> {
  const base = (env.BUILDX_DOWNLOAD_URL || releases).replace(/\/+$/, '');
  const address = `${base}/v${release.version}/${asset}`;
  if (!URL.canParse(address)) throw missing(`BUILDX_DOWNLOAD_URL is "${base}", which is no URL.`, asset);
  const http = createHttp({ environment: env, userAgent: 'publish-docker-package', signal });
  try {
    const response = await http.send({ method: 'GET', url: new URL(address) });
    if (response.status !== 200) {
      response.body.destroy();
      throw missing(`buildx is needed and could not be fetched: ${address} answered ${response.status}.`, asset);
    }
    return await http.readBytes(response, mostBytes);
  } catch (error) {
    if (error instanceof ToolError) throw error;
    const reason = error instanceof Error ? error.message.replace(/\.$/, '') : String(error);
    throw missing(`buildx is needed and could not be fetched from ${address}: ${reason}.`, asset, error);
  } finally {
    http.close();
  }
}
