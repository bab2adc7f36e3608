/**
 * One HTTP request, exactly: redirects by hand, the credential for its own origin alone, limits against an answer
 * that never ends. Over node:http, because the client must load in a few milliseconds.
 */

import {
  type ClientRequest,
  Agent as HttpAgent,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as requestHttp,
} from 'node:http';
import { request as requestHttps } from 'node:https';
import { Readable } from 'node:stream';
import { RegistryError } from '../errors.ts';
import { isLoopbackHost } from '../image/registry-name.ts';
import type { Environment } from '../text/environment.ts';
import { lookup } from './loopback-lookup.ts';
import { proxiedRequest, resolveProxy } from './proxy.ts';
import {
  type Asked,
  codeOf,
  failureOfConnection,
  formatUrl,
  invalidAnswer,
  isUnknownIssuer,
  untrusted,
} from './request-failure.ts';
import { createSecureAgents, type SecureAgents, trustSystem } from './secure-agents.ts';

/** Content in pieces; a piece may be overwritten as soon as the next one is read. */
export type Content = AsyncIterable<Buffer>;

/** A body that can be sent more than once: each attempt opens it anew. */
export interface Body {
  /** bytes */
  readonly length: number;
  readonly open: () => Content | Promise<Content>;
}

export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent to the origin of `url` and to no other, wherever redirects lead. */
  readonly authorization?: string | undefined;
  readonly body?: Uint8Array | Body | undefined;
  /** `answer`: a redirect is the answer. Default: `follow`. */
  readonly redirects?: 'follow' | 'answer';
  /** The name of what it is about, for the error. */
  readonly about?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface HttpResponse {
  /** Of the request. */
  readonly method: string;
  readonly about?: string | undefined;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Where the answer came from, after redirects. */
  readonly url: URL;
  readonly body: IncomingMessage;
}

export interface HttpOptions {
  readonly environment: Environment;
  readonly userAgent: string;
  /** Milliseconds without a byte, either way, until a connection counts as dead. */
  readonly idleTimeout?: number;
  /** Milliseconds for the head of an answer, once all is sent, and for the whole of a small body. */
  readonly deadline?: number;
  /** Closes the client when it fires; every request then fails with its reason. */
  readonly signal?: AbortSignal;
}

export interface Http {
  /** @throws RegistryError REGISTRY_UNREACHABLE, REGISTRY_UNTRUSTED, ANSWER_INVALID; what `body.open` threw; the signal's reason */
  send(request: HttpRequest): Promise<HttpResponse>;
  /**
   * The whole body, where it is small.
   * @param excess what to do with a body longer than `limit`. Default: `refuse`.
   * @throws RegistryError ANSWER_INVALID (longer than `limit`), REGISTRY_UNREACHABLE (cut off)
   */
  readBytes(response: HttpResponse, limit: number, excess?: 'refuse' | 'ignore'): Promise<Buffer>;
  /** Ends a transfer of so many bytes that comes, or is taken, drop by drop. */
  transferSignal(size: number): AbortSignal;
  /** Cuts what is on its way; nothing is sent from here on. */
  close(): void;
}

const mostRedirects = 5;
/** A kept connection is dropped before the load balancers of the large registries drop it from their side. */
const keptAlive = 15_000;
/** Bytes a second at which the slowest registry commits an upload (700 MB in 5 to 11 s), halved. */
const commitRate = 30_000_000;
/** Bytes a second below which a transfer is not worth waiting for. */
const leastRate = 10_000;
/** Heads that only announce another one (RFC 9110 15.2): a registry sends one, if any. */
const mostAnnouncements = 100;
/** What a timer can wait. */
const longestTimer = 2 ** 31 - 1;

