/**
 * Everything that others send and this action reads: whatever stands in it, it is read, or refused with a typed error. `FUZZ_RUNS` says
 * how many documents each reader gets.
 */

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { formatBakeFile, makesImage, parseBakeDefinition, targetsAsked } from '../../src/build/bake-definition.ts';
import { dockerfileLabels } from '../../src/build/dockerfile-labels.ts';
import { imagesOf, parseDockerfile, runPlatforms } from '../../src/build/dockerfile-stages.ts';
import { buildFailure, parseFailedStep } from '../../src/engine/build-failure.ts';
import { isCacheFailure } from '../../src/engine/buildx-run.ts';
import { builderNames, findBuilder } from '../../src/engine/buildx-store.ts';
import { printedDigest, pushFailure } from '../../src/engine/docker.ts';
import { parseEngineFacts } from '../../src/engine/docker-info.ts';
import { parseWarnings } from '../../src/engine/dockerfile-warnings.ts';
import { absentImages } from '../../src/engine/podman-manifest-list.ts';
import { selectedBuilder } from '../../src/engine/selected-builder.ts';
import { judgeText, lastLine, means } from '../../src/engine/tool-output.ts';
import { gatherFaults, InternalError, PublishError } from '../../src/errors.ts';
import { askAttestationRights } from '../../src/github/attestation-permissions.ts';
import { parseServerFacts } from '../../src/github/enterprise-server.ts';
import { findPackage } from '../../src/github/package-versions.ts';
import { publishingRuleOf } from '../../src/github/publishing-event.ts';
import { readOnlyRun } from '../../src/github/read-only-token.ts';
import { readGitHubFacts } from '../../src/github/repository-facts.ts';
import { createGitHubApi } from '../../src/github/rest-api.ts';
import { mayBuildStrangersCode } from '../../src/github/strangers-code.ts';
import { parseRun } from '../../src/github/workflow-run.ts';
import { parseChallenges } from '../../src/http/challenge.ts';
import { createHttp } from '../../src/http/http.ts';
import { delayOfAnswer } from '../../src/http/retry.ts';
import {
  configOf,
  haveSameEntries,
  parseDocument,
  platformOfConfig,
  platformsOf,
  readEntries,
} from '../../src/image/image-index.ts';
import {
  mediaTypes,
  parseImageConfig,
  parseImageManifest,
  parseIndex,
  storedManifest,
  subjectOf,
} from '../../src/image/manifest.ts';
import { parseRepositoryName } from '../../src/image/reference.ts';
import { parseRegistry } from '../../src/image/registry-name.ts';
import { parseTag } from '../../src/image/tag.ts';
import { legOf } from '../../src/legs/leg.ts';
import { isMarker, markerTag, parseMarker, writeMarker } from '../../src/legs/marker.ts';
import { followBuild } from '../../src/log/build-progress.ts';
import { createDockerConfig, removeDockerConfig } from '../../src/login/docker-config.ts';
import { logInByIdentity } from '../../src/login/identity-login.ts';
import { parseRegistryAuth } from '../../src/login/registry-auth.ts';
import { readLogin } from '../../src/login/runner-login.ts';
import { contextOf } from '../../src/plan/run-metadata.ts';
import { parseRealm } from '../../src/registry/authorization.ts';
import { parseIdentity } from '../../src/registry/identity.ts';
import { failureOfAnswer, readRefusal } from '../../src/registry/refusal.ts';
import { parseContent, parseHistory } from '../../src/report/image-sizes.ts';
import { asSchema2 } from '../../src/source/image-content.ts';
import { isObject, parseJson } from '../../src/text/json.ts';
import { urlSecrets, withoutUrlSecrets } from '../../src/text/url-secrets.ts';
import { aBuild } from '../support/builders.ts';
import { hosts, registries, startClouds, trusted } from '../support/clouds.ts';
import { nearly, nearlyText } from '../support/hostile-documents.ts';
import { startServer, trusting } from '../support/local-server.ts';
import { aClient } from '../support/registry-client.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const numRuns = Number(process.env.FUZZ_RUNS ?? 300);
const digest = `sha256:${'a'.repeat(64)}`;
const repository = parseRepositoryName('ghcr.io/octo-org/app');
const registry = repository.registry;

