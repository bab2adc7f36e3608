// @ts-check
/**
 * The web application, and the few calls of the REST API that a publish or its clean-up uses.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { request as requestHttp } from 'node:http';
import { join } from 'node:path';
import { identityOf, readJson, sendJson, sendPage } from './answer.js';
import { BACKENDS, FOREIGN, OWNER, PRODUCTS, REPOSITORY, SITES } from './sites.js';

/** @typedef {import('./answer.js').Exchange} Exchange */

/**
 * @param {Exchange} exchange
 * @param {'login' | 'page' | 'missing' | 'silent'} manner what anything but the API gets
 */
export function serveWeb(exchange, manner) {
  const { site, url } = exchange;
  if (url.pathname === '/login') return sendPage(exchange, 200, 'Sign in');
  if (manner === 'page') return sendPage(exchange, 200, 'GitHub');
  if (manner === 'missing') return sendPage(exchange, 404, 'Page not found');
  const location = `https://${site.product}/login?return_to=${encodeURIComponent(url.href)}`;
  if (manner === 'login') sendPage(exchange, 302, 'Sign in', { location });
}

/** The REST API of one product (docs.github.com/rest). */
export class RestApi {
  /** @type {{ id: number, bundle: unknown }[]} of all repositories */
  #attestations = [];
  #product;
  #registry;
  #storage;
  #port;

  /**
   * @param {string} product its host
   * @param {import('./container.js').ContainerRegistry} registry
   * @param {string} storage folder of the registries' data
   * @param {(name: string) => number} port of a registry
   */
  constructor(product, registry, storage, port) {
    this.#product = PRODUCTS.find(({ host }) => host === product) ?? { host: product, api: '' };
    this.#registry = registry;
    this.#storage = storage;
    this.#port = port;
  }

  /**
   * @param {Exchange} exchange
   * @param {string} path beneath the API's root
   */
  async serve(exchange, path) {
    const { version, host } = this.#product;
    const { request } = exchange;
    /** @type {Record<string, string>} */
    const headers = version ? { 'x-github-enterprise-version': version } : {};
    const send = (/** @type {number} */ status, /** @type {unknown} */ body) =>
      sendJson(exchange, status, body, headers);
    if (path === '/meta') {
      return send(200, {
        verifiable_password_authentication: false,
        ...(version ? { installed_version: version } : {}),
      });
    }
    const identity = identityOf(request);
    if (identity?.product !== host || identity.isExpired)
      return send(401, { message: 'Bad credentials', status: '401' });
    const [, owner = '', name = ''] = /^\/repos\/([^/]+)\/([^/]+)$/.exec(path) ?? [];
    if (
      [`${OWNER}/${REPOSITORY}`, `${FOREIGN.owner}/${FOREIGN.repository}`].includes(`${owner}/${name}`.toLowerCase())
    ) {
      return send(200, {
        name,
        full_name: `${owner}/${name}`,
        private: true,
        owner: { login: owner, type: 'Organization' },
        html_url: `https://${host}/${owner}/${name}`,
        description: 'A repository of the lab',
        default_branch: 'main',
        license: { spdx_id: 'MIT' },
      });
    }
    const ofRun =
      identity.kind === 'job' && path.toLowerCase().startsWith(`/repos/${identity.repository}/attestations`);
    if (ofRun && !version) return this.#serveAttestations(exchange, identity, path.split('/')[5] ?? '');
    if (path === `/orgs/${identity.owner}/artifacts/metadata/storage-record` && !version) {
      if (identity.artifactMetadata !== 'write')
        return send(403, { message: 'Resource not accessible by integration' });
      const record = await readJson(request);
      if (!Object(record).digest) return send(422, { message: 'Invalid request.', status: '422' });
      return send(200, { total_count: 1, storage_records: [{ ...Object(record), id: 1 }] });
    }
    const [, account = '', image = '', rest = ''] =
      /^\/(?:orgs|users)\/([^/]+)\/packages\/container\/([^/]+)(\/.*)?$/.exec(path) ?? [];
    const repository = `${account}/${decodeURIComponent(image)}`.toLowerCase();
    const [, id] = /^\/versions\/(\d+)$/.exec(rest) ?? [];
    const versions = this.#versions(repository);
    const found = versions.find((each) => String(each.id) === id);
    if (!image || versions.length === 0 || (id && !found)) return send(404, { message: 'Not Found', status: '404' });
    if (request.method === 'GET' && rest === '/versions') return send(200, versions);
    if (request.method === 'GET' && rest === '') {
      const linked = this.#registry.packageAt(repository)?.linked;
      const page = `https://${host}/orgs/${account}/packages/container/package/${image}`;
      const about = {
        name: decodeURIComponent(image),
        package_type: 'container',
        visibility: 'private',
        html_url: page,
      };
      return send(200, { ...about, repository: linked ? { full_name: linked } : null });
    }
    if (request.method !== 'DELETE' || (rest !== '' && !found))
      return send(404, { message: 'Not Found', status: '404' });
    if (identity.packages !== 'write') return send(403, { message: 'Resource not accessible by integration' });
    for (const { name: digest } of found ? [found] : versions) await this.#remove(repository, digest);
    if (!found || versions.length === 1) this.#registry.forget(repository);
    return send(204, undefined);
  }

