// @ts-check
/**
 * What the hosts of the lab's GitHub have in common: to answer, to pass on to the registry behind, to read who asks.
 */
import { request as requestHttp } from 'node:http';
import { IDENTITIES } from './sites.js';

/** @typedef {import('node:http').IncomingMessage} Incoming */
/** @typedef {import('node:http').ServerResponse} Outgoing */
/** @typedef {import('./sites.js').Identity} Identity */

/**
 * @typedef {object} Exchange one request to one host
 * @property {Incoming} request
 * @property {Outgoing} response
 * @property {URL} url
 * @property {import('./sites.js').Site} site
 * @property {number} backend port of the registry behind the site, 0 for none
 */

/**
 * @param {Exchange} exchange
 * @param {number} status
 * @param {unknown} body
 * @param {Record<string, string>} [headers]
 */
export function sendJson({ request, response }, status, body, headers = {}) {
  const text = body === undefined ? '' : JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    ...headers,
  });
  response.end(request.method === 'HEAD' ? undefined : text);
}

/**
 * A refusal in the form of the distribution-spec, "Error Codes".
 * @param {Exchange} exchange
 * @param {import('./access.js').Refusal} refusal
 * @param {Record<string, string>} [headers]
 */
export function refuse(exchange, { status, code, message }, headers) {
  sendJson(exchange, status, { errors: [{ code, message }] }, headers);
}

/**
 * @param {Exchange} exchange
 * @param {number} status
 * @param {string} title
 * @param {Record<string, string>} [headers]
 */
export function sendPage({ request, response }, status, title, headers = {}) {
  const text = `<!DOCTYPE html>\n<html lang="en"><title>${title}</title><body><h1>${title}</h1></body></html>\n`;
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    ...headers,
  });
  response.end(request.method === 'HEAD' ? undefined : text);
}

/**
 * @param {Incoming} request
 * @returns {{ scheme: string, value: string }} both empty where nothing is presented
 */
export function authorizationOf({ headers }) {
  const [scheme = '', value = ''] = (headers.authorization ?? '').split(' ');
  return { scheme: scheme.toLowerCase(), value };
}

/**
 * Who asks, by a GitHub token as the password of Basic or as the REST API takes it; user names are not looked at, but
 * there must be one.
 * @param {Incoming} request
 * @returns {Identity | undefined}
 */
export function identityOf(request) {
  const { scheme, value } = authorizationOf(request);
  if (scheme === 'token' || scheme === 'bearer') return IDENTITIES.get(value);
  if (scheme !== 'basic') return undefined;
  const [, username, token = ''] = /^([^:]*):(.*)$/s.exec(Buffer.from(value, 'base64').toString()) ?? [];
  return username ? IDENTITIES.get(token) : undefined;
}

/**
 * What a request of the distribution API is about.
 * @param {Incoming} request
 * @param {URL} url
 * @returns {{ path: string, action: 'pull' | 'push' | 'delete', kind: string, reference: string } | undefined} undefined for
 *   one that names no repository
 */
export function targetOf({ method }, { pathname }) {
  const [, path = '', kind = '', reference = ''] =
    /^\/v2\/(.+?)\/(manifests|blobs\/uploads|blobs|tags|referrers)\/([^/]*)$/.exec(pathname) ?? [];
  if (path === '') return undefined;
  // Whoever may push may also give an upload up.
  const isUpload = kind === 'blobs/uploads';
  const action = method === 'DELETE' && !isUpload ? 'delete' : isUpload || method === 'PUT' ? 'push' : 'pull';
  return { path, action, kind, reference };
}

/**
 * @param {Incoming} request
 * @returns {Promise<unknown>} undefined for what is no JSON
 */
export async function readJson(request) {
  /** @type {Buffer[]} */
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  try {
    return JSON.parse(Buffer.concat(chunks).toString());
  } catch {
    return undefined;
  }
}

/**
 * Passes a request on to the registry behind the site, as a load balancer does.
 * @param {Exchange} exchange
 * @param {object} [changes]
 * @param {Record<string, string | undefined>} [changes.headers] of the request; undefined takes one away
 * @param {(status: number, headers: import('node:http').IncomingHttpHeaders) => void} [changes.onAnswer] may change the
 *   headers of the answer
 * @param {string} [changes.socketPath] what is behind the site, in place of a registry
 * @param {(body: Buffer) => Promise<void>} [changes.onBody] gets the whole body of a request that succeeded, before its asker
 *   is told
 */
export function forward({ request, response, url, backend }, { headers = {}, onAnswer, socketPath, onBody } = {}) {
  const all = Object.entries({ ...request.headers, 'x-forwarded-proto': 'https', ...headers });
  const sent = Object.fromEntries(all.filter(([, value]) => value !== undefined));
  const behind = socketPath === undefined ? { host: '127.0.0.1', port: backend } : { socketPath };
  const outgoing = requestHttp(
    { ...behind, method: request.method, path: `${url.pathname}${url.search}`, headers: sent },
    async (answer) => {
      const status = answer.statusCode ?? 502;
      onAnswer?.(status, answer.headers);
      try {
        if (status < 300) await onBody?.(Buffer.concat(chunks));
      } catch (error) {
        console.error(error);
      }
      response.writeHead(status, answer.headers);
      answer.pipe(response);
    },
  );
  /** @type {Buffer[]} */
  const chunks = [];
  if (onBody) request.on('data', (chunk) => chunks.push(chunk));
  outgoing.on('error', () => {
    if (!response.headersSent) response.writeHead(502);
    response.end();
  });
  response.on('close', () => outgoing.destroy());
  request.pipe(outgoing);
}
