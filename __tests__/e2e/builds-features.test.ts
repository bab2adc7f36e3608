/**
 * The capability table, cell by cell: what an engine can do it does, what it cannot a builder does that the step makes, and what neither
 * can is refused before the build. The steps of one column are those of one job, so that they share the builder.
 */

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type EngineKind, engineKinds, featureNames, wayTo } from '../../src/build/capabilities.ts';
import { buildCases, type CaseWorld } from '../support/build-cases.ts';
import { type BuildKit, startBuildKit } from '../support/buildkit.ts';
import { type GitServer, startGitServer } from '../support/git-server.ts';
import { lab } from '../support/lab.ts';
import { findBuildx, type RunnerOptions, type StepResult, uniqueName } from '../support/step.ts';
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
  async 'docker-old'() {
    const [{ environment }, { environment: recent }] = await Promise.all([lab['engine-20.10'](), lab.engine()]);
    // A buildx that somebody has installed beside it.
    return { options: { engine: { ...environment, DOCKER_CONFIG: recent.DOCKER_CONFIG ?? '' } } };
  },
  'docker-buildkit': async () => ({ options: { engine: (await lab['engine-20.10']()).environment } }),
  'docker-legacy': async () => ({
    options: { engine: (await lab.engine()).environment, dockerConfig: { cliPluginsExtraDirs: [] } },
  }),
  async builder() {
    buildkit ??= await startBuildKit(
      ['network.host', 'security.insecure'].flatMap((each) => ['--allow-insecure-entitlement', each]),
    );
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

/** A tool cache that has the lab's buildx, as the image of a runner may be filled with it. */
const filledToolCache = once(async () => {
  const folder = join(suite.action.folder, 'tools');
  const real = findBuildx({ engine: (await lab.engine()).environment }) ?? '';
  const place = join(folder, 'buildx/0.29.1', process.arch);
  mkdirSync(place, { recursive: true });
  cpSync(real, join(place, 'docker-buildx'));
  writeFileSync(`${place}.complete`, '');
  const sha256 = createHash('sha256').update(readFileSync(real)).digest('hex');
  return { folder, release: `0.29.1@sha256:${sha256}` };
});

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= work());
}

describe.each(kinds)('%s', (kind) => {
  const temp = join(suite.action.folder, `job-${kind}`);
  const made: { readonly options: RunnerOptions; readonly state: StepResult['state'] }[] = [];

  test.each(featureNames.map((feature) => [feature, wayTo(kind, feature)] as const))('%s: %s', async (feature, way) => {
    const isMade = way.endsWith('makes a builder');
    const { options, inputs = {} } = await engines[kind]();
    const each = buildCases[feature];
    const repository = `octo-org/${uniqueName(feature)}`;
    const isGit = feature === 'git-token';
    const tools = way.startsWith('installs buildx') ? await filledToolCache() : undefined;
    mkdirSync(temp, { recursive: true });
    const runner = suite.action.newRunner({
      ...options,
      repository,
      token: 'ghs_canary',
      env: {
        ...options.env,
        RUNNER_TEMP: temp,
        ...(tools === undefined ? {} : { RUNNER_TOOL_CACHE: tools.folder }),
        ...(isGit ? { GITHUB_SERVER_URL: git.origin } : {}),
      },
    });
    const image = isMade ? ((await lab['buildkit-image']()).image ?? '') : '';
    const ofBuilder = {
      ...(isMade && { 'builder-image': image }),
      ...(tools && { 'buildx-version': tools.release }),
    };
    const published = (more: Readonly<Record<string, string>>): Promise<StepResult> =>
      runner.main({ registry: suite.registry, tags: '1.0', ...inputs, ...ofBuilder, ...more }, each.env);
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
    if (way === 'refused') {
      expect(step).toMatchObject({ exitCode: 1, code: each.refusal ?? 'ENGINE_CANNOT' });
      expect(runner.commands().filter(({ args }) => args.includes('build'))).toEqual([]);
    } else {
      if (step.code !== (each.code ?? '')) throw new Error(step.log);
      expect(step.log.includes('Builder: publish-job-')).toBe(isMade);
      await each.check(step, world).catch((error) => {
        throw new Error(`${error.message}\n${step.log}`);
      });
    }
    if (step.state['job-builder'] !== undefined) made.unshift({ options, state: step.state });
    // What is left is the job's.
    const left = runner.filesIn(temp).filter((path) => !path.startsWith('publish-docker-package.builder/'));
    expect(left).toEqual([]);
  });

  test('the post steps leave nothing of a builder', async () => {
    for (const { options, state } of made) {
      const runner = suite.action.newRunner({ ...options, env: { ...options.env, RUNNER_TEMP: temp } });
      const { name = '' } = JSON.parse(state['job-builder'] ?? '{}');
      const left = async (): Promise<string> => {
        const filter = ['--quiet', '--filter', `name=${name}`];
        const containers = await runner.run(['docker', 'container', 'ls', '--all', ...filter]);
        const volumes = await runner.run(['docker', 'volume', 'ls', ...filter]);
        return containers.stdout + volumes.stdout;
      };
      expect(await left()).not.toBe('');
      await runner.post({ state });
      expect(await left()).toBe('');
    }
    expect(readdirSync(temp)).toEqual([]);
  });
});
