/** Questions to GitHub's REST API, over real HTTP: what they send, what they make of each answer, and when they give up. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, jest, test } from '@jest/globals';
import { readGitHubFacts } from '../../src/github/repository-facts.ts';
import { createGitHubApi, type GitHubApiOptions } from '../../src/github/rest-api.ts';
import { aRun } from '../support/builders.ts';
import { makeCertificate, startProxy, startServer, trusting } from '../support/local-server.ts';
import '../support/to-throw-code.ts';

const { signal } = new AbortController();
const attempts = { retries: 3, now: Date.now, sleep: async () => {}, random: () => 0.5, log: () => {} };

/** Asks for the repository octo-org/app, once. */
async function ask(options: Partial<GitHubApiOptions> & Pick<GitHubApiOptions, 'url'>): Promise<unknown> {
  const api = createGitHubApi({ token: 'ghs_canary', environment: {}, signal, ...options });
  try {
    const answer = await api.ask((rest) => rest.repos.get({ owner: 'octo-org', repo: 'app' }));
    return answer?.data;
  } finally {
    api.close();
  }
}

function sendJson(response: ServerResponse, status: number, body: unknown, headers = {}): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
  response.end(JSON.stringify(body));
}

test('a question goes to the API of the server that the run is on, with the token and the version of the API', async () => {
  const asked: IncomingMessage['headers'][] = [];
  await using server = await startServer((request, response) => {
    asked.push(request.headers);
    sendJson(response, 200, { name: 'app' });
  });
  expect(await ask({ url: `http://127.0.0.1:${server.port}/api/v3/` })).toEqual({ name: 'app' });
  expect(server.requests.map(({ line }) => line)).toEqual(['GET /api/v3/repos/octo-org/app']);
  expect(asked[0]).toMatchObject({
    authorization: 'token ghs_canary',
    accept: expect.stringContaining('application/vnd.github'),
    'x-github-api-version': '2022-11-28',
    'user-agent': expect.stringMatching(/^publish-docker-package /),
  });
});

test('without a token nobody is logged in', async () => {
  await using server = await startServer((_, response) => sendJson(response, 200, {}));
  await ask({ url: `http://127.0.0.1:${server.port}`, token: '' });
  expect(server.requests.map(({ authorization }) => authorization)).toEqual([undefined]);
});

describe('an answer', () => {
  test('404 is none', async () => {
    await using server = await startServer((_, response) => sendJson(response, 404, { message: 'Not Found' }));
    expect(await ask({ url: `http://127.0.0.1:${server.port}` })).toBeUndefined();
  });

  test.each([
    [401, 'TOKEN_REJECTED'],
    [403, 'PUSH_DENIED'],
    [400, 'REGISTRY_REFUSED'],
  ])('%d is an error with GitHub’s words, and is not asked for again', async (status, code) => {
    await using server = await startServer((_, response) =>
      sendJson(response, status, { message: 'Resource not accessible by integration', documentation_url: 'https://x' }),
    );
    const answer = ask({ url: `http://127.0.0.1:${server.port}`, attempts });
    await expect(answer).rejects.toMatchObject({
      code,
      message: `GET http://127.0.0.1:${server.port}/repos/octo-org/app was answered with ${status}: Resource not accessible by integration.`,
    });
    expect(server.requests).toHaveLength(1);
  });

  test('that is temporary is asked for again, after the time that GitHub asks for', async () => {
    const waits: number[] = [];
    await using server = await startServer((_, response) => {
      if (server.requests.length < 3) sendJson(response, 429, { message: 'Slow down' }, { 'retry-after': '7' });
      else sendJson(response, 200, { name: 'app' });
    });
    const sleep = async (milliseconds: number): Promise<void> => void waits.push(milliseconds);
    expect(await ask({ url: `http://127.0.0.1:${server.port}`, attempts: { ...attempts, sleep } })).toEqual({
      name: 'app',
    });
    expect(waits.map((wait) => wait >= 7_000)).toEqual([true, true]);
  });

  test.each([
    { what: '403 until a time', status: 403, headers: { 'x-ratelimit-remaining': '0' }, isSoon: true, least: 20_000 },
    { what: '429 of a second limit', status: 429, headers: { 'retry-after': '60' }, isSoon: false, least: 60_000 },
    { what: '403 with words alone', status: 403, headers: {}, isSoon: false, least: 60_000 },
  ])('that names a limit is waited for: $what', async ({ status, headers, isSoon, least }) => {
    const waits: number[] = [];
    await using server = await startServer((_, response) => {
      const reset = isSoon ? { 'x-ratelimit-reset': String(Math.ceil(Date.now() / 1000) + 21) } : {};
      const message = 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.';
      if (server.requests.length < 2) sendJson(response, status, { message }, { ...headers, ...reset });
      else sendJson(response, 200, { name: 'app' });
    });
    const sleep = async (milliseconds: number): Promise<void> => void waits.push(milliseconds);
    expect(await ask({ url: `http://127.0.0.1:${server.port}`, attempts: { ...attempts, sleep } })).toEqual({
      name: 'app',
    });
    expect(waits.map((wait) => wait >= least && wait < least + 10_000)).toEqual([true]);
  });

  test('that names a limit of an hour is RATE_LIMITED at once', async () => {
    await using server = await startServer((_, response) => {
      const reset = String(Math.ceil(Date.now() / 1000) + 3_600);
      sendJson(
        response,
        403,
        { message: 'API rate limit exceeded' },
        { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset },
      );
    });
    await expect(ask({ url: `http://127.0.0.1:${server.port}`, attempts })).rejects.toThrowCode('RATE_LIMITED');
    expect(server.requests).toHaveLength(1);
  });

  test('that is too long is an error', async () => {
    await using server = await startServer((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(`"${'x'.repeat(5_000_000)}"`);
    });
    await expect(ask({ url: `http://127.0.0.1:${server.port}` })).rejects.toThrowCode('ANSWER_INVALID');
  });

  test('that does not come in time is given up', async () => {
    await using server = await startServer(() => {});
    const answer = ask({ url: `http://127.0.0.1:${server.port}`, deadline: 100 });
    await expect(answer).rejects.toThrowCode('REGISTRY_UNREACHABLE');
  });

  test('is not waited for once the step is asked to end', async () => {
    const ending = new AbortController();
    await using server = await startServer(() => ending.abort());
    await expect(ask({ url: `http://127.0.0.1:${server.port}`, signal: ending.signal, attempts })).rejects.toThrow();
    expect(server.requests).toHaveLength(1);
  });

  test('of a call that is deprecated is no line of the log', async () => {
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
    await using server = await startServer((_, response) => sendJson(response, 200, {}, { deprecation: 'true' }));
    await ask({ url: `http://127.0.0.1:${server.port}` });
    expect(warn.mock.calls).toEqual([]);
    warn.mockRestore();
  });
});

