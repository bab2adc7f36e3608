/** Blobs (distribution-spec, "Pulling blobs", "Pushing blobs"): a single streamed PUT, never chunks. */

import { createHash } from 'node:crypto';
import { type Readable, Transform } from 'node:stream';
import { RegistryError } from '../errors.ts';
import type { Body, HttpResponse } from '../http/http.ts';
import { exchangeOf, failureOfConnection } from '../http/request-failure.ts';
import { judgeError, type Verdict } from '../http/retry.ts';
import type { Digest } from '../image/digest.ts';
import type { Blob } from '../image/manifest.ts';
import { formatRepository, type Repository } from '../image/repository.ts';
import type { TokenScope } from './authorization.ts';
import { ifReadable } from './read-back.ts';
import type { OciErrorCode } from './refusal.ts';
import type { Session } from './session.ts';

/** How a blob came to be in a repository. */
export type Pushed = 'present' | 'mounted' | 'uploaded';

export interface Blobs {
  /**
   * @returns whether the repository has the blob
   * @throws RegistryError PULL_DENIED, TOKEN_REJECTED, REGISTRY_*
   */
  headBlob(repository: Repository, digest: Digest): Promise<boolean>;
  /**
   * The content, streamed and proved: the stream fails with RegistryError DIGEST_MISMATCH at its end where it is not
   * what the descriptor says, and REGISTRY_UNREACHABLE where it breaks off.
   * @throws RegistryError REGISTRY_REFUSED (404), PULL_DENIED, TOKEN_REJECTED, REGISTRY_*
   */
  getBlob(repository: Repository, blob: Blob): Promise<Readable>;
  /**
   * Makes sure that a repository has a blob, in the cheapest way: it is there, it is mounted, it is uploaded.
   * @param open opens the content anew; called once for each attempt
   * @param from another repository that has it; where the registry would not mount it, it is uploaded
   * @throws RegistryError PUSH_DENIED, DIGEST_MISMATCH, TOKEN_REJECTED, REGISTRY_*; what `open` or its stream threw
   */
  pushBlob(repository: Repository, blob: Blob, open: Body['open'], from?: Repository): Promise<Pushed>;
  /**
   * Starts an upload.
   * @returns where it goes on
   */
  startUpload(repository: Repository, signal?: AbortSignal): Promise<URL>;
  /** Gives up an upload, as far as the registry lets it; never fails. */
  cancelUpload(repository: Repository, location: URL, signal?: AbortSignal): Promise<void>;
}

const pull = ({ path }: Repository): TokenScope => ({ path, actions: 'pull' });
const push = ({ path }: Repository): TokenScope => ({ path, actions: 'pull,push' });
const ownerOf = ({ path }: Repository): string => path.split('/')[0] ?? '';

