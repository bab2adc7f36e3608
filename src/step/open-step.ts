/**
 * What every entry composes in the same way: the step's private folder, its children, its registry client, and the order
 * in which they end. Nothing of a credential outlives `close`.
 */

import { homedir } from 'node:os';
import { join } from 'node:path';
import { createCommandRunner } from '../engine/command.ts';
import type { DockerPorts } from '../engine/docker.ts';
import { withNewToken } from '../engine/renewed-token.ts';
import type { Product } from '../github/product.ts';
import { tokenDomain } from '../github/product-registries.ts';
import { retry } from '../http/retry.ts';
import type { Registry } from '../image/registry-name.ts';
import type { Repository } from '../image/repository.ts';
import { createDockerConfig, type DockerConfig, removeDockerConfig, writeLogins } from '../login/docker-config.ts';
import { type RunHelper, readLogin } from '../login/runner-login.ts';
import type { RegistryClient } from '../registry/client.ts';
import type { Credential, RegistryLogin } from '../registry/credential.ts';
import { type Environment, homeOf } from '../text/environment.ts';
import { pathsOf } from '../text/local-path.ts';
import { shortestPart, withoutBuildSecrets } from '../text/secret-text.ts';
import { cacheTokenOf, childEnvironment, withoutAuthConfig } from './child-environment.ts';
import type { StepProcess } from './process.ts';
import { judgeCommand, retryPorts } from './retry-ports.ts';
import { maskLogin, type StepSecrets } from './step-secrets.ts';

/** Where the CLI keeps its configuration unless told otherwise. */
export function runnerDockerConfig(env: Environment, platform: NodeJS.Platform = process.platform): string {
  return env.DOCKER_CONFIG || pathsOf(platform).join(homeOf(env, platform) || homedir(), '.docker');
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
  /** Of GitHub's cache service, which no child has in its environment; empty if there is none for a build. */
  readonly cacheToken: string;
  /** Leaves the logins in the private folder, where the CLI and buildx read them. */
  writeLogins(): Promise<void>;
  /**
   * Asks each registry that the step has a login for whether it takes that.
   * @param asked the registries that this step asks for permission anyway, with the same login
   * @throws RegistryError LOGIN_REFUSED, and what `checkLogin` throws
   */
  checkLogins(asked?: readonly Registry[]): Promise<void>;
  /** Ends every child and connection; removes the folder unless `keepsLogin`. */
  close(keepsLogin: boolean): Promise<void>;
}

/**
 * Makes the private folder and what depends on it.
 * @param folder of the step, from `newStepFolder`; gone again if this throws
 * @param process `termination` ends the step's children when it fires
 */
export async function openStep(
  plan: StepPlan,
  folder: string,
  secrets: StepSecrets,
  { env, log, masker, termination: signal }: StepProcess,
): Promise<Step> {
  const commands = createCommandRunner(signal);
  const closing = new AbortController();
  // A step that has failed, or has received a signal, waits for no further attempt.
  const ended = AbortSignal.any([signal, closing.signal]);
  try {
    const { logins } = plan;
    const registries = logins.map(({ registry }) => registry);
    const config = await createDockerConfig(join(folder, 'docker'), runnerDockerConfig(env), registries);
    const hidden = [secrets.token, ...logins.map(({ password }) => password)];
    const inherited = withoutBuildSecrets(env, secrets.ofBuild ?? []);
    const childEnv = {
      ...withoutAuthConfig(childEnvironment(inherited, hidden), registries),
      DOCKER_CONFIG: config.folder,
    };
    const withheld = Object.keys(env).filter((name) => !(name in inherited));
    const runHelper: RunHelper = async (argv, options) => {
      const result = await commands.run(argv, options);
      if (result.exitCode !== 0 && withheld.length > 0) {
        log.notice(
          `The credential helper ${argv[0]} gave no login. It runs without ${withheld.join(', ')}, because the build has the same value as a secret. If the helper needs it, log in in an earlier step.`,
        );
      }
      return result;
    };
    const credentials = await readCredentials(plan, (registry) =>
      readLogin(config.folder, registry, runHelper, childEnv),
    );
    for (const credential of credentials.values()) {
      if (credential === undefined) continue;
      // Of the runner, too, whose password may be a word.
      maskLogin(log, { username: credential.username, password: credential.token }, shortestPart);
    }
    const ports = retryPorts(log, ended);
    const { createRegistryClient } = await import('../registry/client.ts');
    const registry = createRegistryClient({
      credentials: (name) => credentials.get(name),
      environment: env,
      retries: plan.retries,
      signal,
      // By this step alone: the runner drops an output that holds a masked text, and a registry may choose the text.
      mask: (token) => void masker.add(token, shortestPart),
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
      cacheToken: cacheTokenOf(inherited, hidden),
      writeLogins: () => writeLogins(config, logins),
      async checkLogins(asked = []) {
        const unasked = registries.filter((name) => !asked.includes(name));
        await Promise.all(
          unasked.map(async (name) => {
            const reason = await registry.checkLogin(name);
            if (reason !== undefined)
              log.notice(`Could not check in advance whether ${name} takes the login: ${reason}`);
          }),
        );
      },
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
  const registries = new Set([...repositories, ...logins].map(({ registry }) => registry));
  const entries = [...registries].map(async (registry) => {
    const login = logins.find((each) => each.registry === registry);
    const credential =
      login === undefined ? await readRunnerLogin(registry) : { username: login.username, token: login.password };
    const realmDomain = tokenDomain(registry, product);
    return [registry, credential && { ...credential, ...(realmDomain && { realmDomain }) }] as const;
  });
  return new Map(await Promise.all(entries));
}
