/**
 * Logins that nobody stores: the bundle asks GitHub for an ID token, the cloud of the registry for a login, and publishes with
 * it. The clouds are `support/clouds.ts`; the registry behind each is Distribution, with a login.
 */

import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Clouds, hosts, registries, startClouds, trusted } from '../support/clouds.ts';
import { branchPush } from '../support/event.ts';
import type { Runner, StepResult } from '../support/step.ts';
import { uniqueName } from '../support/step.ts';
import { openSuite } from '../support/suite.ts';

const suite = openSuite('login');
let clouds: Clouds;
let certificates: string;
let folder: string;

beforeAll(async () => {
  clouds = await startClouds(suite.login);
  folder = mkdtempSync(join(tmpdir(), 'publish-clouds-'));
  certificates = join(folder, 'ca.pem');
  writeFileSync(certificates, clouds.certificate.cert);
});
afterAll(async () => {
  await clouds?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** An OCI layout of one image without layers. */
function writeLayout(path: string): void {
  mkdirSync(join(path, 'blobs/sha256'), { recursive: true });
  const put = (mediaType: string, content: unknown): { mediaType: string; digest: string; size: number } => {
    const text = JSON.stringify(content);
    const hex = createHash('sha256').update(text).digest('hex');
    writeFileSync(join(path, 'blobs/sha256', hex), text);
    return { mediaType, digest: `sha256:${hex}`, size: text.length };
  };
  const config = put('application/vnd.oci.image.config.v1+json', {
    architecture: 'amd64',
    os: 'linux',
    config: { Labels: { unique: uniqueName('image') } },
    rootfs: { type: 'layers', diff_ids: [] },
  });
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = put(mediaType, { schemaVersion: 2, mediaType, config, layers: [] });
  writeFileSync(join(path, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [manifest] }));
  writeFileSync(join(path, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
}

function aRunner(env: Readonly<Record<string, string>> = {}): Runner {
  const runner = suite.action.newRunner({
    event: branchPush('main'),
    repository: trusted.repository,
    env: { ...clouds.environment, NODE_EXTRA_CA_CERTS: certificates, ...env },
  });
  writeLayout(join(runner.workspace, 'image'));
  return runner;
}

function publish(
  inputs: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>> = {},
): Promise<StepResult> {
  return aRunner(env).main({ source: 'oci:image', tags: '1.0', retries: '1', ...inputs });
}

function expectPublished(step: StepResult, reference: string): void {
  expect({ exitCode: step.exitCode, failure: step.failure }).toEqual({ exitCode: 0, failure: '' });
  expect(step.outputs.image).toMatch(new RegExp(`^${reference}:1\\.0$`));
  // The runner masks; here is what it was told to mask, and nothing else may hold a secret.
  const shown = [step.summary, JSON.stringify(step.outputs), JSON.stringify(step.state), JSON.stringify(step.env)];
  const commands = step.log.split('\n').filter((line) => !line.startsWith('::add-mask::'));
  for (const secret of clouds.issued) expect([...shown, ...commands].join('\n')).not.toContain(secret);
}

const name = (): string => uniqueName('identity');

describe('the identity of a job logs in', () => {
  test('to Amazon ECR by a role, and makes a repository that is missing if asked to', async () => {
    const image = name();
    const inputs = { registry: registries.amazon, owner: 'team', image };
    const token = `oidc:role=${trusted.role},create-repository=true`;
    expectPublished(await publish({ ...inputs, token }), `${registries.amazon}/team/${image}`);
    expect(clouds.repositories).toContain(`team/${image}`);
    // It exists now.
    expectPublished(await publish({ ...inputs, token }), `${registries.amazon}/team/${image}`);
  });

  test('to the gallery of Amazon ECR, which has one API for all regions', async () => {
    const image = name();
    const inputs = { registry: registries.gallery, owner: 'octo', image, token: `oidc:role=${trusted.role}` };
    expectPublished(await publish(inputs), `${registries.gallery}/octo/${image}`);
    expect(clouds.repositories).not.toContain(image);
  });

  test.each([
    ['as itself', ''],
    ['as a service account', `,service-account=${trusted.serviceAccount}`],
  ])('to Google Artifact Registry %s', async (_how, account) => {
    const image = name();
    const token = `oidc:provider=${trusted.provider}${account}`;
    const inputs = { images: `${registries.google}/octo/images/${image}`, token };
    expectPublished(await publish(inputs), `${registries.google}/octo/images/${image}`);
  });

  test('to Azure Container Registry', async () => {
    const image = name();
    const token = `oidc:tenant=${trusted.tenant},client=${trusted.client}`;
    const inputs = { registry: registries.azure, owner: 'team', image, token };
    expectPublished(await publish(inputs), `${registries.azure}/team/${image}`);
  });

  test('to Docker Hub, by an entry of `registry-auth`', async () => {
    const image = name();
    const entry = `- registry: docker.io\n  username: octo-org\n  password: oidc:connection=${trusted.connection}`;
    const inputs = { registry: 'docker.io', owner: 'octo-org', image, 'registry-auth': entry };
    expectPublished(await publish(inputs), `docker.io/octo-org/${image}`);
  });

  test('to a registry that takes the ID token itself', async () => {
    const image = name();
    const token = `oidc:audience=${registries.other}`;
    const inputs = { registry: registries.other, owner: 'team', image, username: 'github', token };
    expectPublished(await publish(inputs), `${registries.other}/team/${image}`);
  });
});

describe('refused before anything is published', () => {
  test('a role that the cloud does not give: its words, and what to check', async () => {
    const role = 'arn:aws:iam::123456789012:role/other';
    const step = await publish({
      registry: registries.amazon,
      owner: 'team',
      image: 'app',
      token: `oidc:role=${role}`,
    });
    expect(step).toMatchObject({ exitCode: 1, code: 'IDENTITY_REFUSED', outputs: {} });
    expect(step.failure).toContain('Not authorized to perform sts:AssumeRoleWithWebIdentity');
    expect(step.log).toContain(`Check that the trust policy of ${role}`);
  });

  test('a service account that the job may not act as', async () => {
    const token = `oidc:provider=${trusted.provider},service-account=other@octo.iam.gserviceaccount.com`;
    const step = await publish({ images: `${registries.google}/octo/images/app`, token });
    expect(step).toMatchObject({ exitCode: 1, code: 'IDENTITY_REFUSED', outputs: {} });
    expect(step.failure).toContain('roles/iam.workloadIdentityUser');
  });

  test('a job without `id-token: write`: the lines to add', async () => {
    const before = clouds.requests.length;
    const step = await publish(
      { registry: registries.amazon, owner: 'team', image: 'app', token: `oidc:role=${trusted.role}` },
      { ACTIONS_ID_TOKEN_REQUEST_URL: '', ACTIONS_ID_TOKEN_REQUEST_TOKEN: '' },
    );
    expect(step).toMatchObject({ exitCode: 1, code: 'ID_TOKEN_MISSING', outputs: {} });
    expect(step.log).toContain('id-token: write');
    expect(clouds.requests.slice(before)).toEqual([]);
  });

  test('an identity of another cloud, or one that is malformed', async () => {
    const token = `oidc:tenant=${trusted.tenant},client=${trusted.client}`;
    const foreign = await publish({ registry: registries.amazon, owner: 'team', image: 'app', token });
    expect(foreign).toMatchObject({ exitCode: 1, code: 'IDENTITY_INVALID' });
    const own = await publish({ token: `oidc:role=${trusted.role}` });
    expect(own).toMatchObject({ exitCode: 1, code: 'IDENTITY_INVALID' });
    const malformed = await publish({
      registry: registries.azure,
      owner: 'team',
      image: 'app',
      token: 'oidc:tenant=x',
    });
    expect(malformed).toMatchObject({ exitCode: 1, code: 'IDENTITY_INVALID' });
  });
});

test('a pull request of a fork, which gets no ID token, plans without the login and says so', async () => {
  const entry = `- registry: ${registries.azure}\n  password: oidc:tenant=${trusted.tenant},client=${trusted.client}`;
  const step = await publish(
    { registry: registries.azure, owner: 'team', image: 'app', push: 'false', 'registry-auth': entry },
    { ACTIONS_ID_TOKEN_REQUEST_URL: '', ACTIONS_ID_TOKEN_REQUEST_TOKEN: '' },
  );
  expect({ exitCode: step.exitCode, failure: step.failure }).toEqual({ exitCode: 0, failure: '' });
  expect(step.log).toContain('GitHub gives this run no ID token');
});

test('a service that is down for a moment is asked again', async () => {
  const image = name();
  clouds.failOnce(hosts.sts, 503, '');
  const inputs = { registry: registries.amazon, owner: 'team', image, token: `oidc:role=${trusted.role}` };
  expectPublished(await publish({ ...inputs, retries: '3' }), `${registries.amazon}/team/${image}`);
});
