import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { judgeText, type Meaning, means } from '../../../src/engine/tool-output.ts';

const now = Date.parse('2026-01-02T03:04:05Z');

describe('what a tool printed when it failed', () => {
  test.each([
    'error: received unexpected HTTP status: 503 Service Unavailable',
    'ERROR: failed to push ghcr.io/octo/app: unexpected status: 502 Bad Gateway',
    'unexpected status from POST request to https://ghcr.io/v2/octo/app/blobs/uploads/: 500 Internal Server Error',
    'unknown blob',
    'failed to copy: cannot reuse body, request must be retried',
    'failed commit on ref "layer-sha256:0": no response',
    'net/http: TLS handshake timeout',
    'read tcp 10.0.0.1:1->10.0.0.2:443: read: connection reset by peer',
    'Get "https://ghcr.io/v2/": net/http: request canceled (Client.Timeout exceeded while awaiting headers)',
    'Head "https://ghcr.io/v2/octo/app/manifests/1": EOF',
    'error from registry: 504 Gateway Time-out',
    'dial tcp 1.2.3.4:443: connect: connection refused',
    'Error: trying to reuse blob sha256:0 at destination: failed to read from destination repository octo/app: 503 (Service Unavailable)',
    'error parsing HTTP 429 response body: unexpected end of JSON input: ""',
    'Patch "https://ghcr.io/v2/octo/app/blobs/uploads/1": stream error: stream ID 57; INTERNAL_ERROR; received from peer',
    'Put "https://ghcr.io/v2/": http2: server sent GOAWAY and closed the connection; LastStreamID=1999, ErrCode=NO_ERROR',
    'Get "https://ghcr.io/v2/": http2: client connection lost',
    'write tcp 10.0.0.1:1->10.0.0.2:443: use of closed network connection',
  ])('"%s" is worth another attempt', (text) => {
    expect(judgeText(`#9 pushing layers\n${text}\n`, now)).toEqual({ transient: true, reason: text });
  });

  test.each([
    'denied: permission_denied: write_package',
    'unauthorized: authentication required',
    'unexpected status from HEAD request to https://ghcr.io/v2/octo/app/blobs/sha256:5005: 403 Forbidden',
    'error: failed to solve: process "/bin/sh -c exit 503" did not complete successfully: exit code: 1',
    'manifest unknown',
    'error parsing HTTP 404 response body: invalid character \'<\' looking for beginning of value: "<p>503</p>"',
    'dial tcp: lookup containers.ghes.test: no such host',
    'x509: certificate signed by unknown authority',
    '',
  ])('"%s" is not', (text) => {
    expect(judgeText(text, now)).toEqual({ transient: false });
  });

  test('the delay in a line that docker printed is read', () => {
    const line =
      'error from registry: 429 Too Many Requests - toomanyrequests: retry-after: 333.939671ms, allowed: 44000/minute';
    expect(judgeText(line, now)).toEqual({ transient: true, reason: line, delay: 334 });
  });
});

describe('what real tools printed (__tests__/fixtures/tool-output)', () => {
  const folder = new URL('../../fixtures/tool-output/', import.meta.url);
  /** What a file is about, by the first word of its name. Who does not answer may answer in a moment. */
  const expected: Readonly<Record<string, readonly Meaning[]>> = {
    refused: ['refused'],
    passing: ['passing'],
    unanswered: ['passing'],
    process: ['process'],
    absent: ['absent'],
    other: [],
  };
  const asked: readonly Meaning[] = ['refused', 'process'];
  const files = readdirSync(folder).sort();

  test('there is some for every meaning and every tool', () => {
    expect([...new Set(files.map((name) => name.split('-')[0]))].sort()).toEqual(Object.keys(expected).sort());
    expect([...new Set(files.map((name) => name.split('.').slice(1, -1).join('.')))].sort()).toEqual([
      'buildx',
      'buildx-containerd',
      'docker',
      'docker-20.10',
      'podman',
    ]);
  });

  test.each(files)('%s', (name) => {
    const text = readFileSync(new URL(name, folder), 'utf8');
    const wanted = expected[name.split('-')[0] ?? ''] ?? [];
    for (const meaning of wanted) expect({ meaning, is: means(text, meaning) }).toEqual({ meaning, is: true });
    for (const meaning of asked.filter((each) => !wanted.includes(each))) {
      expect({ meaning, is: means(text, meaning) }).toEqual({ meaning, is: false });
    }
  });
});
