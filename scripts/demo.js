// The main job, once, on this machine: brings up what is missing, publishes examples/hello with the committed dist/, and
// pulls it back by digest. Needs Node and nothing that npm installs.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { openLab } from '../lab/lab.js';

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * Runs a program and ends the demo with its exit code if it fails.
 * @param {string[]} argv
 * @param {NodeJS.ProcessEnv} env
 * @returns {string} what it printed on standard output
 */
function must([program = '', ...args], env) {
  const { status, stdout, error } = spawnSync(program, args, {
    cwd: root,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
  return stdout;
}

const lab = openLab(process.env);
try {
  const [{ environment }, { address }] = await Promise.all([lab.engine(), lab.registry()]);
  const env = { ...process.env, ...environment };
  const options = ['--context', 'examples/hello', '--registry', address, '--owner', 'octo-org', '--image', 'hello'];
  const published = must([process.execPath, 'dist/cli.js', ...options, '--tags', '1.0', '--tags', 'latest'], env);
  const [reference = ''] = published.trim().split('\n');
  must(['docker', 'pull', '--quiet', reference], env);
  // The lab's own engine is at a socket of its own.
  const where = environment.DOCKER_HOST ? `DOCKER_HOST=${environment.DOCKER_HOST} ` : '';
  console.log(`
Published and pulled back:
  reference  ${reference}
  digest     ${reference.slice(reference.indexOf('@') + 1)}
  pull with  ${where}docker pull ${reference}
`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