  /**
   * https://docs.github.com/en/rest/repos/attestations. Whether a token may write is looked at before what it writes.
   * @param {Exchange} exchange
   * @param {import('./sites.js').Identity} identity
   * @param {string} digest of the subject, to list its attestations; else empty
   */
  async #serveAttestations(exchange, identity, digest) {
    const { request } = exchange;
    if (request.method === 'GET') {
      const found = this.#attestations.filter(({ bundle }) => subjectsOf(bundle).includes(decodeURIComponent(digest)));
      return found.length === 0
        ? sendJson(exchange, 404, { message: 'Not Found', status: '404' })
        : sendJson(exchange, 200, { attestations: found.map(({ bundle }) => ({ bundle })) });
    }
    const refused = { message: 'Resource not accessible by integration', status: '403' };
    if (identity.attestations !== 'write') return sendJson(exchange, 403, refused);
    const { bundle } = Object(await readJson(request));
    if (subjectsOf(bundle).length === 0) return sendJson(exchange, 422, { message: 'Invalid bundle', status: '422' });
    const id = this.#attestations.length + 1;
    this.#attestations.push({ id, bundle });
    sendJson(exchange, 201, { id });
  }

  get #backend() {
    const sites = SITES.filter((site) => site.product === this.#product.host && site.manner === 'container');
    return (
      sites.map(({ host, backend = host }) => backend).find((name) => BACKENDS.some((each) => each.name === name)) ?? ''
    );
  }

  /**
   * What the registry has on its disk: a link for each manifest, and one for each tag.
   * @param {string} repository
   */
  #versions(repository) {
    const folder = join(this.#storage, this.#backend, 'docker/registry/v2/repositories', repository, '_manifests');
    const list = (/** @type {string} */ name) =>
      existsSync(join(folder, name)) ? readdirSync(join(folder, name)) : [];
    const tags = list('tags').map((tag) => ({
      tag,
      digest: readFileSync(join(folder, 'tags', tag, 'current/link'), 'utf8'),
    }));
    return list('revisions/sha256')
      .filter((hex) => existsSync(join(folder, 'revisions/sha256', hex, 'link')))
      .map((hex) => ({
        id: Number.parseInt(hex.slice(0, 12), 16),
        name: `sha256:${hex}`,
        created_at: statSync(join(folder, 'revisions/sha256', hex, 'link')).mtime.toISOString(),
        metadata: {
          package_type: 'container',
          container: { tags: tags.filter(({ digest }) => digest === `sha256:${hex}`).map(({ tag }) => tag) },
        },
      }))
      .sort((left, right) => right.created_at.localeCompare(left.created_at));
  }

  /**
   * @param {string} repository
   * @param {string} digest
   */
  #remove(repository, digest) {
    const authorization = this.#registry.ownAuthorization(this.#backend, repository, ['delete', 'pull', 'push']);
    const options = {
      host: '127.0.0.1',
      port: this.#port(this.#backend),
      method: 'DELETE',
      path: `/v2/${repository}/manifests/${digest}`,
      headers: { authorization },
    };
    return new Promise((resolve, reject) => {
      const call = requestHttp(options, (answer) => answer.resume().on('end', () => resolve(undefined)));
      call.on('error', reject).end();
    });
  }
}

/**
 * @param {unknown} bundle of Sigstore, with an in-toto statement in it
 * @returns {string[]} digests; none for anything else
 */
function subjectsOf(bundle) {
  try {
    const { payload } = Object(bundle).dsseEnvelope;
    const { subject } = JSON.parse(Buffer.from(payload, 'base64').toString());
    return subject.map((/** @type {{ digest: { sha256: string } }} */ each) => `sha256:${each.digest.sha256}`);
  } catch {
    return [];
  }
}
