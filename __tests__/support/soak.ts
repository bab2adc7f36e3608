/**
 * Many publishes through a registry that fails, is killed and comes back, by steps that are killed too. What must hold
 * whatever happens is in `judge` and `judgeRegistry`; what happens is drawn from a seed, so that a run can be repeated.
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDigest } from '../../src/image/digest.ts';
import { parseRepository, type Repository } from '../../src/image/repository.ts';
import { parseTag } from '../../src/image/tag.ts';
import { SecretLeft } from './canaries.ts';
import { type Fault, type FaultPoint, faultPoints, startFaultProxy } from './fault-proxy.ts';
import { type OwnDistribution, startOwnDistribution } from './own-distribution.ts';
import { expiredToken, passingFaults, requestTimeout } from './passing-faults.ts';
import { aClient, readAll } from './registry-client.ts';
import { withoutMasks } from './runner-files.ts';
import { type ActionCopy, copyAction, type Runner, type StepResult } from './step.ts';

/** What the soak may kill beside its steps. */
export interface Mortal {
  /** Ends it in the middle of whatever it does. */
  kill(): Promise<void>;
  /** Brings it up again, with what it has stored. */
  start(): Promise<void>;
}

export interface SoakOptions {
  readonly publishes: number;
  readonly seed: number;
  /** Publishes at a time. */
  readonly lanes: number;
  /** Milliseconds after which no further publish begins. */
  readonly limit: number;
  /** Distribution's program. */
  readonly registry: string;
  /** The environment with which `docker` talks to the engine. */
  readonly engine: Readonly<Record<string, string>>;
  /** The engine itself, where it is the soak's own. */
  readonly mortalEngine?: Mortal;
  /** Whether each step is killed (SIGKILL) at a random moment, and nothing else happens. Default: `false`. */
  readonly onlyKills?: boolean;
  /** Told how far it is. */
  readonly say?: (line: string) => void;
}

type Counts = Readonly<Record<string, number>>;

/** How each publish ended, what was done to it, and what did not hold. */
export interface SoakReport {
  readonly seed: number;
  readonly publishes: number;
  /** By ending: `success`, an error code, or the signal that ended the step. */
  readonly endings: Counts;
  /** Steps by signal, and how often the others died. */
  readonly kills: { readonly main: Counts; readonly engine: number; readonly registry: number };
  /** Faults that struck, by kind. */
  readonly faults: Counts;
  /** Of publishes that met nothing but faults of the proxy: how many there were, and how many succeeded. */
  readonly faultsOnly: { readonly all: number; readonly succeeded: number };
  /** Those that did not: what they met, and what they said. */
  readonly gaveUp: readonly string[];
  /** Successes of which, at the very end, the tag is still what the outputs said. */
  readonly successesTrue: number;
  readonly tagsWhole: number;
  readonly blobsRead: number;
  readonly credentialsLeft: number;
  readonly filesLeft: number;
  /** Steps that were killed while they had files, which their post had to remove. */
  readonly leftToPost: number;
  /** Empty when all is as it must be. */
  readonly violations: readonly string[];
  readonly seconds: number;
}

type Random = () => number;

/** Mulberry32: uniform in [0, 1), the same sequence for the same seed. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const signals = ['SIGKILL', 'SIGKILL', 'SIGTERM', 'SIGINT'] as const;

/** What happens to one publish. */
export interface Ordeal {
  readonly faults: readonly { readonly point: FaultPoint; readonly fault: Fault }[];
  readonly kill?: { readonly signal: (typeof signals)[number]; readonly after: number };
  readonly registryDies?: { readonly after: number; readonly for: number };
  readonly engineDies?: { readonly after: number };
}

function pick<T>(random: Random, values: readonly T[]): T {
  const value = values[Math.floor(random() * values.length)];
  if (value === undefined) throw new Error('there is nothing to pick from');
  return value;
}

const faultsOfOrdeals = [requestTimeout, ...passingFaults(1), expiredToken].map(({ fault }) => fault);

