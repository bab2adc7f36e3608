// @ts-check
/**
 * An engine that nobody else uses, with the step as the runner starts it and what people write by hand, in the same
 * environment: the same CLI, the same configuration, the same registry.
 */
import { execFile } from 'node:child_process';
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startOwnEngine } from '../../__tests__/support/own-engine.ts';
import { time } from './turns.js';

/** @typedef {Awaited<ReturnType<typeof openSide>>} Side */
/** @typedef {Readonly<Record<string, string>>} Inputs of the action */

/** Both log in: the registry asks for nothing, and takes any password. */
const login = { username: 'octocat', password: 'bench-password' };

/** `process.execPath` with it tells the memory it took. */
const peakHook = fileURLToPath(new URL('peak.cjs', import.meta.url));

/**
 * Runs a command to its end.
 * @param {readonly string[]} argv
 * @param {NodeJS.ProcessEnv} env
 * @param {string} [input] its standard input
 * @returns {Promise<string>} its standard output
 * @throws with what it printed on standard error
 */
export async function must([program = '', ...args], env, input = '') {
  const running = promisify(execFile)(program, args, { env, maxBuffer: 64e6 });
  // One that ends before it read its input is judged by its exit code.
  running.child.stdin?.on('error', () => undefined).end(input);
  return (await running).stdout;
}

/**
 * @param {'engine' | 'engine-containerd'} name
 * @param {object} at
 * @param {import('../../__tests__/support/step.ts').ActionCopy} at.action
 * @param {() => string} at.address `host:port` of the registry
 * @throws {LabError} where the lab has no engine of its own
 */
export async function openSide(name, { action, address }) {
  const { environment, close } = await startOwnEngine(name);
  const repository = 'bench/bench';
  const runner = action.newRunner({ engine: environment, isRecorded: false, repository, token: login.password });
  const { DOCKER_HOST } = environment;
  const env = { PATH: runner.path, HOME: runner.home, DOCKER_HOST };
  const peakFile = join(runner.home, 'peak');
  const tellsPeak = { NODE_OPTIONS: `--require ${JSON.stringify(peakHook)}`, BENCH_PEAK: peakFile };

  /** @type {(by: import('../../__tests__/support/step.ts').Runner, inputs: Inputs, variables: Inputs) => Promise<void>} */
  async function stepWith(by, inputs, variables) {
    const main = await by.main({ registry: address(), ...inputs }, variables);
    if (main.exitCode !== 0) throw new Error(main.log);
    const post = await by.post(main);
    if (post.exitCode !== 0) throw new Error(post.log);
  }

  return {
    env,
    close,

    /** Only its main entry. @param {Inputs} inputs beside the registry */
    main: (inputs) => runner.main({ registry: address(), ...inputs }),

    /** Only its post entry. @param {import('../../__tests__/support/step.ts').StepResult} main */
    post: (main) => runner.post(main),

    /**
     * The whole step with post.
     * @param {Inputs} inputs beside the registry
     * @param {number[]} [peaks] is told the most memory that the main entry had resident, in MB
     * @returns {Promise<number>} milliseconds
     * @throws with the log of a step that failed
     */
    async step(inputs, peaks) {
      const took = await time(() => stepWith(runner, inputs, peaks === undefined ? {} : tellsPeak));
      peaks?.push((Number(readFileSync(peakFile, 'utf8')) * 1024) / 1e6);
      return took;
    },

    /**
     * The second step of a job with post, beside a first one that makes what both use.
     * @param {Inputs} first
     * @param {Inputs} second
     * @returns {Promise<number>} milliseconds of the second
     */
    async secondStep(first, second) {
      const earlier = await runner.main({ registry: address(), ...first });
      if (earlier.exitCode !== 0) throw new Error(earlier.log);
      const took = await time(() => stepWith(runner, second, {}));
      await runner.post(earlier);
      return took;
    },

    /** A home of the same CLI that nobody has used. @param {string} folder @returns {string} */
    newHome(folder) {
      cpSync(join(runner.home, '.docker'), join(folder, '.docker'), { recursive: true });
      return folder;
    },

    /**
     * The whole step of another build of the action, at this engine.
     * @param {import('../../__tests__/support/step.ts').ActionCopy} other
     * @returns {(inputs: Inputs) => Promise<number>} milliseconds
     */
    stepOf(other) {
      const theirs = other.newRunner({ engine: environment, isRecorded: false, repository, token: login.password });
      return (inputs) => time(async () => void (await stepWith(theirs, inputs, {})));
    },

    /**
     * What people write by hand: log in, build and push, log out.
     * @param {readonly string[]} options of `docker buildx build`, tags among them
     * @param {string} context
     * @param {{ endpoint?: string, at?: string }} [where] `endpoint` of a BuildKit that builds; `at` is where to log in,
     *   which is the registry
     * @returns {Promise<number>} milliseconds
     */
    bare: (options, context, { endpoint, at = address() } = {}) =>
      time(async () => {
        const { username, password } = login;
        await must(['docker', 'login', at, '--username', username, '--password-stdin'], env, password);
        const create = ['docker', 'buildx', 'create', '--name', 'bench', '--driver', 'remote'];
        if (endpoint !== undefined) await must([...create, endpoint], env);
        const builder = endpoint === undefined ? [] : ['--builder', 'bench'];
        await must(['docker', 'buildx', 'build', '--push', ...builder, ...options, context], env);
        if (endpoint !== undefined) await must(['docker', 'buildx', 'rm', 'bench'], env);
        await must(['docker', 'logout', at], env);
      }),

    /**
     * Any command.
     * @param {readonly string[]} argv
     * @returns {Promise<number>} milliseconds
     */
    run: (argv) => time(() => must(argv, env)),

    /** Removes every image and all of the build cache. */
    prune: () => must(['docker', 'system', 'prune', '--all', '--force'], env),
  };
}
