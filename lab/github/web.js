// @ts-check
/**
 * The web application, and the few calls of the REST API that a publish or its clean-up uses.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { request as requestHttp } from 'node:http';
import { join } from 'node:path';
import { identityOf, readJson, sendJson, sendPage } from './answer.js';
import { BACKENDS, FOREIGN, OWNER, POPULAR_TAG, PRODUCTS, REPOSITORY, SITES } from './sites.js';

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
   * What was deleted, by `PATH ID`: it can be restored.
   * @type {Map<string, { digest: string, body: Buffer, type: string }>}
   */
  #deleted = new Map();

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
    const [, id, isRestored] = /^\/versions\/(\d+)(\/restore)?$/.exec(rest) ?? [];
    const versions = this.#versions(repository);
    const notFound = () => send(404, { message: 'Not Found', status: '404' });
    const mayWrite = () =>
      identity.packages === 'write' || send(403, { message: 'Resource not accessible by integration' });
    if (request.method === 'POST' && isRestored) {
      const key = `${repository} ${id}`;
      const deleted = this.#deleted.get(key);
      if (!deleted) return notFound();
      if (!mayWrite()) return;
      this.#deleted.delete(key);
      await this.#ask(repository, { method: 'PUT', ...deleted });
      return send(204, undefined);
    }
    const found = versions.find((each) => String(each.id) === id);
    if (!image || versions.length === 0 || (id && !found)) return notFound();
    if (request.method === 'GET' && rest === '/versions') {
      const { searchParams } = exchange.url;
      const size = Math.min(100, Number(searchParams.get('per_page') ?? 30));
      const first = (Number(searchParams.get('page') ?? 1) - 1) * size;
      return send(200, versions.slice(first, first + size));
    }
    if (request.method === 'GET' && found && !isRestored) return send(200, found);
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
    if (request.method !== 'DELETE' || isRestored || (rest !== '' && !found)) return notFound();
    if (!mayWrite()) return;
    const refusal = found && refuseDeletion(found, versions);
    if (refusal) return send(400, { message: refusal, status: '400' });
    for (const { id: each, name: digest } of found ? [found] : versions) {
      const { body, headers: answered } = await this.#ask(repository, { method: 'GET', digest });
      const type = String(answered['content-type']);
      if (found) this.#deleted.set(`${repository} ${each}`, { digest, body, type });
      await this.#ask(repository, { method: 'DELETE', digest });
    }
    if (!found) this.#registry.forget(repository);
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
   * Asks the registry behind for a manifest, or writes or removes it, as its owner.
   * @param {string} repository
   * @param {{ method: 'GET' | 'PUT' | 'DELETE', digest: string, body?: Buffer, type?: string }} asked
   * @returns {Promise<{ body: Buffer, headers: import('node:http').IncomingHttpHeaders }>}
   */
  #ask(repository, { method, digest, body, type }) {
    const authorization = this.#registry.ownAuthorization(this.#backend, repository, ['delete', 'pull', 'push']);
    const options = {
      host: '127.0.0.1',
      port: this.#port(this.#backend),
      method,
      path: `/v2/${repository}/manifests/${digest}`,
      headers: { authorization, accept: MANIFESTS, ...(type ? { 'content-type': type } : {}) },
    };
    return new Promise((resolve, reject) => {
      const call = requestHttp(options, (answer) => {
        /** @type {Buffer[]} */
        const chunks = [];
        answer.on('data', (chunk) => chunks.push(chunk));
        answer.on('end', () => resolve({ body: Buffer.concat(chunks), headers: answer.headers }));
      });
      call.on('error', reject).end(body);
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

const MANIFESTS = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

/**
 * @typedef {{ id: number, name: string, metadata: { container: { tags: string[] } } }} Version
 */

/**
 * GitHub's words for a version that cannot be deleted (docs.github.com, "Deleting and restoring a package"). A version with the tag of
 * POPULAR_TAG has been pulled often.
 * @param {Version} version
 * @param {Version[]} versions all of the package
 */
function refuseDeletion(version, versions) {
  const tagsOf = (/** @type {Version} */ each) => each.metadata.container.tags;
  if (tagsOf(version).includes(POPULAR_TAG)) {
    return 'Publicly visible package versions with more than 5000 downloads cannot be deleted. Contact GitHub support for further assistance.';
  }
  const instead = 'You must delete the package instead.';
  if (versions.length === 1) return `You cannot delete the last version of a package. ${instead}`;
  const isLastTagged = tagsOf(version).length > 0 && versions.filter((each) => tagsOf(each).length > 0).length === 1;
  return isLastTagged ? `You cannot delete the last tagged version of a package. ${instead}` : undefined;
}
