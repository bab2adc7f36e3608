/** `cleanup/` on GitHub's own registries, as the lab has them: versions without a tag are listed, and go by the packages API. */

import { afterAll, describe, expect, test } from '@jest/globals';
import { openGitHubLab } from '../support/github-lab.ts';
import { lab } from '../support/lab.ts';
import { type StepResult, uniqueName } from '../support/step.ts';
import { openSuite } from '../support/suite.ts';

const github = await openGitHubLab();
const { action } = openSuite();
afterAll(() => github[Symbol.dispose]());

type Inputs = Readonly<Record<string, string>>;

let runs = 0;

/** A package of its own, and the jobs of one workflow run. */
function newPackage(product: string) {
  const image = uniqueName('cleaned');
  const id = () => `${Date.now()}${runs++}`;
  const job = (run: string, subAction?: string, token = 'readWrite') =>
    github.newRunner(action, product, github.token(product, token), {
      env: { GITHUB_RUN_ID: run },
      ...(subAction && { subAction }),
    });
  const stage = async (run: string, text: string): Promise<StepResult> => {
    const runner = job(run);
    runner.write('Dockerfile', 'FROM scratch\nCOPY leg.txt /leg.txt\n');
    runner.write('leg.txt', text);
    const step = await runner.main({ image, stage: 'true' });
    expect({ exitCode: step.exitCode, failure: step.failure }).toEqual({ exitCode: 0, failure: '' });
    return step;
  };
  return {
    image,
    stage: (text: string) => stage(id(), text),
    /** Publishes an index under some tags. */
    async publish(text: string, tags: string): Promise<StepResult> {
      const run = id();
      await stage(run, text);
      const step = await job(run, 'merge').main({ image, tags });
      expect({ exitCode: step.exitCode, failure: step.failure }).toEqual({ exitCode: 0, failure: '' });
      return step;
    },
    cleanUp: (inputs: Inputs, token?: string): Promise<StepResult> =>
      job(id(), 'cleanup', token).main({ image, 'keep-younger-than': '0', 'dry-run': 'false', ...inputs }),
  };
}

// On loopback ports no registry has the name of GitHub's, which is what the packages API is known by.
const describeProducts = github.mode === 'namespace' ? describe : describe.skip;

describeProducts.each([
  { product: 'github.com', registry: 'ghcr.io' },
  { product: 'ghes.test', registry: 'containers.ghes.test' },
])('on $product', ({ product, registry }) => {
  test('old versions without a tag go with their images; what is tagged, attached, popular or staged stays whole', async () => {
    const { oras = 'oras' } = await lab.tools();
    const own = newPackage(product);
    const old = await own.publish('old', '1.0.0\nlatest');
    const moved = await own.publish('moved', 'main');
    const current = await own.publish('new', '1.1.0\nlatest\nmain');
    await own.publish('popular', 'popular');
    const preview = await own.publish('preview', 'pr-1');
    const leg = await own.stage('leg');
    const name = `${registry}/${current.outputs.repository}`;
    const attacher = github.newRunner(action, product, '');
    attacher.write('report.json', '{}\n');
    const attach = async (reference = ''): Promise<void> => {
      const login = ['--username', 'lab', '--password', github.token(product, 'readWrite')];
      const type = ['--artifact-type', 'application/vnd.example.report'];
      const { exitCode, log } = await attacher.run([
        ...(['sh', '-c', 'cd "$0" && exec "$@"', attacher.workspace] as const),
        ...[oras, 'attach', ...login, ...type, reference, 'report.json'],
      ]);
      expect({ exitCode, log: exitCode === 0 ? '' : log }).toEqual({ exitCode: 0, log: '' });
    };
    await attach(current.outputs.reference);
    await attach(preview.outputs.reference);

    const tags = await github.client.tagsOf(name);
    const rules = { 'delete-tags': 'pr-*\npopular' };
    const planned = await own.cleanUp({ ...rules, 'dry-run': 'true' });
    expect(planned).toMatchObject({ exitCode: 0, failure: '' });
    expect(await github.client.tagsOf(name)).toEqual(tags);
    expect(planned.log).toMatch(/^would go +\S+ +pr-1 +because/m);

    const step = await own.cleanUp(rules);
    expect(step).toMatchObject({ exitCode: 0, failure: '' });
    const warnings = step.commands.filter(({ name: command }) => command === 'warning').map(({ data }) => data);
    expect(warnings[0]).toBe('`popular` stays, because GitHub keeps public versions with more than 5,000 downloads.');
    const attachedTo = (digest = ''): string => digest.replace(':', '-');
    const goneTags = ['pr-1', attachedTo(preview.outputs.digest)];
    expect(await github.client.tagsOf(name)).toEqual(tags.filter((tag) => !goneTags.includes(tag)));

    const contentOf = (reference: string) => github.client.contentOf(reference, 'leg.txt');
    expect(await contentOf(`${name}:1.0.0`)).toBe('old');
    expect(await contentOf(`${name}:1.1.0`)).toBe('new');
    expect(await contentOf(`${name}:popular`)).toBe('popular');
    expect(await contentOf(`${name}@${leg.outputs.digest}`)).toBe('leg');
    expect(await github.client.digestOf(`${name}:${attachedTo(current.outputs.digest)}`)).toMatch(/^sha256:/);
    for (const { digest, platforms } of [moved.outputs, preview.outputs]) {
      const images = Object.values<string>(JSON.parse(platforms ?? '{}'));
      for (const gone of [digest, ...images]) {
        await expect(github.client.digestOf(`${name}@${gone}`)).rejects.toThrow(/MANIFEST_UNKNOWN|404/);
      }
    }
    expect(old.outputs.digest).toBe(await github.client.digestOf(`${name}:1.0.0`));

    const again = await own.cleanUp({ ...rules, 'delete-tags': 'pr-*' });
    expect(again).toMatchObject({ exitCode: 0, outputs: { deleted: '0' } });
  });

  test('a token without the right is told how to get it, and nothing goes', async () => {
    const own = newPackage(product);
    await own.publish('main', 'main');
    await own.publish('preview', 'pr-1');
    const step = await own.cleanUp({ 'delete-tags': 'pr-*' }, 'readOnly');
    expect(step).toMatchObject({ exitCode: 1, code: 'DELETE_DENIED' });
    expect(step.failure).toContain('role *Admin*');
    expect(step.failure).toContain('Nothing was deleted.');
  });
});

describeProducts('on github.com', () => {
  test('a package that is not there is said to be so', async () => {
    const step = await newPackage('github.com').cleanUp({});
    expect(step).toMatchObject({ exitCode: 1, code: 'PACKAGE_NOT_READABLE' });
  });
});

describeProducts('on a Docker registry', () => {
  test('a clean-up is refused before anybody is asked', async () => {
    const step = await newPackage('isolated.test').cleanUp({ registry: 'docker' });
    expect(step).toMatchObject({ exitCode: 1, code: 'CLEANUP_UNSUPPORTED' });
  });
});
