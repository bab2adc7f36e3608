// @ts-check
/**
 * Brings the lab's GitHub up: as root on Debian in a network and mount namespace of its own, with the real host names and an
 * engine inside; elsewhere on loopback ports, with the machine's engine.
 */
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { busybox, distribution } from '../apt.js';
import { engineAnswers, engineEnvironment, enginePackages, startEngine } from '../engine.js';
import { LabError } from '../place.js';
import { answerOf, waitUntil } from '../process.js';
import { distributionProgram } from '../registry.js';
import { ensureService, folderOf } from '../service.js';
import { certificate } from './certificates.js';
import { ISSUER } from './container.js';
import {
  BACKENDS,
  FOREIGN,
  OWNER,
  PRODUCTS,
  PUBLIC_IMAGE,
  REPOSITORY,
  SITES,
  tokensOf,
  UNLINKED_IMAGE,
  USER,
} from './sites.js';

/** @type {Record<GitHub['mode'], string>} the services, which may be up side by side */
const NAMES = { namespace: 'github', ports: 'github-ports' };
/** TEST-NET-1 (RFC 5737). Not in 127.0.0.0/8, where an engine would take any certificate. */
const ADDRESS = '192.0.2.1';

/**
 * @typedef {object} GitHub
 * @property {'namespace' | 'ports'} mode
 * @property {string[]} enter `[command, …arguments]` that a command line is put behind to run inside; add `--wd=FOLDER` for
 *   a working directory. Empty on loopback ports.
 * @property {Record<string, string>} environment to lay over the caller's: the engine, and the CA for Node and Go
 * @property {string} caFile the CA of all hosts but private.test's
 * @property {string} privateCaFile the CA of private.test: neither the engine nor the system inside knows it
 * @property {Record<string, string>} hosts how each registry is reached, by its host
 * @property {readonly import('./sites.js').Product[]} products
 * @property {Record<string, Record<string, string>>} tokens by host of the product, then by what they are good for
 * @property {string} owner
 * @property {string} repository
 * @property {{ owner: string, repository: string }} foreign another owner
 * @property {string} user whose personal access tokens there are
 * @property {string} publicImage an image of `owner` that anybody may pull
 * @property {string} unlinkedImage an image of `owner` that exists and is linked to no repository
 * @property {string} sigstore socket: whoever listens there, over HTTP, is Sigstore in the namespace
 * @property {string} requests file with a line of JSON for each request that reached a host
 */

/**
 * @param {import('../place.js').Place} place
 * @param {NodeJS.ProcessEnv} environment PUBLISH_LAB_GITHUB=ports asks for loopback ports where a namespace could be had
 * @param {() => Promise<{ environment: Record<string, string> }>} engine the machine's, for loopback ports
 * @returns {Promise<GitHub>}
 * @throws {LabError} when it does not come up
 */