const config = {
  architecture: 'arm64',
  os: 'linux',
  variant: 'v8',
  'os.version': '1',
  'os.features': ['x'],
  rootfs: { type: 'layers', diff_ids: [digest] },
  history: [{ created_by: 'RUN |1 a=b /bin/sh -c make # buildkit' }, { empty_layer: true }],
};
const descriptor = (mediaType: string) => ({
  mediaType,
  digest,
  size: 1234,
  annotations: { a: 'b' },
  urls: ['https://example.com'],
});
const manifest = {
  schemaVersion: 2,
  mediaType: mediaTypes.ociManifest,
  config: descriptor('application/vnd.oci.image.config.v1+json'),
  layers: [descriptor('application/vnd.oci.image.layer.v1.tar+gzip')],
  subject: descriptor(mediaTypes.ociManifest),
  annotations: { a: 'b' },
};
const index = {
  schemaVersion: 2,
  mediaType: mediaTypes.ociIndex,
  artifactType: 'a/b',
  manifests: [{ ...descriptor(mediaTypes.ociManifest), platform: { os: 'linux', architecture: 'arm', variant: 'v7' } }],
};
const staging = { run: '12', attempt: 1, name: 'app' };
const leg = legOf(repository, storedManifest(Buffer.from(JSON.stringify(index))), undefined);
const marker = parseDocument(writeMarker(staging, leg).bytes);

const event = {
  repository: {
    name: 'app',
    full_name: 'octo-org/app',
    default_branch: 'main',
    description: 'x',
    private: true,
    html_url: 'https://github.com/octo-org/app',
    license: { spdx_id: 'MIT' },
    owner: { login: 'octo-org', type: 'Organization' },
    fork: false,
    visibility: 'public',
  },
  ref: 'refs/heads/main',
  base_ref: null,
  number: 7,
  action: 'closed',
  deleted: false,
  sender: { login: 'octocat', type: 'User' },
  head_commit: { timestamp: '2026-01-02T03:04:05Z', id: 'a'.repeat(40), message: 'x' },
  pull_request: {
    number: 7,
    merged: true,
    head: { sha: 'a'.repeat(40), ref: 'x', repo: { full_name: 'other/app', fork: true } },
    base: { ref: 'main', sha: 'b'.repeat(40) },
  },
  workflow_run: {
    event: 'pull_request',
    head_branch: 'x',
    head_sha: 'c'.repeat(40),
    head_repository: { full_name: 'other/app' },
  },
  release: { tag_name: 'v1.2.3', prerelease: true, draft: false },
  schedule: '0 0 * * *',
  inputs: { a: 'b' },
  client_payload: {},
};
const events = [
  'push',
  'pull_request',
  'pull_request_target',
  'workflow_run',
  'release',
  'schedule',
  'issue_comment',
  'delete',
  'merge_group',
  'workflow_dispatch',
];

const outputs = (() => {
  const folder = fileURLToPath(new URL('../fixtures', import.meta.url));
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.txt'))
    .map((name) => readFileSync(join(folder, name), 'utf8'));
})();

/** Milliseconds: what takes longer would never end. A read takes some, on a machine that has other work a second. */
const tooLong = 10_000;
let slowest = 0;

/** Reads one document; what it throws has to be typed. */
async function expectRead(read: () => unknown): Promise<void> {
  const start = performance.now();
  try {
    await read();
  } catch (error) {
    if (!(error instanceof PublishError) || error instanceof InternalError) throw error;
    // Nobody wants to read more, whatever was sent.
    if (error.message.length > 70_000 || error.remedy.length > 70_000)
      throw new Error(`a message of ${error.message.length} characters`);
  } finally {
    slowest = Math.max(slowest, performance.now() - start);
  }
}

type Reader = readonly [what: string, documents: fc.Arbitrary<string>, read: (text: string) => unknown];

const result = (text: string) => ({ exitCode: 1, stdout: text, stderr: text });

