/** The capability table, cell by cell: what an engine can do it does, and what it cannot is refused before the build. */

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { can, type EngineKind, engineKinds, featureNames } from '../../src/engine/capabilities.ts';
import { buildCases, type CaseWorld } from '../support/build-cases.ts';
import { type BuildKit, startBuildKit } from '../support/buildkit.ts';
import { type IndependentClient, lab, openIndependentClient } from '../support/lab.ts';
import { copyAction, type RunnerOptions, type StepResult, uniqueName } from '../support/step.ts';

jest.setTimeout(120_000);

const action = copyAction();
let registry: string;
let busybox: string;
let client: IndependentClient;
let buildkit: BuildKit | undefined;
let git: { readonly url: URL; readonly asked: string[]; readonly server: Server };

/** How a runner has each kind of engine, and what a workflow then writes. */
const engines: Readonly<
  Record<EngineKind, () => Promise<{ readonly options: RunnerOptions; readonly inputs?: Record<string, string> }>>
> = {
  'docker-containerd': async () => ({ options: { engine: (await lab['engine-containerd']()).environment } }),
  'docker-classic': async () => ({ options: { engine: (await lab.engine()).environment } }),
  'docker-buildkit': async () => ({ options: { engine: (await lab['engine-20.10']()).environment } }),
  'docker-legacy': async () => ({
    options: { engine: (await lab.engine()).environment, dockerConfig: { cliPluginsExtraDirs: [] } },
  }),
  async builder() {
    buildkit ??= await startBuildKit(['--allow-insecure-entitlement', 'network.host']);
    return { options: { engine: (await lab.engine()).environment }, inputs: { builder: buildkit.endpoint } };
  },
  async podman() {
    const { environment } = await lab.podman();
    execFileSync('podman', ['pull', '--quiet', '--tls-verify=false', busybox], {
      env: { ...process.env, ...environment },
    });
    return { options: { engine: environment }, inputs: { engine: 'podman' } };
  },
};

/** A Git server that gives one repository to whoever has the job's token: dumb HTTP, from a bare repository on disk. */
async function startGitServer(): Promise<typeof git> {
  const folder = join(action.folder, 'git');
  const work = join(folder, 'work');
  mkdirSync(work, { recursive: true });
  const run = (...args: string[]): void => void execFileSync('git', args, { cwd: work, stdio: 'ignore' });
  writeFileSync(join(work, 'Dockerfile'), 'FROM scratch\nCOPY hello.txt /hello.txt\n');
  writeFileSync(join(work, 'hello.txt'), 'Hello from a private repository\n');
  run('init', '--quiet', '--initial-branch', 'main');
  run('add', '.');
  run('-c', 'user.name=x', '-c', 'user.email=x@example.com', 'commit', '--quiet', '-m', 'x');
  run('clone', '--quiet', '--bare', '.', join(folder, 'octo-org/app.git'));
  execFileSync('git', ['update-server-info'], { cwd: join(folder, 'octo-org/app.git') });
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.headers.authorization ?? '');
    const isAllowed = Buffer.from((request.headers.authorization ?? '').replace(/^basic /i, ''), 'base64')
      .toString()
      .endsWith(':ghs_canary');
    const path = join(folder, new URL(request.url ?? '', 'http://x').pathname);
    if (!isAllowed) response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end();
    else if (statSync(path, { throwIfNoEntry: false })?.isFile()) response.end(readFileSync(path));
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { url: new URL(`http://127.0.0.1:${port}`), asked, server };
}

beforeAll(async () => {
  [{ address: registry }, { busybox }, client] = await Promise.all([
    lab.registry(),
    lab.images(),
    openIndependentClient(),
  ]);
  git = await startGitServer();
});
afterAll(async () => {
  git?.server.close();
  await buildkit?.[Symbol.asyncDispose]();
  action[Symbol.dispose]();
  client?.[Symbol.dispose]();
});

const kinds = Object.keys(engineKinds).filter((kind): kind is EngineKind => Object.hasOwn(engineKinds, kind));

describe.each(kinds)('%s', (kind) => {
  test.each(featureNames.map((feature) => [feature, can(kind, feature) ? 'done' : 'refused'] as const))(
    '%s is %s',
    async (feature, outcome) => {
      const { options, inputs = {} } = await engines[kind]();
      const each = buildCases[feature];
      const repository = `octo-org/${uniqueName(feature)}`;
      const isGit = feature === 'git-token';
      const runner = action.newRunner({
        ...options,
        repository,
        token: 'ghs_canary',
        env: {
          ...options.env,
          BUILDX_DOWNLOAD_URL: 'http://127.0.0.1:9',
          ...(isGit ? { GITHUB_SERVER_URL: git.url.origin } : {}),
        },
      });
      const published = (more: Readonly<Record<string, string>>): Promise<StepResult> =>
        runner.main({ registry, tags: '1.0', ...inputs, ...more }, each.env);
      const world: CaseWorld = {
        ...{ runner, client, busybox },
        name: `${registry}/${repository}`,
        nonce: uniqueName('nonce'),
        engineProgram: kind === 'podman' ? 'podman' : 'docker',
        again: published,
      };
      runner.write('Dockerfile', each.dockerfile(world));
      runner.write('hello.txt', 'Hello\n');
      for (const [path, text] of Object.entries(each.files ?? {})) runner.write(path, text);
      if (feature === 'ssh') {
        rmSync(join(runner.workspace, 'id_test'), { force: true });
        execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(runner.workspace, 'id_test')]);
      }
      const context = isGit ? { context: `${git.url.origin}/octo-org/app.git` } : {};
      const step = await published({ ...context, ...each.inputs?.(world) });
      if (outcome === 'done') {
        if (step.code !== (each.code ?? '')) throw new Error(step.log);
        await each.check(step, world).catch((error) => {
          throw new Error(`${error.message}\n${step.log}`);
        });
      } else {
        // Without buildx there is a way: to install it, which has nowhere to come from here.
        const isInstallable = kind === 'docker-legacy' || kind === 'docker-buildkit';
        const code = isInstallable && can('docker-classic', feature) ? 'BUILDX_MISSING' : 'ENGINE_CANNOT';
        expect(step).toMatchObject({ exitCode: 1, code });
        expect(runner.commands().filter(({ args }) => args.includes('build'))).toEqual([]);
      }
      expect(runner.filesIn(runner.temp)).toEqual([]);
    },
  );
});