export async function github(place, environment, engine) {
  const machine = distribution();
  if (!machine)
    throw new LabError('The lab has its GitHub on Debian or Ubuntu only, whose package docker-registry it needs.');
  const isWanted = environment.PUBLISH_LAB_GITHUB !== 'ports';
  const mode = isWanted && machine.id === 'debian' && (await mayUnshare()) ? 'namespace' : 'ports';
  const name = NAMES[mode];
  const folder = folderOf(place, name);
  const registry = await distributionProgram(place);
  const inside = mode === 'namespace' ? await enginePackages(place, name) : undefined;
  const ip = inside ? await busybox(place, machine) : '';
  await ensureService(place, name, {
    healthy: async () => (await isUp(folder, '/healthy')) && (!inside || (await engineAnswers(place, name))),
    start: async (starter) => {
      const listeners = inside ? [] : await loopbackListeners();
      const front = await configure(starter.folder, listeners, ip);
      const file = starter.file('front.json', JSON.stringify(front));
      const program = [process.execPath, fileURLToPath(new URL('front.js', import.meta.url)), file];
      const pid = await starter.daemon(...split([...(inside ? ['unshare', '--net', '--mount'] : []), ...program]), {
        PATH: process.env.PATH,
      });
      // Not before it is in its namespaces can another process follow it.
      if (!(await waitUntil(() => isUp(folder, '/ready'), 20_000))) return;
      const enter = inside ? enterArguments(pid) : [];
      for (const { name: backend, auth } of BACKENDS) {
        const text = registryConfiguration({
          storage: join(front.storage, backend),
          port: front.backends[backend] ?? 0,
          authority: hostsOf(front.listeners)[backend] ?? backend,
          service: backend,
          signer: auth === 'token' ? front.signing.certificate : undefined,
        });
        await starter.daemon(...split([...enter, registry, 'serve', starter.file(`${backend}.yml`, text)]), {});
      }
      if (inside) await startEngine(starter, inside, ip, enter);
    },
  });
  /** @type {import('./front.js').FrontConfiguration} */
  const front = JSON.parse(readFileSync(join(folder, 'front.json'), 'utf8'));
  const record = JSON.parse(readFileSync(join(folder, 'record.json'), 'utf8'));
  const caFile = join(folder, 'ca.pem');
  return {
    mode,
    enter: inside ? enterArguments(record.processes[0].pid) : [],
    environment: {
      ...(inside ? engineEnvironment(place, name, inside, environment) : (await engine()).environment),
      NODE_EXTRA_CA_CERTS: caFile,
      NO_PROXY: '*',
      no_proxy: '*',
      ...(inside ? {} : { SSL_CERT_FILE: caFile }),
    },
    caFile,
    privateCaFile: join(folder, 'private-ca.pem'),
    hosts: hostsOf(front.listeners),
    products: PRODUCTS,
    tokens: Object.fromEntries(PRODUCTS.map(({ host }) => [host, tokensOf(host)])),
    owner: OWNER,
    repository: REPOSITORY,
    foreign: FOREIGN,
    user: USER,
    publicImage: PUBLIC_IMAGE,
    unlinkedImage: UNLINKED_IMAGE,
    sigstore: front.sigstore,
    requests: front.requests,
  };
}

/** @returns {Promise<boolean>} whether this process may make namespaces and mount in them */
async function mayUnshare() {
  if (process.getuid?.() !== 0) return false;
  return (await answerOf('unshare', ['--net', '--mount', 'mount', '--bind', '/etc', '/etc'])) !== undefined;
}

/** @param {number} pid */
function enterArguments(pid) {
  return ['nsenter', `--target=${pid}`, '--net', '--mount'];
}

/** @param {string[]} argv @returns {[string, string[]]} */
function split([command = '', ...args]) {
  return [command, args];
}

/**
 * @param {string} folder
 * @param {{ address: string, port: number, host?: string }[]} loopback empty for a namespace
 * @param {string} ip busybox, for its `ip`
 * @returns {Promise<import('./front.js').FrontConfiguration>}
 */
async function configure(folder, loopback, ip) {
  const [ca, privateCa, signing] = await Promise.all([
    certificate(folder, 'ca', {}),
    certificate(folder, 'private-ca', {}),
    certificate(folder, 'signing', { kind: 'rsa' }),
  ]);
  const names = SITES.map(({ host }) => host);
  const [lab, hidden] = await Promise.all([
    certificate(folder, 'front', { issuer: ca, names: [...names, 'localhost', '127.0.0.1'] }),
    certificate(folder, 'private', {
      issuer: privateCa,
      names: SITES.filter((site) => site.ca).map(({ host }) => host),
    }),
  ]);
  const isInside = loopback.length === 0;
  const first = isInside ? 5000 : 0;
  const ports = isInside ? BACKENDS.map((_, index) => first + index) : await freePorts(BACKENDS.length);
  return {
    prepare: isInside ? prepareCommands(folder, ca.certificate, ip) : [],
    socket: join(folder, 'front.sock'),
    sigstore: join(folder, 'sigstore.sock'),
    requests: join(folder, 'requests.jsonl'),
    storage: join(folder, 'storage'),
    listeners: isInside ? [{ address: ADDRESS, port: 443 }] : loopback,
    backends: Object.fromEntries(BACKENDS.map(({ name }, index) => [name, ports[index] ?? 0])),
    signing,
    certificates: { lab, private: hidden },
  };
}

