/**
 * docs/migrating.md: every workflow there that is no "Before" is run by act. Registries are those of this machine; steps of
 * others, which need their services, are what they come to here.
 */

import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { act, checkOut, pushOf, runWorkflow, type Triggered, type WorkflowStep, withSteps } from '../support/act.ts';
import { asWorkflow, readPage } from '../support/doc-workflows.ts';
import { lab } from '../support/lab.ts';
import { copyAction, type Ended, type Runner, uniqueName } from '../support/step.ts';
import { openSuite } from '../support/suite.ts';

/** The workflows of the page by their headings: `HEADING`, or `HEADING, 2` for the second below it. */
function readWorkflows(): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const section of readPage('docs/migrating.md').split(/^(?=##+ )/m)) {
    const heading = /^##+ (.*)$/m.exec(section)?.[1] ?? '';
    const blocks = [...section.matchAll(/(?<before>^Before:\n\n)?^```yaml\n(?<text>[\s\S]*?)^```$/gm)];
    const others = blocks.filter(({ groups }) => groups?.before === undefined);
    for (const [index, { groups }] of others.entries()) {
      found.set(index === 0 ? heading : `${heading}, ${index + 1}`, groups?.text ?? '');
    }
  }
  return found;
}

const workflows = readWorkflows();

interface Case {
  readonly triggered?: Triggered;
  /** Tags in the registry that takes the place of ghcr.io. */
  readonly tags?: readonly string[];
  /** Tags in the registry that asks for a login. */
  readonly closed?: readonly string[];
  /** What the log says. */
  readonly says?: string;
}

const release = pushOf('refs/tags/v1.2.3');

const cases: Readonly<Record<string, Case>> = {
  'From the docker/* actions': { triggered: release, tags: ['1.2', '1.2.3', 'latest'] },
  'The tags': { triggered: release, tags: ['latest', 'v1.2.3'] },
  'GitHub’s registry and Docker Hub': {
    triggered: release,
    tags: ['1', '1.2', '1.2.3', 'latest'],
    closed: ['1', '1.2', '1.2.3', 'latest'],
  },
  'A login of a cloud': { closed: ['main'] },
  'A login of a cloud, 2': { closed: ['the commit'] },
  'A login of a cloud, 3': { closed: ['latest'] },
  'A login or a push with a condition': { tags: ['edge'] },
  'The version inside the build, and in later steps': {
    triggered: release,
    tags: ['1', '1.2', '1.2.3', 'latest'],
    says: 'Released 1.2.3',
  },
  'Build, test, then push': { tags: ['latest'], says: 'The image was run.' },
  'Several builds in one job': {
    triggered: release,
    tags: ['1', '1-alpine', '1.2', '1.2-alpine', '1.2.3', '1.2.3-alpine', 'latest', 'latest-alpine'],
  },
  'Helm, cosign, attestations and SLSA afterwards': { closed: ['1.2.3'], says: 'The chart was pushed.' },
  'Helm, cosign, attestations and SLSA afterwards, 2': { tags: ['main'], says: 'Provenance of ' },
  'docker/bake-action': { tags: ['main'] },
  Depot: { tags: ['main'] },
  'docker/github-builder': { tags: ['main'] },
  'Podman as root': { tags: ['latest'] },
  'From elgohr/Publish-Docker-Github-Action': { tags: ['main'] },
  'From mr-smithers-excellent/docker-build-push': { tags: ['latest', 'main'] },
  'From redhat-actions': { closed: ['latest', 'the commit'] },
};

test('every workflow of the page is run', () => {
  expect([...workflows.keys()].sort()).toEqual(Object.keys(cases).sort());
});

