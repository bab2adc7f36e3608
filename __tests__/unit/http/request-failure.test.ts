import { describe, expect, test } from '@jest/globals';
import { codeOf, failureOfConnection, formatUrl } from '../../../src/http/request-failure.ts';

const url = new URL('https://user:secret@ghcr.io/v2/octo/app/blobs/uploads/1?_state=secret#secret');

test('a URL is shown without user, query and fragment', () => {
  expect(formatUrl(url)).toBe('https://ghcr.io/v2/octo/app/blobs/uploads/1');
});

describe('no answer as an error', () => {
  const failed = (code: string, message = 'it failed') => Object.assign(new Error(message), { code });

  test.each(['ECONNRESET', 'ECONNREFUSED', 'ETIMEDOUT', 'EPIPE', 'EAI_AGAIN'])('%s may pass', (code) => {
    expect(failureOfConnection({ method: 'GET', url }, failed(code))).toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
      retryable: true,
    });
  });

  test.each(['ENOTFOUND', 'HPE_HEADER_OVERFLOW'])('%s does not', (code) => {
    expect(failureOfConnection({ method: 'GET', url }, failed(code)).retryable).toBe(false);
  });

  test.each([
    'SELF_SIGNED_CERT_IN_CHAIN',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'CERT_HAS_EXPIRED',
    'ERR_TLS_CERT_ALTNAME_INVALID',
  ])('%s does not, and the remedy is the CA', (code) => {
    const failure = failureOfConnection({ method: 'GET', url }, failed(code));
    expect(failure.retryable).toBe(false);
    expect(failure.remedy).toContain('NODE_EXTRA_CA_CERTS');
  });

  test('the code stands in the message once, and nothing secret', () => {
    expect(failureOfConnection({ method: 'GET', url }, failed('ECONNRESET', 'socket hang up')).message).toBe(
      'No answer from ghcr.io to GET https://ghcr.io/v2/octo/app/blobs/uploads/1: socket hang up (ECONNRESET).',
    );
    expect(failureOfConnection({ method: 'GET', url }, failed('EPIPE', 'write EPIPE')).message).toMatch(
      /: write EPIPE\.$/,
    );
  });

  test('the request and the system’s own words are fields', () => {
    expect(failureOfConnection({ method: 'GET', url, about: 'ghcr.io/octo/app' }, failed('ECONNRESET'))).toMatchObject({
      method: 'GET',
      url: 'https://ghcr.io/v2/octo/app/blobs/uploads/1',
      repository: 'ghcr.io/octo/app',
      status: 0,
      words: 'it failed (ECONNRESET)',
    });
  });

  test('of several addresses that were tried, the first says why', () => {
    expect(codeOf(new AggregateError([failed('ECONNREFUSED'), failed('ENETUNREACH')]))).toBe('ECONNREFUSED');
    expect(codeOf('text')).toBe('no code');
  });
});
