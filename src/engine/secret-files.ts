/** Build secrets as private files, and secrets that are files already. */

import { isUtf8 } from 'node:buffer';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SecretSource } from '../build/build-secrets.ts';
import { formatFields } from '../text/csv.ts';

/** BuildKit takes no larger one (https://github.com/moby/buildkit/blob/master/session/secrets/secretsprovider/store.go). */
const mostBytes = 500 * 1024;

/**
 * The content of the secrets that are in files. A file that is missing is reported by `checkSecrets`, and what is no
 * text is shown in no log.
 */
export async function readSecretFiles(sources: readonly SecretSource[]): Promise<readonly string[]> {
  const paths = sources.flatMap((source) => (source.kind === 'file' ? [source.path] : []));
  const contents = paths.map(async (path) => {
    const found = await stat(path).catch(() => undefined);
    if (!found?.isFile() || found.size > mostBytes) return '';
    const bytes = await readFile(path).catch(() => Buffer.alloc(0));
    return isUtf8(bytes) ? bytes.toString() : '';
  });
  return Promise.all(contents);
}

/** The `--secret` options, of which each names a file. */
export function secretArguments(
  sources: readonly SecretSource[],
  files: ReadonlyMap<string, string>,
): readonly string[] {
  return sources.flatMap((source) => {
    const path = source.kind === 'file' ? source.path : files.get(source.id);
    return path === undefined ? [] : ['--secret', formatFields([`id=${source.id}`, `src=${path}`])];
  });
}

/**
 * Writes each value to a file of its own that nobody else can read.
 * @param folder of one build, which is removed with it
 * @returns ID → path
 */
export async function writeSecrets(
  values: ReadonlyMap<string, string>,
  folder: string,
): Promise<ReadonlyMap<string, string>> {
  if (values.size === 0) return new Map();
  const secrets = join(folder, 'secrets');
  await mkdir(secrets, { mode: 0o700 });
  const entries = [...values].map(async ([id, value], index) => {
    const path = join(secrets, String(index));
    await writeFile(path, value, { mode: 0o600 });
    return [id, path] as const;
  });
  return new Map(await Promise.all(entries));
}
