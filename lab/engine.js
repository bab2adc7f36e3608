// @ts-check
/**
 * Docker engines: the machine's own where it answers, else one of the distribution's, started by hand beside whatever the
 * machine has: own data, sockets, containerd and bridge, and no change to firewall, forwarding or docker0.
 */
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { busybox, distribution, libraryPath, OLD, RECENT, unpacked } from './apt.js';
import { withLock } from './lock.js';
import { LabError, linkCommand } from './place.js';
import { answerOf, run } from './process.js';
import { ensureService, folderOf } from './service.js';

/** @typedef {import('./place.js').Place} Place */

/**
 * @typedef {object} Engine
 * @property {string} version
 * @property {boolean} own whether the lab started it
 * @property {Record<string, string>} environment variables with which `docker` talks to it
 */

/**
 * @typedef {object} Setup
 * @property {(machine: import('./apt.js').Distribution) => { parts: string, packages: string[] } | undefined} source folder
 *   and names of the packages, undefined where the distribution has none
 * @property {Record<string, unknown>} settings of dockerd beyond the common ones
 */

/** @type {Setup['source']} */
function recentDocker({ id, suite }) {
  if (id === 'ubuntu') return { parts: 'docker', packages: ['docker.io', 'docker-buildx', 'containerd', 'runc'] };
  const recent = ['docker.io', 'docker-cli', 'docker-buildx', 'containerd'].map((name) => `${name}/${RECENT}`);
  return { parts: 'docker', packages: [...recent, `runc/${suite}`] };
}

/** @type {Setup['source']} */
function oldDocker({ id }) {
  const packages = ['docker.io', 'containerd', 'runc', 'libdevmapper1.02.1'].map((name) => `${name}/${OLD}`);
  return id === 'debian' ? { parts: 'docker-20.10', packages } : undefined;
}

/** @type {Record<string, Setup>} */
const SETUPS = {
  engine: { source: recentDocker, settings: {} },
  'engine-containerd': { source: recentDocker, settings: { features: { 'containerd-snapshotter': true } } },
  'engine-20.10': { source: oldDocker, settings: {} },
  github: { source: recentDocker, settings: {} },
};

/**
 * The engine for the main job.
 * @param {Place} place
 * @param {NodeJS.ProcessEnv} environment
 * @returns {Promise<Engine>}
 * @throws {LabError} when there is none and none can be had
 */
export async function engine(place, environment) {
  const name = 'engine';
  if (await engineAnswers(place, name)) return ownEngine(place, environment, name);
  const [version, buildx] = await Promise.all([
    answerOf('docker', ['version', '--format', '{{.Server.Version}}'], { env: environment, timeout: 10_000 }),
    answerOf('docker', ['buildx', 'version'], { env: environment, timeout: 10_000 }),
  ]);
  if (version && buildx) return { version, own: false, environment: {} };
  if (!distribution() || !isRoot()) throw new LabError(NO_ENGINE);
  return ownEngine(place, environment, name);
}

/**
 * An engine of the lab's own, whatever the machine has.
 * @param {Place} place
 * @param {NodeJS.ProcessEnv} environment
 * @param {string} name `engine`, `engine-containerd` or `engine-20.10`
 * @returns {Promise<Engine>}
 * @throws {LabError} when none can be had
 */
export async function ownEngine(place, environment, name) {
  const packages = await enginePackages(place, name);
  const machine = distribution();
  const ip = machine ? await busybox(place, machine) : '';
  await ensureService(place, name, {
    healthy: () => engineAnswers(place, name),
    start: (starter) => startEngine(starter, packages, ip),
  });
  return {
    version: (await ask(place, name, '/version'))?.Version ?? '',
    own: true,
    environment: engineEnvironment(place, name, packages, environment),
  };
}

/** @typedef {{ root: string, settings: Setup['settings'] }} EnginePackages `root` of the unpacked packages */

/**
 * @param {Place} place
 * @param {string} name
 * @returns {Promise<EnginePackages>}
 * @throws {LabError} where they cannot be had or would not run
 */
export async function enginePackages(place, name) {
  const setup = SETUPS[name];
  if (!setup) throw new LabError(`The lab knows no engine ${name}: it has ${Object.keys(SETUPS).join(', ')}.`);
  const machine = distribution();
  const source = machine && setup.source(machine);
  if (!source || !isRoot()) throw new LabError(`The lab has the part ${name} as root on Debian (or Ubuntu) only.`);
  const root = await unpacked(place, machine, source.parts, source.packages);
  await giveInit(place, machine, root);
  return { root, settings: setup.settings };
}

/**
 * `docker-init` of the packages is a link to a program that another package has: tini, which containers with `--init` begin with. The
 * engine looks for it as such a container starts, so that it may come to an engine that runs.
 * @param {Place} place
 * @param {import('./apt.js').Distribution} machine
 * @param {string} root
 */