/** Draws what happens to one publish; always as many numbers, so that one choice does not shift the next publish's. */
export function drawOrdeal(random: Random, killsEngine: boolean, onlyKills = false): Ordeal {
  const draws = Array.from({ length: 12 }, random);
  let at = 0;
  const next: Random = () => draws[at++ % draws.length] ?? 0;
  const [kind, count, after, length] = [next(), next(), next(), next()];
  if (onlyKills) return { faults: [], kill: { signal: 'SIGKILL', after: Math.round(after * 2_500) } };
  const hasFaults = kind >= 0.15;
  const faults = Array.from({ length: hasFaults ? 1 + Math.floor(count * 3) : 0 }, () => ({
    point: pick(next, faultPoints),
    fault: pick(next, faultsOfOrdeals),
  }));
  if (kind >= 0.6 && kind < 0.85) {
    return { faults, kill: { signal: pick(next, signals), after: Math.round(40 + after * 1_500) } };
  }
  if (kind >= 0.85 && kind < 0.97) {
    return { faults, registryDies: { after: Math.round(after * 1_000), for: Math.round(100 + length * 600) } };
  }
  if (kind >= 0.97 && killsEngine) return { faults, engineDies: { after: Math.round(after * 1_000) } };
  return { faults };
}

function nameOf(fault: Fault): string {
  const detail = fault.kind === 'answer' ? ` ${fault.status}` : fault.kind === 'reset' ? ` ${fault.when}` : '';
  return `${fault.kind}${detail}`;
}

function describe({ faults, kill, registryDies, engineDies }: Ordeal): string {
  const met = faults.map(({ point, fault }) => `${nameOf(fault)} at ${point}`);
  if (kill !== undefined) met.push(`${kill.signal} after ${kill.after} ms`);
  if (registryDies !== undefined) met.push(`the registry dies after ${registryDies.after} ms`);
  if (engineDies !== undefined) met.push(`the engine dies after ${engineDies.after} ms`);
  return met.join(', ');
}

function isAlive(pid: number): boolean {
  // A zombie has no executable.
  return existsSync(`/proc/${pid}/exe`);
}

const username = 'octocat';
const counted = (counts: Record<string, number>, key: string): void => {
  counts[key] = (counts[key] ?? 0) + 1;
};

function isResult(ended: unknown): ended is StepResult {
  return typeof ended === 'object' && ended !== null && 'outputs' in ended;
}

/** Kills something and brings it back, one death at a time; remembers when it was away. */
function createOutages(mortal: Mortal): {
  die(milliseconds: number): Promise<void>;
  count(): number;
  overlaps(from: number, to: number): boolean;
  settled(): Promise<void>;
} {
  const outages: { from: number; to: number }[] = [];
  let last: Promise<void> = Promise.resolve();
  return {
    die(milliseconds) {
      last = last.then(async () => {
        const outage = { from: performance.now(), to: Number.POSITIVE_INFINITY };
        outages.push(outage);
        await mortal.kill();
        await sleep(milliseconds);
        await mortal.start();
        outage.to = performance.now();
      });
      return last;
    },
    count: () => outages.length,
    overlaps: (from, to) => outages.some((outage) => outage.from < to && outage.to > from),
    settled: () => last,
  };
}

