// @ts-check
/**
 * The issuer of the ID tokens of jobs (docs.github.com, "OpenID Connect reference"). A job's request URL carries what the token
 * is going to say of the job, since the lab has no jobs: `/idtoken/BASE64URL?api-version=2.0`, of a JSON object of claims.
 */
import { createPublicKey, createSign, randomUUID } from 'node:crypto';
import { identityOf, sendJson } from './answer.js';

const KEY_ID = 'lab';
const TOKEN_SECONDS = 300;

export class TokenIssuer {
  #key;

  /** @param {{ key: string }} signing RSA, PEM */
  constructor({ key }) {
    this.#key = key;
  }

  /** @param {import('./answer.js').Exchange} exchange */
  serve(exchange) {
    const { request, site, url } = exchange;
    const issuer = `https://${site.host}`;
    if (url.pathname === '/.well-known/openid-configuration') {
      return sendJson(exchange, 200, { issuer, jwks_uri: `${issuer}/.well-known/jwks` });
    }
    if (url.pathname === '/.well-known/jwks') {
      const key = createPublicKey(this.#key).export({ format: 'jwk' });
      return sendJson(exchange, 200, { keys: [{ ...key, kid: KEY_ID, alg: 'RS256', use: 'sig' }] });
    }
    const [, claims = ''] = /^\/idtoken\/([\w-]+)$/.exec(url.pathname) ?? [];
    if (claims === '') return sendJson(exchange, 404, { message: 'Not Found' });
    const identity = identityOf(request);
    if (identity?.product !== site.product || identity.kind !== 'job') {
      return sendJson(exchange, 401, { message: 'The token of the request is not of a job.' });
    }
    const { repository, owner } = identity;
    const value = this.#sign({
      iss: issuer,
      aud: url.searchParams.get('audience') ?? `https://${site.product}/${owner}`,
      sub: `repo:${repository}:ref:refs/heads/main`,
      repository,
      repository_owner: owner,
      repository_id: '1',
      repository_owner_id: '2',
      runner_environment: 'github-hosted',
      ...JSON.parse(Buffer.from(claims, 'base64url').toString()),
    });
    sendJson(exchange, 200, { count: value.length, value });
  }

  /** @param {Record<string, unknown>} claims */
  #sign(claims) {
    const now = Math.floor(Date.now() / 1000);
    const times = { nbf: now - 10, iat: now, exp: now + TOKEN_SECONDS, jti: randomUUID() };
    const encode = (/** @type {unknown} */ part) => Buffer.from(JSON.stringify(part)).toString('base64url');
    const text = `${encode({ typ: 'JWT', alg: 'RS256', kid: KEY_ID })}.${encode({ ...claims, ...times })}`;
    return `${text}.${createSign('RSA-SHA256').update(text).sign(this.#key, 'base64url')}`;
  }
}
