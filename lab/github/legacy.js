// @ts-check
/**
 * The Docker registry: Distribution behind the ways of the older service, as users met them (each is quoted in
 * docs/TROUBLESHOOTING.md). What it makes of an image index is not on record; here it refuses one as invalid.
 */
import { refuseLegacyAction } from './access.js';
import { forward, identityOf, refuse, sendPage, targetOf } from './answer.js';

const CHALLENGE = { 'www-authenticate': 'Basic realm="GitHub Package Registry"' };
const SCHEMA_2 = 'application/vnd.docker.distribution.manifest.v2+json';

/** @param {import('./answer.js').Exchange} exchange */
export function serveLegacy(exchange) {
  const { request, url, site } = exchange;
  if (!/^\/v2(\/|$)/.test(url.pathname)) return sendPage(exchange, 404, 'Not Found');
  const target = targetOf(request, url);
  const refusal = refuseLegacyAction(identityOf(request), site.product, target?.path ?? '', target?.action ?? 'pull');
  if (refusal) return refuse(exchange, refusal, CHALLENGE);
  if (!target) return forward(exchange, { headers: { authorization: undefined } });
  const { path, kind, reference } = target;
  if (path.split('/').length !== 3) {
    const message = 'docker image push is only supported with a tag of the format :owner/:repo_name/:image_name.';
    return refuse(exchange, { status: 404, code: 'NAME_UNKNOWN', message });
  }
  if (kind === 'manifests') {
    if (request.method === 'HEAD') {
      return refuse(exchange, { status: 405, code: 'UNSUPPORTED', message: 'Method Not Allowed' });
    }
    const [owner, repository, image] = path.split('/');
    if (reference.includes(':') && request.method === 'GET') {
      const message = `Docker image reference ${image}:${reference} not found under repo "${owner}/${repository}"`;
      return refuse(exchange, { status: 404, code: 'MANIFEST_UNKNOWN', message });
    }
    if (request.method === 'PUT' && request.headers['content-type'] !== SCHEMA_2) {
      return refuse(exchange, { status: 400, code: 'MANIFEST_INVALID', message: 'manifest invalid' });
    }
  }
  forward(exchange, {
    headers: { authorization: undefined, ...(kind === 'manifests' ? { accept: SCHEMA_2 } : {}) },
    onAnswer: (_, headers) => {
      const digest = headers['docker-content-digest'];
      // "invalid checksum digest format": a digest without its algorithm.
      if (kind.startsWith('blobs') && typeof digest === 'string') {
        headers['docker-content-digest'] = digest.replace('sha256:', '');
      }
    },
  });
}
