/** The lab's GitHub, as the real docker, crane and REST clients meet it: what the end-to-end tests rest on. */

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openGitHubLab } from './github-lab.ts';
import { copyAction, type Ended, type Runner, uniqueName } from './step.ts';

const github = await openGitHubLab();
const action = copyAction();
afterAll(() => {
  action[Symbol.dispose]();
  github[Symbol.dispose]();
});

const inNamespace = github.mode === 'namespace' ? describe : describe.skip;
const { owner, repository, foreign, unlinkedImage, hosts } = github;

/** The docker CLI of a job, logged in with one token. */
function newDocker(product: string, registry: string, token: string) {
  const runner: Runner = github.newRunner(action, product, '');
  runner.write(
    'Dockerfile',
    'FROM scratch\nARG LABEL\nLABEL org.opencontainers.image.source=$LABEL\nCOPY hello.txt /\n',
  );
  runner.write('hello.txt', `${uniqueName('hello')}\n`);
  const docker = (...args: string[]): Promise<Ended> => runner.run(['docker', ...args]);
  return {
    logIn: () =>
      runner.run(['sh', '-c', 'echo "$TOKEN" | docker login "$REGISTRY" --username lab --password-stdin'], {
        TOKEN: token,
        REGISTRY: registry,
      }),
    async push(name: string, label = ''): Promise<Ended> {
      await docker('build', '--provenance', 'false', '--build-arg', `LABEL=${label}`, '--tag', name, '.');
      return docker('push', name);
    },
    docker,
  };
}

/** Asks a host of the lab, without any client of a registry. */
function ask(url: string, ...args: string[]): Promise<{ status: number; headers: string; body: string }> {
  const marker = '\n--status--';
  const argv = ['--silent', '--show-error', '--include', '--write-out', `${marker}%{http_code}`, ...args, url];
  const [command = '', ...rest] = [...github.enter, 'curl', '--cacert', github.caFile, ...argv];
  return new Promise((resolve, reject) => {
    execFile(command, rest, (error, stdout) => {
      if (error) return reject(error);
      const [answer = '', status] = stdout.split(marker);
      const [headers = '', ...body] = answer.replaceAll('\r', '').split('\n\n');
      resolve({ status: Number(status), headers: headers.toLowerCase(), body: body.join('\n\n') });
    });
  });
}

const basic = (token: string): string[] => ['--user', `lab:${token}`];
const api = (token: string): string[] => ['--header', `authorization: Bearer ${token}`];

