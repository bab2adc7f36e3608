import { describe, expect, test } from '@jest/globals';
import { BuildError, PermissionError, RegistryError, ToolError } from '../../../src/errors.ts';
import { parseRegistry } from '../../../src/image/registry-name.ts';
import { parseRepository, type Repository } from '../../../src/image/repository.ts';
import { withConsent } from '../../../src/publish/recheck-permission.ts';
import type { PushPermission } from '../../../src/registry/push-permission.ts';

const app = parseRepository(parseRegistry('ghcr.io'), 'octo-org/app');
const mirror = parseRepository(parseRegistry('quay.io'), 'octo-org/app');
const facts = {
  message: 'The registry refused the push: unauthorized.',
  remedy: 'Mend it.',
  detail: 'what it printed',
};
const unauthorized = new PermissionError('PUSH_DENIED', facts);

function refusedWith(code: 'TOKEN_REJECTED' | 'PUSH_DENIED', message: string): PushPermission {
  const error = new RegistryError(code, { message, remedy: '', status: 403, ociCodes: ['DENIED'] });
  return { answer: 'refused', error };
}

/** Fails after the registries have agreed; gives what went up, and who was asked. */
async function fail(error: unknown, answers: Readonly<Record<string, PushPermission | Error>> = {}) {
  const asked: string[] = [];
  const registry = {
    async mayPush({ registry: host }: Repository): Promise<PushPermission> {
      asked.push(host);
      const answer = answers[host] ?? { answer: 'allowed' };
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
  const thrown = await withConsent([app, mirror], registry, () => Promise.reject(error)).catch((each: unknown) => each);
  return { thrown, asked };
}

describe('a refusal in the middle of a publish', () => {
  test.each([
    unauthorized,
    new PermissionError('PUSH_DENIED', { ...facts, message: 'The registry refused the push: denied.' }),
    new ToolError('PUSH_FAILED', { ...facts, message: '`docker push` failed: no basic auth credentials.' }),
    new BuildError('BUILD_FAILED', { ...facts, message: 'failed to fetch oauth token: unexpected status: 403' }),
    new RegistryError('TOKEN_REJECTED', { ...facts, message: 'PUT … was answered with 401.', status: 401 }),
    new RegistryError('PULL_DENIED', { ...facts, message: 'GET … was answered with 401.', status: 401 }),
  ])('is one of the login, where the registry takes that no more ($code)', async (error) => {
    const { thrown } = await fail(error, { 'quay.io': refusedWith('TOKEN_REJECTED', 'GET /token: 401.') });
    expect(thrown).toMatchObject({
      code: 'TOKEN_EXPIRED',
      message: `${error.message} The registry accepted the login for quay.io/octo-org/app when this step began, and refuses it now: GET /token: 401.`,
      detail: 'what it printed',
      status: 403,
      ociCodes: ['DENIED'],
      cause: error,
    });
  });

  test('is one of a right, where the registry takes the login and not the push', async () => {
    const { thrown } = await fail(unauthorized, { 'ghcr.io': refusedWith('PUSH_DENIED', 'POST: denied.') });
    expect(thrown).toMatchObject({
      code: 'PUSH_DENIED',
      message: `${facts.message} This run could push to ghcr.io/octo-org/app when this step began, and now it cannot: POST: denied.`,
      remedy: 'Mend it.',
      status: 403,
      ociCodes: ['DENIED'],
      cause: unauthorized,
    });
  });

  test.each([
    ['where the registry still agrees to all', {}],
    ['where the registry cannot be asked', { 'ghcr.io': new Error('no route'), 'quay.io': new Error('no route') }],
    ['where the registry does not say', { 'ghcr.io': { answer: 'unknown', reason: '503' } as const }],
  ])('stays as it is %s', async (_title, answers) => {
    expect(await fail(unauthorized, answers)).toEqual({ thrown: unauthorized, asked: ['ghcr.io', 'quay.io'] });
  });
});

test.each([
  ['of the network', new ToolError('PUSH_FAILED', { ...facts, message: 'The push failed: connection reset by peer.' })],
  ['of the Dockerfile', new BuildError('BUILD_FAILED', { ...facts, message: 'exit code: 3' })],
  ['of an input', new ToolError('ENGINE_CANNOT', { ...facts, message: 'Access denied.' })],
  ['of ours', new Error('unauthorized')],
])('a failure %s asks nobody', async (_title, error) => {
  expect(await fail(error)).toEqual({ thrown: error, asked: [] });
});

test('what succeeds is given as it is', async () => {
  const nobody = { mayPush: () => Promise.reject(new Error('asked')) };
  await expect(withConsent([app], nobody, async () => 'published')).resolves.toBe('published');
});
