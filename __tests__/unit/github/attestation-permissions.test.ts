import { describe, expect, test } from '@jest/globals';
import { RegistryError } from '../../../src/errors.ts';
import { askAttestationRights, requireIdToken } from '../../../src/github/attestation-permissions.ts';
import type { GitHubApi } from '../../../src/github/rest-api.ts';
import { mayRequestIdToken } from '../../../src/github/workflow-run.ts';

const source = { owner: 'octo-org', name: 'app' };
const idToken = { ACTIONS_ID_TOKEN_REQUEST_URL: 'https://example.com', ACTIONS_ID_TOKEN_REQUEST_TOKEN: 't' };

/** GitHub, whose answers to the two questions the test says: of attestations, then of storage records. */
function anApi(...answers: readonly { readonly status: number; readonly words: string }[]): Pick<GitHubApi, 'ask'> {
  const left = [...answers];
  return {
    async ask() {
      const { status = 422, words = 'Invalid request.' } = left.shift() ?? {};
      throw new RegistryError(status === 403 ? 'PUSH_DENIED' : 'REGISTRY_REFUSED', {
        message: words,
        remedy: '',
        status,
        words,
      });
    },
  };
}

const forbidden = { status: 403, words: 'Resource not accessible by integration' };
const invalid = { status: 422, words: 'Invalid request.' };

describe('the ID token', () => {
  test.each([
    { env: idToken, has: true },
    { env: { ...idToken, ACTIONS_ID_TOKEN_REQUEST_TOKEN: '' }, has: false },
    { env: {}, has: false },
  ])('is there: $has', ({ env, has }) => {
    expect(mayRequestIdToken(env)).toBe(has);
  });

  test.each([
    { what: 'a job lacks', env: { GITHUB_ACTIONS: 'true' }, token: 'ghs_job', says: '`id-token: write`' },
    { what: 'a terminal lacks', env: {}, token: 'ghp_own', says: 'only a job of GitHub Actions' },
    {
      what: 'cannot help a password of another registry',
      env: idToken,
      token: 'password',
      says: 'not a token of GitHub',
    },
  ])('$what is an error that says so', ({ env, token, says }) => {
    expect(() => requireIdToken(env, token)).toThrow(says);
    expect(() => requireIdToken(env, token)).toThrowCode('ATTESTATION_DENIED');
  });

  test('with a token of GitHub is enough', () => {
    expect(() => requireIdToken(idToken, 'ghs_job')).not.toThrow();
  });
});

describe('the rights of the token', () => {
  test.each([
    { what: 'both', api: anApi(invalid, invalid), organisation: 'octo-org', mayRecord: true },
    { what: 'no records', api: anApi(invalid, forbidden), organisation: 'octo-org', mayRecord: false },
    { what: 'no records for a person', api: anApi(invalid), organisation: undefined, mayRecord: false },
    {
      what: 'both if GitHub does not tell',
      api: anApi(
        { status: 500, words: 'Server Error' },
        { status: 403, words: 'You have exceeded a secondary rate limit' },
      ),
      organisation: 'octo-org',
      mayRecord: true,
    },
  ])('allow $what', async ({ api, organisation, mayRecord }) => {
    expect(await askAttestationRights(api, source, organisation)).toEqual({ mayRecord });
  });

  test.each([
    { answer: forbidden, says: '`attestations: write`' },
    {
      answer: { status: 403, words: 'Feature not available for user-owned private repositories.' },
      says: 'stores no attestations for octo-org/app',
    },
  ])('that lack attestations are an error: $answer.words', async ({ answer, says }) => {
    const asked = askAttestationRights(anApi(answer), source, undefined);
    await expect(asked).rejects.toMatchObject({ code: 'ATTESTATION_DENIED', message: expect.stringContaining(says) });
  });
});