describe('the token', () => {
  test('does not follow a redirect to another host', async () => {
    await using other = await startServer((_, response) => sendJson(response, 200, { name: 'moved' }));
    await using server = await startServer((_, response) =>
      sendJson(response, 301, {}, { location: `http://localhost:${other.port}/repositories/1` }),
    );
    expect(await ask({ url: `http://127.0.0.1:${server.port}` })).toEqual({ name: 'moved' });
    expect(other.requests.map(({ authorization }) => authorization)).toEqual([undefined]);
  });
});

describe('a proxy', () => {
  const certificate = makeCertificate('api.ghes.test', '127.0.0.1');
  const startApi = () => startServer((_, response) => sendJson(response, 200, { name: 'app' }), certificate);

  test('is the way to the API', async () => {
    await using server = await startApi();
    await using proxy = await startProxy(server.port);
    const environment = { HTTPS_PROXY: `http://127.0.0.1:${proxy.port}` };
    expect(await trusting(certificate, () => ask({ url: 'https://api.ghes.test', environment }))).toEqual({
      name: 'app',
    });
    expect(proxy.tunnels.map(({ to }) => to)).toEqual(['api.ghes.test:443']);
  });

  test('that cannot be reached is named', async () => {
    const environment = { HTTPS_PROXY: 'http://127.0.0.1:9' };
    const answer = ask({ url: 'https://api.ghes.test', environment });
    await expect(answer).rejects.toThrow(
      /^No answer from api\.ghes\.test .*the proxy 127\.0\.0\.1:9 cannot be reached/,
    );
  });
});

describe('what the event lacks', () => {
  const run = (url: string) => ({
    ...aRun({ GITHUB_SHA: 'a'.repeat(40), GITHUB_REPOSITORY: 'octo-org/app' }),
    apiUrl: url,
  });

  async function facts(
    handler: Parameters<typeof startServer>[0],
  ): Promise<{ readonly facts: unknown; readonly told: readonly string[]; readonly lines: readonly string[] }> {
    await using server = await startServer(handler);
    const url = `http://127.0.0.1:${server.port}`;
    const api = createGitHubApi({ url, token: '', environment: {}, signal });
    const told: string[] = [];
    try {
      const found = await readGitHubFacts({ repository: true, commit: true }, run(url), api, (line) => told.push(line));
      return { facts: found, told, lines: server.requests.map(({ line }) => line).sort() };
    } finally {
      api.close();
    }
  }

  test('is told by the API: the repository, and the time of the commit', async () => {
    const found = await facts((request, response) =>
      sendJson(
        response,
        200,
        request.url?.includes('/commits/')
          ? { commit: { committer: { date: '2024-05-06T07:08:09Z' } } }
          : { name: 'app', html_url: 'https://x/app', license: { spdx_id: 'MIT' }, default_branch: 'main' },
      ),
    );
    expect(found).toEqual({
      facts: {
        repository: { name: 'app', url: 'https://x/app', license: 'MIT', defaultBranch: 'main' },
        commitDate: new Date('2024-05-06T07:08:09Z'),
      },
      told: [],
      lines: [`GET /repos/octo-org/app`, `GET /repos/octo-org/app/commits/${'a'.repeat(40)}`],
    });
  });

  test.each([
    ['an answer that is no JSON', (response: ServerResponse) => response.end('<html>')],
    ['JSON that is cut', (response: ServerResponse) => response.setHeader('content-type', 'application/json').end('{')],
    ['JSON of another kind', (response: ServerResponse) => sendJson(response, 200, [1])],
  ])('stays unknown after %s', async (_title, answer) => {
    expect((await facts((_request, response) => void answer(response))).facts).toEqual({});
  });

  test.each([
    [404, 'does not know the repository octo-org/app, or does not show it to this token.'],
    [403, 'did not tell of the repository octo-org/app: '],
  ])('stays unknown after %d, which the log tells', async (status, words) => {
    const found = await facts((_, response) => sendJson(response, status, { message: 'No.' }));
    expect(found.facts).toEqual({});
    expect(found.told.join('\n')).toContain(words);
  });
});