export function createHttp(options: HttpOptions): Http {
  const { environment, userAgent, idleTimeout = 60_000, deadline = 120_000 } = options;
  const agentOptions = { keepAlive: true, timeout: keptAlive, lookup };
  const plainAgent = new HttpAgent(agentOptions);
  // Whatever NODE_TLS_REJECT_UNAUTHORIZED says.
  const secureOptions = { ...agentOptions, rejectUnauthorized: true };
  const bundled = createSecureAgents(secureOptions);
  /** With the CAs of the system, from when a registry's CA is not among those of Node. */
  let withSystem: SecureAgents | undefined;
  let isClosed = false;

  /** The system's certificates cost time to read, so they are read when one is missing: then nothing was sent yet. */
  async function sendTrusting(request: HttpRequest): Promise<HttpResponse> {
    const trusted = withSystem;
    try {
      return await sendOnce(request, trusted ?? bundled);
    } catch (error) {
      if (trusted !== undefined || isClosed || !(error instanceof RegistryError)) throw error;
      if (!isUnknownIssuer(codeOf(error.cause))) throw error;
      withSystem ??= createSecureAgents({ ...secureOptions, secureContext: trustSystem() });
      return sendOnce(request, withSystem);
    }
  }

  function proxied(request: HttpRequest, proxy: URL): ReturnType<typeof proxiedRequest> {
    try {
      return proxiedRequest(request.url, proxy);
    } catch (error) {
      throw failureOfConnection(request, error);
    }
  }

  function sendOnce(request: HttpRequest, secure: SecureAgents): Promise<HttpResponse> {
    const { method, url, headers, authorization, body, signal, about } = request;
    const length = body?.length ?? (method === 'POST' || method === 'PUT' ? 0 : undefined);
    const commitTime = ((length ?? 0) / commitRate) * 1000;
    return new Promise((resolve, reject) => {
      if (isClosed) throw closed();
      const proxy = resolveProxy(url, environment);
      const isPlain = url.protocol === 'http:';
      const { headers: ofProxy, ...way } = isPlain && proxy !== undefined ? proxied(request, proxy) : {};
      const outgoing = (isPlain ? requestHttp : requestHttps)(url, {
        method,
        ...way,
        agent: isPlain ? plainAgent : secure.agentFor(proxy),
        timeout: idleTimeout + commitTime,
        headers: {
          ...ofProxy,
          'user-agent': userAgent,
          // Without it any coding would be welcome (RFC 9110 12.5.3), and the bytes are what a digest is of.
          'accept-encoding': 'identity',
          ...headers,
          ...(length === undefined ? {} : { 'content-length': length }),
          ...(authorization === undefined ? {} : { authorization }),
        },
        ...(signal === undefined ? {} : { signal }),
      });
      outgoing.on('timeout', () => outgoing.destroy(new Error('the connection stood still')));
      outgoing.on('error', (error) => {
        reject(error instanceof RegistryError ? error : failureOf(request, error));
      });
      // A head that comes drop by drop, or is only announced (1xx), never stands still.
      const awaitHead = (): void => {
        const late = (): unknown => outgoing.destroy(new Error('the answer did not begin in time'));
        const timer = setTimeout(late, deadline + commitTime);
        for (const end of ['response', 'close']) outgoing.once(end, () => clearTimeout(timer));
      };
      outgoing.once('finish', awaitHead);
      let announced = 0;
      outgoing.on('information', () => {
        announced += 1;
        if (announced > mostAnnouncements) outgoing.destroy(new Error('the answer is announced again and again'));
      });
      if (body !== undefined && !(body instanceof Uint8Array)) {
        askLeastRate(outgoing, deadline, () => !outgoing.writableEnded);
      }
      outgoing.on('response', (incoming) => {
        outgoing.off('finish', awaitHead);
        // A reader that has to wait for its own reader keeps some of it.
        askLeastRate(incoming, deadline, () => incoming.readableLength === 0);
        // An answer to half a body ends the connection: the rest of the body would be read as the next request.
        incoming.once('close', () => outgoing.writableEnded || outgoing.destroy());
        const { statusCode: status = 0, headers } = incoming;
        const answer = { method, about, status, headers, url, body: incoming };
        if (!isEmpty(method, incoming)) return resolve(answer);
        // Its connection is free for the next request only when it has ended.
        incoming.once('close', () => resolve(answer)).once('end', () => resolve(answer));
        incoming.resume();
      });
      if (body === undefined || body instanceof Uint8Array) {
        outgoing.end(body);
        return;
      }
      writeBody(outgoing, body).catch((error: unknown) => {
        reject(error);
        outgoing.destroy();
      });
    });
  }

  const closed = (): unknown => (options.signal?.aborted ? options.signal.reason : new Error('the client is closed'));
  /** What this client cut itself says nothing about the registry. */
  const failureOf = (asked: Asked, error: Error): unknown => (isClosed ? closed() : failureOfConnection(asked, error));
  const close = (): void => {
    isClosed = true;
    options.signal?.removeEventListener('abort', close);
    plainAgent.destroy();
    bundled.destroy();
    withSystem?.destroy();
  };
  if (options.signal?.aborted) close();
  options.signal?.addEventListener('abort', close, { once: true });

  return {
    async send(request) {
      let { url, authorization } = request;
      for (let hop = 0; hop <= mostRedirects; hop++) {
        // Once lost the credential stays lost, even where a later hop leads back.
        if (url.origin !== request.url.origin) authorization = undefined;
        const response = await sendTrusting({ ...request, url, authorization });
        const next = request.redirects === 'answer' ? undefined : redirectOf(response);
        if (next === undefined) return response;
        response.body.on('error', () => {}).destroy();
        url = next;
      }
      throw invalidAnswer(request, `it redirects more than ${mostRedirects} times`);
    },

    readBytes(response, limit, excess = 'refuse') {
      const { body } = response;
      if (body.readableEnded) return Promise.resolve(Buffer.alloc(0));
      return new Promise((resolve, reject) => {
        const chunks: Buffer[] = [];
        let size = 0;
        const finish = (error?: unknown): void => {
          clearTimeout(timer);
          if (error === undefined) resolve(Buffer.concat(chunks).subarray(0, limit));
          else reject(error);
          if (!body.readableEnded) body.destroy();
        };
        const timer = setTimeout(
          () => finish(failureOfConnection(response, new Error('the body did not end in time'))),
          deadline,
        );
        body.on('data', (chunk: Buffer) => {
          size += chunk.length;
          chunks.push(chunk);
          if (size > limit)
            finish(excess === 'refuse' ? invalidAnswer(response, `it is longer than ${limit} bytes`) : undefined);
        });
        body.on('end', () => finish());
        body.on('error', (error) => finish(failureOf(response, error)));
      });
    },

    transferSignal: (size) =>
      AbortSignal.timeout(Math.min(deadline + Math.ceil((size / leastRate) * 1000), longestTimer)),

    close,
  };
}

