/** The lab's parts, as a step and as an independent client see them. */

import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openLab } from '../../lab/lab.js';

export const lab = openLab(process.env);

const execute = promisify(execFile);

/** Looks at a registry without any code of ours: crane. */
export interface IndependentClient {
  digestOf(reference: string): Promise<string>;
  tagsOf(repository: string): Promise<readonly string[]>;
  /** The manifest or index. */
  manifestOf(reference: string): Promise<Readonly<Record<string, unknown>>>;
  labelsOf(reference: string): Promise<Readonly<Record<string, string>>>;
  /** The image's configuration (image-spec, config.md). */
  configOf(reference: string): Promise<Readonly<Record<string, unknown>>>;
  /** A blob of the repository that is JSON. */
  blobOf(reference: string): Promise<Readonly<Record<string, unknown>>>;
  /** The text of one file of the image. */
  contentOf(reference: string, path: string, platform?: string): Promise<string>;
  /** Puts a new tag on an image that is there. */
  tag(reference: string, tag: string): Promise<void>;
  [Symbol.dispose](): void;
}

/** @throws LabError where the lab has no crane */
export async function openIndependentClient(): Promise<IndependentClient> {
  const [{ crane = 'crane' }, { address, username, password }] = await Promise.all([
    lab.tools(),
    lab['registry-auth'](),
  ]);
  const folder = mkdtempSync(join(tmpdir(), 'publish-e2e-client-'));
  const auth = Buffer.from(`${username}:${password}`).toString('base64');
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ auths: { [address]: { auth } } }));
  const ask = async (...args: string[]): Promise<string> => {
    const { stdout } = await execute(crane, args, { env: { DOCKER_CONFIG: folder, PATH: process.env.PATH } });
    return stdout.trim();
  };
  return {
    digestOf: (reference) => ask('digest', reference),
    tagsOf: async (repository) => (await ask('ls', repository)).split('\n').sort(),
    manifestOf: async (reference) => JSON.parse(await ask('manifest', reference)),
    configOf: async (reference) => JSON.parse(await ask('config', reference)),
    blobOf: async (reference) => JSON.parse(await ask('blob', reference)),
    labelsOf: async (reference) => JSON.parse(await ask('config', reference)).config.Labels ?? {},
    async contentOf(reference, path, platform) {
      const tar = join(folder, `${crypto.randomUUID()}.tar`);
      await ask('export', ...(platform === undefined ? [] : ['--platform', platform]), reference, tar);
      const { stdout } = await execute('tar', ['--extract', '--to-stdout', '--file', tar, path], { maxBuffer: 64e6 });
      return stdout;
    },
    tag: async (reference, tag) => void (await ask('tag', reference, tag)),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