(act === null ? describe.skip : describe)('act runs (needs a Go toolchain)', () => {
  const suite = openSuite('engine', 'podman', 'registry', 'login', 'busybox', 'client');
  /** Only for act, which packs the whole folder: in the other one the runners write meanwhile. */
  const packed = copyAction();
  afterAll(() => packed[Symbol.dispose]());

  /** Of a step of others, what comes of it on this machine. */
  function standIn(step: WorkflowStep): WorkflowStep {
    const { uses = '', id } = step;
    const run = (script: string): WorkflowStep => ({ ...(id === undefined ? {} : { id }), run: script });
    const output = (name: string, value: string): string => `echo "${name}=${value}" >> "$GITHUB_OUTPUT"`;
    const [action] = uses.split('@');
    if (action === 'aws-actions/amazon-ecr-login') {
      const logIn = `echo "$LAB_PASSWORD" | docker login --username ${suite.login.username} --password-stdin ${suite.login.registry}`;
      return { ...run(`${logIn}\n${output('registry', suite.login.registry)}`), env: secret };
    }
    if (action === 'google-github-actions/auth') {
      return { ...run(output('access_token', '$LAB_PASSWORD')), env: secret };
    }
    if (action === 'depot/build-push-action') return run(`docker build --tag ${step.with?.tags} .`);
    if (
      ['aws-actions/configure-aws-credentials', 'depot/setup-action', 'sigstore/cosign-installer'].includes(
        action ?? '',
      )
    ) {
      return run('true');
    }
    return step;
  }

  const secret = { LAB_PASSWORD: '${{ secrets.LAB_PASSWORD }}' };

  /** The workflow with names that are free on this machine. */
  function ours(heading: string, name: string): string {
    const { registry, login } = suite;
    // cosign and Helm are to need the login that the step leaves.
    const isClosed = cases[heading]?.tags === undefined;
    const whole = asWorkflow(workflows.get(heading) ?? '') ?? '';
    const path = `octo-org/${name}`;
    const text = whole
      .replace(/^on: push$/m, 'on: [push, pull_request]')
      .replaceAll(/octo\.azurecr\.io\/app|europe-docker\.pkg\.dev\/octo\/images\/app/g, `${login.registry}/${path}`)
      .replaceAll('steps.ecr.outputs.registry }}/app', `steps.ecr.outputs.registry }}/${path}`)
      .replaceAll('octo-org/app', path)
      .replaceAll('app:built', `${name}:built`)
      .replaceAll(/\bdocker\.io\b|\bquay\.io\b/g, login.registry)
      .replaceAll('ghcr.io', isClosed ? login.registry : registry)
      .replaceAll(/oauth2accesstoken|octo\+robot/g, login.username)
      .replaceAll('owner: octo\n', 'owner: octo-org\n')
      .replaceAll('image: app\n', `image: ${name}\n`)
      .replaceAll(/^ +uses: slsa-framework\/[\s\S]*/gm, () => provenance);
    return withSteps(text, (step) => {
      const given = step.with ?? {};
      const isNamed =
        [given.images, given.tags].some((names) => String(names).includes(path)) || given.registry !== undefined;
      if (!step.uses?.startsWith('org/') || given.images !== undefined) return standIn(step);
      // The login for a registry that is to need one comes from its secret, as that of ghcr.io does from the job's token.
      const auth = isClosed && given.token === undefined && given['registry-auth'] === undefined;
      const withAuth = { username: login.username, token: '${{ secrets.LAB_PASSWORD }}' };
      return { ...step, with: { ...(isNamed ? {} : { registry }), ...(auth ? withAuth : {}), ...given } };
    });
  }

  const provenance = `    runs-on: ubuntu-latest
    steps:
      - run: echo "Provenance of \${{ needs.publish.outputs.image }}@\${{ needs.publish.outputs.digest }}"
`;

  async function aCheckout(heading: string, name: string, owner = 'Octo-Org'): Promise<Runner> {
    const dockerfile = `FROM ${suite.busybox}\nARG VERSION\nCOPY Dockerfile /\nCMD ["echo", "The image was run."]\n`;
    const paths = ['Dockerfile', 'Dockerfile.alpine', 'docker/Dockerfile', 'Containerfile'];
    const bakeFile = 'target "docker-metadata-action" {}\ntarget "default" { inherits = ["docker-metadata-action"] }\n';
    const files = { ...Object.fromEntries(paths.map((path) => [path, dockerfile])), 'docker-bake.hcl': bakeFile };
    const workflow = { '.github/workflows/after.yml': ours(heading, name) };
    const engine = heading === 'Podman as root' ? { ...suite.engine, ...suite.podman } : suite.engine;
    const runner = await checkOut(suite.action, name, { ...files, ...workflow }, { engine }, owner);
    const { crane = 'crane' } = await lab.tools();
    const programs = {
      sudo: 'exec "$@"',
      // Both read the registry with the login that the step left.
      cosign: `exec ${crane} digest "$3"`,
      helm: `DOCKER_CONFIG="$(dirname "$5")" ${crane} ls ${suite.login.registry}/octo-org/${name} && echo "The chart was pushed."`,
    };
    for (const [program, script] of Object.entries(programs)) {
      const path = join(runner.bin, program);
      writeFileSync(path, `#!/bin/sh\n${script}\n`);
      chmodSync(path, 0o755);
    }
    return runner;
  }

  const run = (runner: Runner, name: string, triggered: Triggered): Promise<Ended> => {
    const secrets = {
      LAB_PASSWORD: suite.login.token,
      DOCKERHUB_TOKEN: suite.login.token,
      QUAY_TOKEN: suite.login.token,
    };
    const azure = { AZURE_USERNAME: suite.login.username, AZURE_PASSWORD: suite.login.token };
    const vars = { DOCKERHUB_USERNAME: suite.login.username };
    return runWorkflow(runner, name, 'after', { secrets: { ...secrets, ...azure }, vars, ...triggered }, packed);
  };

  const tagsOf = async (registry: string, name: string): Promise<readonly string[]> => {
    const tags = await suite.client.tagsOf(`${registry}/octo-org/${name}`).catch(() => []);
    return tags.map((tag) => (/^[0-9a-f]{40}$/.test(tag) ? 'the commit' : tag)).toSorted();
  };

  test.each(Object.entries(cases))(
    '%s',
    async (heading, { triggered = pushOf('refs/heads/main'), tags = [], closed = [], says }) => {
      const name = uniqueName('moved');
      const runner = await aCheckout(heading, name);
      const { log } = await run(runner, name, triggered);
      expect(await tagsOf(suite.registry, name)).toEqual(tags);
      expect(await tagsOf(suite.login.registry, name)).toEqual(closed);
      if (says !== undefined) expect(log).toContain(says);
    },
  );

  describe('GitHub’s registry and Docker Hub, for others', () => {
    const heading = 'GitHub’s registry and Docker Hub';

    test('a pull request of a fork, which has no secrets, builds and publishes nothing', async () => {
      const name = uniqueName('moved');
      const head = { sha: '0'.repeat(40), ref: 'topic', repo: { full_name: 'stranger/app' } };
      const payload = {
        number: 15,
        ref: 'refs/pull/15/merge',
        pull_request: { number: 15, head, base: { ref: 'main' } },
      };
      const triggered = { event: 'pull_request', payload, secrets: {}, vars: {} };
      const { log } = await run(await aCheckout(heading, name), name, triggered);
      expect(log).toContain('Nothing was published');
      expect(await tagsOf(suite.registry, name)).toEqual([]);
    });

    test('a push to a fork goes to its own registry of GitHub alone', async () => {
      const name = uniqueName('moved');
      const triggered = { ...pushOf('refs/heads/main'), secrets: {}, vars: {}, owner: 'stranger' };
      await run(await aCheckout(heading, name, 'stranger'), name, triggered);
      expect(await suite.client.tagsOf(`${suite.registry}/stranger/${name}`)).toEqual(['main']);
      expect(await tagsOf(suite.login.registry, name)).toEqual([]);
    });
  });
});