describe('the Container registry', () => {
  const registry = hosts['ghcr.io'] ?? '';
  const token = (name: string) => github.token('github.com', name);
  const as = (name: string) => newDocker('github.com', registry, token(name));

  test('asks for a bearer token of its own host, with a scope that is nobody’s', async () => {
    const { status, headers } = await ask(`https://${registry}/v2/`);
    expect(status).toBe(401);
    expect(headers).toContain('docker-distribution-api-version: registry/2.0');
    expect(headers).toContain(
      `www-authenticate: bearer realm="https://${registry}/token",service="ghcr.io",scope="repository:user/image:pull"`,
    );
  });

  test.each([
    ['expired', 'unauthorized: unauthenticated: User cannot be authenticated with the token provided.'],
    ['of another product', 'denied: denied'],
  ])('lets no token log in that is %s', async (name, words) => {
    const wrong = name === 'expired' ? token('expired') : github.token('ghes.test', 'classic');
    const { exitCode, log } = await newDocker('github.com', registry, wrong).logIn();
    // Of a registry on this machine the engine tells what came of its second attempt, without TLS.
    const said = github.mode === 'namespace' ? words : 'Error response from daemon';
    expect({ exitCode, log }).toEqual({ exitCode: 1, log: expect.stringContaining(said) });
  });

  test.each(['readWrite', 'readOnly', 'classic', 'fineGrained', 'app'])(
    'lets a token log in that is %s',
    async (name) => {
      expect(await as(name).logIn()).toMatchObject({ exitCode: 0 });
    },
  );

  describe('once a job has published', () => {
    const image = uniqueName('contract');
    const name = `${registry}/${owner}/${image}`;
    beforeAll(async () => {
      const job = as('readWrite');
      await job.logIn();
      expect(await job.push(`${name}:1`)).toMatchObject({ exitCode: 0 });
    });

    test('crane finds it, and docker pulls it by tag and by digest with a token that reads', async () => {
      const digest = await github.client.digestOf(`${name}:1`);
      const reader = as('readOnly');
      await reader.logIn();
      expect(await reader.docker('pull', `${name}:1`)).toMatchObject({ exitCode: 0 });
      expect(await reader.docker('pull', `${name}@${digest}`)).toMatchObject({ exitCode: 0 });
    });

    test.each([
      ['readOnly', 'denied: installation not allowed to Write organization package'],
      ['foreignOwner', 'denied: installation not allowed to Write organization package'],
      ['app', 'denied: installation not allowed to Write organization package'],
      ['classicReadOnly', 'denied: permission_denied: The token provided does not match expected scopes'],
      ['fineGrained', 'denied: permission_denied: The token provided does not match expected scopes'],
    ])('refuses a push by %s', async (who, words) => {
      const other = as(who);
      await other.logIn();
      const { exitCode, log } = await other.push(`${name}:2`);
      expect({ exitCode, log }).toEqual({ exitCode: 1, log: expect.stringContaining(words) });
    });

    test('hides it from whoever is not logged in', async () => {
      const { exitCode, log } = await as('readWrite').docker('pull', `${name}:1`);
      expect({ exitCode, log }).toEqual({ exitCode: 1, log: expect.stringContaining('unauthorized') });
    });

    inNamespace('the REST API', () => {
      const root = 'https://api.github.com';
      const page = `${root}/orgs/${owner}/packages/container/${image}`;

      test('shows a public image to whoever is not logged in', async () => {
        const open = `${registry}/${owner}/${github.publicImage}`;
        const job = as('readWrite');
        await job.logIn();
        expect(await job.push(`${open}:1`)).toMatchObject({ exitCode: 0 });
        const { exitCode } = await newDocker('github.com', registry, '').docker('pull', `${open}:1`);
        expect(exitCode).toBe(0);
      });

      test('knows the package, the repository it is linked to, and its versions', async () => {
        const { body } = await ask(page, ...api(token('readWrite')));
        expect(JSON.parse(body)).toMatchObject({ name: image, repository: { full_name: `${owner}/${repository}` } });
        const versions = JSON.parse((await ask(`${page}/versions`, ...api(token('readWrite')))).body);
        expect(versions).toMatchObject([
          { name: await github.client.digestOf(`${name}:1`), metadata: { container: { tags: ['1'] } } },
        ]);
      });

      const versionsOf = async (query = '') =>
        JSON.parse((await ask(`${page}/versions${query}`, ...api(token('readWrite')))).body);
      const change = (method: 'DELETE' | 'POST', path: string, who = 'readWrite') =>
        ask(`${page}/versions/${path}`, '--request', method, ...api(token(who)));

      test('keeps the last version, and one that was pulled often', async () => {
        const [only] = await versionsOf();
        const last = await change('DELETE', only.id);
        expect(last).toMatchObject({ status: 400, body: expect.stringContaining('the last version of a package') });
        const job = as('readWrite');
        await job.logIn();
        expect(await job.push(`${name}:popular`)).toMatchObject({ exitCode: 0 });
        const [popular] = await versionsOf();
        const often = await change('DELETE', popular.id);
        expect(often).toMatchObject({ status: 400, body: expect.stringContaining('more than 5000 downloads') });
      });

      test('lists versions in pages, newest first, and each by its ID', async () => {
        const all = await versionsOf();
        expect(all.length).toBe(2);
        expect(await versionsOf('?per_page=1&page=1')).toEqual([all[0]]);
        expect(await versionsOf('?per_page=1&page=2')).toEqual([all[1]]);
        expect(await versionsOf('?per_page=1&page=3')).toEqual([]);
        expect(await versionsOf(`/${all[1].id}`)).toEqual(all[1]);
      });

      test('deletes a version for a token that may write, and for no other, and restores it', async () => {
        const [, version] = await versionsOf();
        expect((await change('DELETE', version.id, 'readOnly')).status).toBe(403);
        expect((await change('POST', `${version.id}/restore`)).status).toBe(404);
        expect((await change('DELETE', version.id)).status).toBe(204);
        await expect(github.client.digestOf(`${name}:1`)).rejects.toThrow(/MANIFEST_UNKNOWN|404/);
        expect((await change('DELETE', version.id)).status).toBe(404);
        expect((await change('POST', `${version.id}/restore`)).status).toBe(204);
        expect((await github.client.manifestOf(`${name}@${version.name}`)).schemaVersion).toBe(2);
      });
    });
  });

  test('refuses a package that is linked to no repository, and one of another owner', async () => {
    const job = as('readWrite');
    await job.logIn();
    expect((await job.push(`${registry}/${owner}/${unlinkedImage}:1`)).log).toContain(
      'denied: permission_denied: write_package',
    );
    expect((await job.push(`${registry}/${foreign.owner}/${uniqueName('new')}:1`)).log).toContain(
      'denied: installation not allowed to Create organization package',
    );
    expect((await job.push(`${registry}/nobody/${uniqueName('new')}:1`)).log).toContain(
      'denied: not_found: owner not found',
    );
  });

  test.each([
    ['with a label that names the repository', `https://github.com/${owner}/${repository}`, 0],
    ['without such a label', '', 1],
  ])('lets a job write to what a person has pushed %s', async (_, label, exitCode) => {
    const name = `${registry}/${owner}/${uniqueName('by-hand')}`;
    const [person, job] = [as('classic'), as('readWrite')];
    await Promise.all([person.logIn(), job.logIn()]);
    expect(await person.push(`${name}:1`, label)).toMatchObject({ exitCode: 0 });
    expect(await job.push(`${name}:2`)).toMatchObject({ exitCode });
  });

  test('takes no password where a token is due, and deletes nothing by the distribution API', async () => {
    expect(await ask(`https://${registry}/v2/`, ...basic(token('readWrite')))).toMatchObject({
      status: 403,
      body: expect.stringContaining('invalid token'),
    });
    const url = `https://${registry}/v2/${owner}/x/manifests/1`;
    expect((await ask(url, '--request', 'DELETE')).status).toBe(405);
  });
});

