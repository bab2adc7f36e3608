/** One request to the Docker engine behind a Unix socket (https://docs.docker.com/reference/api/engine/). */

import { request } from 'node:http';

export interface EngineRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** JSON. */
  readonly body?: string;
  /** Seconds for all of the answer. */
  readonly limit: number;
  readonly signal: AbortSignal;
}

export interface EngineAnswer {
  readonly status: number;
  readonly text: string;
}

/** @throws Error of the system, of the signal, or that the engine took too long */
export function askEngine(
  socketPath: string,
  { method, path, body, limit, signal }: EngineRequest,
): Promise<EngineAnswer> {
  const sent = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body ?? '') };
  const headers = { host: 'docker', ...(body === undefined ? {} : sent) };
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, method, path, headers, agent: false, signal }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }));
    });
    const late = (): unknown => call.destroy(new Error(`no answer from ${socketPath} within ${limit} s`));
    const timer = setTimeout(late, limit * 1000);
    call.on('error', reject);
    call.on('close', () => clearTimeout(timer));
    call.end(body);
  });
}
