/** The environment of every command that a step starts. */

import type { Registry } from '../image/registry-name.ts';
import { isolateLogins } from '../login/docker-config.ts';
import type { Environment } from '../text/environment.ts';
import { findsSecrets } from '../text/secret-text.ts';

/**
 * The environment of every child. It has no input and no state of the step, and no variable that is or holds one of its
 * secrets, so that no build can read them. PATH and HOME stay where a password is a word of them (`runner`, `docker`).
 */
export function childEnvironment(env: Environment, secrets: readonly string[]): Environment {
  const sought = secrets.map((secret) => secret.trim()).filter((secret) => secret !== '');
  const hides = findsSecrets(sought);
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
