/**
 * How @sigstore/sign sends its few requests: by the HTTP client of the Actions toolkit, which @actions/attest brings anyway and
 * which heeds the proxies of the runner. In the bundle this takes the place of make-fetch-happen: forty packages, of which these
 * requests need nothing else.
 */

import { HttpClient } from '@actions/http-client';

/** The request; as for `fetch` of the web. */
interface SigstoreRequest {
  /** Default: `GET`. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Milliseconds without a byte. */
  readonly timeout?: number;
}

/** What of an answer is read. */
interface SigstoreAnswer {
  readonly ok: boolean;
  readonly status: number;
  readonly statusText: string;
  readonly headers: { get(name: string): string | null };
  json(): Promise<unknown>;
  buffer(): Promise<Buffer>;
}

/** @throws Error of the connection */
async function sigstoreFetch(
  url: string,
  { method = 'GET', headers = {}, body, timeout }: SigstoreRequest,
): Promise<SigstoreAnswer> {
  const client = new HttpClient(undefined, undefined, {
    keepAlive: false,
    ...(timeout === undefined ? {} : { socketTimeout: timeout }),
  });
  const { message } = await client.request(method, url, body === undefined ? null : String(body), { ...headers });
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(Buffer.from(chunk));
  const content = Buffer.concat(chunks);
  const { statusCode: status = 0, statusMessage: statusText = '' } = message;
  return {
    ok: status >= 200 && status < 300,
    status,
    statusText,
    headers: {
      get(name) {
        const value = message.headers[name.toLowerCase()];
        return value === undefined ? null : String(value);
      },
    },
    json: async () => JSON.parse(content.toString('utf8')),
    buffer: async () => content,
  };
}

export default sigstoreFetch;
