// @ts-check
/**
 * The Container registry: a token endpoint and Distribution, which checks the tokens, behind GitHub's way to say no.
 * GitHub issues a token to everyone it knows and refuses at the request; so the token carries the refusals with it.
 */
import { createSign, randomUUID, X509Certificate } from 'node:crypto';
import { request as requestHttp } from 'node:http';
import { firstPackages, refuseAction, refuseLogin } from './access.js';
import { authorizationOf, forward, identityOf, refuse, sendJson, sendPage, targetOf } from './answer.js';
import { IDENTITIES, PRODUCTS } from './sites.js';

/** @typedef {import('./answer.js').Exchange} Exchange */
/** @typedef {'pull' | 'push' | 'delete'} Action */
/** @typedef {{ type: 'repository', name: string, actions: string[] }} Access */

export const ISSUER = 'lab';
const TOKEN_SECONDS = 300;

/** The packages of one product, and the tokens to reach them. */
export class ContainerRegistry {
  #packages = firstPackages();
  #key;
  #certificate;

  /**
   * @param {object} signing
   * @param {string} signing.key RSA, PEM
   * @param {string} signing.certificate PEM, which the registry trusts (`rootcertbundle`)
   */
  constructor({ key, certificate }) {
    this.#key = key;
    this.#certificate = new X509Certificate(certificate).raw.toString('base64');
  }

  /** @param {string} path */
  packageAt(path) {
    return this.#packages.get(path);
  }

  /** @param {string} path */
  forget(path) {
    this.#packages.delete(path);
  }

  /** @param {Exchange} exchange */
  serve(exchange) {
    const { request, url } = exchange;
    if (url.pathname === '/token') return this.#serveToken(exchange);
    if (!/^\/v2(\/|$)/.test(url.pathname)) return sendPage(exchange, 404, 'Not Found');
    const { scheme, value } = authorizationOf(request);
    if (scheme === 'basic') return refuse(exchange, { status: 403, code: 'DENIED', message: 'invalid token' });
    const target = targetOf(request, url);
    const claims = scheme === 'bearer' ? claimsOf(value) : undefined;
    const refusal = target && claims?.refused?.[`${target.path}:${target.action}`];
    if (refusal) return refuse(exchange, refusal, refusal.status === 401 ? challengeOf(exchange) : {});
    if (target?.action === 'delete') {
      return refuse(exchange, { status: 405, code: 'UNSUPPORTED', message: 'The operation is unsupported.' });
    }
    const isManifest = target?.kind === 'manifests' && request.method === 'PUT';
    forward(exchange, {
      onAnswer: (status, headers) => {
        if (status === 401 && !target) Object.assign(headers, challengeOf(exchange));
      },
      ...(isManifest ? { onBody: (body) => this.#link(exchange, target.path, claims?.sub ?? '', body) } : {}),
    });
  }

  /**
   * A token for the registry that `service` names, good for what the scopes ask and the asker may do.
   * https://distribution.github.io/distribution/spec/auth/token/
   * @param {Exchange} exchange
   */
  #serveToken(exchange) {
    const { request, url, site } = exchange;
    if (request.method !== 'GET') return sendJson(exchange, 405, { message: 'Method Not Allowed' });
    const isAnonymous = authorizationOf(request).scheme === '';
    const identity = identityOf(request);
    const refusal = isAnonymous ? undefined : refuseLogin(identity, site.product);
    if (refusal) return refuse(exchange, refusal);
    /** @type {Access[]} */
    const access = [];
    /** @type {Record<string, import('./access.js').Refusal>} */
    const refused = {};
    for (const scope of url.searchParams.getAll('scope').flatMap((each) => each.split(' '))) {
      const [, name = '', actions = ''] = /^repository:(.+):([a-z,*]+)$/.exec(scope) ?? [];
      const granted = actions.split(',').filter((action) => {
        if (action !== 'pull' && action !== 'push') return false;
        const no = refuseAction(identity, name, action, this.#packages);
        if (no) refused[`${name}:${action}`] = no;
        return !no;
      });
      if (name) access.push({ type: 'repository', name, actions: granted });
    }
    const token = this.#sign(site.host, identity?.label ?? '', access, refused);
    sendJson(exchange, 200, { token, expires_in: TOKEN_SECONDS });
  }

  /**
   * @param {string} audience
   * @param {string} subject
   * @param {Access[]} access
   * @param {Record<string, import('./access.js').Refusal>} [refused] what to answer, by `PATH:ACTION`
   */
  #sign(audience, subject, access, refused = {}) {
    const now = Math.floor(Date.now() / 1000);
    const encode = (/** @type {unknown} */ part) => Buffer.from(JSON.stringify(part)).toString('base64url');
    const header = { typ: 'JWT', alg: 'RS256', x5c: [this.#certificate] };
    const claims = {
      iss: ISSUER,
      aud: audience,
      sub: subject,
      nbf: now - 10,
      iat: now,
      exp: now + TOKEN_SECONDS,
      jti: randomUUID(),
      access,
      refused,
    };
    const text = `${encode(header)}.${encode(claims)}`;
    return `${text}.${createSign('RSA-SHA256').update(text).sign(this.#key, 'base64url')}`;
  }

  /**
   * The Authorization of the registry's owner.
   * @param {string} audience
   * @param {string} path
   * @param {Action[]} actions
   */
  ownAuthorization(audience, path, actions) {
    return `Bearer ${this.#sign(audience, 'lab', [{ type: 'repository', name: path, actions }])}`;
  }

  /**
   * A package that a job publishes first is linked to the job's repository; one that a person publishes first to the
   * repository that its label names, else to none.
   * @param {Exchange} exchange
   * @param {string} path
   * @param {string} label of the identity
   * @param {Buffer} manifest
   */
  async #link({ site, backend }, path, label, manifest) {
    if (this.#packages.has(path)) return;
    const identity = [...IDENTITIES.values()].find((each) => each.label === label);
    const known = { linked: identity?.repository ?? '' };
    this.#packages.set(path, known);
    const { config } = JSON.parse(manifest.toString());
    if (known.linked || !config) return;
    const authorization = this.ownAuthorization(site.host, path, ['pull']);
    const image = await readBlob(backend, `/v2/${path}/blobs/${config.digest}`, authorization);
    const source = JSON.parse(image).config?.Labels?.['org.opencontainers.image.source'] ?? '';
    const { host } = PRODUCTS.find((product) => product.host === site.product) ?? { host: '' };
    if (source.startsWith(`https://${host}/`)) known.linked = source.slice(`https://${host}/`.length).toLowerCase();
  }
}

/**
 * The challenge of `/v2/`, with the scope that ghcr.io writes there and nobody must use.
 * @param {Exchange} exchange
 */
function challengeOf({ request, site }) {
  const realm = `https://${request.headers.host}/token`;
  return { 'www-authenticate': `Bearer realm="${realm}",service="${site.host}",scope="repository:user/image:pull"` };
}

/**
 * @param {string} token
 * @returns {{ sub?: string, refused?: Record<string, import('./access.js').Refusal> } | undefined} not verified: that is
 *   the registry's to do
 */
function claimsOf(token) {
  try {
    return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
  } catch {
    return undefined;
  }
}

/**
 * @param {number} port
 * @param {string} path
 * @param {string} authorization
 * @returns {Promise<string>}
 */
function readBlob(port, path, authorization) {
  return new Promise((resolve, reject) => {
    const call = requestHttp({ host: '127.0.0.1', port, path, headers: { authorization } }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
      });
      answer.on('end', () => resolve(answer.statusCode === 200 ? text : '{}'));
    });
    call.on('error', reject).end();
  });
}