async function giveInit(place, machine, root) {
  const program = join(root, 'usr/bin/docker-init');
  if (existsSync(program)) return;
  const tini = await unpacked(place, machine, 'tini', ['tini']);
  await withLock(place, 'docker-init', async () => {
    if (existsSync(program)) return;
    const draft = `${program}.new`;
    copyFileSync(join(tini, 'usr/bin/tini-static'), draft);
    renameSync(draft, program);
  });
}

/**
 * @param {Place} place
 * @param {string} name
 * @param {EnginePackages} packages
 * @param {NodeJS.ProcessEnv} environment the caller's
 * @returns {Record<string, string>} variables with which `docker` talks to the engine
 */
export function engineEnvironment(place, name, { root }, environment) {
  const cli = clientOf(place, name, root);
  return {
    DOCKER_HOST: `unix://${socketOf(place, name)}`,
    DOCKER_CONFIG: cli.configuration,
    PATH: `${cli.bin}:${environment.PATH ?? ''}`,
  };
}

function isRoot() {
  return process.getuid?.() === 0;
}

const NO_ENGINE =
  'The lab needs a Docker engine with buildx and this machine has none that answers: install Docker Engine' +
  ' (https://docs.docker.com/engine/install/) and start it, or run the lab as root on Debian or Ubuntu, where it gets' +
  ' an engine from the distribution itself.';

/**
 * @param {import('./service.js').Starter} starter
 * @param {EnginePackages} packages
 * @param {string} ip a busybox, for its `ip` and `brctl`
 * @param {string[]} [enter] `[command, …arguments]` that leads into a network namespace, which takes what is made in it
 *   along when it ends, and has no way out, so no proxy either
 */
export async function startEngine(starter, { root, settings }, ip, enter = []) {
  const { folder, data } = starter;
  const { bridge, address } = networkOf(folder);
  // The sockets of `RUN --mount=type=ssh` are made there: a socket's path has at most 107 characters.
  const env = { ...daemonEnvironment(enter.length ? {} : process.env, root), DOCKER_TMPDIR: join(folder, 'tmp') };
  const daemon = (/** @type {string} */ program, /** @type {string[]} */ ...args) => {
    const [command = '', ...rest] = [...enter, join(root, program), ...args];
    return starter.daemon(command, rest, env);
  };
  const containerd = join(folder, 'containerd.sock');
  const containerdConfiguration = starter.file('containerd.toml', containerdToml(folder, data, containerd));
  await daemon('usr/bin/containerd', '--config', containerdConfiguration);
  const add = [
    [ip, 'ip', 'link', 'add', bridge, 'type', 'bridge'],
    [ip, 'ip', 'address', 'add', address, 'dev', bridge],
    [ip, 'ip', 'link', 'set', bridge, 'up'],
  ];
  if (enter.length) {
    for (const command of add) await run(enter[0] ?? '', [...enter.slice(1), ...command]);
  } else {
    const down = [ip, 'ip', 'link', 'set', bridge, 'down'];
    const remove = [ip, 'brctl', 'delbr', bridge];
    if (existsSync(`/sys/class/net/${bridge}`)) {
      // left by a lab whose records are lost
      await answerOf(ip, down.slice(1));
      await answerOf(ip, remove.slice(1));
    }
    for (const command of add) await starter.change(command, command === add[0] ? remove : down);
  }
  const configuration = {
    hosts: [`unix://${join(folder, 'docker.sock')}`],
    containerd,
    'data-root': join(data, 'docker'),
    'exec-root': join(folder, 'exec'),
    pidfile: join(folder, 'docker.pid'),
    'deprecated-key-path': join(data, 'key.json'),
    bridge,
    iptables: false,
    ip6tables: false,
    'ip-forward': false,
    'ip-masq': false,
    'userland-proxy': false,
    ...(settings === SETUPS['engine-20.10']?.settings ? limitedRuntime(starter, root) : {}),
    ...settings,
  };
  const file = starter.file('daemon.json', JSON.stringify(configuration));
  await daemon('usr/sbin/dockerd', '--config-file', file);
}

/** By the numbers that the kernel gives them (capability.h), as far as there are any. */
const CAPABILITIES =
  'CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE'.split(
    ' ',
  );

/**
 * Docker 20.10 gives a privileged container every capability of the kernel, also those that this machine does not give anybody, and
 * then cannot start it. A runtime in front of runc leaves those out, as newer engines do.
 * @param {import('./service.js').Starter} starter
 * @param {string} root
 */
