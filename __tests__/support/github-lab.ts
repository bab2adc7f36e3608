/** The lab's GitHub, as the runner of one of its products and as an independent client see it. */

import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { IndependentClient } from './lab.ts';
import { lab } from './lab.ts';
import type { ActionCopy, Runner, RunnerOptions } from './step.ts';

type GitHub = Awaited<ReturnType<typeof lab.github>>;

const execute = promisify(execFile);

/** A request that reached a host of the lab's GitHub. */
export interface SeenRequest {
  readonly time: number;
  readonly host: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  /** Whose token it carried, such as `readWrite of ghes.test`; else the scheme of its authorization. */
  readonly as: string;
  readonly agent?: string;
}

export interface GitHubLab extends Omit<GitHub, 'requests'> {
  /** @param token by what it is good for; of the product itself unless another is named */
  token(product: string, token: string): string;
  /** A runner of a job of OWNER/REPOSITORY on a product, in which the host names are those of that product. */
  newRunner(action: ActionCopy, product: string, token: string, options?: RunnerOptions): Runner;
  /** Every request so far. */
  requests(): readonly SeenRequest[];
  /** crane inside, logged in everywhere with the tokens that may write. */
  readonly client: Pick<IndependentClient, 'digestOf' | 'tagsOf' | 'manifestOf' | 'contentOf' | 'labelsOf'>;
  [Symbol.dispose](): void;
}

let hasSaid = false;

/** @throws LabError where the lab has no such part */
export async function openGitHubLab(): Promise<GitHubLab> {
  const [github, { crane = 'crane' }] = await Promise.all([lab.github(), lab.tools()]);
  const { enter, environment, tokens, products, hosts, owner, repository } = github;
  if (!hasSaid) {
    const how = github.mode === 'namespace' ? 'a namespace with the real host names' : 'loopback ports';
    process.stderr.write(`The lab's GitHub is in ${how}.\n`);
    hasSaid = true;
  }
  const token = (product: string, name: string): string => {
    const value = tokens[product]?.[name];
    if (value === undefined) throw new Error(`The lab's GitHub has no token ${name} of ${product}.`);
    return value;
  };
  const folder = mkdtempSync(join(tmpdir(), 'publish-github-client-'));
  const auths = Object.fromEntries(
    products.flatMap(({ host }) => {
      const auth = Buffer.from(`lab:${token(host, 'readWrite')}`).toString('base64');
      const own = Object.keys(hosts).filter((each) => productOf(each) === host);
      return own.map((each) => [hosts[each], { auth }]);
    }),
  );
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ auths }));
  const inside = async (program: string, ...args: string[]): Promise<string> => {
    const [command = '', ...rest] = [...enter, program, ...args];
    const env = { ...process.env, ...environment, DOCKER_CONFIG: folder };
    const { stdout } = await execute(command, rest, { env });
    return stdout.trim();
  };
  return {
    ...github,
    token,
    newRunner(action, product, tokenValue, options = {}) {
      const api = products.find(({ host }) => host === product)?.api ?? '';
      const { DOCKER_HOST = '', DOCKER_CONFIG = '', PATH = '', ...rest } = environment;
      return action.newRunner({
        enter,
        engine: { ...(DOCKER_HOST ? { DOCKER_HOST } : {}), DOCKER_CONFIG, PATH },
        repository: `${owner}/${repository}`,
        token: tokenValue,
        ...options,
        env: { ...rest, GITHUB_SERVER_URL: `https://${product}`, GITHUB_API_URL: api, ...options.env },
      });
    },
    requests: () =>
      readFileSync(github.requests, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line)),
    client: {
      digestOf: (reference) => inside(crane, 'digest', reference),
      tagsOf: async (name) => (await inside(crane, 'ls', name)).split('\n').sort(),
      manifestOf: async (reference) => JSON.parse(await inside(crane, 'manifest', reference)),
      labelsOf: async (reference) => JSON.parse(await inside(crane, 'config', reference)).config.Labels ?? {},
      async contentOf(reference, path) {
        const tar = join(folder, `${crypto.randomUUID()}.tar`);
        await inside(crane, 'export', reference, tar);
        const { stdout } = await execute('tar', ['--extract', '--to-stdout', '--file', tar, path]);
        return stdout;
      },
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** The product that a registry of the lab belongs to. */
function productOf(registry: string): string {
  if (registry === 'ghcr.io' || registry === 'docker.pkg.github.com') return 'github.com';
  return registry.replace(/^(?:containers|docker)\./, '');
}
