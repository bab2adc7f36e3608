/**
 * A login by the Docker engine itself, with the request that `docker login` makes (`POST /auth`,
 * https://docs.docker.com/reference/api/engine/). The engine pushes by a way of its own: it may trust fewer certificates than this
 * action, or be behind another proxy. This tells before the build.
 */

import { PermissionError, type PublishError, RegistryError } from '../errors.ts';
import { loginKey, type Registry } from '../image/registry-name.ts';
import type { RegistryLogin } from '../registry/credential.ts';
import { parseJsonObject } from '../text/json.ts';
import type { DockerPorts } from './docker.ts';
import { askEngine, type EngineAnswer } from './engine-socket.ts';
import { judgeText, means } from './tool-output.ts';

/** Seconds: an engine reads an answer to its end, which a registry that drips never reaches. */
const timeLimit = 30;
/** An engine without this request says so, like any server. */
const unknownRequest = [404, 405, 501];

/**
 * @param socketPath of the engine
 * @throws PermissionError LOGIN_REFUSED; RegistryError REGISTRY_UNREACHABLE, also for a certificate that the engine does not trust
 */
export async function logInByEngine(
  { retry, signal }: Pick<DockerPorts, 'retry' | 'signal'>,
  socketPath: string,
  { registry, username, password }: RegistryLogin,
): Promise<void> {
  const body = JSON.stringify({ username, password, serveraddress: loginKey(registry) });
  await retry(`Login of the engine to ${registry}`, async () => {
    const asked = { method: 'POST', path: '/auth', body, limit: timeLimit, signal } as const;
    const answer = await askEngine(socketPath, asked).catch((error: Error) => {
      throw signal.aborted ? error : unanswered(registry, error.message);
    });
    if (answer.status < 400 || unknownRequest.includes(answer.status)) return;
    throw failureOf(registry, answer);
  });
}

function failureOf(registry: Registry, { status, text }: EngineAnswer): PublishError {
  const said = parseJsonObject(text)?.message;
  const words = typeof said === 'string' && said !== '' ? said.trim().replace(/\.$/, '') : `status ${status}`;
  if (status !== 401 && status !== 403 && !means(words, 'refused')) return unanswered(registry, words);
  return new PermissionError('LOGIN_REFUSED', {
    message: `${registry} refused the login of the engine: ${words}.`,
    remedy: `Check the user name and the password for ${registry}: in \`registry-auth\`, or in \`username\` and \`token\`.`,
    detail: words,
  });
}

function unanswered(registry: Registry, words: string): RegistryError {
  return new RegistryError('REGISTRY_UNREACHABLE', {
    message: `${registry} did not answer the login of the engine: ${words}.`,
    remedy: `Let the engine reach ${registry}: its proxy, its firewall, and the certificates in /etc/docker/certs.d.`,
    detail: words,
    retryable: judgeText(words, 0).transient,
  });
}
