/** A publish that is held at one of its stages: the registry does not answer there, or the build goes on for long. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type MeddlingRegistry, startMeddlingRegistry } from './meddling-registry.ts';
import { type ActionCopy, type Runner, type RunnerOptions, type RunningStep, uniqueName } from './step.ts';

/** The request that the registry never answers; for `build` it answers all, and the build goes on. */
export const heldRequests = {
  prepare: /^POST .*\/blobs\/uploads\//,
  login: /^GET \/v2\/$/,
  build: undefined,
  push: /^(?:PATCH|PUT) .*\/blobs\/uploads\//,
  tag: /^PUT .*\/manifests\/second$/,
  verify: /^HEAD .*\/manifests\/second$/,
  // For the sizes in the summary; an engine that pushes asks for the same, before any tag moves.
  report: /^GET .*\/blobs\/sha256:/,
} as const;

export type HeldStage = keyof typeof heldRequests;

interface Parts {
  readonly action: ActionCopy;
  /** `host:port` of the registry that is published to. */
  readonly registry: string;
  /** Base image of a build that goes on for long. */
  readonly busybox: string;
  readonly token: string;
}

export interface HeldStep extends Disposable {
  readonly runner: Runner;
  readonly step: RunningStep;
  /** Whether the runner's own configuration of Docker is as it was. */
  hasOwnConfig(): boolean;
}

/**
 * Starts a publish, and waits until it has reached a stage.
 * @param options of the runner
 * @param inputs beside registry, login and the tags `first` and `second`
 * @throws Error with the log of a step that ended before
 */
export async function startHeldStep(
  stage: HeldStage,
  { action, registry, busybox, token }: Parts,
  options: RunnerOptions,
  inputs: Readonly<Record<string, string>> = {},
): Promise<HeldStep> {
  const held = heldRequests[stage];
  let hasTagged = false;
  let reach: () => void = () => {};
  const reached = new Promise<void>((resolve) => {
    reach = resolve;
  });
  const meddling: MeddlingRegistry = await startMeddlingRegistry(registry, (request) => {
    hasTagged ||= heldRequests.tag.test(request);
    if (held === undefined || !held.test(request) || (stage === 'report' && !hasTagged)) return undefined;
    reach();
    return new Promise<undefined>(() => {});
  });
  const runner = action.newRunner({ repository: `octo-org/${uniqueName('app')}`, token, ...options });
  const configFile = join(runner.home, '.docker/config.json');
  const configBefore = readFileSync(configFile, 'utf8');
  const content = `COPY hello.txt /\nRUN echo ${uniqueName('run')} && echo under""way && sleep 300\n`;
  runner.write('Dockerfile', stage === 'build' ? `FROM ${busybox}\n${content}` : 'FROM scratch\nCOPY hello.txt /\n');
  runner.write('hello.txt', uniqueName('Hello'));
  // A step that pushes asks for permission to push, and a step that does not whether its login is good.
  const push = stage === 'login' ? 'false' : 'true';
  const asked = { registry: meddling.address, username: 'octocat', tags: 'first\nsecond', push };
  const step = runner.start({ ...asked, ...inputs });
  let log = '';
  step.process.stdout?.on('data', (text: string) => {
    log += text;
    if (stage === 'build' && log.includes('underway')) reach();
  });
  const isLate = sleep(120_000, 'late', { ref: false });
  const ended = await Promise.race([reached, step.ended.then((end) => end.log), isLate]);
  if (ended !== undefined) {
    meddling[Symbol.dispose]();
    throw new Error(`The step did not reach "${stage}": ${ended}\n${log}`);
  }
  return {
    runner,
    step,
    hasOwnConfig: () => readFileSync(configFile, 'utf8') === configBefore,
    [Symbol.dispose]: () => meddling[Symbol.dispose](),
  };
}

/** Whether a process runs; a zombie has no executable. */
export function isAlive(pid: number): boolean {
  return existsSync(`/proc/${pid}/exe`);
}