const readers: readonly Reader[] = [
  [
    'an index',
    nearly(index, manifest),
    (text) => {
      const stored = storedManifest(Buffer.from(text), mediaTypes.ociIndex);
      haveSameEntries(stored, stored);
      platformsOf(readEntries(stored));
      legOf(repository, stored, undefined);
      return parseIndex(stored);
    },
  ],
  [
    'a manifest',
    nearly(manifest, index),
    (text) => {
      const stored = storedManifest(Buffer.from(text));
      parseContent(stored);
      configOf(stored);
      subjectOf(stored);
      asSchema2({ ...stored, mediaType: mediaTypes.ociManifest });
      legOf(repository, stored, Buffer.from(JSON.stringify(config)));
      return parseImageManifest(stored);
    },
  ],
  [
    'a config',
    nearly(config),
    (text) => {
      const bytes = Buffer.from(text);
      parseImageConfig(bytes);
      parseHistory(bytes);
      platformOfConfig(parseDocument(bytes));
      return legOf(repository, storedManifest(Buffer.from(JSON.stringify(manifest))), bytes);
    },
  ],
  [
    'a marker',
    nearly(marker),
    (text) => {
      const stored = storedManifest(Buffer.from(text));
      isMarker(stored);
      return parseMarker(markerTag(staging, leg.digest), stored, staging);
    },
  ],
  [
    'an event',
    nearly(event),
    (text) => {
      for (const name of events) {
        const env = {
          GITHUB_EVENT_NAME: name,
          GITHUB_REF: 'refs/heads/main',
          GITHUB_SHA: 'a'.repeat(40),
          GITHUB_REPOSITORY: 'octo-org/app',
        };
        const run = parseRun(env, text);
        publishingRuleOf(run);
        readOnlyRun(run);
        mayBuildStrangersCode(run);
        contextOf(run, { now: new Date(0) });
      }
    },
  ],
  [
    'a remembered server',
    nearly({
      version: '3.20',
      answers: { container: { isRegistry: true }, docker: { isRegistry: false, reason: 'x' } },
    }),
    parseServerFacts,
  ],
  [
    'the answer of a Docker engine',
    nearly({
      ServerVersion: '28.5.2',
      DriverStatus: [['driver-type', 'io.containerd.snapshotter.v1']],
      OSType: 'linux',
      Architecture: 'x86_64',
      ServerErrors: ['x'],
      BuildahVersion: '1',
    }),
    parseEngineFacts,
  ],
  [
    'what Podman lists',
    nearly([{ Id: 'a', Digest: digest, RepoDigests: [`ghcr.io/a@${digest}`] }]),
    (text) => absentImages(leg.entries, parseJson(text)),
  ],
  [
    'buildx’s report',
    nearly({
      'containerimage.digest': digest,
      'buildx.build.warnings': [
        { short: 'eA==', url: 'x', sourceInfo: { filename: 'Dockerfile' }, range: [{ start: { line: 3 } }] },
      ],
      'result.json': {
        sources: [{ filename: 'Dockerfile' }],
        warnings: [{ ruleName: 'x', detail: 'y', location: { ranges: [{ start: { line: 1 } }] } }],
      },
    }),
    (text) => {
      const report = parseJson(text);
      return parseWarnings(isObject(report) ? report : {});
    },
  ],
  [
    'what a bake file comes to',
    nearly({
      group: { default: { targets: ['app'] } },
      target: {
        app: {
          ...{ context: '.', dockerfile: 'Dockerfile', tags: ['ghcr.io/a/b:1'], platforms: ['linux/amd64'] },
          ...{ args: { A: '$${x}' }, labels: { a: 'b' }, contexts: { b: 'target:base' }, annotations: ['index:a=b'] },
          ...{ output: [{ type: 'image' }], secret: [{ id: 'a', env: 'B' }], ssh: [{ id: 'default' }] },
        },
      },
    }),
    (text) => {
      const definition = parseBakeDefinition(text);
      const raw = [...definition.targets].map(([name, target]) => [name, target.raw] as const);
      return [targetsAsked(definition, []).map(makesImage), formatBakeFile(new Map(raw))];
    },
  ],
  [
    '`registry-auth`',
    fc.oneof(
      nearly([{ registry: 'docker.io', username: 'octo', password: 'x' }]),
      nearlyText(
        '- registry: docker.io\n  username: octo\n  password: x # y\n- registry: ghcr.io\n  username: &a octo\n  password: *a\n',
      ),
    ),
    (text) => {
      const faults = gatherFaults();
      parseRegistryAuth(text, faults);
      faults.throwIfAny();
    },
  ],
  [
    'a refusal',
    fc.oneof(
      nearly({ errors: [{ code: 'DENIED', message: 'x', detail: {} }] }, { details: 'x', message: 'y', error: 'z' }),
      nearlyText('<html><head><title>403</title><style>a</style></head><body>Forbidden</body></html>'),
    ),
    (text) => {
      for (const status of [401, 403, 404, 413, 429, 500]) {
        const asked = { method: 'PUT', url: new URL('https://ghcr.io/v2/') };
        const failure = failureOfAnswer({
          asked,
          refusal: readRefusal(status, text),
          retryAfter: text,
          now: 0,
          denied: 'PUSH_DENIED',
          challenge: text,
        });
        expect(failure.message.length).toBeLessThan(5000);
      }
    },
  ],
  [
    'a challenge',
    nearlyText(
      'Bearer realm="https://ghcr.io/token",service="ghcr.io",scope="repository:a/b:pull"',
      'Basic realm="x", Negotiate abc==',
    ),
    (text) => {
      for (const { parameters } of parseChallenges(text)) {
        parseRealm(registry, parameters.get('realm') ?? '', { username: 'a', token: 'b', realmDomain: 'ghcr.io' });
      }
    },
  ],
  [
    'a time to wait',
    nearlyText('120', '333.939671ms', 'Wed, 21 Oct 2026 07:28:00 GMT', 'retry-after: 1h2m3.5s'),
    (text) => {
      const delay = delayOfAnswer(text, text, 0);
      expect(delay === undefined || (delay >= 0 && delay <= 86_400_000)).toBe(true);
    },
  ],
  [
    'what tools print',
    nearlyText(...outputs),
    (text) => {
      const progress = followBuild(() => 0);
      progress.read(text);
      progress.steps();
      parseFailedStep(text);
      isCacheFailure(text);
      lastLine(text);
      for (const meaning of ['refused', 'process', 'expired'] as const) means(text, meaning);
      judgeText(text, 0);
      for (const pushes of [true, false])
        expect(buildFailure(aBuild(), result(text), pushes).message.length).toBeLessThan(70_000);
      pushFailure('docker push', result(text));
      return printedDigest('docker push', result(text));
    },
  ],
  [
    'a Dockerfile',
    nearlyText(
      '# syntax=x\n# escape=`\nARG A=b\nFROM a AS b\nLABEL a="b c" d=$A \\\n  "e"=\'f\'\nRUN <<EOF\nx\nEOF\nONBUILD LABEL x y\n',
    ),
    (text) => {
      const dockerfile = parseDockerfile(text);
      for (const target of ['', 'b', '0', '9'.repeat(30)]) {
        dockerfileLabels(dockerfile, target);
        imagesOf(dockerfile, target, ['A=$A']);
        runPlatforms(dockerfile, target, ['A=$A']);
      }
    },
  ],
  [
    'text with URLs',
    nearlyText('git clone https://octo:secret@github.com/a.git; ssh://git@host', 'http://a:b@c,http://d@e'),
    (text) => {
      urlSecrets(text);
      withoutUrlSecrets(text);
    },
  ],
];