function limitedRuntime(starter, root) {
  const [, mask = ''] = /^CapBnd:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  const absent = CAPABILITIES.filter((_, bit) => ((BigInt(`0x${mask}`) >> BigInt(bit)) & 1n) === 0n);
  if (absent.length === 0) return {};
  const edits = absent.flatMap((name) => [`-e 's/"CAP_${name}",//g'`, `-e 's/,"CAP_${name}"//g'`]);
  const script = [
    '#!/bin/sh',
    'for argument; do',
    '  case $before in',
    `  --bundle) sed -i ${edits.join(' ')} "$argument/config.json" ;;`,
    `  --process) sed -i ${edits.join(' ')} "$argument" ;;`,
    '  esac',
    '  before=$argument',
    'done',
    `exec '${join(root, 'usr/sbin/runc')}' "$@"`,
    '',
  ].join('\n');
  const path = starter.file('limited-runc', script);
  chmodSync(path, 0o755);
  return { runtimes: { limited: { path } }, 'default-runtime': 'limited' };
}

/**
 * A bridge of the engine's own, the same each time: a name and a subnet by the hash of its folder, so that labs in other
 * folders do not meet it. 198.18.0.0/15 is for benchmarks (RFC 2544): no real network is hidden by it.
 * @param {string} folder
 */
function networkOf(folder) {
  const hash = createHash('sha256').update(folder).digest();
  const [second, third] = [18 + (hash.readUInt8(0) & 1), hash.readUInt8(1)];
  return { bridge: `publish-${hash.toString('hex').slice(0, 7)}`, address: `198.${second}.${third}.1/24` };
}

/**
 * containerd without the plugins that serve Kubernetes or write outside of its folders.
 * @param {string} folder
 * @param {string} data
 * @param {string} socket
 */
function containerdToml(folder, data, socket) {
  const disabled = ['grpc.v1.cri', 'cri.v1.images', 'cri.v1.runtime', 'nri.v1.nri', 'tracing.processor.v1.otlp'];
  return [
    'version = 2',
    `root = ${JSON.stringify(join(data, 'containerd'))}`,
    `state = ${JSON.stringify(join(folder, 'containerd'))}`,
    `disabled_plugins = ${JSON.stringify(disabled.map((plugin) => `io.containerd.${plugin}`))}`,
    '[grpc]',
    `address = ${JSON.stringify(socket)}`,
    '[plugins."io.containerd.internal.v1.opt"]',
    `path = ${JSON.stringify(join(data, 'opt'))}`,
    '',
  ].join('\n');
}

/**
 * Nothing of the caller's environment but the proxy: it may hold secrets.
 * @param {NodeJS.ProcessEnv} environment
 * @param {string} root
 */
function daemonEnvironment(environment, root) {
  const proxies = Object.entries(environment).filter(([name]) => /^(https?|no)_proxy$/i.test(name));
  const system = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  return {
    ...Object.fromEntries(proxies),
    PATH: `${root}/usr/sbin:${root}/usr/bin:${system}`,
    LD_LIBRARY_PATH: libraryPath(root),
  };
}

/**
 * The CLI of an engine's own packages and a DOCKER_CONFIG through which it finds their plugins.
 * @param {Place} place
 * @param {string} name
 * @param {string} root
 * @returns {{ bin: string, configuration: string }}
 */
function clientOf(place, name, root) {
  const isOld = name === 'engine-20.10';
  const bin = isOld ? join(root, 'usr/bin') : place.bin;
  if (!isOld) linkCommand(place, join(root, 'usr/bin/docker'));
  const configuration = isOld ? `${place.dockerConfig}-20.10` : place.dockerConfig;
  const file = join(configuration, 'config.json');
  const plugins = isOld ? [] : [join(root, 'usr/libexec/docker/cli-plugins')];
  const text = JSON.stringify({ cliPluginsExtraDirs: plugins });
  if (!existsSync(file) || readFileSync(file, 'utf8') !== text) {
    mkdirSync(configuration, { recursive: true, mode: 0o700 });
    const draft = `${file}.${process.pid}`;
    writeFileSync(draft, text, { mode: 0o600 });
    renameSync(draft, file);
  }
  return { bin, configuration };
}

/**
 * @param {Place} place
 * @param {string} name
 */
function socketOf(place, name) {
  return join(folderOf(place, name), 'docker.sock');
}

/**
 * @param {Place} place
 * @param {string} name
 * @returns {Promise<boolean>}
 */
export async function engineAnswers(place, name) {
  return (await ask(place, name, '/version')) !== undefined;
}

/**
 * @param {Place} place
 * @param {string} name
 * @param {string} path of the Engine API
 * @returns {Promise<{ Version?: string } | undefined>} undefined when the engine does not answer
 */
function ask(place, name, path) {
  return new Promise((resolve) => {
    const call = request({ socketPath: socketOf(place, name), path, timeout: 5_000 }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => resolve(response.statusCode === 200 ? JSON.parse(text) : undefined));
    });
    call.on('error', () => resolve(undefined));
    call.on('timeout', () => call.destroy());
    call.end();
  });
}
