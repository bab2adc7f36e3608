/**
 * What every entry composes in the same way: the step's private folder, its children, its registry client, and the order
 * in which they end. Nothing of a credential outlives `close`.
 */

import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { createCommandRunner } from './engine/command.ts';
import type { DockerPorts } from './engine/docker.ts';
import { withNewToken } from './engine/renewed-token.ts';
import { judgeText } from './engine/tool-output.ts';
import { PublishError } from './errors.ts';
import type { Product } from './github/product.ts';
import { hostOfOwningProduct } from './github/product-registries.ts';
import { type RetryPorts, retry, type Verdict } from './http/retry.ts';
import type { Registry } from './image/registry-name.ts';
import type { Repository } from './image/repository.ts';
import type { Log } from './log/log.ts';
import { createDockerConfig, type DockerConfig, isolateLogins, removeDockerConfig } from './login/docker-config.ts';
import { readLogin } from './login/runner-login.ts';
import type { RegistryClient } from './registry/client.ts';
import type { Credential, RegistryLogin } from './registry/credential.ts';
import type { Environment } from './text/environment.ts';
import { isOrHolds, withoutBuildSecrets } from './text/secret-text.ts';

/** Where the CLI keeps its configuration unless told otherwise. */
export function runnerDockerConfig(env: Environment): string {
  return env.DOCKER_CONFIG || join(env.HOME || homedir(), '.docker');
}

/**
 * The environment of every child: without the inputs and state of the step, and without any variable that is or holds one of
 * its secrets, so that no build can read it. PATH and HOME stay where a password is a word of them (`runner`, `docker`).
 */
export function childEnvironment(env: Environment, secrets: readonly string[]): Environment {
  const sought = secrets.map((secret) => secret.trim()).filter((secret) => secret !== '');
  const hides = (value: string): boolean => sought.some((secret) => isOrHolds(value, secret));
  return Object.fromEntries(
    Object.entries(env).filter(([name, value = '']) => !/^(?:INPUT|STATE)_/.test(name) && !hides(value)),
  );
}

/**
 * Without the logins of the given registries in DOCKER_AUTH_CONFIG, which the CLI takes before those of its configuration
 * (https://docs.docker.com/reference/cli/docker/#environment-variables).
 */
export function withoutAuthConfig(env: Environment, registries: readonly Registry[]): Environment {
  if (!env.DOCKER_AUTH_CONFIG) return env;
  try {
    const { auths } = isolateLogins(JSON.parse(env.DOCKER_AUTH_CONFIG), registries);
    return { ...env, DOCKER_AUTH_CONFIG: JSON.stringify({ auths }) };
  } catch {
    // The CLI warns of a text that it cannot read, and goes on without it.
    return env;
  }
}

/** A docker command is tried again when it said itself that the failure may pass. */
function judgeCommand(error: unknown): Verdict {
  if (!(error instanceof PublishError) || !error.retryable) return { transient: false };
  return judgeText(error.detail, Date.now());
}

/** The secret parts that no plan holds. */
export interface StepSecrets {
  readonly token: string;
  readonly registryAuth: readonly RegistryLogin[];
  /** Of the build, where they stand in inputs and variables. */
  readonly ofBuild?: readonly string[];
}

/** What an entry opens a step for. */
export interface StepPlan {
  readonly product: Product;
  /** What it reads or writes. */
  readonly repositories: readonly Repository[];
  readonly logins: readonly RegistryLogin[];
  readonly retries: number;
}

export interface Step {
  readonly docker: DockerPorts;
  readonly config: DockerConfig;
  readonly registry: RegistryClient;
  readonly logins: readonly RegistryLogin[];
  /** Ends every child and connection; removes the folder unless `keepsLogin`. */
  close(keepsLogin: boolean): Promise<void>;
}

/**
 * The clock, and who is told of an attempt that failed.
 * @param signal ends the waits: a step that was asked to end makes no further attempt
 */
export function retryPorts(log: Log, signal: AbortSignal): RetryPorts {
  return {
    now: Date.now,
    sleep: async (milliseconds) => {
      signal.throwIfAborted();
      await setTimeout(milliseconds, undefined, { signal }).catch(() => signal.throwIfAborted());
    },
    random: Math.random,
    log: (line) => {
      if (!signal.aborted) log.info(line);
    },
  };
}

/**
 * Makes the private folder and what stands on it.
 * @param folder of the step, from `newStepFolder`; gone again if this throws
 * @param signal ends the step's children when it fires
 */
export async function openStep(
  plan: StepPlan,
  folder: string,
  env: Environment,
  secrets: StepSecrets,
  log: Log,
  signal: AbortSignal,
): Promise<Step> {
  const commands = createCommandRunner(signal);
  const closing = new AbortController();
  // A step that has failed, or was asked to end, waits for no further attempt.
  const ended = AbortSignal.any([signal, closing.signal]);
  try {
    const { logins } = plan;
    const registries = logins.map(({ registry }) => registry);
    const config = await createDockerConfig(join(folder, 'docker'), runnerDockerConfig(env), registries);
    const hidden = logins.map(({ password }) => password);
    const inherited = withoutBuildSecrets(env, secrets.ofBuild ?? []);
    const childEnv = {
      ...withoutAuthConfig(childEnvironment(inherited, [secrets.token, ...hidden]), registries),
      DOCKER_CONFIG: config.folder,
    };
    const credentials = await readCredentials(plan, (registry) =>
      readLogin(config.folder, registry, commands.run, childEnv),
    );
    const ports = retryPorts(log, ended);
    const { createRegistryClient } = await import('./registry/client.ts');
    const registry = createRegistryClient({
      credentials: (name) => credentials.get(name),
      environment: env,
      retries: plan.retries,
      signal,
      ...ports,
    });
    const isTaken = async (): Promise<boolean> => {
      const asked = plan.repositories.map((repository) => registry.mayPush(repository));
      return (await Promise.all(asked)).every(({ answer }) => answer !== 'refused');
    };
    return {
      docker: {
        run: commands.run,
        env: childEnv,
        temp: folder,
        signal,
        onOutput: (text) => log.tool(text),
        retry: (what, attempt) => {
          const options = { what, retries: plan.retries, judge: judgeCommand, ...ports };
          return retry(withNewToken(what, attempt, { log: ports.log, isTaken }), options);
        },
      },
      config,
      registry,
      logins,
      async close(keepsLogin) {
        closing.abort();
        await registry.settle();
        registry.close();
        await commands.end();
        if (!keepsLogin) await removeDockerConfig(folder);
      },
    };
  } catch (error) {
    await commands.end();
    await removeDockerConfig(folder);
    throw error;
  }
}

/** Who our own client is to each registry: who the CLI logs in as, or what it is logged in with already. */
async function readCredentials(
  { product, repositories, logins }: StepPlan,
  readRunnerLogin: (registry: Registry) => Promise<Credential | undefined>,
): Promise<ReadonlyMap<Registry, Credential | undefined>> {
  const entries = repositories.map(async ({ registry }) => {
    const login = logins.find((each) => each.registry === registry);
    const credential =
      login === undefined ? await readRunnerLogin(registry) : { username: login.username, token: login.password };
    // The client knows the realms of GitHub's own hosts; that of a GHES is known here alone.
    const isOwn = product.kind === 'ghes' && hostOfOwningProduct(registry, product) === product.host;
    const realm = isOwn ? { realmDomain: product.host } : {};
    return [registry, credential && { ...credential, ...realm }] as const;
  });
  return new Map(await Promise.all(entries));
}
