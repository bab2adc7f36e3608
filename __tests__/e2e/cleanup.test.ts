/**
 * `cleanup/` in a real registry, with real images: several platforms, attestations, a build cache, a staged leg, and what cosign and
 * oras attach. crane, cosign and oras look at what is left.
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runTool } from '../support/images.ts';
import { lab } from '../support/lab.ts';
import { startOwnDistribution } from '../support/own-distribution.ts';
import { readActionManifest, type StepResult, uniqueName } from '../support/step.ts';
import { openSuite } from '../support/suite.ts';

type Inputs = Readonly<Record<string, string>>;

const suite = openSuite('engine', 'containerd', 'registry', 'client');
const folder = mkdtempSync(join(tmpdir(), 'publish-cleanup-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let tools: { readonly crane: string; readonly oras: string; readonly cosign: string };

/** A repository of its own. */
function newRepository() {
  const image = uniqueName('cleaned');
  const repository = `octo-org/${image}`;
  const job = (subAction?: string) =>
    suite.action.newRunner({
      engine: suite.containerd,
      repository,
      token: 'ghs_canary',
      env: { GITHUB_RUN_ID: '4711' },
      ...(subAction && { subAction }),
    });
  return {
    get name() {
      return `${suite.registry}/${repository}`;
    },
    async publish(text: string, inputs: Inputs): Promise<StepResult> {
      const runner = job();
      runner.write('Dockerfile', 'FROM scratch\nCOPY hello.txt /\n');
      runner.write('hello.txt', text);
      const step = await runner.main({ registry: suite.registry, ...inputs });
      expect({ exitCode: step.exitCode, failure: step.failure }).toEqual({ exitCode: 0, failure: '' });
      return step;
    },
    merge: (inputs: Inputs): Promise<StepResult> => job('merge').main({ registry: suite.registry, ...inputs }),
    cleanUp: (inputs: Inputs): Promise<StepResult> =>
      job('cleanup').main({ registry: suite.registry, 'keep-younger-than': '0', ...inputs }),
  };
}

const keys = (): Inputs => ({ COSIGN_PASSWORD: '', COSIGN_EXPERIMENTAL: '0', HOME: folder });

/** Signs as cosign does with a tag, and attaches a report as oras does. */
async function attachTo(reference: string): Promise<void> {
  const offline = ['--use-signing-config=false', '--tlog-upload=false', '--new-bundle-format=false'];
  await runTool([tools.cosign, 'sign', '--key', 'cosign.key', ...offline, '--yes', reference], keys(), folder);
  const report = ['--artifact-type', 'application/vnd.example.report', reference, 'report.json'];
  await runTool([tools.oras, 'attach', ...report], {}, folder);
}

async function expectAttached(reference: string): Promise<void> {
  const offline = ['--insecure-ignore-tlog=true', '--new-bundle-format=false'];
  const verified = await runTool(
    [tools.cosign, 'verify', '--key', 'cosign.pub', ...offline, reference],
    keys(),
    folder,
  );
  expect(verified).toContain(reference.split('@')[1]);
  expect(await runTool([tools.oras, 'discover', '--format', 'json', reference], {})).toContain('vnd.example.report');
}

beforeAll(async () => {
  tools = { crane: 'crane', oras: 'oras', cosign: 'cosign', ...(await lab.tools()) };
  await runTool([tools.cosign, 'generate-key-pair'], keys(), folder);
  writeFileSync(join(folder, 'report.json'), '{"result": "pass"}\n');
});

