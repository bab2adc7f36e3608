/**
 * What every entry composes in the same way: the step's private folder, its children, its registry client and engine, and
 * the order in which they end. Nothing of a credential outlives `close`.
 */

import { homedir } from 'node:os';
import { join } from 'node:path';
import { type CommandRunner, createCommandRunner, type Environment } from './engine/command.ts';
import { build, type DockerPorts, logIn, readBuilderFacts, resolveBuilder } from './engine/docker.ts';
import { PublishError } from './errors.ts';
import type { Registry } from './image/registry.ts';
import type { Plan } from './plan.ts';
import type { EnginePort, RegistryPort } from './publish.ts';
import { readLogin } from './registry/credentials.ts';
import { createDockerConfig, type DockerConfig, removeDockerConfig } from './registry/docker-config.ts';
import { judgeText, retry, type Verdict } from './registry/retry.ts';
import type { Credential } from './registry/token.ts';
import type { Log } from './report/log.ts';

/** Where the CLI keeps its configuration unless told otherwise. */
export function runnerDockerConfig(env: Environment): string {
  return env.DOCKER_CONFIG || join(env.HOME || homedir(), '.docker');
}

/**
 * The environment of every child: without the inputs and state of the step, and without any variable that holds its token,
 * so that no build can read it.
 */
export function childEnvironment(env: Environment, token: string): Environment {
  return Object.fromEntries(
    Object.entries(env).filter(
      ([name, value]) => !/^(?:INPUT|STATE)_/.test(name) && !(token !== '' && value?.includes(token)),
    ),
  );
}

/** A docker command is tried again when it said itself that the failure may pass. */
function judgeCommand(error: unknown): Verdict {
  if (!(error instanceof PublishError) || !error.retryable) return { transient: false };
  return judgeText(error.detail, Date.now());
}

export interface Step {
  readonly engine: EnginePort;
  readonly registry: RegistryPort;
  /** DOCKER_CONFIG of the step. */
  readonly dockerConfig: string;
  /** Ends every child and connection; removes the folder unless `keepsLogin`. */
  close(keepsLogin: boolean): Promise<void>;
}

const sleep = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/**
 * Makes the private folder and what stands on it.
 * @param folder of the step, from `newStepFolder`
 * @param signal ends the step's children when it fires
 */
export async function openStep(
  plan: Plan,
  folder: string,
  env: Environment,
  token: string,
  log: Log,
  signal: AbortSignal,
): Promise<Step> {
  const commands: CommandRunner = createCommandRunner(signal);
  const runnerConfig = runnerDockerConfig(env);
  const withToken = plan.destinations.filter(({ credential }) => credential.kind === 'token');
  const config: DockerConfig = await createDockerConfig(
    join(folder, 'docker'),
    runnerConfig,
    withToken.map(({ registry }) => registry.registry),
  );
  const childEnv = { ...childEnvironment(env, token), DOCKER_CONFIG: config.folder };
  const retryPorts = { now: Date.now, sleep, random: Math.random, log: (line: string) => log.info(line) };
  const ports: DockerPorts = {
    run: commands.run,
    env: childEnv,
    temp: folder,
    onOutput: (text) => log.tool(text),
    retry: (what, attempt) => retry(attempt, { what, retries: plan.retries, judge: judgeCommand, ...retryPorts }),
  };
  const credentials = new Map<Registry, Credential | undefined>();
  for (const { registry, credential } of plan.destinations) {
    const { registry: name } = registry;
    if (credential.kind === 'token') {
      const realmDomain = registry.kind === 'other' ? {} : { realmDomain: plan.product.host };
      credentials.set(name, { username: credential.username, token, ...realmDomain });
    } else credentials.set(name, await readLogin(config.folder, name, commands.run, childEnv));
  }
  const { createRegistryClient } = await import('./registry/client.ts');
  const client = createRegistryClient({
    credentials: (registry) => credentials.get(registry),
    environment: env,
    retries: plan.retries,
    ...retryPorts,
  });
  return {
    engine: {
      readFacts: () => readBuilderFacts(ports, config),
      resolveBuilder: (facts) => resolveBuilder(facts, plan.build),
      logIn: ({ registry, credential }) =>
        credential.kind === 'token' ? logIn(ports, registry.registry, credential.username, token) : Promise.resolve(),
      build: (decision, references, push) =>
        build(
          ports,
          decision,
          plan.build,
          references,
          plan.destinations.map(({ repository }) => repository),
          push,
        ),
    },
    registry: client,
    dockerConfig: config.folder,
    async close(keepsLogin) {
      client.close();
      await commands.end();
      if (!keepsLogin) await removeDockerConfig(folder);
    },
  };
}