/**
 * Ends what moves less than the least rate for two looks in a row, whatever its whole size is said to be. Drop by drop,
 * a blob of some terabytes takes days. One slow look says nothing: the reader may have waited for something else until
 * just before it.
 * @param span milliseconds between two looks
 * @param mayMove whether it is the other side that is waited for
 */
function askLeastRate(stream: ClientRequest | IncomingMessage, span: number, mayMove: () => boolean): void {
  const moved = (): number => (stream.socket?.bytesRead ?? 0) + (stream.socket?.bytesWritten ?? 0);
  let before = moved();
  let wasSlow = false;
  const timer = setInterval(() => {
    const isSlow = mayMove() && moved() - before < (leastRate * span) / 1000;
    before = moved();
    if (isSlow && wasSlow) stream.destroy(new Error(`less than ${leastRate} bytes a second came through`));
    wasSlow = isSlow;
  }, span);
  timer.unref();
  for (const end of ['end', 'close']) stream.once(end, () => clearInterval(timer));
}

/** Whether an answer has no body (RFC 9112 6.3); that to a GET is left to who reads it. */
function isEmpty(method: string, { statusCode, headers }: IncomingMessage): boolean {
  return method === 'HEAD' || (method !== 'GET' && (statusCode === 204 || headers['content-length'] === '0'));
}