describe('a repository with all that there may be', () => {
  const repository = newRepository();
  const platforms = 'linux/amd64,linux/arm64';
  let kept: StepResult;
  let gone: StepResult;
  let leg: StepResult;
  let before: readonly string[];

  beforeAll(async () => {
    kept = await repository.publish('kept', {
      tags: '1.0.0\nlatest',
      platforms,
      provenance: 'true',
      cache: 'registry',
    });
    gone = await repository.publish('gone', { tags: 'pr-1', platforms, provenance: 'true' });
    leg = await repository.publish('leg', { stage: 'true', platforms: 'linux/amd64' });
    await attachTo(kept.outputs.reference ?? '');
    await attachTo(gone.outputs.reference ?? '');
    before = await suite.client.tagsOf(repository.name);
  });

  const rules = { 'delete-tags': '*', 'keep-versions': 'minor=1' };

  test('by default nothing goes, and the log, the outputs and the summary say what would and why the rest stays', async () => {
    const step = await repository.cleanUp(rules);
    expect(step).toMatchObject({ exitCode: 0, failure: '' });
    expect(await suite.client.tagsOf(repository.name)).toEqual(before);
    expect(Object.keys(step.outputs)).toEqual(Object.keys(readActionManifest('cleanup').outputs));
    // The index, two images, two attestations, a signature, a report, and the list of reports in place of an API.
    expect(step.outputs.deleted).toBe('8');
    expect(step.outputs['deleted-tags']?.split('\n')).toEqual(
      expect.arrayContaining(['pr-1', `${gone.outputs.digest?.replace(':', '-')}.sig`]),
    );
    const decisions = JSON.parse(step.outputs.decisions ?? '[]');
    const reasonOf = (tag: string) =>
      decisions.find(({ tags }: { readonly tags: readonly string[] }) => tags.includes(tag))?.reason;
    expect(reasonOf('1.0.0')).toBe('`keep-tags` keeps `latest`');
    expect(reasonOf(before.find((tag) => tag.startsWith('_staged.')) ?? '')).toMatch(/^a run may still merge/);
    expect(reasonOf(before.find((tag) => tag.startsWith('buildcache-')) ?? '')).toMatch(/ is a build cache$/);
    expect(step.log).toMatch(/^would go +sha256:[0-9a-f]{12} +pr-1 +because `delete-tags` matches its tag/m);
    expect(step.log).toMatch(/^stays +sha256:[0-9a-f]{12} +\(no tag\) +because it is part of `(?:1\.0\.0|latest)`/m);
    expect(step.summary).toContain('## Would delete 8 of ');
    expect(step.summary).toContain('Nothing was deleted, because `dry-run` is `true`.');
  });

  test('then what no version that stays needs goes, and all else can be pulled, verified, discovered and merged', async () => {
    const step = await repository.cleanUp({ ...rules, 'dry-run': 'false', verify: 'blobs' });
    expect(step).toMatchObject({ exitCode: 0, failure: '', outputs: { deleted: '8' } });
    expect(step.commands.filter(({ name }) => name === 'warning')).toEqual([]);
    const attached = gone.outputs.digest?.replace(':', '-') ?? '';
    const goneTags = ['pr-1', attached, `${attached}.sig`];
    expect(await suite.client.tagsOf(repository.name)).toEqual(before.filter((tag) => !goneTags.includes(tag)));

    for (const platform of platforms.split(',')) {
      expect(await suite.client.contentOf(`${repository.name}:1.0.0`, 'hello.txt', platform)).toBe('kept');
    }
    const { manifests } = await suite.client.manifestOf(`${repository.name}:1.0.0`);
    for (const { digest } of manifests as readonly { readonly digest: string }[]) {
      expect(await suite.client.digestOf(`${repository.name}@${digest}`)).toBe(digest);
    }
    await expectAttached(kept.outputs.reference ?? '');
    for (const digest of Object.values<string>(JSON.parse(gone.outputs.platforms ?? '{}'))) {
      await expect(suite.client.digestOf(`${repository.name}@${digest}`)).rejects.toThrow(/MANIFEST_UNKNOWN|404/);
    }
    const again = await repository.publish('kept', { tags: '1.0.1', platforms, cache: 'registry' });
    expect(again.log).toContain('CACHED');

    const merged = await repository.merge({ tags: 'merged' });
    expect(merged).toMatchObject({ exitCode: 0, failure: '', outputs: { published: 'true' } });
    expect(await suite.client.contentOf(`${repository.name}@${leg.outputs.digest}`, 'hello.txt')).toBe('leg');
  });

  test('a second run finds nothing', async () => {
    const step = await repository.cleanUp({ ...rules, 'keep-tags': 'latest\nmerged', 'dry-run': 'false' });
    expect(step).toMatchObject({ exitCode: 0, failure: '', outputs: { deleted: '0', 'deleted-tags': '' } });
  });

  test('if an image of a kept index is lost, nothing goes, and the error names both', async () => {
    await repository.publish('other', { tags: 'pr-2', platforms });
    const [digest = ''] = Object.values<string>(JSON.parse(kept.outputs.platforms ?? '{}'));
    await runTool([tools.crane, 'delete', `${repository.name}@${digest}`], {});
    const tags = await suite.client.tagsOf(repository.name);
    const step = await repository.cleanUp({ 'delete-tags': 'pr-*', 'dry-run': 'false' });
    expect(step).toMatchObject({ exitCode: 1, code: 'CLEANUP_UNREADABLE' });
    expect(step.failure).toContain(digest);
    expect(step.failure).toContain('Nothing was deleted.');
    expect(await suite.client.tagsOf(repository.name)).toEqual(tags);
  });
});

