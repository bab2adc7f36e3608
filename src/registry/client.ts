/**
 * The distribution client (https://github.com/opencontainers/distribution-spec): composes the way to a registry (http,
 * origin, token, retry) with the requests to it (manifests, blobs, permission).
 */

import { createHttp, type HttpOptions } from '../http/http.ts';
import type { RetryPorts } from '../http/retry.ts';
import type { Registry } from '../image/registry-name.ts';
import type { Repository } from '../image/repository.ts';
import { createAuthorizer } from './authorization.ts';
import { type Blobs, createBlobs } from './blobs.ts';
import { checkLogin } from './check-login.ts';
import type { Credential } from './credential.ts';
import { createManifests, type Manifests } from './manifests.ts';
import { createOrigins } from './origin.ts';
import { type Presence, ping } from './ping.ts';
import { mayPush, type PushPermission } from './push-permission.ts';
import { createUntilSeen, type UntilSeen } from './read-back.ts';
import { createSession } from './session.ts';

export interface ClientOptions extends RetryPorts, Omit<HttpOptions, 'userAgent'> {
  /** The login for a registry; `undefined`: anonymous. A login is sent to that registry and its token realm alone. */
  readonly credentials: (registry: Registry) => Credential | undefined;
  /** Attempts in all at anything transient. */
  readonly retries: number;
  readonly userAgent?: string;
  /** Takes each token that a registry issues, before it is sent anywhere: the registry may repeat it in an error. */
  readonly mask?: (token: string) => void;
}

export interface RegistryClient extends Manifests, Omit<Blobs, 'startUpload' | 'cancelUpload'> {
  /** @param timeout milliseconds. Default: 3 s. */
  ping(registry: Registry, timeout?: number): Promise<Presence>;
  /**
   * Whether the registry takes this client's login for it, if there is one; see `checkLogin`.
   * @param timeout milliseconds of one attempt. Default: 30 s.
   */
  checkLogin(registry: Registry, timeout?: number): Promise<string | undefined>;
  /** @param timeout milliseconds. Default: 10 s. */
  mayPush(repository: Repository, timeout?: number): Promise<PushPermission>;
  /** For what was just written, by this client, an engine or another job. */
  readonly untilSeen: UntilSeen;
  /** Waits for what was left to go on by itself: the uploads of `mayPush`, which are being cancelled. */
  settle(): Promise<void>;
  /** Ends the connections that are kept alive, and cuts what is on its way. */
  close(): void;
}

export function createRegistryClient(options: ClientOptions): RegistryClient {
  const { userAgent = 'publish-docker-package', now, credentials } = options;
  const http = createHttp({ ...options, userAgent });
  const session = createSession(http, createAuthorizer(http, credentials, now, options.mask), createOrigins(), options);
  const { startUpload, cancelUpload, ...blobs } = createBlobs(session);
  const background: Promise<void>[] = [];
  return {
    ...createManifests(session),
    ...blobs,
    ping: (registry, timeout = 3_000) => ping(session, registry, timeout),
    async checkLogin(registry, timeout = 30_000) {
      return credentials(registry) === undefined ? undefined : checkLogin(session, registry, timeout);
    },
    mayPush: (repository, timeout = 10_000) =>
      mayPush({ startUpload, cancelUpload }, repository, timeout, (work) => background.push(work)),
    untilSeen: createUntilSeen(options),
    settle: async () => void (await Promise.all(background)),
    close: () => http.close(),
  };
}
