/**
 * Fan-in on GitHub's own registries, as the lab has them: its Container registry deletes nothing by itself, so that markers
 * go by the packages API; its Docker registry knows no index.
 */

import { afterAll, describe, expect, test } from '@jest/globals';
import { openGitHubLab } from '../support/github-lab.ts';
import { type StepResult, uniqueName } from '../support/step.ts';
import { openSuite } from '../support/suite.ts';

const github = await openGitHubLab();
const { action } = openSuite();
afterAll(() => github[Symbol.dispose]());

type Inputs = Readonly<Record<string, string>>;

const staged = (tags: readonly string[]): readonly string[] => tags.filter((tag) => tag.startsWith('_staged.'));

let runs = 0;

function newRun(product: string, token = 'readWrite') {
  const env = { GITHUB_RUN_ID: `${Date.now()}${runs++}` };
  const image = uniqueName('fan-in');
  const job = (subAction?: string) =>
    github.newRunner(action, product, github.token(product, token), { env, ...(subAction && { subAction }) });
  return {
    image,
    async leg(text: string, inputs: Inputs = {}): Promise<StepResult> {
      const runner = job();
      runner.write('Dockerfile', 'FROM scratch\nCOPY leg.txt /leg.txt\n');
      runner.write('leg.txt', text);
      return runner.main({ image, stage: 'true', ...inputs });
    },
    merge: (inputs: Inputs = {}): Promise<StepResult> => job('merge').main({ image, tags: '1.0\nlatest', ...inputs }),
  };
}

// On loopback ports no registry has the name of GitHub's, which is what the packages API is known by.
const describeProducts = github.mode === 'namespace' ? describe : describe.skip;

describeProducts('on a Container registry', () => {
  test.each([
    { product: 'github.com', registry: 'ghcr.io' },
    { product: 'octo.ghe.com', registry: 'containers.octo.ghe.com' },
    { product: 'ghes.test', registry: 'containers.ghes.test' },
  ])(
    'of $product a leg is published as it was staged, and its marker goes by the packages API',
    async ({ product, registry }) => {
      const run = newRun(product);
      const leg = await run.leg('linux/amd64');
      expect(leg).toMatchObject({ exitCode: 0, failure: '' });
      const name = `${registry}/${leg.outputs.repository}`;
      const before = await github.client.tagsOf(name);
      expect(staged(before)).toEqual(before);

      const merged = await run.merge({ platforms: 'linux/amd64' });
      expect(merged).toMatchObject({ exitCode: 0, failure: '' });
      expect(merged.commands.filter(({ name: command }) => command === 'warning')).toEqual([]);
      expect(await github.client.tagsOf(name)).toEqual(['1.0', 'latest']);
      const { digest } = leg.outputs;
      expect(merged.outputs.digest).toBe(digest);
      for (const tag of ['1.0', 'latest']) expect(await github.client.digestOf(`${name}:${tag}`)).toBe(digest);
      expect(await github.client.contentOf(`${name}@${digest}`, 'leg.txt')).toBe('linux/amd64');
      const deletes = github
        .requests()
        .filter(({ method, path }) => method === 'DELETE' && decodeURIComponent(path).includes(run.image))
        .filter(({ path }) => !path.includes('/blobs/uploads/'));
      expect(
        deletes.map(({ path, status }) => `${path.includes('/packages/') ? 'API' : 'registry'} ${status}`),
      ).toEqual(['registry 405', 'API 204']);
    },
  );

  test('a marker that nobody may remove is a warning that names it, and the image is published', async () => {
    const run = newRun('github.com');
    const leg = await run.leg('linux/amd64');
    const name = `ghcr.io/${leg.outputs.repository}`;
    const [marker = '?'] = staged(await github.client.tagsOf(name));
    // A registry that is named by `registry-auth` has no token for the API.
    const login = { registry: 'ghcr.io', username: 'octocat', password: github.token('github.com', 'readWrite') };
    const merged = await run.merge({ 'registry-auth': JSON.stringify([login]) });
    expect(merged).toMatchObject({ exitCode: 0, failure: '', outputs: { published: 'true' } });
    const warnings = merged.commands.filter(({ name: command }) => command === 'warning').map(({ data }) => data);
    expect(warnings).toEqual([expect.stringContaining(marker)]);
    expect(await github.client.tagsOf(name)).toEqual(['1.0', marker, 'latest'].sort());
  });

  test('a token that may not write is refused before the build, and before the merge', async () => {
    const run = newRun('github.com', 'readOnly');
    for (const step of [await run.leg('linux/amd64'), await run.merge()]) {
      expect(step.exitCode).toBe(1);
      expect(step.code).toBe('PACKAGES_WRITE_MISSING');
    }
  });
});

describeProducts('on a Docker registry', () => {
  test.each(['isolated.test', 'bare.test'])(
    'of %s legs and merges are refused before anything is built',
    async (product) => {
      const run = newRun(product);
      for (const step of [await run.leg('linux/amd64'), await run.merge()]) {
        expect(step).toMatchObject({ exitCode: 1, code: 'INDEX_UNSUPPORTED' });
      }
    },
  );
});
