// @ts-check
/**
 * The process in front of the registries: in its own network and mount namespace it makes the names of GitHub its own,
 * and answers for all of them over TLS. Started by part.js, with a configuration file as its one argument.
 */
import { execFileSync } from 'node:child_process';
import { appendFileSync, readFileSync } from 'node:fs';
import { createServer as createHttpServer, get } from 'node:http';
import { createServer } from 'node:https';
import { createSecureContext } from 'node:tls';
import { forward, identityOf, sendPage } from './answer.js';
import { ContainerRegistry } from './container.js';
import { serveLegacy } from './legacy.js';
import { TokenIssuer } from './oidc.js';
import { backendOf, PRODUCTS, SITES } from './sites.js';
import { RestApi, serveWeb } from './web.js';

/**
 * @typedef {object} FrontConfiguration
 * @property {string[][]} prepare commands that make the namespace ready; none on loopback ports
 * @property {string} socket for the lab: `/ready` when this process listens, `/healthy` when all registries answer
 * @property {string} sigstore socket at which somebody may play Sigstore
 * @property {string} requests file that gets a line of JSON for each request
 * @property {string} storage folder of the registries' data
 * @property {{ address: string, port: number, host?: string }[]} listeners `host`: the site that is meant whatever name is
 *   used
 * @property {Record<string, number>} backends port of each registry
 * @property {{ key: string, certificate: string }} signing PEM files
 * @property {Record<'lab' | 'private', { key: string, certificate: string }>} certificates PEM files
 */

/** @type {FrontConfiguration} */
const configuration = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'));
for (const [command = '', ...args] of configuration.prepare) execFileSync(command, args);

const signing = pem(configuration.signing);
const registries = new Map(PRODUCTS.map(({ host }) => [host, new ContainerRegistry(signing)]));
const apis = new Map(
  PRODUCTS.map(({ host }) => {
    const registry = registries.get(host) ?? new ContainerRegistry(signing);
    return [host, new RestApi(host, registry, configuration.storage, (name) => configuration.backends[name] ?? 0)];
  }),
);
const issuer = new TokenIssuer(signing);
const contexts = {
  lab: createSecureContext(secureOptions(configuration.certificates.lab)),
  private: createSecureContext(secureOptions(configuration.certificates.private)),
};

/** @type {Promise<void>[]} */
const listening = configuration.listeners.map(({ address, port, host }) => {
  const server = createServer(
    {
      ...secureOptions(configuration.certificates.lab),
      SNICallback: (name, done) => done(null, contexts[siteOf(name)?.ca ?? 'lab']),
    },
    (request, response) => {
      const name = host ?? (request.headers.host ?? '').replace(/:\d+$/, '');
      serve(request, response, name);
    },
  );
  server.requestTimeout = 0;
  return new Promise((resolve) => server.listen(port, address, () => resolve()));
});
await Promise.all(listening);
createHttpServer(async ({ url }, response) => {
  const ports = url === '/ready' ? [] : Object.values(configuration.backends);
  const up = await Promise.all(ports.map(answers));
  response.writeHead(up.every(Boolean) ? 200 : 503).end();
}).listen(configuration.socket);

/**
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 * @param {string} name of the host
 */
function serve(request, response, name) {
  const site = siteOf(name);
  const url = new URL(request.url ?? '/', `https://${request.headers.host ?? name}`);
  record(request, response, name);
  const nowhere = {
    request,
    response,
    url,
    site: { host: name, product: '', manner: /** @type {const} */ ('page') },
    backend: 0,
  };
  if (!site) return sendPage(nowhere, 404, 'There is no such host');
  const exchange = { request, response, url, site, backend: configuration.backends[backendOf(site)] ?? 0 };
  const api = apis.get(site.product);
  if (site.manner === 'api') return api?.serve(exchange, url.pathname);
  if (site.manner === 'oidc') return issuer.serve(exchange);
  if (site.manner === 'sigstore') return forward(exchange, { socketPath: configuration.sigstore });
  if (site.manner === 'container') return registries.get(site.product)?.serve(exchange);
  const isOwnHost = site.host === site.product && site.manner !== 'silent';
  if (isOwnHost && url.pathname.startsWith('/api/v3/'))
    return api?.serve(exchange, url.pathname.slice('/api/v3'.length));
  if (site.manner === 'docker' && !(isOwnHost && !/^\/v2(\/|$)/.test(url.pathname))) return serveLegacy(exchange);
  return serveWeb(exchange, site.manner === 'docker' ? 'page' : site.manner);
}

/**
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 * @param {string} host
 */
function record(request, response, host) {
  const { method, url: path, headers } = request;
  const as = identityOf(request)?.label ?? (headers.authorization ? headers.authorization.split(' ')[0] : '');
  const begun = Date.now();
  response.on('close', () => {
    const line = { time: begun, host, method, path, status: response.statusCode, as, agent: headers['user-agent'] };
    appendFileSync(configuration.requests, `${JSON.stringify(line)}\n`);
  });
}

/** @param {string} name */
function siteOf(name) {
  return SITES.find(({ host }) => host === name);
}

/** @param {{ key: string, certificate: string }} files */
function pem({ key, certificate }) {
  return { key: readFileSync(key, 'utf8'), certificate: readFileSync(certificate, 'utf8') };
}

/** @param {{ key: string, certificate: string }} files */
function secureOptions(files) {
  const { key, certificate } = pem(files);
  return { key, cert: certificate };
}

/**
 * @param {number} port
 * @returns {Promise<boolean>} whether a registry answers
 */
function answers(port) {
  return new Promise((resolve) => {
    const call = get({ host: '127.0.0.1', port, path: '/v2/', timeout: 3_000 }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200 || answer.statusCode === 401);
    });
    call.on('error', () => resolve(false)).on('timeout', () => call.destroy());
  });
}