/** @throws Error where the registry cannot be started; what does not hold is told in `violations` */
export async function soak(options: SoakOptions): Promise<SoakReport> {
  const { publishes, seed, lanes, limit, engine, mortalEngine, onlyKills = false, say = () => {} } = options;
  const begun = performance.now();
  const random = seededRandom(seed);
  const ordeals = Array.from({ length: publishes }, () => drawOrdeal(random, mortalEngine !== undefined, onlyKills));
  const own: OwnDistribution = await startOwnDistribution(options.registry);
  const registryOutages = createOutages(own);
  const engineOutages = createOutages(mortalEngine ?? { kill: async () => {}, start: async () => {} });
  const client = aClient({ retries: 12, sleep: (milliseconds) => sleep(Math.min(milliseconds, 400)) });
  const action: ActionCopy = copyAction();
  const violations: string[] = [];
  const gaveUp: string[] = [];
  const endings: Record<string, number> = {};
  const successes: { readonly repository: Repository; readonly tag: string; readonly digest: string }[] = [];
  const kills: Record<string, number> = {};
  const faults: Record<string, number> = {};
  const count = {
    publishes: 0,
    faultsOnly: 0,
    survived: 0,
    successesTrue: 0,
    tagsWhole: 0,
    blobsRead: 0,
    leftToPost: 0,
  };
  const left = { credentials: 0, files: 0 };
  const repositoryOf = (lane: number): Repository => parseRepository(own.registry, `octo-org/soak-${lane}`);

  /** @throws RegistryError for a tag that is not there, or that points at something that is not whole */
  async function readWhole(repository: Repository, tag: string): Promise<string> {
    const { bytes, digest } = await client.getManifest(repository, parseTag(tag));
    const manifest: { config: unknown; layers: readonly unknown[] } = JSON.parse(Buffer.from(bytes).toString());
    for (const held of [manifest.config, ...manifest.layers]) {
      const blob = Object(held);
      if (!isDigest(blob.digest)) throw new Error('a descriptor without a digest');
      await readAll(await client.getBlob(repository, blob));
      count.blobsRead++;
    }
    return digest;
  }

  async function publish(number: number, lane: number): Promise<void> {
    const ordeal = ordeals[number];
    if (ordeal === undefined) return;
    const repository = repositoryOf(lane);
    const token = `canary-${crypto.randomUUID()}`;
    const runner = action.newRunner({ engine, repository: repository.path, token });
    const configBefore = readFileSync(join(runner.home, '.docker/config.json'), 'utf8');
    runner.write('Dockerfile', 'FROM scratch\nCOPY app.txt /\n');
    runner.write('app.txt', `publish ${number} of seed ${seed}\n`);
    const proxy = await startFaultProxy(new URL(`http://${own.registry}/`), { asksForToken: true });
    for (const { point, fault } of ordeal.faults) proxy.inject(point, fault);
    const from = performance.now();
    const tags = `n${number}\nlatest`;
    const step = runner.start({ registry: proxy.registry, username, tags, retries: '6', push: 'true' });
    const timers = new AbortController();
    const later = (milliseconds: number, act: () => unknown): void =>
      void sleep(milliseconds, undefined, { signal: timers.signal }).then(act, () => {});
    const { kill, registryDies, engineDies } = ordeal;
    // From its first words on: how long a machine takes to start a process is no stage of a step.
    step.process.stdout?.once('data', () => {
      if (kill !== undefined) {
        later(kill.after, () => {
          if (step.process.kill(kill.signal)) counted(kills, kill.signal);
        });
      }
      if (registryDies !== undefined) later(registryDies.after, () => registryOutages.die(registryDies.for));
      if (engineDies !== undefined) later(engineDies.after, () => engineOutages.die(0));
    });
    const ended = await step.ended.catch((error: unknown) => error);
    timers.abort();
    const to = performance.now();
    for (const fault of proxy.struck) counted(faults, nameOf(fault));
    await proxy.close();
    const name = `publish ${number} (${describe(ordeal)})`;
    count.publishes++;
    if (!isResult(ended)) {
      if (ended instanceof SecretLeft) left.credentials++;
      violations.push(`${name}: ${ended}`);
      return;
    }
    if (ended.signal === 'SIGKILL') {
      // The runner ends what a step leaves running.
      for (const { pid } of runner.commands()) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
    }
    const isMet = registryOutages.overlaps(from, to) || engineOutages.overlaps(from, to) || kill !== undefined;
    const wrong = await judge(ended, {
      runner,
      configBefore,
      repository,
      tag: `n${number}`,
      kill: kill?.signal,
    });
    violations.push(...wrong.map((what) => `${name}: ${what}`));
    if (!isMet && ordeal.faults.length === 0 && ended.exitCode !== 0) {
      violations.push(`${name}: nothing was done to it, and it failed: ${ended.failure}`);
    }
    if (!isMet && ordeal.faults.length > 0) {
      count.faultsOnly++;
      if (ended.exitCode === 0) count.survived++;
      else gaveUp.push(`${describe(ordeal)}: ${ended.failure.split('\n')[0]}`);
    }
    counted(endings, ended.exitCode === 0 ? 'success' : (ended.signal ?? ended.code));
    if (count.publishes % 50 === 0) {
      say(`${count.publishes} of ${publishes} after ${Math.round((performance.now() - begun) / 1000)} s`);
    }
  }

  interface Facts {
    readonly runner: Runner;
    readonly configBefore: string;
    readonly repository: Repository;
    readonly tag: string;
    readonly kill: string | undefined;
  }

  /** What does not hold of one publish, as sentences; runs its post step. */
  async function judge(ended: StepResult, facts: Facts): Promise<readonly string[]> {
    const { runner, configBefore, repository, tag, kill } = facts;
    const wrong: string[] = [];
    const alive = runner.commands().filter(({ pid }) => isAlive(pid));
    if (ended.signal !== 'SIGKILL' && alive.length > 0) wrong.push(`it left ${alive.length} children`);
    const lookForFiles = (when: string): void => {
      const files = readdirSync(runner.temp);
      left.files += files.length;
      if (files.length > 0) wrong.push(`${when} it left ${files.join(', ')} in RUNNER_TEMP`);
    };
    if (ended.signal !== 'SIGKILL') lookForFiles('before its post');
    else if (readdirSync(runner.temp).length > 0) count.leftToPost++;
    const post = await runner.post(ended).catch((error: unknown) => error);
    if (post instanceof SecretLeft) left.credentials++;
    const { exitCode, log } = Object(post);
    if (post instanceof Error) wrong.push(`its post: ${post.message}`);
    else if (exitCode !== 0 || log !== '') wrong.push(`its post ended with ${exitCode}: ${log}`);
    lookForFiles('after its post');
    if (readFileSync(join(runner.home, '.docker/config.json'), 'utf8') !== configBefore) {
      wrong.push('it changed the runner’s configuration');
    }

    if (ended.exitCode === 0) {
      const { digest = '', published } = ended.outputs;
      if (published !== 'true') wrong.push(`it succeeded without publishing: ${ended.log}`);
      successes.push({ repository, tag, digest });
      for (const each of [tag, 'latest']) {
        const found = await readWhole(repository, each).catch((error: unknown) => String(error));
        if (found !== digest) wrong.push(`it said that ${each} is ${digest}; the registry says ${found}`);
      }
    } else if (ended.signal !== null) {
      if (ended.signal !== kill) wrong.push(`${ended.signal} ended it, which nobody sent`);
    } else if (ended.code === '' || ended.code === 'INTERNAL') {
      wrong.push(`it failed without a typed error: ${ended.failure}\n${withoutMasks(ended.log).slice(-2_000)}`);
    } else if (Object.keys(ended.outputs).length > 0) {
      wrong.push('it failed and has outputs');
    }
    return wrong;
  }

  /** Every tag that any publish left points at something whole; every success is still true. */
  async function judgeRegistry(): Promise<void> {
    for (let lane = 0; lane < lanes; lane++) {
      const repository = repositoryOf(lane);
      for (const tag of await client.listTags(repository).catch(() => [])) {
        await readWhole(repository, tag).then(
          () => count.tagsWhole++,
          (error: unknown) => violations.push(`${repository.path}:${tag} is not whole: ${error}`),
        );
      }
    }
    for (const { repository, tag, digest } of successes) {
      const found = await client.headManifest(repository, parseTag(tag));
      if (found?.digest === digest) count.successesTrue++;
      else violations.push(`${tag} was ${digest} and is ${found?.digest}`);
    }
  }

  try {
    let next = 0;
    const work = async (_: unknown, lane: number): Promise<void> => {
      while (next < publishes && performance.now() - begun < limit) await publish(next++, lane);
    };
    await Promise.all(Array.from({ length: lanes }, work));
    await Promise.all([registryOutages.settled(), engineOutages.settled()]);
    await judgeRegistry();
    return {
      seed,
      publishes: count.publishes,
      endings,
      kills: { main: kills, engine: engineOutages.count(), registry: registryOutages.count() },
      faults,
      faultsOnly: { all: count.faultsOnly, succeeded: count.survived },
      gaveUp,
      successesTrue: count.successesTrue,
      tagsWhole: count.tagsWhole,
      blobsRead: count.blobsRead,
      credentialsLeft: left.credentials,
      filesLeft: left.files,
      leftToPost: count.leftToPost,
      violations,
      seconds: Math.round((performance.now() - begun) / 1000),
    };
  } finally {
    client.close();
    await registryOutages.settled().catch(() => {});
    await own.close();
    action[Symbol.dispose]();
  }
}
