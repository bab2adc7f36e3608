/**
 * Attestations: the bundled action attests what it publishes on the lab's GitHub, by Sigstore's own test servers. oras and cosign
 * get the attestations back from the registry, and @sigstore/verify verifies them.
 */

import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { pullRequest, type RunEvent, tagPush } from '../support/event.ts';
import { openGitHubLab } from '../support/github-lab.ts';
import { lab } from '../support/lab.ts';
import { openSigstore, type Sigstore, type Verified } from '../support/sigstore.ts';
import { type Runner, type RunnerOptions, type StepResult, uniqueName } from '../support/step.ts';
import { openSuite } from '../support/suite.ts';

const execute = promisify(execFile);
const github = await openGitHubLab();
const { action } = openSuite();
const { owner, repository } = github;
afterAll(() => github[Symbol.dispose]());

/** On loopback ports nothing has the names of GitHub and Sigstore, by which they are reached. */
const describeNamespace = github.mode === 'namespace' ? describe : describe.skip;

type Inputs = Readonly<Record<string, string>>;

const issuers: Readonly<Record<string, string>> = {
  'github.com': 'token.actions.githubusercontent.com',
  'octo.ghe.com': 'token.actions.octo.ghe.com',
};

/** What a job gets with `permissions: id-token: write`. */
function idTokenOf(product: string, ref: string): Readonly<Record<string, string>> {
  const workflow = `${owner}/${repository}/.github/workflows/publish.yml@${ref}`;
  const claims = {
    ...{ ref, sha: '90dd6032fac8bda1b6c4436a2e65de27961ed071', event_name: 'push' },
    ...{ workflow_ref: workflow, job_workflow_ref: workflow, run_id: '1658821493', run_attempt: '1' },
  };
  const path = Buffer.from(JSON.stringify(claims)).toString('base64url');
  return {
    ACTIONS_ID_TOKEN_REQUEST_URL: `https://${issuers[product] ?? 'github.com'}/idtoken/${path}?api-version=2.0`,
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: github.token(product, 'attesting'),
  };
}

interface Job {
  readonly product?: string;
  /** By what it is good for. */
  readonly token?: string;
  readonly visibility?: 'public' | 'private';
  readonly idToken?: boolean;
  readonly event?: RunEvent;
  readonly options?: RunnerOptions;
}

function newJob({
  product = 'github.com',
  token = 'attesting',
  visibility = 'private',
  idToken = true,
  event = tagPush('v1.2.3'),
  options = {},
}: Job = {}): Runner {
  const payload = { repository: { visibility } };
  const runner = github.newRunner(action, product, github.token(product, token), {
    ...options,
    event: { ...event, payload: { ...event.payload, ...payload } },
    env: { ...(idToken ? idTokenOf(product, event.env.GITHUB_REF ?? '') : {}), ...options.env },
  });
  runner.write('Dockerfile', 'FROM scratch\nCOPY Dockerfile /\n');
  return runner;
}

/** What the registry has beside an image, as another client lists it. */
interface Referrer {
  readonly digest: string;
  readonly artifactType: string;
  readonly annotations: Readonly<Record<string, string>>;
}

