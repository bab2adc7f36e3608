import { describe, expect, test } from '@jest/globals';
import { type AnswerFacts, failureOfAnswer, readRefusal } from '../../../src/registry/refusal.ts';

const url = new URL('https://user:secret@ghcr.io/v2/octo/app/blobs/uploads/1?_state=secret#secret');

const anAnswer = (overrides: Partial<AnswerFacts> & { status?: number; body?: string } = {}): AnswerFacts => ({
  asked: { method: 'POST', url, about: 'ghcr.io/octo/app' },
  refusal: readRefusal(overrides.status ?? 403, overrides.body ?? ''),
  retryAfter: undefined,
  now: 0,
  denied: 'PUSH_DENIED',
  ...overrides,
});

describe('the words of a refusal', () => {
  test.each([
    [
      'codes and messages of the registry',
      '{"errors":[{"code":"DENIED","message":"permission_denied: write_package"},{"code":"UNSUPPORTED","message":""}]}',
      ['DENIED', 'UNSUPPORTED'],
      'DENIED: permission_denied: write_package; UNSUPPORTED',
    ],
    [
      'a code that the specification does not know',
      '{"errors":[{"code":"quota_exceeded"}]}',
      ['QUOTA_EXCEEDED'],
      'quota_exceeded',
    ],
    ['an error without a code', '{"errors":[{"message":"no"}]}', [], 'no'],
    [
      'the details of a token endpoint',
      '{"details":"incorrect username or password"}',
      [],
      'incorrect username or password',
    ],
    ['an OAuth2 error', '{"error":"invalid_grant","error_description":"expired"}', [], 'expired'],
    ['plain text', 'toomanyrequests: retry-after: 1ms\n', [], 'toomanyrequests: retry-after: 1ms'],
    [
      'a page, without its markup and scripts',
      '<html><style>p{}</style><script>evil()</script><h1>403 Forbidden</h1><p>Request forbidden</p></html>',
      [],
      '403 Forbidden Request forbidden',
    ],
    [
      'control characters that would write workflow commands',
      'a\n::set-output name=x::y\r\u001b[31m',
      [],
      'a ::set-output name=x::y [31m',
    ],
    ['nothing', '', [], ''],
    ['errors that are no list', '{"errors":"no"}', [], '{"errors":"no"}'],
  ])('%s', (_, body, ociCodes, words) => {
    expect(readRefusal(403, body)).toEqual({ status: 403, ociCodes, words });
  });

  test('a long page is cut', () => {
    expect(readRefusal(500, 'x'.repeat(10_000)).words).toHaveLength(500);
  });
});

describe('a refusal as an error', () => {
  test.each([
    [401, '', 'TOKEN_REJECTED', false],
    [403, '', 'PUSH_DENIED', false],
    [404, '', 'REGISTRY_REFUSED', false],
    [400, '', 'REGISTRY_REFUSED', false],
    [501, '', 'REGISTRY_REFUSED', false],
    [408, '', 'REGISTRY_UNAVAILABLE', true],
    [429, '', 'REGISTRY_UNAVAILABLE', true],
    [503, '', 'REGISTRY_UNAVAILABLE', true],
    [400, 'unknown blob', 'REGISTRY_UNAVAILABLE', true],
  ])('%d %s is %s', (status, body, code, retryable) => {
    expect(failureOfAnswer(anAnswer({ status, body }))).toMatchObject({ code, retryable, status });
  });

  test('a 404 is what it means where it is asked', () => {
    expect(failureOfAnswer(anAnswer({ status: 404, unknown: 'MANIFEST_UNKNOWN' })).code).toBe('MANIFEST_UNKNOWN');
  });

  test('a good token without the right is a denial, not a bad token', () => {
    const challenge = 'Bearer realm="https://ghcr.io/token",error="insufficient_scope"';
    expect(failureOfAnswer(anAnswer({ status: 401, challenge })).code).toBe('PUSH_DENIED');
  });

  test('it names method, place, status and words, and no user, query or fragment', () => {
    const body = '{"errors":[{"code":"DENIED","message":"permission_denied: create_package"}]}';
    const { message } = failureOfAnswer(anAnswer({ body }));
    expect(message).toBe(
      'POST https://ghcr.io/v2/octo/app/blobs/uploads/1 was answered with 403: DENIED: permission_denied: create_package.',
    );
  });

  test('it carries what was asked and answered as fields, and nothing secret', () => {
    const body = '{"errors":[{"code":"DENIED","message":"permission_denied: create_package"}]}';
    const failure = failureOfAnswer(anAnswer({ body }));
    expect(failure).toMatchObject({
      method: 'POST',
      url: 'https://ghcr.io/v2/octo/app/blobs/uploads/1',
      repository: 'ghcr.io/octo/app',
      status: 403,
      ociCodes: ['DENIED'],
      words: 'DENIED: permission_denied: create_package',
    });
    expect(JSON.stringify(failure)).not.toContain('secret');
  });

  test('a HEAD says why there is no reason', () => {
    expect(failureOfAnswer(anAnswer({ asked: { method: 'HEAD', url } })).message).toContain(
      'with 403 (an answer to HEAD carries no reason).',
    );
    expect(failureOfAnswer(anAnswer()).message).toContain('with 403, without a reason.');
  });

  test('only a transient one carries a delay', () => {
    expect(failureOfAnswer(anAnswer({ status: 503, retryAfter: '2' })).delay).toBe(2_000);
    expect(failureOfAnswer(anAnswer({ status: 429, body: 'toomanyrequests: retry-after: 333.939671ms' })).delay).toBe(
      334,
    );
    expect(failureOfAnswer(anAnswer({ status: 403, retryAfter: '2' })).delay).toBeUndefined();
    expect(failureOfAnswer(anAnswer({ status: 429, retryAfter: '3600' })).message).toMatch(/It asks to wait 3600 s\.$/);
  });
});
