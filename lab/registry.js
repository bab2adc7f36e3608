// @ts-check
/**
 * Registries on the loopback: Distribution from the distribution's package, or its image on other systems.
 */
import { join } from 'node:path';
import { distribution, unpacked } from './apt.js';
import { LabError } from './place.js';
import { ensureService, recordedServices } from './service.js';

/**
 * @typedef {object} Registry
 * @property {string} address `host:port`, as in a reference
 * @property {boolean} own whether the lab started it
 * @property {string} [username] where it asks for a login
 * @property {string} [password]
 */

/** The one account of `registry-auth`. A constant is enough for a registry on the loopback that holds test images. */
export const ACCOUNT = { username: 'octocat', password: 'canary-octocat-password' };
/** bcrypt (the only form Distribution takes) of ACCOUNT.password. */
const HTPASSWD = 'octocat:$2y$05$Zm9vYmFyYmF6cXV4cXV1eOR5lt8UAlrAZonQ/JnZ9mCuGy2.f8NmO\n';

/** @type {Record<string, { port: number, auth: boolean }>} */
const SETUPS = {
  registry: { port: 5000, auth: false },
  'registry-auth': { port: 5001, auth: true },
};

/**
 * The program of Distribution 2.8, from the distribution's package.
 * @param {import('./place.js').Place} place
 * @returns {Promise<string>} path
 * @throws {LabError} on other systems
 */
export async function distributionProgram(place) {
  const machine = distribution();
  if (!machine)
    throw new LabError(
      'The lab gets a registry as a program on Debian or Ubuntu only, from the package docker-registry.',
    );
  return join(await unpacked(place, machine, 'registry', ['docker-registry']), 'usr/bin/docker-registry');
}

/**
 * @param {import('./place.js').Place} place
 * @param {string} name `registry` (reused when one is there) or `registry-auth`
 * @param {() => Promise<{ environment: Record<string, string> }>} engine asked for only where the package cannot be had
 * @returns {Promise<Registry>}
 * @throws {LabError} when the port is taken or the registry does not start
 */
export async function registry(place, name, engine) {
  const setup = SETUPS[name];
  if (!setup) throw new LabError(`The lab knows no registry ${name}: it has ${Object.keys(SETUPS).join(', ')}.`);
  const { port, auth } = setup;
  const result = { address: `localhost:${port}`, ...(auth ? ACCOUNT : {}) };
  const healthy = async () => (await ping(port)) === (auth ? 401 : 200);
  if (await healthy()) return { ...result, own: recordedServices(place).includes(name) };
  if (distribution()) {
    const program = await distributionProgram(place);
    await ensureService(place, name, {
      healthy,
      start: async (starter) => {
        const htpasswd = auth ? starter.file('htpasswd', HTPASSWD) : undefined;
        const file = starter.file('config.yml', configuration(port, starter.data, htpasswd));
        await starter.daemon(program, ['serve', file], {});
      },
    });
  } else {
    const { environment } = await engine();
    const env = { ...process.env, ...environment };
    await ensureService(place, name, { healthy, start: (starter) => startContainer(starter, env, port, auth) });
  }
  return { ...result, own: true };
}

/**
 * Distribution's configuration, as JSON, which is YAML.
 * @param {number} port
 * @param {string} folder
 * @param {string | undefined} htpasswd
 */
function configuration(port, folder, htpasswd) {
  return JSON.stringify({
    version: 0.1,
    log: { level: 'warn', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: folder }, delete: { enabled: true } },
    http: { addr: `127.0.0.1:${port}` },
    ...(htpasswd ? { auth: { htpasswd: { realm: 'lab', path: htpasswd } } } : {}),
  });
}

/**
 * @param {import('./service.js').Starter} starter
 * @param {NodeJS.ProcessEnv} env
 * @param {number} port
 * @param {boolean} auth
 */
async function startContainer(starter, env, port, auth) {
  const container = `publish-lab-registry-${port}`;
  const settings = ['-e', 'REGISTRY_STORAGE_DELETE_ENABLED=true'];
  if (auth) {
    const file = starter.file('htpasswd', HTPASSWD);
    settings.push('-v', `${file}:/htpasswd:ro`, '-e', 'REGISTRY_AUTH_HTPASSWD_PATH=/htpasswd');
    settings.push('-e', 'REGISTRY_AUTH_HTPASSWD_REALM=lab');
  }
  const publish = ['--publish', `127.0.0.1:${port}:5000`];
  const run = ['docker', 'run', '--detach', '--rm', '--name', container, ...publish, ...settings, 'registry:3'];
  await starter.change(run, ['docker', 'rm', '--force', container], env);
}

/**
 * @param {number} port
 * @returns {Promise<number | undefined>} status of `GET /v2/` of a registry, undefined when none answers
 */
async function ping(port) {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/v2/`, { signal: AbortSignal.timeout(3_000) });
    await response.body?.cancel();
    return response.headers.get('docker-distribution-api-version') ? response.status : undefined;
  } catch {
    return undefined;
  }
}
