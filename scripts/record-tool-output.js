// Records what docker, buildx and podman print when something fails: the files of __tests__/fixtures/tool-output, each named
// MEANING-CASE.TOOL.txt. The programs are those of the lab. They fail at its registries, at a port on which nobody listens, and at
// a registry of this process that answers with one status. Run it with the lab up: `node scripts/record-tool-output.js`.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openLab } from '../lab/lab.js';

const folder = fileURLToPath(new URL('../__tests__/fixtures/tool-output', import.meta.url));
const lab = openLab();
const [docker, containerd, old, podman, open, closed, { busybox }] = await Promise.all([
  lab.engine(),
  lab['engine-containerd'](),
  lab['engine-20.10'](),
  lab.podman(),
  lab.registry(),
  lab['registry-auth'](),
  lab.images(),
]);

const temp = mkdtempSync(join(tmpdir(), 'record-tool-output-'));
for (const [name, dockerfile] of Object.entries({
  image: 'FROM scratch\nCOPY Dockerfile /\n',
  process: `FROM ${busybox}\nRUN echo 503 Service Unavailable && false\n`,
})) {
  mkdirSync(join(temp, name));
  writeFileSync(join(temp, name, 'Dockerfile'), dockerfile);
}

/** The status with which the registry of this process answers whatever is pushed, and what it says. */
let answer = { status: 403, body: '' };
const server = createServer((request, response) => {
  const isPing = request.url === '/v2/';
  request.resume().on('end', () => {
    if (isPing) return response.end('{}');
    if (request.method === 'HEAD') return response.writeHead(404).end();
    return response.writeHead(answer.status, { 'content-type': 'text/plain' }).end(answer.body);
  });
});
await new Promise((resolve) => server.listen(15_099, '127.0.0.1', () => resolve(undefined)));
const own = 'localhost:15099';
const nobody = '127.0.0.1:9';

/** @type {(code: string) => string} */
const said = (code) => JSON.stringify({ errors: [{ code, message: `${code.toLowerCase()} by the registry` }] });
const page = '<html><head><title>403 Forbidden</title></head><body>nginx</body></html>\n';

/**
 * @param {Record<string, string>} environment
 * @param {readonly string[]} command
 * @param {string} [input]
 * @returns {Promise<string>} standard error of a command that has to fail
 */
function failing(environment, [program = '', ...args], input) {
  return new Promise((resolve, reject) => {
    const env = { PATH: process.env.PATH, ...environment };
    const child = execFile(program, args, { env, timeout: 300_000 }, (error, _stdout, stderr) =>
      error === null ? reject(new Error(`${program} ${args.join(' ')} succeeded`)) : resolve(stderr),
    );
    child.stdin?.end(input ?? '');
  });
}

/** @type {(environment: Record<string, string>, command: readonly string[]) => Promise<string>} */
const succeeding = ({ ...environment }, [program = '', ...args]) =>
  new Promise((resolve, reject) => {
    const env = { PATH: process.env.PATH, ...environment };
    execFile(program, args, { env }, (error, stdout) => (error === null ? resolve(stdout) : reject(error)));
  });

/** @type {{ meaning: string, what: string, at: string, status?: number, body?: string }[]} */
const pushes = [
  { meaning: 'refused', what: 'push-without-login', at: closed.address },
  { meaning: 'refused', what: 'push-403', at: own, status: 403, body: said('DENIED') },
  { meaning: 'refused', what: 'push-401', at: own, status: 401, body: said('UNAUTHORIZED') },
  { meaning: 'refused', what: 'push-403-page', at: own, status: 403, body: page },
  { meaning: 'passing', what: 'push-503', at: own, status: 503, body: 'down' },
  { meaning: 'passing', what: 'push-429', at: own, status: 429, body: said('TOOMANYREQUESTS') },
  { meaning: 'unanswered', what: 'push', at: nobody },
];

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
/** @type {(meaning: string, what: string, tool: string, text: string) => void} */
const record = (meaning, what, tool, text) => {
  writeFileSync(join(folder, `${meaning}-${what}.${tool}.txt`), text.replaceAll(temp, '/src'));
  console.log(`${meaning}-${what}.${tool}`);
};

/** A program that logs in, pulls, builds, and pushes what it has. @type {(tool: string, environment: Record<string, string>) => Promise<void>} */
async function recordCommands(tool, environment) {
  const program = tool === 'podman' ? 'podman' : 'docker';
  const plain = program === 'podman' ? ['--tls-verify=false'] : [];
  const logIn = (/** @type {string} */ at) => [
    program,
    'login',
    ...plain,
    '--username',
    'nobody',
    '--password-stdin',
    at,
  ];
  const run = (/** @type {readonly string[]} */ command, input = '') => failing(environment, command, input);
  record('refused', 'login', tool, await run(logIn(closed.address), 'wrong'));
  record('unanswered', 'login', tool, await run(logIn(nobody), 'wrong'));
  record('absent', 'image', tool, await run([program, 'image', 'inspect', 'no-such-image:1']));
  record('other', 'pull-unknown', tool, await run([program, 'pull', ...plain, `${open.address}/no-such/image:1`]));
  record('refused', 'pull', tool, await run([program, 'pull', ...plain, `${closed.address}/no-such/image:1`]));
  record('process', 'build', tool, await run([program, 'build', join(temp, 'process')]));
  for (const { meaning, what, at, status = 0, body = '' } of pushes) {
    answer = { status, body };
    const name = `${at}/record/tool:1`;
    await succeeding(environment, [program, 'build', '--tag', name, join(temp, 'image')]);
    record(meaning, what, tool, await run([program, 'push', ...plain, name]));
  }
}

/** A build of buildx that pushes. @type {(tool: string, environment: Record<string, string>) => Promise<void>} */
async function recordBuildx(tool, environment) {
  const build = ['docker', 'buildx', 'build', '--progress', 'plain'];
  record('process', 'build', tool, await failing(environment, [...build, join(temp, 'process')]));
  for (const { meaning, what, at, status = 0, body = '' } of pushes) {
    answer = { status, body };
    const push = [...build, '--push', '--tag', `${at}/record/tool:1`, join(temp, 'image')];
    record(meaning, what, tool, await failing(environment, push));
  }
}

try {
  await recordCommands('docker', docker.environment);
  await recordCommands('docker-20.10', old.environment);
  await recordCommands('podman', podman.environment);
  await recordBuildx('buildx', docker.environment);
  await recordBuildx('buildx-containerd', containerd.environment);
} finally {
  server.close();
  rmSync(temp, { recursive: true, force: true });
}
