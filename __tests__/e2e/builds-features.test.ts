/** The capability table, cell by cell: what an engine can do it does, and what it cannot is refused before the build. */

import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { can, type EngineKind, engineKinds, featureNames } from '../../src/engine/capabilities.ts';
import { buildCases, type CaseWorld } from '../support/build-cases.ts';
import { type BuildKit, startBuildKit } from '../support/buildkit.ts';
import { type GitServer, startGitServer } from '../support/git-server.ts';
import { lab } from '../support/lab.ts';
import { type RunnerOptions, type StepResult, uniqueName } from '../support/step.ts';
import { openSuite } from '../support/suite.ts';

const suite = openSuite('registry', 'busybox', 'client');
let buildkit: BuildKit | undefined;
let git: GitServer;

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
    const { environment } = await lab['podman-builds']();
    execFileSync('podman', ['pull', '--quiet', '--tls-verify=false', suite.busybox], {
      env: { ...process.env, ...environment },
    });
    return { options: { engine: environment }, inputs: { engine: 'podman' } };
  },
};

beforeAll(async () => {
  git = await startGitServer('ghs_canary', {
    Dockerfile: 'FROM scratch\nCOPY hello.txt /hello.txt\n',
    'hello.txt': 'Hello from a private repository\n',
  });
});
afterAll(async () => {
  git?.[Symbol.dispose]();
  await buildkit?.[Symbol.asyncDispose]();
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
      const runner = suite.action.newRunner({
        ...options,
        repository,
        token: 'ghs_canary',
        env: {
          ...options.env,
          BUILDX_DOWNLOAD_URL: 'http://127.0.0.1:9',
          ...(isGit ? { GITHUB_SERVER_URL: git.origin } : {}),
        },
      });
      const published = (more: Readonly<Record<string, string>>): Promise<StepResult> =>
        runner.main({ registry: suite.registry, tags: '1.0', ...inputs, ...more }, each.env);
      const world: CaseWorld = {
        ...{ runner, client: suite.client, busybox: suite.busybox },
        name: `${suite.registry}/${repository}`,
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
      const context = isGit ? { context: git.remote } : {};
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
