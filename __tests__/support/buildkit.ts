/** BuildKit daemons of a test's own, on a port of this machine. */

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { lab } from './lab.ts';

export interface BuildKit {
  /** `tcp://127.0.0.1:PORT` */
  readonly endpoint: string;
  /** What it printed. */
  log(): string;
  /** What it built, step by step. */
  records(): Promise<string>;
  /** Ends it at once, as a machine that is taken away. */
  kill(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return address.port;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}

/**
 * @param options of buildkitd beside those that it needs here
 * @param program what runs it, such as `ip netns exec NAME`
 * @throws where the machine has no Go toolchain to build it with
 */
export async function startBuildKit(options: readonly string[] = []): Promise<BuildKit> {
  const { path } = await lab.buildkitd();
  if (path === null) throw new Error('buildkitd is built by the Go toolchain, which this machine does not have.');
  // Its runc is the one that the lab's engine has.
  await lab['engine-containerd']();
  const runc = join(dirname(dirname(path)), 'docker/usr/sbin');
  const folder = mkdtempSync(join(tmpdir(), 'publish-buildkit-'));
  const port = await freePort();
  const config = join(folder, 'buildkitd.toml');
  writeFileSync(config, '[worker.oci]\n  gc = false\n');
  // Its traces go through a socket with one name for the whole machine, unless it is told otherwise.
  const own = ['--root', join(folder, 'root'), '--otel-socket-path', join(folder, 'otel.sock')];
  const args = ['--config', config, ...own, '--addr', `tcp://127.0.0.1:${port}`];
  const child: ChildProcess = spawn(path, [...args, '--oci-worker-net', 'host', ...options], {
    env: { ...process.env, PATH: `${runc}:${process.env.PATH}` },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const output: string[] = [];
  child.stderr?.setEncoding('utf8').on('data', (text: string) => output.push(text));
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  for (const deadline = Date.now() + 120_000; !(await answers(port)); ) {
    if (child.exitCode !== null || Date.now() > deadline)
      throw new Error(`buildkitd did not start:\n${output.join('')}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    await ended;
  };
  return {
    endpoint: `tcp://127.0.0.1:${port}`,
    log: () => output.join(''),
    async records() {
      const { path: buildctl } = await lab.buildctl();
      const { stdout } = await promisify(execFile)(buildctl ?? 'buildctl', [
        '--addr',
        `tcp://127.0.0.1:${port}`,
        'du',
        '-v',
      ]);
      return stdout;
    },
    kill: () => stop('SIGKILL'),
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) await stop('SIGTERM');
      // One that was killed leaves the file systems of its containers mounted.
      const mounts = readFileSync('/proc/mounts', 'utf8')
        .split('\n')
        .map((line) => line.split(' ')[1] ?? '');
      for (const mount of mounts.filter((each) => each.startsWith(`${folder}/`)).reverse()) {
        await promisify(execFile)('umount', ['--lazy', mount]);
      }
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

export interface Certificates {
  readonly folder: string;
  /** PEM */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** A CA, and a certificate for 127.0.0.1 that serves both sides. */
export async function makeCertificates(folder: string): Promise<Certificates> {
  const openssl = (...args: string[]): Promise<void> =>
    new Promise((resolve, reject) => {
      const child = spawn('openssl', args, { cwd: folder, stdio: 'ignore' });
      child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`openssl ${args.join(' ')}: ${code}`))));
    });
  const days = ['-days', '2', '-nodes', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  await openssl('req', '-x509', ...days, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=test CA');
  await openssl('req', ...days.slice(2), '-keyout', 'key.pem', '-out', 'csr.pem', '-subj', '/CN=node');
  writeFileSync(join(folder, 'ext'), 'subjectAltName=IP:127.0.0.1\n');
  const sign = [
    '-in',
    'csr.pem',
    '-CA',
    'ca.pem',
    '-CAkey',
    'ca.key',
    '-CAcreateserial',
    '-days',
    '2',
    '-extfile',
    'ext',
  ];
  await openssl('x509', '-req', ...sign, '-out', 'cert.pem');
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
  return { folder, ca: read('ca.pem'), cert: read('cert.pem'), key: read('key.pem') };
}