inNamespace('the Docker registry', () => {
  const registry = 'docker.ghes.test';
  const token = (name: string) => github.token('ghes.test', name);
  const as = (name: string) => newDocker('ghes.test', registry, token(name));

  test('asks for a password, in the realm "GitHub Package Registry"', async () => {
    const { status, headers } = await ask(`https://${registry}/v2/`);
    expect(status).toBe(401);
    expect(headers).toContain('www-authenticate: basic realm="github package registry"');
  });

  test('lets no token log in that has expired', async () => {
    const { exitCode, log } = await as('expired').logIn();
    const words = 'failed with status: 401 Unauthorized';
    expect({ exitCode, log }).toEqual({ exitCode: 1, log: expect.stringContaining(words) });
  });

  describe('once `docker push` has published', () => {
    const path = `${owner}/${repository}/${uniqueName('contract')}`;
    const url = `https://${registry}/v2/${path}/manifests`;
    const job = as('readWrite');
    beforeAll(async () => {
      await job.logIn();
      expect(await job.push(`${registry}/${path}:1`)).toMatchObject({ exitCode: 0 });
    });

    test('crane finds it by its tag, after HEAD was answered with 405', async () => {
      const { mediaType } = await github.client.manifestOf(`${registry}/${path}:1`);
      expect(mediaType).toBe('application/vnd.docker.distribution.manifest.v2+json');
      expect((await ask(`${url}/1`, '--head', ...basic(token('readOnly')))).status).toBe(405);
    });

    test('nothing is found by its digest', async () => {
      const digest = await github.client.digestOf(`${registry}/${path}:1`);
      const { status, body } = await ask(`${url}/${digest}`, ...basic(token('readOnly')));
      expect({ status, body }).toEqual({ status: 404, body: expect.stringContaining('not found under repo') });
    });

    test('an index is refused', async () => {
      const type = 'content-type: application/vnd.oci.image.index.v1+json';
      const put = ['--request', 'PUT', '--header', type, '--data', '{}'];
      expect((await ask(`${url}/2`, ...put, ...basic(token('readWrite')))).status).toBe(400);
    });

    test('`docker buildx build --push` fails after its push, because it asks for the digest', async () => {
      const name = `${registry}/${path}:buildx`;
      const { exitCode, log } = await job.docker(
        'buildx',
        'build',
        '--push',
        '--provenance',
        'false',
        '--tag',
        name,
        '.',
      );
      expect({ exitCode, log }).toEqual({ exitCode: 1, log: expect.stringContaining('manifest unknown') });
      expect(await github.client.digestOf(name)).toMatch(/^sha256:/);
    });

    test.each([
      ['readOnly', 'could not be authenticated by the GitHub Packages service'],
      ['foreignOwner', 'could not be authenticated by the GitHub Packages service'],
      ['classicReadOnly', "requires one of the following scopes: ['write:packages']"],
    ])('refuses a push by %s', async (who, words) => {
      const other = as(who);
      await other.logIn();
      const { exitCode, log } = await other.push(`${registry}/${path}:2`);
      expect({ exitCode, log }).toEqual({ exitCode: 1, log: expect.stringContaining(words) });
    });
  });

  test('refuses a path that has not three segments', async () => {
    const job = as('readWrite');
    await job.logIn();
    const { log } = await job.push(`${registry}/${owner}/${repository}:1`);
    expect(log).toContain('only supported with a tag of the format :owner/:repo_name/:image_name.');
  });
});