test('rules that would take every tag are refused', async () => {
  const repository = newRepository();
  await repository.publish('only', { tags: 'pr-1' });
  const step = await repository.cleanUp({ 'delete-tags': 'pr-*', 'dry-run': 'false' });
  expect(step).toMatchObject({ exitCode: 1, code: 'LAST_VERSION' });
  expect(await suite.client.tagsOf(repository.name)).toEqual(['pr-1']);
});

test('young images stay by default', async () => {
  const repository = newRepository();
  await repository.publish('main', { tags: 'main' });
  await repository.publish('fresh', { tags: 'pr-1' });
  const step = await repository.cleanUp({ 'delete-tags': 'pr-*', 'dry-run': 'false', 'keep-younger-than': '1 day' });
  expect(step).toMatchObject({ exitCode: 0, outputs: { deleted: '0', kept: '2' } });
  expect(step.log).toContain('because it is younger than 24 hours');
});

test('all faults of the inputs are reported together, before the registry is asked', async () => {
  const runner = suite.action.newRunner({ engine: suite.engine, subAction: 'cleanup' });
  const step = await runner.main({
    registry: 'registry.invalid',
    'delete-tags': '/^pr-.*$/',
    'keep-versions': 'patch=1',
    'keep-younger-than': 'a while',
    'dry-run': 'perhaps',
  });
  expect(step).toMatchObject({ exitCode: 1, code: 'INPUTS_INVALID' });
  for (const name of ['delete-tags', 'keep-versions', 'keep-younger-than', 'dry-run']) {
    expect(step.failure).toContain(`\`${name}\``);
  }
});

test('a registry that does not delete is named, with the way to let it', async () => {
  const { path } = await lab.distribution3();
  if (path === null) return;
  const own = await startOwnDistribution(path, false);
  try {
    const { busybox } = await lab.images();
    const name = `${own.registry}/octo-org/app`;
    await runTool([tools.crane, 'copy', busybox, `${name}:main`], {});
    await runTool([tools.crane, 'copy', '--platform', 'linux/amd64', busybox, `${name}:pr-1`], {});
    await runTool([tools.crane, 'mutate', '--label', 'of=pr', '--tag', `${name}:pr-1`, `${name}:pr-1`], {});
    const runner = suite.action.newRunner({ engine: suite.engine, subAction: 'cleanup', repository: 'octo-org/app' });
    const step = await runner.main({
      registry: own.registry,
      'delete-tags': 'pr-*',
      'keep-younger-than': '0',
      'dry-run': 'false',
    });
    expect(step).toMatchObject({ exitCode: 1, code: 'DELETE_UNSUPPORTED' });
    expect(step.failure).toContain('Nothing was deleted.');
  } finally {
    await own.close();
  }
});
