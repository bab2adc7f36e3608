/** A builder that the step makes, from the first thought of it to its end. */

import { setTimeout as sleep } from 'node:timers/promises';
import type { BuildRequest } from '../build/build-request.ts';
import type { LookedAt } from '../build/joined-builds.ts';
import { PublishError } from '../errors.ts';
import { formatPlatform, type Platform } from '../image/platform.ts';
import { parseReference } from '../image/reference.ts';
import type { Environment } from '../text/environment.ts';
import { type BuilderSurroundings, readBuilderSettings } from './builder-settings.ts';
import { createCommandRunner } from './command.ts';
import { cannotRun, type ForeignPlatforms } from './foreign-platforms.ts';
import {
  type BuilderSettings,
  findAbandoned,
  hasEmulator,
  type JobBuilder,
  type JobBuilderPorts,
  jobBuilderEnvironment,
  listJobBuilders,
  openJobBuilder,
  remakeJobBuilder,
  removeJobBuilder,
} from './job-builder.ts';

interface MadeBuilderPorts extends Pick<JobBuilderPorts, 'env' | 'retry'> {
  /** Ends what is being made when it fires. */
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
  readonly warn: (message: string) => void;
  /** Told of the builder before it is made; whether the post step is going to remove it. */
  readonly onJobBuilder: (builder: JobBuilder) => boolean;
}

/** What is to be made. */
export interface BuilderTask {
  /** The plugin's path. */
  readonly buildx: string;
  /** What all builds ask for. */
  readonly request: BuildRequest;
  readonly builds: readonly LookedAt[];
  readonly surroundings: BuilderSurroundings;
  /** Below which the folder of the job is. */
  readonly temp: string;
  /** Called when the builder is there. */
  readonly readForeign: () => Promise<ForeignPlatforms>;
  /** Why there has to be a builder, as a clause. */
  readonly need: string;
  /** Settles when the step's login is written, for the registry of an image that needs it; `undefined`: it does not log in there. */
  readonly login: (registry: string) => Promise<void> | undefined;
}

export interface MadeBuilder {
  readonly name: string;
  /** Of the children that use it. */
  readonly env: Environment;
  /** The platforms that its emulators run programs for. */
  readonly emulated: readonly Platform[];
  /** Makes it anew, for a build that it has not survived. */
  remake(): Promise<void>;
}

/** The maker of one step, which makes one builder at most. */
export interface BuilderMaker {
  /** @throws ToolError BUILDER_FAILED, PLATFORM_UNSUPPORTED; InputError INPUT_INVALID */
  make(task: BuilderTask): Promise<MadeBuilder>;
  /**
   * Ends what is being made. Removes the builder, unless later steps of the job may use it.
   * @param isUsed whether a build of this step has used it
   */
  close(isUsed: boolean): Promise<void>;
}

export function openBuilderMaker({ env, retry, signal, say, warn, onJobBuilder }: MadeBuilderPorts): BuilderMaker {
  const stop = new AbortController();
  const { run, end } = createCommandRunner(AbortSignal.any([signal, stop.signal]));
  let builder: JobBuilder | undefined;
  let isForJob = false;
  let told: Promise<void> = Promise.resolve();
  let work: Promise<unknown> = Promise.resolve();

  function portsFor(need: string): JobBuilderPorts {
    const ports: JobBuilderPorts = {
      ...{ run, env, retry, need },
      now: () => new Date(),
      onBuilder: (made) => {
        builder = made;
        isForJob = onJobBuilder(made);
        // While the builder is made: a step that finds one has nothing to wait for.
        told = sayAbandoned(ports).catch(() => undefined);
      },
    };
    return ports;
  }

  async function sayAbandoned(ports: JobBuilderPorts): Promise<void> {
    for (const { container, hours } of findAbandoned(await listJobBuilders(ports), ports.now())) {
      say(
        `A job that ended without its post step left the builder ${container} on this engine ${hours} hours ago. Remove it with \`docker rm --force --volumes ${container} && docker volume rm ${container}_state\`.`,
      );
    }
  }

  /** @returns the platforms that an emulator of the builder runs programs for */
  async function checkPlatforms(
    made: JobBuilder,
    settings: BuilderSettings,
    foreign: ForeignPlatforms,
  ): Promise<readonly Platform[]> {
    const found = await Promise.all(
      foreign.unhandled.map((platform) => hasEmulator({ run, env }, made, platform.architecture)),
    );
    const missing = foreign.unhandled.filter((_, index) => found[index] === false);
    const emulated = foreign.running.filter((platform) => !missing.includes(platform));
    if (emulated.length > 0) {
      say(`Emulated: ${emulated.map(formatPlatform).join(', ')}, by BuildKit’s own emulators, which are slow`);
    }
    if (missing.length === 0 || !foreign.isKnown) return emulated;
    const stuck = missing.filter((platform) => foreign.running.includes(platform));
    if (stuck.length > 0) throw cannotRun(stuck, settings.image);
    warn(
      `Nothing on this runner runs programs for ${missing.map(formatPlatform).join(', ')}. The Dockerfile runs none there, so the build goes on.`,
    );
    return emulated;
  }

  async function makeNow({
    buildx,
    request,
    builds,
    surroundings,
    temp,
    readForeign,
    need,
    login,
  }: BuilderTask): Promise<MadeBuilder> {
    const begun = performance.now();
    const settings = await readBuilderSettings(request, builds, surroundings);
    await login(parseReference(settings.image).repository.registry);
    stop.signal.throwIfAborted();
    const ports = portsFor(need);
    const made = await openJobBuilder(ports, buildx, temp, settings);
    await told;
    const seconds = ((performance.now() - begun) / 1000).toFixed(1);
    say(
      made.isNew
        ? `Builder: ${made.name}, made from ${settings.image} in ${seconds} s; later steps of the job use it again`
        : `Builder: ${made.name}, which an earlier step of the job made`,
    );
    return {
      name: made.name,
      emulated: await checkPlatforms(made, settings, await readForeign()),
      env: jobBuilderEnvironment(env, made),
      remake: () => remakeJobBuilder(ports, buildx, made, settings),
    };
  }

  return {
    make(task) {
      const making = makeNow(task);
      work = making.catch(() => undefined);
      return making;
    },
    async close(isUsed) {
      stop.abort();
      await end();
      // One that waits for a retry, or for a resolver, makes nothing any more, and nobody waits for it.
      await Promise.race([work, sleep(1_000, undefined, { ref: false })]);
      if (builder === undefined || (isForJob && isUsed)) return;
      // The step's own commands may have been ended: what it made goes nevertheless.
      const cleaner = createCommandRunner(AbortSignal.timeout(10_000));
      await removeJobBuilder({ run: cleaner.run, env }, builder).catch((error: unknown) =>
        warn(error instanceof PublishError ? `${error.message} ${error.remedy}` : String(error)),
      );
    },
  };
}
