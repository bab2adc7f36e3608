/** Logs the CLI of the runner in, with the password on standard input: it is on no command line. */

import { PermissionError, type PublishError, RegistryError } from '../errors.ts';
import type { Registry } from '../image/registry-name.ts';
import type { RegistryLogin } from '../registry/credential.ts';
import type { CommandResult } from './command.ts';
import type { DockerPorts } from './docker.ts';
import { type PodmanPorts, tlsOptions } from './podman.ts';
import { judgeText, lastLine, means } from './tool-output.ts';

/** An engine reads an answer to its end, which a registry that drips never reaches. */
const loginTimeout = 30_000;

/**
 * `docker login`, or `podman login` where the ports have Podman's file.
 * @throws PermissionError LOGIN_REFUSED; RegistryError REGISTRY_UNREACHABLE; ToolError ENGINE_MISSING
 */
export async function logIn(
  ports: DockerPorts | PodmanPorts,
  { registry, username, password }: RegistryLogin,
): Promise<void> {
  const { run, env, retry } = ports;
  const options = ['--username', username, '--password-stdin', registry];
  const argv: readonly [string, ...string[]] =
    'authFile' in ports
      ? ['podman', 'login', '--authfile', ports.authFile, ...tlsOptions(registry), ...options]
      : ['docker', 'login', ...options];
  await retry(`Login to ${registry}`, async () => {
    const result = await run(argv, { env, input: password, timeout: loginTimeout });
    if (result.exitCode !== 0) throw loginFailure(argv[0], registry, result);
  });
}

function loginFailure(program: string, registry: Registry, { exitCode, stderr }: CommandResult): PublishError {
  const reason = lastLine(stderr) || `${program} login ended with exit code ${exitCode}`;
  const facts = { detail: stderr, retryable: judgeText(stderr, 0).transient };
  if (means(reason, 'unanswered')) {
    return new RegistryError('REGISTRY_UNREACHABLE', {
      message: `${registry} did not answer the login: ${reason}.`,
      remedy: `Check that ${registry} is the right registry, and that the runner reaches it (proxy, firewall).`,
      ...facts,
    });
  }
  return new PermissionError('LOGIN_REFUSED', {
    message: `${registry} refused the login: ${reason}.`,
    remedy: `Check \`token\`: the job’s own token (leave it out), or a classic personal access token with the scope write:packages of the product that ${registry} belongs to.`,
    ...facts,
  });
}
