/** Manifests, tags and referrers (distribution-spec, "Pulling manifests", "Pushing Manifests", "Content Discovery"). */

import { createHash } from 'node:crypto';
import { RegistryError } from '../errors.ts';
import type { HttpResponse } from '../http/http.ts';
import { type Asked, exchangeOf, invalidAnswer } from '../http/request-failure.ts';
import { type Digest, digestOf, isDigest } from '../image/digest.ts';
import { manifestMediaTypes, mediaTypes, type StoredManifest } from '../image/manifest.ts';
import { formatRepository, type Repository } from '../image/repository.ts';
import { parseTag, type Tag } from '../image/tag.ts';
import { isObject, parseJson } from '../text/json.ts';
import type { ApiRequest, Session } from './session.ts';

/** What a registry says of a manifest without sending it. */
interface ManifestHead {
  readonly mediaType: string;
  readonly digest: Digest;
  /** bytes */
  readonly size: number;
}

/** What a registry took in. */
interface PutManifest extends ManifestHead {
  /** The subject that the registry has listed this manifest under; absent: the client must keep the referrers tag. */
  readonly subject?: Digest;
}

/** A manifest that points at another (distribution-spec, "Listing Referrers"). */
export interface Referrer extends ManifestHead {
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface Manifests {
  /**
   * @returns `undefined` where the registry has no such manifest
   * @throws RegistryError PULL_DENIED, TOKEN_REJECTED, REGISTRY_*, ANSWER_INVALID
   */
  headManifest(repository: Repository, reference: Tag | Digest): Promise<ManifestHead | undefined>;
  /**
   * The bytes as the registry keeps them, proved by their digest.
   * @throws RegistryError MANIFEST_UNKNOWN, DIGEST_MISMATCH, PULL_DENIED, TOKEN_REJECTED, REGISTRY_*, ANSWER_INVALID
   */
  getManifest(repository: Repository, reference: Tag | Digest): Promise<StoredManifest>;
  /**
   * As `getManifest`.
   * @returns `undefined` where the registry has no such manifest
   */
  findManifest(repository: Repository, reference: Tag | Digest): Promise<StoredManifest | undefined>;
  /** @throws RegistryError PUSH_DENIED, DIGEST_MISMATCH (the registry stored something else), TOKEN_REJECTED, REGISTRY_* */
  putManifest(
    repository: Repository,
    manifest: Pick<StoredManifest, 'bytes' | 'mediaType'>,
    reference: Tag | Digest,
  ): Promise<PutManifest>;
  /**
   * @returns whether there was something to remove
   * @throws RegistryError REGISTRY_REFUSED (the registry does not delete), PUSH_DENIED, TOKEN_REJECTED, REGISTRY_*
   */
  deleteManifest(repository: Repository, reference: Tag | Digest): Promise<boolean>;
  /**
   * Every tag, over all pages, in the registry's order; none for a repository that does not exist.
   * @throws RegistryError PULL_DENIED, TOKEN_REJECTED, REGISTRY_*, ANSWER_INVALID
   */
  listTags(repository: Repository): Promise<readonly Tag[]>;
  /**
   * What points at a manifest: the referrers API, and the referrers tag where the registry has no such API.
   * @throws RegistryError PULL_DENIED, TOKEN_REJECTED, REGISTRY_*, ANSWER_INVALID
   */
  listReferrers(repository: Repository, subject: Digest): Promise<readonly Referrer[]>;
}

/** The least that every registry must take (distribution-spec, "Pushing Manifests"); none sends more. */
const largestManifest = 4 * 1024 * 1024;
/** Bytes of what a registry may say about a manifest that it stored. */
const longestReceipt = 64 * 1024;
const pageSize = 1000;
/** Of one list: pages, bytes, and milliseconds. No registry has more tags than that. */
const mostPages = 1000;
const largestList = 16 * largestManifest;
const longestList = 600_000;

/** One page of a list. */
interface Page extends Asked {
  readonly status: number;
  readonly link: string | string[] | undefined;
  /** bytes */
  readonly size: number;
  /** `undefined` for what is no JSON */
  readonly body: unknown;
}

const accept = manifestMediaTypes.join(', ');

export function createManifests(session: Session): Manifests {
  const { http } = session;

  async function getOnce(repository: Repository, reference: Tag | Digest): Promise<StoredManifest> {
    const response = await session.send({
      method: 'GET',
      repository,
      at: `manifests/${reference}`,
      scopes: [{ path: repository.path, actions: 'pull' }],
      headers: { accept },
      accepts: [200],
      denied: 'PULL_DENIED',
      unknown: 'MANIFEST_UNKNOWN',
    });
    const bytes = await http.readBytes(response, largestManifest);
    const digest = verifiedDigest(response, bytes, reference);
    return { mediaType: mediaTypeOf(response, bytes), digest, bytes };
  }

  const getManifest: Manifests['getManifest'] = (repository, reference) =>
    session.attempt(`Reading ${formatRepository(repository)} ${reference}`, () => getOnce(repository, reference));

  /** A list in pages: follows `Link: <…>; rel="next"` (RFC 8288) on the same origin, to no page twice. */
  async function* readPages(
    repository: Repository,
    path: string,
    what: string,
    request: Pick<ApiRequest, 'accepts' | 'headers' | 'redirects'>,
  ): AsyncGenerator<Page> {
    const signal = AbortSignal.timeout(longestList);
    const seen = new Set<string>();
    let size = 0;
    for (let at: string | URL | undefined = path; at !== undefined && !seen.has(`${at}`); ) {
      const target: string | URL = at;
      seen.add(`${target}`);
      const page = await session.attempt(what, async (): Promise<Page> => {
        const response = await session.send({
          method: 'GET',
          repository,
          at: target,
          scopes: [{ path: repository.path, actions: 'pull' }],
          denied: 'PULL_DENIED',
          signal,
          ...request,
        });
        const { method, about, status, url, headers } = response;
        const bytes = await http.readBytes(response, largestManifest, status === 200 ? 'refuse' : 'ignore');
        return {
          method,
          about,
          status,
          url,
          link: headers.link,
          size: bytes.length,
          body: parseJson(bytes.toString()),
        };
      });
      size += page.size;
      if (seen.size > mostPages) throw invalidAnswer(page, `its list has more than ${mostPages} pages`);
      if (size > largestList) throw invalidAnswer(page, `its list is longer than ${largestList} bytes`);
      yield page;
      at = page.status === 200 ? nextOf(page) : undefined;
    }
  }

  const findManifest: Manifests['findManifest'] = async (repository, reference) => {
    try {
      return await getManifest(repository, reference);
    } catch (error) {
      if (error instanceof RegistryError && error.code === 'MANIFEST_UNKNOWN') return undefined;
      throw error;
    }
  };

  return {
    getManifest,
    findManifest,

    async headManifest(repository, reference) {
      const head = await session.attempt(`Looking for ${formatRepository(repository)} ${reference}`, async () => {
        const response = await session.send({
          method: 'HEAD',
          repository,
          at: `manifests/${reference}`,
          scopes: [{ path: repository.path, actions: 'pull' }],
          headers: { accept },
          accepts: [200, 404, 405],
          denied: 'PULL_DENIED',
        });
        response.body.resume();
        return response;
      });
      if (head.status === 404) return undefined;
      const digest = head.headers['docker-content-digest'];
      const mediaType = head.headers['content-type']?.split(';')[0]?.trim().toLowerCase() ?? '';
      const size = Number(head.headers['content-length'] ?? Number.NaN);
      if (typeof digest === 'string' && isDigest(digest) && manifestMediaTypes.includes(mediaType) && size >= 0) {
        return { mediaType, digest, size };
      }
      // The Docker registry of a GHES answers HEAD with 405, or with an invalid digest, so the digest is computed from
      // the bytes.
      const found = await findManifest(repository, reference);
      return found && { mediaType: found.mediaType, digest: found.digest, size: found.bytes.length };
    },

    putManifest(repository, { bytes, mediaType }, reference) {
      return session.attempt(`Writing ${formatRepository(repository)} ${reference}`, async () => {
        const response = await session.send({
          method: 'PUT',
          repository,
          at: `manifests/${reference}`,
          scopes: [{ path: repository.path, actions: 'pull,push' }],
          headers: { 'content-type': mediaType },
          body: bytes,
          accepts: [200, 201, 202],
          denied: 'PUSH_DENIED',
        });
        await http.readBytes(response, longestReceipt, 'ignore');
        const digest = verifiedDigest(response, bytes, reference);
        const subject = response.headers['oci-subject'];
        const head = { mediaType, digest, size: bytes.length };
        return typeof subject === 'string' && isDigest(subject) ? { ...head, subject } : head;
      });
    },

    deleteManifest(repository, reference) {
      const remove = async (actions: string): Promise<boolean> => {
        const response = await session.send({
          method: 'DELETE',
          repository,
          at: `manifests/${reference}`,
          scopes: [{ path: repository.path, actions }],
          accepts: [200, 202, 204, 404],
          denied: 'PUSH_DENIED',
        });
        response.body.resume();
        return response.status !== 404;
      };
      return session.attempt(`Removing ${formatRepository(repository)} ${reference}`, async () => {
        try {
          return await remove('delete');
        } catch (error) {
          // Quay knows no right to delete, and gives out no token for one: who may push may delete.
          if (error instanceof RegistryError && [400, 401, 403].includes(error.status))
            return await remove('pull,push');
          throw error;
        }
      });
    },

    async listTags(repository) {
      const tags = new Set<Tag>();
      const what = `Listing the tags of ${formatRepository(repository)}`;
      const pages = readPages(repository, `tags/list?n=${pageSize}`, what, {
        accepts: [200, 404],
        headers: { accept: 'application/json' },
      });
      for await (const page of pages) {
        const { status, body } = page;
        if (status === 404) break;
        const listed = isObject(body) ? (body.tags ?? []) : undefined;
        if (!Array.isArray(listed)) throw invalidAnswer(page, 'it is not a list of tags');
        for (const tag of listed.flatMap(readTag)) tags.add(tag);
      }
      return [...tags];
    },

    async listReferrers(repository, subject) {
      const referrers = new Map<Digest, Referrer>();
      const readIndex = (index: unknown): boolean => {
        const listed = isObject(index) && Array.isArray(index.manifests) ? index.manifests.flatMap(readDescriptor) : [];
        for (const referrer of listed) referrers.set(referrer.digest, referrer);
        return listed.length > 0;
      };
      const what = `Listing what refers to ${formatRepository(repository)}@${subject}`;
      // ghcr.io answers with 404, or with a redirect to a page for people; others with what they have for unknown paths.
      const pages = readPages(repository, `referrers/${subject}`, what, {
        accepts: [200, 301, 302, 303, 307, 308, 400, 404, 405, 406],
        headers: { accept: mediaTypes.ociIndex },
        redirects: 'answer',
      });
      for await (const { status, body } of pages) if (status !== 200 || !readIndex(body)) break;
      if (referrers.size > 0) return [...referrers.values()];
      const kept = await findManifest(repository, referrersTag(subject));
      if (kept !== undefined) readIndex(parseJson(Buffer.from(kept.bytes).toString()));
      return [...referrers.values()];
    },
  };
}

/** The tag that replaces the referrers API (distribution-spec, "Referrers Tag Schema"). */
export function referrersTag(subject: Digest): Tag {
  const [algorithm = '', hex = ''] = subject.split(':');
  return parseTag(`${algorithm.slice(0, 32)}-${hex.slice(0, 64)}`);
}

/**
 * Compares the digest of bytes with the digest of the request and with the one that the registry named. A name that is
 * no digest (the Docker registry of a GHES) says nothing.
 * @throws RegistryError DIGEST_MISMATCH
 */
function verifiedDigest(response: HttpResponse, bytes: Uint8Array, reference: Tag | Digest): Digest {
  const { headers, url } = response;
  const named = headers['docker-content-digest'];
  const expected = [reference, named].filter((text) => typeof text === 'string').filter(isDigest);
  for (const digest of expected) {
    const [algorithm = ''] = digest.split(':');
    const found = `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`;
    if (found !== digest) {
      throw new RegistryError('DIGEST_MISMATCH', {
        ...exchangeOf(response),
        message: `${url.host} names ${digest} for ${url.pathname}, but its bytes are ${found}.`,
        remedy: 'The registry, or something before it, changed the content; do not use it.',
      });
    }
  }
  return isDigest(reference) ? reference : digestOf(bytes);
}

/** The media type: the header, or the manifest's own word where the header says less. */
function mediaTypeOf(response: HttpResponse, bytes: Buffer): string {
  const manifest = parseJson(bytes.toString());
  if (!isObject(manifest)) throw invalidAnswer(response, 'it is not a manifest');
  const header = response.headers['content-type']?.split(';')[0]?.trim().toLowerCase() ?? '';
  const own = manifest.mediaType;
  if (manifestMediaTypes.includes(header) || typeof own !== 'string') return header;
  return own;
}

/** The target of `rel="next"`: a registry behind a proxy may write its own scheme and host, which are not those to ask. */
function nextOf({ link, url }: Page): URL | undefined {
  const links = [link ?? []].flat().join(', ').split('<');
  const target = links.map((each) => /^([^>]*)>\s*;.*\brel\s*=\s*"?next\b/i.exec(each)?.[1]).find((each) => each);
  const next = target === undefined ? null : URL.parse(target, url.href);
  return next === null ? undefined : new URL(`${next.pathname}${next.search}`, url.origin);
}

/** No request can name an invalid tag, so it is left out. */
function readTag(value: unknown): readonly Tag[] {
  try {
    return [parseTag(String(value))];
  } catch {
    return [];
  }
}

function readDescriptor(value: unknown): readonly Referrer[] {
  if (!isObject(value)) return [];
  const { mediaType, digest, size, artifactType, annotations } = value;
  if (typeof mediaType !== 'string' || typeof digest !== 'string' || !isDigest(digest) || typeof size !== 'number')
    return [];
  const texts = isObject(annotations)
    ? Object.entries(annotations).filter((entry): entry is [string, string] => typeof entry[1] === 'string')
    : [];
  return [
    {
      mediaType,
      digest,
      size,
      ...(typeof artifactType === 'string' ? { artifactType } : {}),
      ...(texts.length > 0 ? { annotations: Object.fromEntries(texts) } : {}),
    },
  ];
}
