/** The environment of every command that a step starts. */

import type { Registry } from '../image/registry-name.ts';
import { isolateLogins } from '../login/docker-config.ts';
import type { Environment } from '../text/environment.ts';
import { findsSecrets } from '../text/secret-text.ts';

/** With which the runner lets a step get ID tokens of the job, and reach its caches and artifacts (actions/runner, NodeScriptActionHandler). */
const runnerTokens = ['ACTIONS_RUNTIME_TOKEN', 'ACTIONS_ID_TOKEN_REQUEST_TOKEN'] as const;

/** What belongs to the step alone: its inputs, its state, and where it asks for ID tokens. */
const ofStep = /^(?:INPUT|STATE)_|^ACTIONS_ID_TOKEN_REQUEST_/;

/**
 * The environment of every child. It has no input and no state of the step. No variable is or holds one of its secrets or a
 * token of the runner, so that no build can read them. PATH and HOME stay where a password is a word of them (`runner`, `docker`).
 */
export function childEnvironment(env: Environment, secrets: readonly string[]): Environment {
  return withoutSecrets(env, [...secrets, ...runnerTokens.map((name) => env[name] ?? '')]);
}

function withoutSecrets(env: Environment, secrets: readonly string[]): Environment {
  const sought = secrets.map((secret) => secret.trim()).filter((secret) => secret !== '');
  const hides = findsSecrets(sought);
  return Object.fromEntries(Object.entries(env).filter(([name, value = '']) => !ofStep.test(name) && !hides(value)));
}

/**
 * The token of GitHub's cache service, for a build that keeps its cache there.
 * @returns empty if the runner gives none, or one that is or holds a secret of the step
 */
export function cacheTokenOf(env: Environment, secrets: readonly string[]): string {
  const { ACTIONS_RUNTIME_TOKEN = '' } = withoutSecrets(env, secrets);
  return ACTIONS_RUNTIME_TOKEN;
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