/**
 * In the namespace the machine's /etc gets a layer over it: host names, and the CA among those of the system.
 * @param {string} folder
 * @param {string} ca
 * @param {string} ip
 */
function prepareCommands(folder, ca, ip) {
  const [upper, work] = [join(folder, 'etc'), join(folder, 'etc.work')];
  for (const each of [join(upper, 'ssl/certs'), work]) mkdirSync(each, { recursive: true });
  const names = SITES.map(({ host }) => `${ADDRESS} ${host}\n`).join('');
  writeFileSync(join(upper, 'hosts'), `127.0.0.1 localhost\n::1 localhost\n${names}`);
  // A name that is not there does not exist: no name server is asked.
  writeFileSync(join(upper, 'nsswitch.conf'), 'passwd: files\ngroup: files\nhosts: files\n');
  const system = '/etc/ssl/certs/ca-certificates.crt';
  const bundle = join(upper, 'ssl/certs/ca-certificates.crt');
  if (existsSync(system)) copyFileSync(system, bundle);
  writeFileSync(bundle, readFileSync(ca), { flag: 'a' });
  return [
    [ip, 'ip', 'link', 'set', 'lo', 'up'],
    [ip, 'ip', 'address', 'add', `${ADDRESS}/32`, 'dev', 'lo'],
    ['mount', '-t', 'overlay', 'overlay', '-o', `lowerdir=/etc,upperdir=${upper},workdir=${work}`, '/etc'],
  ];
}

/** A port for each registry, since on the loopback all have the same name. */
async function loopbackListeners() {
  const sites = SITES.filter(({ manner, ca }) => ['container', 'docker'].includes(manner) && !ca);
  const ports = await freePorts(sites.length);
  return sites.map(({ host }, index) => ({ address: '127.0.0.1', port: ports[index] ?? 0, host }));
}

/** @param {readonly { port: number, host?: string }[]} listeners */
function hostsOf(listeners) {
  const sites = SITES.filter(({ manner }) => ['container', 'docker'].includes(manner)).map(({ host }) => host);
  const loopback = listeners.filter((each) => each.host !== undefined);
  return Object.fromEntries(
    loopback.length ? loopback.map(({ host, port }) => [host, `localhost:${port}`]) : sites.map((host) => [host, host]),
  );
}

/** @param {number} count @returns {Promise<number[]>} */
async function freePorts(count) {
  const servers = Array.from({ length: count }, () => createServer());
  await Promise.all(
    servers.map((server) => new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)))),
  );
  const ports = servers.map((server) => Object(server.address()).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/**
 * Distribution's configuration, as JSON, which is YAML.
 * @param {object} registry
 * @param {string} registry.storage
 * @param {number} registry.port
 * @param {string} registry.authority of the realm
 * @param {string} registry.service
 * @param {string | undefined} registry.signer PEM file of who signs its tokens; undefined: its front asks, not it
 */
function registryConfiguration({ storage, port, authority, service, signer }) {
  const token = { realm: `https://${authority}/token`, service, issuer: ISSUER, rootcertbundle: signer };
  return JSON.stringify({
    version: 0.1,
    log: { level: 'error', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: storage }, delete: { enabled: true } },
    http: { addr: `127.0.0.1:${port}` },
    ...(signer ? { auth: { token } } : {}),
  });
}

/**
 * @param {string} folder
 * @param {'/ready' | '/healthy'} path
 * @returns {Promise<boolean>}
 */
function isUp(folder, path) {
  return new Promise((resolve) => {
    const call = request({ socketPath: join(folder, 'front.sock'), path, timeout: 5_000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    call.on('error', () => resolve(false)).on('timeout', () => call.destroy());
    call.end();
  });
}
