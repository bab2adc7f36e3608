/**
 * The platforms that an engine runs programs of, as its BuildKit lists them. To ask takes as long as buildx takes to start. A job with a
 * builder therefore keeps the answer beside it, for steps that find the same engine and the same binfmt handlers.
 */

import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Platform } from '../image/platform.ts';
import { parseJsonObject } from '../text/json.ts';
import type { DockerPorts } from './docker.ts';
import type { EngineFacts } from './docker-info.ts';
import { parseHandled } from './foreign-platforms.ts';

export interface HandledPlatforms {
  readonly platforms: readonly Platform[];
  /** Keeps the answer in the folder of the job, which is there by now. */
  keep(): Promise<void>;
}

/** Where Linux lists its binfmt handlers (https://docs.kernel.org/admin-guide/binfmt-misc.html). */
const handlersFolder = '/proc/sys/fs/binfmt_misc';

/**
 * Asks buildx, unless an earlier step of the job has.
 * @param buildx the plugin's path; `undefined` where there is none to ask
 * @param folder of the job; it may be missing
 */
export async function readHandled(
  { run, env }: Pick<DockerPorts, 'run' | 'env'>,
  { id, platform }: Pick<EngineFacts, 'id' | 'platform'>,
  buildx: string | undefined,
  folder: string,
): Promise<HandledPlatforms> {
  const file = join(folder, 'handled.json');
  const [kept, handlers] = await Promise.all([
    readFile(file, 'utf8').catch(() => ''),
    readdir(handlersFolder).catch(() => []),
  ]);
  const of = `${id} ${handlers.toSorted().join(' ')}`;
  const known = parseJsonObject(kept);
  const isKnown = id !== '' && known?.of === of;
  const earlier = isKnown && typeof known.listed === 'string' ? parseHandled(known.listed) : undefined;
  if (earlier !== undefined) return { platforms: earlier, keep: async () => undefined };
  const answer = buildx && (await run([buildx, 'inspect', 'default'], { env, timeout: 30_000 }));
  const listed = answer ? answer.stdout : '';
  const found = parseHandled(listed);
  return {
    platforms: found ?? [platform],
    async keep() {
      if (id === '' || found === undefined) return;
      await writeFile(file, JSON.stringify({ of, listed }), { mode: 0o600 });
    },
  };
}