describeNamespace('on the lab’s GitHub', () => {
  let sigstore: Sigstore;
  let home: string;
  beforeAll(async () => {
    sigstore = await openSigstore(github.sigstore);
    home = mkdtempSync(join(tmpdir(), 'publish-attest-'));
    const auth = Buffer.from(`lab:${github.token('github.com', 'attesting')}`).toString('base64');
    writeFileSync(join(home, 'config.json'), JSON.stringify({ auths: { 'ghcr.io': { auth } } }));
  });
  afterAll(async () => {
    rmSync(home, { recursive: true });
    await sigstore[Symbol.asyncDispose]();
  });

  const inside = async (program: string, ...args: readonly string[]): Promise<string> => {
    const [command = '', ...rest] = [...github.enter, program, ...args];
    const env = { ...process.env, ...github.environment, DOCKER_CONFIG: home, HOME: home };
    const { stdout } = await execute(command, rest, { env, maxBuffer: 64e6 });
    return stdout.trim();
  };

  const referrersOf = async (reference: string): Promise<readonly Referrer[]> => {
    const { oras = 'oras' } = await lab.tools();
    const { manifests = [], referrers = manifests } = JSON.parse(
      await inside(oras, 'discover', '--format', 'json', reference),
    );
    return referrers;
  };

  /** The bundles beside an image, pulled from the registry. */
  const bundlesOf = async (reference: string): Promise<readonly string[]> => {
    const { oras = 'oras' } = await lab.tools();
    const name = reference.replace(/@.*/, '');
    const bundles = [];
    for (const { digest } of await referrersOf(reference)) {
      const { layers } = JSON.parse(await inside(oras, 'manifest', 'fetch', `${name}@${digest}`));
      bundles.push(await inside(oras, 'blob', 'fetch', '--output', '-', `${name}@${layers[0].digest}`));
    }
    return bundles;
  };

  const verifiedOf = async (reference: string, witness: 'tlog' | 'tsa'): Promise<readonly Verified[]> =>
    (await bundlesOf(reference)).map((bundle) => sigstore.verify(bundle, witness));

  /** What reached the lab's GitHub while a step ran, as far as it tells in which order things came to be. */
  const eventsOf = (begun: number, image: string): readonly string[] =>
    github
      .requests()
      .filter(({ time, method }) => time >= begun && (method === 'PUT' || method === 'POST'))
      .flatMap(({ host, path, status }) => {
        const [, reference = ''] = new RegExp(`/${image}/manifests/(.+)$`).exec(path) ?? [];
        if (reference !== '') return [/^sha256[:-]/.test(reference) ? 'manifest by digest' : `tag ${reference}`];
        if (path.endsWith('/attestations')) return [`attestation ${status}`];
        if (path.endsWith('/storage-record')) return [`record ${status}`];
        return /^(?:fulcio|rekor|timestamp)\./.test(host) ? [host.split('.')[0] ?? ''] : [];
      });

  const publish = async (
    job: Job,
    inputs: Inputs = {},
  ): Promise<StepResult & { readonly events: readonly string[] }> => {
    const image = uniqueName('attested');
    const begun = Date.now();
    const step = await newJob(job).main({ image, attest: 'true', ...inputs });
    return { ...step, events: eventsOf(begun, image) };
  };

  /** The notices of a step, but for the one about a package that only those who log in can pull: it is not about attestations. */
  function noticesOf({ commands }: Pick<StepResult, 'commands'>): readonly string[] {
    const notices = commands.filter(({ name }) => name === 'notice').map(({ data }) => data);
    return notices.filter((notice) => !notice.includes('nobody can pull'));
  }

  describe('an image of a private repository', () => {
    let step: Awaited<ReturnType<typeof publish>>;
    beforeAll(async () => {
      step = await publish({});
    });

    test('is attested before any of its tags moves', () => {
      expect(step).toMatchObject({ exitCode: 0, failure: '' });
      expect(step.events).toEqual([
        ...['attestation 422', 'record 422'],
        'manifest by digest',
        ...['fulcio', 'timestamp', 'attestation 201'],
        ...['manifest by digest', 'manifest by digest'],
        'record 200',
        ...['tag 1.2.3', 'tag 1.2', 'tag 1', 'tag latest'],
      ]);
    });

    test('has its attestation beside it, which says who built it from what, and which holds', async () => {
      const { reference = '', digest = '' } = step.outputs;
      const [verified, ...others] = await verifiedOf(reference, 'tsa');
      expect(others).toEqual([]);
      expect(verified?.statement).toMatchObject({
        subject: [{ name: `ghcr.io/${step.outputs.repository}`, digest: { sha256: digest.slice('sha256:'.length) } }],
        predicateType: 'https://slsa.dev/provenance/v1',
        predicate: {
          buildDefinition: {
            externalParameters: { workflow: { repository: `https://github.com/${owner}/${repository}` } },
          },
        },
      });
      expect(await referrersOf(reference)).toMatchObject([
        {
          artifactType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
          annotations: { 'dev.sigstore.bundle.predicateType': 'https://slsa.dev/provenance/v1' },
        },
      ]);
    });

    test('has the same attestation in the file of the outputs and with GitHub, whose page the outputs name', async () => {
      const { reference = '', 'bundle-path': path = '', 'attestation-id': id, 'attestation-url': url } = step.outputs;
      expect(`${await bundlesOf(reference)}\n`).toBe(readFileSync(path, 'utf8'));
      expect(url).toBe(`https://github.com/${owner}/${repository}/attestations/${id}`);
      rmSync(path);
    });

    test('has the command that verifies it in the summary', () => {
      expect(step.summary).toContain(`gh attestation verify oci://${step.outputs.reference} --owner ${owner}\n`);
      expect(step.summary).toContain(step.outputs['attestation-url'] ?? '?');
    });

    test('is verified by cosign, too', async () => {
      const { cosign = 'cosign' } = await lab.tools();
      const root = join(home, 'trusted-root.json');
      writeFileSync(root, sigstore.trustedRoot);
      const verified = await inside(
        cosign,
        ...['verify-attestation', '--new-bundle-format', '--trusted-root', root, '--use-signed-timestamps'],
        ...['--type', 'https://slsa.dev/provenance/v1', '--certificate-identity-regexp', '.*'],
        ...['--certificate-oidc-issuer-regexp', '.*', '--insecure-ignore-tlog', step.outputs.reference ?? ''],
      );
      expect(verified).toContain('"payloadType":"application/vnd.in-toto+json"');
    });
  });

  test('an image of a public repository is attested in the public log', async () => {
    const step = await publish({ visibility: 'public' }, { tags: 'latest' });
    expect(step).toMatchObject({ exitCode: 0, failure: '' });
    expect(step.events.filter((event) => /^(?:fulcio|rekor|timestamp|tag)/.test(event))).toEqual([
      'fulcio',
      'rekor',
      'tag latest',
    ]);
    expect(await verifiedOf(step.outputs.reference ?? '', 'tlog')).toHaveLength(1);
  });

  test('on GitHub Enterprise Cloud with data residency, its own servers sign', async () => {
    const begun = Date.now();
    const step = await publish({ product: 'octo.ghe.com' });
    expect(step).toMatchObject({ exitCode: 0, failure: '' });
    const hosts = github.requests().filter(({ time, host }) => time >= begun && /^(?:fulcio|timestamp)/.test(host));
    expect([...new Set(hosts.map(({ host }) => host))]).toEqual(['fulcio.octo.ghe.com', 'timestamp.octo.ghe.com']);
    expect(step.summary).toContain(`--owner ${owner} --hostname octo.ghe.com`);
  });

  test('each target of a bake file is attested, and no tag moves before all are', async () => {
    const image = uniqueName('baked');
    const begun = Date.now();
    const job = newJob();
    job.write(
      'docker-bake.hcl',
      'group "default" { targets = ["a", "b"] }\ntarget "a" {}\ntarget "b" { labels = { b = "b" } }\n',
    );
    const inputs = { bake: 'docker-bake.hcl', image: `${image}/{{target}}`, tags: '1.0', attest: 'true' };
    const step = await job.main(inputs);
    expect(step).toMatchObject({ exitCode: 0, failure: '' });
    const targets: Readonly<Record<string, { readonly reference: string }>> = JSON.parse(step.outputs.bake ?? '{}');
    for (const { reference } of Object.values(targets)) {
      const [verified, ...others] = await verifiedOf(reference, 'tsa');
      expect(others).toEqual([]);
      expect(JSON.stringify(verified)).toContain(reference.split('@sha256:')[1]);
    }
    expect(step.outputs['attestation-url']?.split('\n')).toHaveLength(2);
    const events = eventsOf(begun, `${image}/\\w`).filter((event) => /^(?:tag|attestation 201)/.test(event));
    expect(events).toEqual(['attestation 201', 'attestation 201', 'tag 1.0', 'tag 1.0']);
  });

  test('merged legs are attested as one image, before the tags of the merge move', async () => {
    const image = uniqueName('attested-legs');
    for (const platforms of ['linux/amd64', 'linux/arm64']) {
      const leg = await newJob().main({ image, stage: 'true', platforms });
      expect(leg).toMatchObject({ exitCode: 0, failure: '' });
    }
    const begun = Date.now();
    const merged = await newJob({ options: { subAction: 'merge' } }).main({
      image,
      attest: 'true',
      tags: '1.0\nlatest',
    });
    expect(merged).toMatchObject({ exitCode: 0, failure: '' });
    const events = eventsOf(begun, image);
    expect(events.slice(events.indexOf('attestation 201'))).toEqual([
      ...['attestation 201', 'manifest by digest', 'manifest by digest', 'record 200', 'tag 1.0', 'tag latest'],
    ]);
    const [verified] = await verifiedOf(merged.outputs.reference ?? '', 'tsa');
    expect(verified?.statement.subject.map(({ digest }) => `sha256:${digest.sha256}`)).toEqual([merged.outputs.digest]);
  });

  test('the SBOM of an image is attested, too, for its platform and for what the tags point at', async () => {
    const [{ environment }, { busybox }, { address }] = await Promise.all([
      lab['engine-containerd'](),
      lab.images(),
      lab.registry(),
    ]);
    const builder = action.newRunner({ engine: environment });
    // BuildKit's protocol of scanners (https://github.com/moby/buildkit/blob/master/docs/attestations/sbom-protocol.md).
    const predicate = { spdxVersion: 'SPDX-2.3', name: 'by-the-scanner-of-the-test' };
    const statement = {
      _type: 'https://in-toto.io/Statement/v0.1',
      predicateType: 'https://spdx.dev/Document',
      predicate,
    };
    builder.write('scanner/Dockerfile', `FROM ${busybox}\nCOPY scan.sh /\nENTRYPOINT ["/bin/sh", "/scan.sh"]\n`);
    builder.write(
      'scanner/scan.sh',
      `echo '${JSON.stringify(statement)}' > "$BUILDKIT_SCAN_DESTINATION/scan.spdx.json"\n`,
    );
    builder.write('Dockerfile', 'FROM scratch\nCOPY Dockerfile /\n');
    const generator = `${address}/octo-org/${uniqueName('scanner')}:1`;
    const archive = join(home, 'image.tar');
    for (const args of [
      ['--tag', generator, '--push', join(builder.workspace, 'scanner')],
      [`--sbom=generator=${generator}`, `--output=type=oci,dest=${archive}`, builder.workspace],
    ]) {
      expect(await builder.run(['docker', 'buildx', 'build', ...args])).toMatchObject({ exitCode: 0 });
    }
    const step = await publish({}, { attest: 'provenance,sbom', source: `oci-archive:${archive}`, tags: '1.0' });
    expect(step).toMatchObject({ exitCode: 0, failure: '' });
    expect(step.outputs['attestation-id']).toMatch(/^\d+\n\d+$/);
    expect(step.events.at(-1)).toBe('tag 1.0');
    const { digest = '', platforms = '', reference = '' } = step.outputs;
    const statements = (await verifiedOf(reference, 'tsa')).map((each) => each.statement);
    const sbom = statements.find(({ predicateType }) => predicateType === statement.predicateType);
    expect(statements).toHaveLength(2);
    expect(sbom).toMatchObject({ predicate });
    expect(sbom?.subject.map((each) => `sha256:${each.digest.sha256}`)).toEqual([
      digest,
      ...Object.values(JSON.parse(platforms)),
    ]);
  });

  describe('is refused before the build', () => {
    test.each([
      { what: 'a job without ID tokens', job: { idToken: false }, says: 'id-token: write' },
      { what: 'a token that may not store attestations', job: { token: 'readWrite' }, says: 'attestations: write' },
    ])('$what', async ({ job, says }) => {
      const step = await publish(job);
      expect(step).toMatchObject({ exitCode: 1, code: 'ATTESTATION_DENIED' });
      expect(step.failure).toContain(says);
      expect(step.failure).toContain('permissions:');
      expect(step.events.filter((event) => event.startsWith('manifest') || event.startsWith('tag'))).toEqual([]);
    });

    test('a GitHub Enterprise Server', async () => {
      const runner = github.newRunner(action, 'ghes.test', github.token('ghes.test', 'readWrite'));
      runner.write('Dockerfile', 'FROM scratch\n');
      const step = await runner.main({ attest: 'true', image: uniqueName('never') });
      expect(step).toMatchObject({ exitCode: 1, code: 'ATTESTATION_UNSUPPORTED' });
    });
  });

  test('without the right to record, an image is attested all the same, with a notice', async () => {
    const step = await publish({ token: 'attestingWithoutRecord' });
    expect(step).toMatchObject({ exitCode: 0, failure: '' });
    expect(step.events).not.toContain('record 200');
    const notices = noticesOf(step);
    expect(notices).toEqual([expect.stringContaining('artifact-metadata: write')]);
  });

  test('a pull request of a fork gets a notice, and no attestation', async () => {
    const event = pullRequest(15);
    const head = { sha: '90dd6032fac8bda1b6c4436a2e65de27961ed071', repo: { full_name: 'stranger/hello' } };
    const payload = { ...event.payload, pull_request: { number: 15, head, base: { ref: 'main' } } };
    const step = await publish({ idToken: false, event: { ...event, payload } }, { push: 'true' });
    expect(step).toMatchObject({ exitCode: 0, failure: '' });
    const notices = noticesOf(step);
    expect(notices).toEqual([expect.stringContaining('Nothing is attested')]);
    expect(step.outputs['attestation-id']).toBe('');
  });

  test('an attestation that cannot be signed leaves every tag where it was', async () => {
    const image = uniqueName('unsigned');
    await sigstore[Symbol.asyncDispose]();
    try {
      const step = await newJob().main({ image, attest: 'true', retries: '1' });
      expect(step).toMatchObject({ exitCode: 1, code: 'ATTESTATION_FAILED' });
      expect(step.failure).toContain('not attested as a whole, so no tag was moved to it');
      await expect(github.client.tagsOf(`ghcr.io/${owner}/${image}`)).rejects.toThrow('NAME_UNKNOWN');
    } finally {
      sigstore = await openSigstore(github.sigstore);
    }
  });
});