export function createBlobs(session: Session): Blobs {
  async function hasBlob(repository: Repository, digest: Digest): Promise<boolean> {
    const response = await session.send({
      method: 'HEAD',
      repository,
      at: `blobs/${digest}`,
      scopes: [push(repository)],
      accepts: [200, 404],
      denied: 'PULL_DENIED',
    });
    response.body.resume();
    return response.status === 200;
  }

  async function startUpload(repository: Repository, signal?: AbortSignal): Promise<URL> {
    const response = await session.send({
      method: 'POST',
      repository,
      at: 'blobs/uploads/',
      scopes: [push(repository)],
      accepts: [202],
      denied: 'PUSH_DENIED',
      signal,
    });
    response.body.resume();
    return session.location(response);
  }

  async function cancelUpload(repository: Repository, location: URL, signal?: AbortSignal): Promise<void> {
    // Some token servers count this as `push`, Distribution as `delete`.
    for (const scope of [push(repository), { path: repository.path, actions: 'delete' }]) {
      try {
        const response = await session.send({
          method: 'DELETE',
          repository,
          at: location,
          scopes: [scope],
          accepts: [200, 202, 204, 404],
          denied: 'PUSH_DENIED',
          signal,
        });
        response.body.resume();
        return;
      } catch (error) {
        // An upload that is left over is removed by the registry in time.
        if (!(error instanceof RegistryError) || error.status !== 401) return;
      }
    }
  }

  /** @returns `undefined` where it is mounted, else the upload that the registry started instead, if it did */
  async function tryMount(
    repository: Repository,
    digest: Digest,
    from: Repository,
  ): Promise<{ readonly mounted: true } | { readonly mounted: false; readonly location?: URL }> {
    // A token for two owners is refused as a whole on ghcr.io, so the source is named only within one owner.
    const scopes = ownerOf(repository) === ownerOf(from) ? [push(repository), pull(from)] : [push(repository)];
    let response: HttpResponse;
    try {
      response = await session.send({
        method: 'POST',
        repository,
        at: `blobs/uploads/?mount=${encodeURIComponent(digest)}&from=${encodeURIComponent(from.path)}`,
        scopes,
        accepts: [201, 202],
        denied: 'PUSH_DENIED',
      });
    } catch (error) {
      if (error instanceof RegistryError && !error.retryable && error.status >= 400) return { mounted: false };
      throw error;
    }
    response.body.resume();
    if (response.status === 201) return { mounted: true };
    return { mounted: false, location: session.location(response) };
  }

  async function putBlob(repository: Repository, blob: Blob, open: Body['open'], location: URL): Promise<void> {
    const url = new URL(location);
    // Appended as text: the state in the query may be signed as it is written.
    url.search += `${url.search === '' ? '?' : '&'}digest=${encodeURIComponent(blob.digest)}`;
    const response = await session.send({
      method: 'PUT',
      repository,
      at: url,
      scopes: [push(repository)],
      headers: { 'content-type': 'application/octet-stream' },
      body: { length: blob.size, open },
      accepts: [201, 204],
      denied: 'PUSH_DENIED',
      signal: session.http.transferSignal(blob.size),
    });
    response.body.resume();
  }

  function upload(repository: Repository, blob: Blob, open: Body['open'], started?: URL): Promise<void> {
    const what = `Upload of ${blob.digest} to ${formatRepository(repository)}`;
    return session.attempt(
      what,
      async (number) => {
        // A commit whose answer was lost may have succeeded all the same.
        if (number > 1 && (await hasBlob(repository, blob.digest))) return;
        const location = number === 1 && started !== undefined ? started : await startUpload(repository);
        await putBlob(repository, blob, open, location);
      },
      judgeUpload,
    );
  }

  const headBlob: Blobs['headBlob'] = (repository, digest) =>
    session.attempt(`Looking for ${digest} in ${formatRepository(repository)}`, () => hasBlob(repository, digest));

  return {
    headBlob,
    startUpload,
    cancelUpload,

    async pushBlob(repository, blob, open, from) {
      // Where this login may not look, an upload of what the registry has already does no harm.
      if ((await ifReadable(() => headBlob(repository, blob.digest))) === true) return 'present';
      if (from === undefined || from.registry !== repository.registry || from.path === repository.path) {
        await upload(repository, blob, open);
        return 'uploaded';
      }
      const what = `Mount of ${blob.digest} into ${formatRepository(repository)}`;
      const mount = await session.attempt(what, () => tryMount(repository, blob.digest, from));
      if (mount.mounted) return 'mounted';
      await upload(repository, blob, open, mount.location);
      return 'uploaded';
    },

    async getBlob(repository, blob) {
      const response = await session.attempt(`Reading ${blob.digest} of ${formatRepository(repository)}`, () =>
        session.send({
          method: 'GET',
          repository,
          at: `blobs/${blob.digest}`,
          scopes: [pull(repository)],
          accepts: [200],
          denied: 'PULL_DENIED',
          signal: session.http.transferSignal(blob.size),
        }),
      );
      return proved(response, blob);
    },
  };
}

const lostCommitCodes: readonly string[] = [
  'BLOB_UPLOAD_UNKNOWN',
  'BLOB_UNKNOWN',
  'BLOB_UPLOAD_INVALID',
] satisfies readonly OciErrorCode[];

/**
 * A commit that the registry has lost, or finished before (ghcr.io: 404 and one of these codes), is repeated in a new
 * session. A missing repository is not.
 */
function judgeUpload(error: unknown): Verdict {
  const isLost =
    error instanceof RegistryError &&
    error.status === 404 &&
    error.ociCodes.some((code) => lostCommitCodes.includes(code));
  return isLost ? { transient: true, reason: error.message } : judgeError(error);
}

/** Passes content on, and fails at its end where it is not what the descriptor says. */
function proved(response: HttpResponse, blob: Blob): Readable {
  const { body, url } = response;
  const [algorithm = ''] = blob.digest.split(':');
  const hash = createHash(algorithm);
  let size = 0;
  const mismatch = (found: string): RegistryError =>
    new RegistryError('DIGEST_MISMATCH', {
      ...exchangeOf(response),
      message: `${url.host} sent ${found} for ${blob.digest} of ${blob.size} bytes.`,
      remedy: 'The registry, or something before it, changed the content; do not use it.',
    });
  const proof = new Transform({
    transform(chunk: Buffer, _, done) {
      size += chunk.length;
      if (size > blob.size) return done(mismatch('more bytes'));
      hash.update(chunk);
      return done(null, chunk);
    },
    flush(done) {
      const found = `${algorithm}:${hash.digest('hex')}`;
      done(size === blob.size && found === blob.digest ? null : mismatch(`${size} bytes, ${found},`));
    },
  });
  body.on('error', (error) => proof.destroy(failureOfConnection(response, error)));
  proof.on('close', () => body.destroy());
  return body.pipe(proof);
}
