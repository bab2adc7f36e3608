/**
 * The workflows of the recipes, run by act on this machine. Of each only the registry is another one; the action is
 * `org/publish-docker-package@v1`, which act takes from here.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from '@jest/globals';
import {
  act,
  checkOut,
  pushOf,
  runWorkflow,
  type Triggered,
  takesRegistry,
  type WorkflowStep,
  withSteps,
} from '../support/act.ts';
import { blocksOf } from '../support/doc-workflows.ts';
import { lab } from '../support/lab.ts';
import { copyAction, type Ended, type Runner, uniqueName } from '../support/step.ts';
import { openSuite } from '../support/suite.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** The workflow of a recipe, or the first of README.md. */
function readWorkflow(name: string): string {
  if (name !== 'readme') return readFileSync(join(root, 'examples/workflows', `${name}.yml`), 'utf8');
  return blocksOf('README.md', 'yaml')[0]?.text ?? '';
}

/** A workflow whose images go to a registry of this machine. */
function recipe(name: string, registry: string): string {
  return withSteps(readWorkflow(name).replaceAll('ghcr.io', registry), (step) =>
    takesRegistry(step) ? { ...step, with: { registry, ...step.with } } : step,
  );
}

(act === null ? describe.skip : describe)('act runs (needs a Go toolchain)', () => {
  const suite = openSuite('engine', 'containerd', 'registry', 'client');
  /** Only for act, which packs the whole folder: in the other one the runners write meanwhile. */
  const packed = copyAction();
  afterAll(() => packed[Symbol.dispose]());

  const aCheckout = (
    name: string,
    recipes: readonly string[],
    dockerfile = 'FROM scratch\nARG NODE_VERSION\nLABEL node=$NODE_VERSION\nCOPY Dockerfile /\n',
  ): Promise<Runner> => {
    const dockerfiles = ['.', 'services/api', 'services/web'].map((folder) => [join(folder, 'Dockerfile'), dockerfile]);
    const workflows = recipes.map((each) => [`.github/workflows/${each}.yml`, recipe(each, suite.registry)]);
    return checkOut(suite.action, name, Object.fromEntries([...dockerfiles, ...workflows]), { engine: suite.engine });
  };

  const run = (runner: Runner, name: string, workflow: string, triggered: Triggered): Promise<Ended> =>
    runWorkflow(runner, name, workflow, triggered, packed);

  const nameOf = (image: string): string => `${suite.registry}/octo-org/${image.toLowerCase()}`;

  test('the first workflow of README.md publishes a new repository that has a Dockerfile and nothing else', async () => {
    const { client } = suite;
    const name = uniqueName('Fresh');
    const runner = await aCheckout(name, ['readme']);
    await run(runner, name, 'readme', pushOf('refs/heads/main'));
    expect(await client.tagsOf(nameOf(name))).toEqual(['main']);
    expect(await client.labelsOf(`${nameOf(name)}:main`)).toMatchObject({ 'org.opencontainers.image.title': name });
  });

  test('release tags: a version, its lines and latest', async () => {
    const name = uniqueName('Release');
    const runner = await aCheckout(name, ['release-tags']);
    await run(runner, name, 'release-tags', pushOf('refs/tags/v1.2.3'));
    expect(await suite.client.tagsOf(nameOf(name))).toEqual(['1', '1.2', '1.2.3', 'latest']);
    await run(runner, name, 'release-tags', pushOf('refs/tags/v2.0.0-rc.1'));
    expect(await suite.client.tagsOf(nameOf(name))).toEqual(['1', '1.2', '1.2.3', '2.0.0-rc.1', 'latest']);
  });

  test.each([
    { whose: 'a fork', from: 'stranger/app', tags: [] },
    { whose: 'the repository itself', from: '', tags: ['pr-15'] },
  ])('pull requests: one of $whose is published as $tags', async ({ from, tags }) => {
    const name = uniqueName('Pulled');
    const runner = await aCheckout(name, ['pull-requests']);
    const head = { sha: '0'.repeat(40), ref: 'topic', repo: { full_name: from || `Octo-Org/${name}` } };
    const payload = {
      number: 15,
      ref: 'refs/pull/15/merge',
      pull_request: { number: 15, head, base: { ref: 'main' } },
    };
    const { log } = await run(runner, name, 'pull-requests', { event: 'pull_request', payload });
    expect(log).toContain('Nothing was published, because the run is for pull request');
    const found = await suite.client.tagsOf(nameOf(name)).catch(() => []);
    expect(found).toEqual(tags);
  });

  test('monorepo: a tag of one service publishes that service alone', async () => {
    const name = uniqueName('Mono');
    const runner = await aCheckout(name, ['monorepo']);
    const { log } = await run(runner, name, 'monorepo', pushOf('refs/tags/api/v1.2.3'));
    expect(await suite.client.tagsOf(`${nameOf(name)}/api`)).toEqual(['1.2', '1.2.3', 'latest']);
    expect(log).toContain('Nothing was published, because no tag came out of `tags`');
    await run(runner, name, 'monorepo', pushOf('refs/heads/main'));
    expect(await suite.client.tagsOf(`${nameOf(name)}/web`)).toEqual(['edge']);
  });

  test('bake file: each target of the group is an image, and a later step has the reference of one', async () => {
    const { client } = suite;
    const name = uniqueName('Baked');
    const [bakeFile = ''] = blocksOf('docs/recipes/bake.md', 'hcl').map(({ text }) => text);
    const runner = await checkOut(
      suite.action,
      name,
      {
        'docker-bake.hcl': bakeFile,
        'base/Dockerfile': 'FROM scratch\nCOPY Dockerfile /base\n',
        'app/Dockerfile': 'FROM base\nARG GREETING\nLABEL greeting=$GREETING\nCOPY Dockerfile /app\n',
        'worker/Dockerfile': 'FROM base\nCOPY Dockerfile /worker\n',
        '.github/workflows/bake.yml': recipe('bake', suite.registry),
      },
      { engine: suite.engine },
    );
    const { log } = await run(runner, name, 'bake', pushOf('refs/tags/v1.2.3'));
    expect(await client.tagsOf(`${nameOf(name)}/app`)).toEqual(['1', '1.2', '1.2.3', 'latest']);
    const digest = await client.digestOf(`${nameOf(name)}/worker:latest`);
    expect(log).toContain(`deploy ${nameOf(name)}/worker@${digest}`);
    expect(await client.labelsOf(`${nameOf(name)}/app:1`)).toMatchObject({ greeting: 'Hello from v1.2.3' });
    await expect(client.tagsOf(`${nameOf(name)}/base`)).rejects.toThrow();
  });

  test('matrix over versions: each leg has tags of its own, and one has latest', async () => {
    const name = uniqueName('Matrix');
    const runner = await aCheckout(name, ['matrix-versions']);
    await run(runner, name, 'matrix-versions', pushOf('refs/tags/v1.2.3'));
    const tags = ['22', '24'].flatMap((node) => ['1', '1.2', '1.2.3'].map((version) => `${version}-node${node}`));
    expect(await suite.client.tagsOf(nameOf(name))).toEqual([...tags, 'latest'].sort());
    expect(await suite.client.labelsOf(`${nameOf(name)}:latest`)).toMatchObject({ node: '24' });
    expect(await suite.client.labelsOf(`${nameOf(name)}:1-node22`)).toMatchObject({ node: '22' });
  });

  test('reusable workflow: a later job of the caller has the reference', async () => {
    const name = uniqueName('Called');
    const runner = await aCheckout(name, ['reusable-caller', 'reusable-publish']);
    const { log } = await run(runner, name, 'reusable-caller', pushOf('refs/heads/main'));
    expect(log).toContain(
      `deploy ${suite.registry}/octo-org/shop@${await suite.client.digestOf(`${suite.registry}/octo-org/shop:main`)}`,
    );
  });

  test('the workflow that ships: each platform in a job of its own, merged, and the outputs for the caller', async () => {
    const { client } = suite;
    const name = uniqueName('Shipped');
    const shipped = readFileSync(join(root, '.github/workflows/publish.yml'), 'utf8');
    const caller = `on: push
jobs:
  publish:
    uses: ./.github/workflows/publish.yml
    with:
      registry: ${suite.registry}
      platforms: linux/amd64,linux/arm64
      annotations: index:com.example.team=octo
      attest: 'false' # act gives no ID tokens
    secrets:
      build-secrets: |
        key=opens
  deploy:
    needs: publish
    runs-on: ubuntu-24.04
    steps:
      - run: echo "deploy \${{ needs.publish.outputs.reference }} as \${{ needs.publish.outputs.tag-names }}"
`;
    const { busybox } = await lab.images();
    const runner = await checkOut(
      suite.action,
      name,
      {
        Dockerfile: [
          `FROM --platform=$BUILDPLATFORM ${busybox} AS opened`,
          'RUN --mount=type=secret,id=key test "$(cat /run/secrets/key)" = opens && touch /opened',
          `FROM ${busybox}`,
          'COPY --from=opened /opened /',
        ].join('\n'),
        // act knows neither `$/` nor this permission.
        '.github/workflows/publish.yml': shipped
          .replace(/^ *artifact-metadata: .*\n/m, '')
          .replaceAll(
            /uses: \$\/(merge)?$/gm,
            (_, folder = '') => `uses: org/publish-docker-package${folder && `/${folder}`}@v1`,
          ),
        '.github/workflows/caller.yml': caller,
      },
      { engine: suite.containerd },
    );
    const { log } = await run(runner, name, 'caller', pushOf('refs/tags/v1.2.3'));
    const digest = await client.digestOf(`${nameOf(name)}:1.2.3`);
    expect(log).toContain(`deploy ${nameOf(name)}@${digest} as 1.2.3`);
    expect(await client.manifestOf(`${nameOf(name)}:latest`)).toMatchObject({
      annotations: { 'com.example.team': 'octo' },
      manifests: [{ platform: { architecture: 'amd64' } }, { platform: { architecture: 'arm64' } }],
    });
  });

  test('pull: a later job runs exactly what was published', async () => {
    const { client } = suite;
    const name = uniqueName('Tried');
    const { busybox } = await lab.images();
    const runner = await aCheckout(name, ['pull'], `FROM ${busybox}\nENTRYPOINT ["echo", "${name} was run with"]\n`);
    const { log } = await run(runner, name, 'pull', pushOf('refs/heads/main'));
    expect(log).toContain(`${name} was run with --version`);
    expect(log).toContain(`Pulled ${nameOf(name)}@${await client.digestOf(`${nameOf(name)}:main`)}`);
  });

  test('test, then publish: what the smoke test ran is what gets the tags, and nothing does if it fails', async () => {
    const { client } = suite;
    const { busybox } = await lab.images();
    const name = uniqueName('Smoke');
    const runner = await aCheckout(name, ['smoke-test'], `FROM ${busybox}\nENTRYPOINT ["echo", "${name} has"]\n`);
    const { log } = await run(runner, name, 'smoke-test', pushOf('refs/tags/v1.2.3'));
    expect(log).toContain(`${name} has --version`);
    const digest = await client.digestOf(`${nameOf(name)}:1.2.3`);
    expect(log).toContain(`Staged ${nameOf(name)}@${digest}`);
    expect(await client.tagsOf(nameOf(name))).toEqual(['1', '1.2', '1.2.3', 'latest']);

    const broken = uniqueName('Broken');
    const other = await aCheckout(broken, ['smoke-test'], `FROM ${busybox}\nENTRYPOINT ["false"]\n`);
    await expect(run(other, broken, 'smoke-test', pushOf('refs/tags/v1.2.3'))).rejects.toThrow('exit status 1');
    expect(await client.tagsOf(nameOf(broken))).toEqual([expect.stringMatching(/^_staged\./)]);
  });

  test('test, then publish: a scanner reads the staged image, and decides whether it gets its tags', async () => {
    const { client } = suite;
    const { crane = 'crane' } = await lab.tools();
    const inTheirPlace = (step: WorkflowStep): WorkflowStep =>
      step.uses?.startsWith('anchore/scan-action@')
        ? {
            // No scanner and no list of vulnerabilities is on this machine: this one knows one bad file, and reads the same reference.
            run: `${crane} export "$IMAGE" - | tar --list | tee /dev/stderr | grep --quiet bad && exit 1 || echo "scanned $IMAGE"`,
            env: { IMAGE: String(step.with?.image) },
          }
        : step;
    const scanned = async (name: string, file: string): Promise<Ended> => {
      const dockerfile = `FROM scratch\nCOPY Dockerfile /${file}\n`;
      const workflow = withSteps(recipe('scan', suite.registry), inTheirPlace);
      const files = { Dockerfile: dockerfile, '.github/workflows/scan.yml': workflow };
      const runner = await checkOut(suite.action, name, files, { engine: suite.engine });
      return run(runner, name, 'scan', pushOf('refs/heads/main'));
    };
    const name = uniqueName('Clean');
    const { log } = await scanned(name, 'good');
    expect(log).toContain(`scanned ${nameOf(name)}@${await client.digestOf(`${nameOf(name)}:main`)}`);
    const vulnerable = uniqueName('Vulnerable');
    await expect(scanned(vulnerable, 'bad')).rejects.toThrow('exit status 1');
    expect(await client.tagsOf(nameOf(vulnerable))).toEqual([expect.stringMatching(/^_staged\./)]);
  });

  test('promote: the tag is the same image, and no Docker was asked', async () => {
    const version = uniqueName('1.2.3-t');
    const source = suite.action.newRunner({ engine: suite.engine, repository: 'octo-org/app' });
    source.write('Dockerfile', `FROM scratch\nLABEL version=${version}\nCOPY Dockerfile /\n`);
    const { outputs } = await source.main({ registry: suite.registry, tags: version });
    const name = uniqueName('Promoter');
    const runner = await aCheckout(name, ['promote']);
    await run(runner, name, 'promote', {
      event: 'workflow_dispatch',
      payload: { ref: 'refs/heads/main', inputs: { version } },
    });
    expect(await suite.client.digestOf(`${suite.registry}/octo-org/app:production`)).toBe(outputs.digest);
    expect(runner.commands()).toEqual([]);
  });
});
