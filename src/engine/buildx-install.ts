/**
 * Installs buildx where the runner has none, or an older one: from the runner's tool cache, else from the release, by
 * @actions/tool-cache. Neither is trusted: the step runs and keeps only bytes with the right checksum. It runs a copy
 *   in its private folder, since jobs of other repositories may write to the cache.
 */

import { createHash } from 'node:crypto';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { assetName, type BuildxRelease, checksumOf, releasePlatform } from '../build/buildx-releases.ts';
import { ToolError } from '../errors.ts';
import type { Environment } from '../text/environment.ts';
import { pluginName } from './buildx-plugin.ts';

const releases = 'https://github.com/docker/buildx/releases/download';

/** No buildx is near as large. */
const mostBytes = 256 * 1024 * 1024;

interface InstallPorts {
  /** For RUNNER_TOOL_CACHE and BUILDX_DOWNLOAD_URL. */
  readonly env: Environment;
  /** The step's private folder. */
  readonly temp: string;
  readonly say: (line: string) => void;
  /** Nothing is waited for once it fires. */
  readonly signal: AbortSignal;
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
 * @throws ToolError BUILDX_MISSING if the download fails; BUILDX_UNTRUSTED if its checksum is wrong
 */
export async function installBuildx(release: BuildxRelease, ports: InstallPorts): Promise<string> {
  const { env, temp, say, signal } = ports;
  const { version } = release;
  const platform = releasePlatform(process.platform, process.arch);
  const asset = assetName(release, platform);
  const expected = checksumOf(release, platform);
  if (expected === undefined) throw missing(`buildx ${version} has no binary for ${platform}.`, 'a buildx');
  const { cacheFile, find } = await import('@actions/tool-cache');
  const hasCache = Boolean(env.RUNNER_TOOL_CACHE);
  const name = pluginName(process.platform);
  const path = join(await mkdtemp(join(temp, 'buildx-')), name);
  const folder = hasCache ? find('buildx', version) : '';
  const cached = folder === '' ? undefined : await readProgram(join(folder, name));
  if (cached !== undefined && sha256(cached) === expected) {
    await writeFile(path, cached, { mode: 0o755 });
    say(`buildx ${version} is in the tool cache of the runner`);
    return path;
  }
  await untilAborted(download(release, asset, path, env), signal);
  const found = sha256(await readFile(path));
  if (found !== expected) {
    await rm(path, { maxRetries: 3 });
    throw new ToolError('BUILDX_UNTRUSTED', {
      message: `${asset} has the SHA-256 ${found}, not ${expected}, so the step does not use it.`,
      remedy:
        'A proxy, or the mirror in BUILDX_DOWNLOAD_URL, sent a different file. Find out which, or install buildx on the runner.',
    });
  }
  await chmod(path, 0o755);
  say(`Installed buildx ${version}`);
  if (hasCache) {
    const keep = cacheFile(path, name, 'buildx', version);
    await keep.catch((error: unknown) => say(`buildx ${version} could not be kept in the tool cache: ${error}`));
  }
  return path;
}

/** The bytes of a program, `undefined` where there is none: a cache may hold anything. */
async function readProgram(path: string): Promise<Buffer | undefined> {
  try {
    const entry = await stat(path);
    return entry.isFile() && entry.size <= mostBytes ? await readFile(path) : undefined;
  } catch {
    return undefined;
  }
}

/** @actions/tool-cache takes no signal: what it does goes on, unheard, until the process ends. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    work.then(resolve, reject);
  });
}

/** After a temporary failure @actions/tool-cache retries, with three attempts in all. */
async function download(release: BuildxRelease, asset: string, path: string, env: Environment): Promise<void> {
  const base = (env.BUILDX_DOWNLOAD_URL || releases).replace(/(?<!\/)\/+$/, '');
  const url = URL.parse(`${base}/v${release.version}/${asset}`);
  if (url === null) throw missing(`BUILDX_DOWNLOAD_URL is "${base}", which is no URL.`, asset);
  const { username, password } = url;
  url.username = '';
  url.password = '';
  const { downloadTool, HTTPError } = await import('@actions/tool-cache');
  try {
    // In the URL a login would be ignored, and be in the debug log.
    const login = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64');
    await downloadTool(url.href, path, username === '' ? undefined : `Basic ${login}`);
  } catch (error) {
    const status = error instanceof HTTPError ? error.httpStatusCode : undefined;
    if (status !== undefined) {
      throw missing(`buildx is needed and could not be fetched: ${url.href} answered ${status}.`, asset, error);
    }
    const reason = error instanceof Error ? error.message.replace(/\.$/, '') : String(error);
    throw missing(`buildx is needed and could not be fetched from ${url.href}: ${reason}.`, asset, error);
  }
}