inNamespace('an Enterprise Server', () => {
  test('tells its version in a header and in /meta, and github.com does not', async () => {
    const server = await ask('https://ghes.test/api/v3/meta');
    expect(server.headers).toContain('x-github-enterprise-version: 3.20.1');
    expect(JSON.parse(server.body)).toMatchObject({ installed_version: '3.20.1' });
    const hosted = await ask('https://api.github.com/meta');
    expect(hosted.headers).not.toContain('x-github-enterprise-version');
    expect(JSON.parse(hosted.body)).not.toHaveProperty('installed_version');
  });

  test('shows its repositories to those who may see them', async () => {
    const url = `https://ghes.test/api/v3/repos/${owner}/${repository}`;
    expect((await ask(url)).status).toBe(401);
    const { body } = await ask(url, ...api(github.token('ghes.test', 'readOnly')));
    expect(JSON.parse(body)).toMatchObject({ full_name: `${owner}/${repository}`, owner: { type: 'Organization' } });
  });

  test.each([
    ['containers.isolated.test', 302],
    ['containers.isolated-page.test', 200],
    ['containers.isolated-missing.test', 404],
  ])('with wildcard DNS serves the web application at %s', async (host, status) => {
    const answer = await ask(`https://${host}/v2/`);
    expect(answer.status).toBe(status);
    expect(answer.headers).toContain('content-type: text/html');
    expect(answer.headers).not.toMatch(/www-authenticate|docker-distribution/);
  });

  test('without subdomain isolation has no other names', async () => {
    await expect(ask('https://containers.bare.test/v2/')).rejects.toThrow(/Could not resolve host/);
    expect((await ask('https://bare.test/v2/')).headers).toContain('github package registry');
    expect((await ask('https://bare.test/')).headers).toContain('text/html');
  });

  test('with a certificate of its own CA is trusted by who knows that CA alone', async () => {
    await expect(ask('https://containers.private.test/v2/')).rejects.toThrow(/certificate/);
    const { status } = await ask('https://containers.private.test/v2/', '--cacert', github.privateCaFile);
    expect(status).toBe(401);
  });
});

test('the machine itself is as it was', () => {
  expect(readFileSync('/etc/hosts', 'utf8')).not.toContain('ghcr.io');
});