/** Whether the way from one URL to the next stays encrypted, or on this machine where it was in the clear already. */
export function isProtected(from: URL, to: URL): boolean {
  return (
    to.protocol === 'https:' || (from.protocol === 'http:' && to.protocol === 'http:' && isLoopbackHost(to.hostname))
  );
}

/**
 * Where a redirect leads.
 * @returns `undefined` for an answer without a redirect, or with one that a request with a body must not follow (RFC
 *   9110 15.4)
 * @throws RegistryError REGISTRY_UNTRUSTED (to plain HTTP), ANSWER_INVALID (to nowhere)
 */
function redirectOf(response: HttpResponse): URL | undefined {
  const { method, status, headers, url } = response;
  const isSafe = method === 'GET' || method === 'HEAD';
  const followed = isSafe ? [301, 302, 303, 307, 308] : [307, 308];
  if (!followed.includes(status) || headers.location === undefined) return undefined;
  const next = URL.parse(headers.location, url.href);
  if (next === null) throw invalidAnswer(response, 'it redirects to something that is not a URL');
  if (!isProtected(url, next)) {
    throw untrusted(
      response,
      `${url.host} redirects ${method} ${formatUrl(url)} to ${formatUrl(next)}, which is not encrypted.`,
    );
  }
  next.username = '';
  next.password = '';
  return next;
}

/**
 * Sends a body, and stops where the answer comes first.
 * @throws what the source threw; RegistryError DIGEST_MISMATCH where it holds more or fewer bytes than announced
 */
async function writeBody(outgoing: ClientRequest, body: Body): Promise<void> {
  const source = await body.open();
  await (source instanceof Readable ? writeStream(outgoing, body, source) : writePieces(outgoing, body, source));
}

/** Each piece is with the system before the next one is read. */
async function writePieces(outgoing: ClientRequest, body: Body, source: Content): Promise<void> {
  let sent = 0;
  let stop = (): void => {};
  outgoing.on('close', () => stop());
  for await (const piece of source) {
    sent += piece.length;
    if (sent > body.length) throw wrongLength(`more than the ${body.length} bytes`, body);
    if (outgoing.destroyed) return;
    await new Promise<void>((resolve) => {
      stop = resolve;
      outgoing.write(piece, () => resolve());
    });
  }
  if (outgoing.destroyed) return;
  if (sent < body.length) throw wrongLength(`${sent} of the ${body.length} bytes`, body);
  outgoing.end();
}

/** By events, not by iteration, which copies what is buffered. */
async function writeStream(outgoing: ClientRequest, body: Body, source: Readable): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    let sent = 0;
    const stop = (): void => {
      resolve();
      source.destroy();
    };
    const fail = (error: Error): void => {
      reject(error);
      source.destroy();
    };
    source.on('data', (chunk: Buffer) => {
      sent += chunk.length;
      if (sent > body.length) fail(wrongLength(`more than the ${body.length} bytes`, body));
      else if (!outgoing.write(chunk)) source.pause();
    });
    source.on('end', () => {
      if (sent < body.length) return fail(wrongLength(`${sent} of the ${body.length} bytes`, body));
      outgoing.end();
      return resolve();
    });
    source.on('error', reject);
    source.on('close', () => reject(new Error('the source of an upload was closed before its end')));
    outgoing.on('drain', () => source.resume());
    outgoing.on('close', stop);
    if (outgoing.destroyed) stop();
  });
}

function wrongLength(found: string, body: Body): RegistryError {
  return new RegistryError('DIGEST_MISMATCH', {
    message: `The source of an upload holds ${found} that its descriptor announces; expected exactly ${body.length}.`,
    remedy: 'The image is damaged, or something changed it while the step read it. Write it again.',
  });
}