afterEach(() => expect(slowest).toBeLessThan(tooLong));

describe('Read, or refused with a typed error, is', () => {
  test.each(readers)('%s', async (_, documents, read) => {
    await fc.assert(
      fc.asyncProperty(documents, (text) => expectRead(() => read(text))),
      { numRuns },
    );
  });

  test('a configuration of Docker, and what buildx and docker keep beside it', async () => {
    const folder = temporaryFolder();
    const config = nearly({
      auths: { 'ghcr.io': { auth: 'YTpi', identitytoken: 'x' }, 'https://index.docker.io/v1/': { auth: '' } },
      credHelpers: { 'ghcr.io': '' },
      credsStore: '',
      currentContext: 'x',
      cliPluginsExtraDirs: ['/x'],
    });
    const builder = nearly(
      { Name: 'b', Driver: 'docker-container', Nodes: [{ Name: 'b0', Endpoint: 'unix:///x' }] },
      { Key: 'x', Name: 'b', Global: true },
    );
    mkdirSync(join(folder, 'buildx', 'instances'), { recursive: true });
    let count = 0;
    await fc.assert(
      fc.asyncProperty(config, builder, builder, async (text, instance, current) => {
        writeFileSync(join(folder, 'config.json'), text);
        writeFileSync(join(folder, 'buildx', 'instances', 'b'), instance);
        writeFileSync(join(folder, 'buildx', 'current'), current);
        const own = join(temporaryFolder(), String(count++));
        const noHelper = async () => ({ exitCode: 1, stdout: text });
        await expectRead(async () => {
          const { currentContext } = await createDockerConfig(own, folder, [registry]);
          await readLogin(own, parseRepositoryName('docker.io/a/b').registry, noHelper, { DOCKER_AUTH_CONFIG: text });
          await selectedBuilder({ folder: own, currentContext }, {});
          await findBuilder('b', own, {});
          await builderNames(own, {});
        });
        await removeDockerConfig(own);
      }),
      { numRuns: Math.ceil(numRuns / 3) },
    );
  });

  test('what a service answers that turns the identity of a job into a login', async () => {
    await using clouds = await startClouds({ registry: '127.0.0.1:9', username: 'octo', token: 'x' });
    const logins = {
      docker: parseIdentity(`oidc:connection=${trusted.connection}`),
      amazon: parseIdentity(`oidc:role=${trusted.role}`),
      google: parseIdentity(`oidc:provider=${trusted.provider},service-account=${trusted.serviceAccount}`),
      azure: parseIdentity(`oidc:tenant=${trusted.tenant},client=${trusted.client}`),
    };
    const refusals = [
      { error: { status: 'PERMISSION_DENIED', message: 'x' } },
      { __type: 'x', error_description: 'z' },
    ];
    const services = [
      [hosts.github, 'docker', nearly({ value: 'x' }, ...refusals)],
      [hosts.docker, 'docker', nearly({ access_token: 'x' }, ...refusals)],
      [
        hosts.sts,
        'amazon',
        nearlyText('<AccessKeyId>a</AccessKeyId><SecretAccessKey>b</SecretAccessKey><SessionToken>c</SessionToken>'),
      ],
      [hosts.ecr, 'amazon', nearly({ authorizationData: [{ authorizationToken: 'QVdTOng=' }] }, ...refusals)],
      [hosts.google, 'google', nearly({ access_token: 'x' }, ...refusals)],
      [hosts.iam, 'google', nearly({ accessToken: 'x' }, ...refusals)],
      [hosts.entra, 'azure', nearly({ access_token: 'x' }, ...refusals)],
      [registries.azure, 'azure', nearly({ refresh_token: 'x' }, ...refusals)],
    ] as const;
    const asked = fc.oneof(...services.map(([host, cloud, texts]) => texts.map((text) => ({ host, cloud, text }))));
    const status = fc.constantFrom(200, 200, 200, 200, 200, 200, 302, 400, 401, 403, 404, 429, 500);
    const { environment } = clouds;
    const signal = new AbortController().signal;
    const http = createHttp({ environment, userAgent: 'test', signal });
    const ports = { http, retries: 1, hide() {}, log() {}, now: () => 0, random: () => 0, sleep: async () => {} };
    try {
      await trusting(clouds.certificate, () =>
        fc.assert(
          fc.asyncProperty(asked, status, async ({ host, cloud, text }, code) => {
            clouds.failOnce(host, code, text);
            const login = { registry: parseRegistry(registries[cloud]), username: 'octo', identity: logins[cloud] };
            await expectRead(() => logInByIdentity(login, [], environment, ports));
          }),
          { numRuns },
        ),
      );
    } finally {
      http.close();
    }
  });

  test('what GitHub’s API answers', async () => {
    let answer = { status: 200, headers: {}, body: '' };
    await using server = await startServer((request, response) => {
      request.resume();
      response.writeHead(answer.status, answer.headers).end(answer.body);
    });
    const body = nearly(
      [{ id: 1, name: digest, created_at: '2026-01-02T03:04:05Z', metadata: { container: { tags: ['1'] } } }],
      { id: 1, name: digest, updated_at: '2026-01-02T03:04:05Z', metadata: { container: { tags: ['1'] } } },
      { name: 'app', description: 'x', html_url: 'https://github.com/a/b', license: { spdx_id: 'MIT' } },
      { sha: 'a', commit: { committer: { date: '2026-01-02T03:04:05Z' } } },
      { message: 'x', documentation_url: 'https://docs.github.com', errors: [{ message: 'x' }], status: '403' },
    );
    const headers = fc.dictionary(
      fc.constantFrom('content-type', 'retry-after', 'x-ratelimit-remaining', 'x-ratelimit-reset', 'link', 'location'),
      fc.constantFrom(
        'application/json; charset=utf-8',
        'text/html',
        '',
        '0',
        '1',
        '9'.repeat(20),
        'http://127.0.0.1:1/x',
      ),
      { maxKeys: 3 },
    );
    const status = fc.constantFrom(200, 200, 200, 201, 204, 301, 400, 401, 403, 404, 422, 429, 500);
    const run = parseRun({ GITHUB_REPOSITORY: 'octo-org/app', GITHUB_SHA: 'a'.repeat(40) }, '{}');
    const url = `http://127.0.0.1:${server.port}`;
    const signal = new AbortController().signal;
    await fc.assert(
      fc.asyncProperty(fc.record({ status, headers, body }), async (given) => {
        answer = given;
        const api = createGitHubApi({ url, token: 'x', environment: {}, signal, deadline: 2000 });
        try {
          await expectRead(async () => {
            const found = await findPackage(api, repository, undefined);
            for await (const _ of found?.listVersions() ?? []) break;
            await found?.findVersion(1);
            await found?.deleteVersion(1);
            await found?.restoreVersion(1);
          });
          const warnings: string[] = [];
          const missing = { repository: true, commit: true };
          await expectRead(() => readGitHubFacts(missing, run, api, (warning) => warnings.push(warning)));
          expect(Math.max(0, ...warnings.map(({ length }) => length))).toBeLessThan(5000);
          await expectRead(() => askAttestationRights(api, { owner: 'octo-org', name: 'app' }, 'octo-org'));
        } finally {
          api.close();
        }
      }),
      { numRuns: Math.ceil(numRuns / 2) },
    );
  });

  test('what a registry answers', async () => {
    let answer: { status: number; headers: Record<string, string>; body: string } = {
      status: 200,
      headers: {},
      body: '',
    };
    await using server = await startServer((request, response) => {
      request.resume();
      if (request.url === '/v2/')
        return void response.writeHead(200, { 'docker-distribution-api-version': 'registry/2.0' }).end();
      const headers = Object.fromEntries(
        Object.entries(answer.headers).map(([name, value]) => [
          name,
          value.replaceAll(/[^\t\x20-\x7e]/g, '?').slice(0, 8000),
        ]),
      );
      response.writeHead(answer.status, headers).end(answer.body);
    });
    const target = parseRepositoryName(`${server.registry}/octo/app`);
    const header = nearlyText(
      '</v2/octo/app/tags/list?n=1&last=a>; rel="next"',
      digest,
      'application/json',
      `Bearer realm="http://127.0.0.1:${server.port}/token",service="x"`,
      '0',
      'http://127.0.0.1:1/x',
    );
    const names = [
      'link',
      'docker-content-digest',
      'content-type',
      'www-authenticate',
      'location',
      'retry-after',
      'oci-subject',
      'docker-upload-uuid',
      'range',
    ];
    const headers = fc.dictionary(fc.constantFrom(...names), header, { maxKeys: 4 });
    const body = nearly(
      index,
      manifest,
      { name: 'octo/app', tags: ['1', 'latest'] },
      { token: 'abc', expires_in: 300 },
      { errors: [{ code: 'DENIED', message: 'x' }] },
    );
    const status = fc.constantFrom(
      200,
      200,
      200,
      201,
      202,
      204,
      206,
      301,
      307,
      400,
      401,
      401,
      403,
      404,
      405,
      429,
      500,
      503,
    );
    const blob = {
      digest: parseIndex({ bytes: Buffer.from(JSON.stringify(index)) })[0]?.digest ?? leg.digest,
      size: 3,
    };
    await fc.assert(
      fc.asyncProperty(fc.record({ status, headers, body }), async (given) => {
        answer = given;
        const client = aClient({
          retries: 1,
          credentials: () => ({ username: 'octo', token: 'secret' }),
          idleTimeout: 2000,
          deadline: 2000,
        });
        try {
          const tag = parseTag('latest');
          const asked = [
            () => client.listTags(target),
            () => client.listReferrers(target, blob.digest),
            () => client.headManifest(target, tag),
            () => client.getManifest(target, blob.digest),
            () => client.putManifest(target, storedManifest(Buffer.from(JSON.stringify(manifest))), tag),
            () => client.mayPush(target, 2000),
            () => client.ping(server.registry, 2000),
            () => client.deleteManifest(target, blob.digest),
            async () => {
              for await (const _ of await client.getBlob(target, blob));
            },
          ];
          await Promise.all(asked.map(expectRead));
          await client.settle();
        } finally {
          client.close();
        }
      }),
      { numRuns: Math.ceil(numRuns / 2) },
    );
  });
});
