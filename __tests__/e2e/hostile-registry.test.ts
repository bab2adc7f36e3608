/** A registry that means harm, and a whole step in front of it: it ends in time, says one thing, and gives nothing away. */

import { readdirSync, readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { startServer } from '../support/local-server.ts';
import { isMaskOf, parseCommands } from '../support/runner-files.ts';
import { uniqueName } from '../support/step.ts';
import { openSuite } from '../support/suite.ts';

const suite = openSuite('engine');
const token = `canary-${crypto.randomUUID()}`;

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const injected =
  '::set-output name=digest::forged\n::add-mask::a\r::error::b\n##[set-env name=PATH]c\n::stop-commands::d\n';

function endless(response: ServerResponse, chunk: Buffer, pause: number): void {
  response.on('error', () => {});
  const go = (): void => {
    if (response.destroyed) return;
    if (pause > 0) {
      response.write(chunk);
      setTimeout(go, pause).unref();
    } else if (response.write(chunk)) setImmediate(go);
    else response.once('drain', go);
  };
  go();
}

const attacks: readonly { readonly what: string; readonly handler: Handler }[] = [
  {
    what: 'redirects everything to itself',
    handler: (request, response) => response.writeHead(307, { location: request.url ?? '/' }).end(),
  },
  {
    what: 'redirects in a circle over many addresses',
    handler: (_, response) => response.writeHead(302, { location: `/v2/?${crypto.randomUUID()}` }).end(),
  },
  {
    what: 'answers with a body that never ends',
    handler: (_, response) => endless(response.writeHead(200), Buffer.alloc(65_536, 'x'), 0),
  },
  {
    what: 'refuses with a body that never ends',
    handler: (_, response) => endless(response.writeHead(403), Buffer.alloc(65_536, 'x'), 0),
  },
  {
    what: 'refuses drop by drop',
    handler: (_, response) => endless(response.writeHead(403), Buffer.from('x'), 200),
  },
  {
    what: 'answers with a giant header',
    handler: (_, response) =>
      response.writeHead(401, { 'www-authenticate': `Bearer realm="${'x'.repeat(200_000)}"` }).end(),
  },
  {
    what: 'announces more bytes than it sends',
    handler: (request, response) => {
      response.writeHead(403, { 'content-length': 5_000, 'content-type': 'application/json' });
      response.write('{"errors":[', () => request.socket.destroy());
    },
  },
  {
    what: 'announces an answer again and again',
    handler: ({ socket }) => {
      const timer = setInterval(() => socket.write('HTTP/1.1 102 Processing\r\n\r\n'), 50);
      socket.on('error', () => {}).on('close', () => clearInterval(timer));
    },
  },
  {
    what: 'asks for a token that comes drop by drop',
    handler: ({ url, headers }, response) => {
      const challenge = { 'www-authenticate': `Bearer realm="http://${headers.host}/token"` };
      if (url?.startsWith('/token')) endless(response.writeHead(200), Buffer.from(' '), 50);
      else response.writeHead(401, challenge).end();
    },
  },
  {
    what: 'sends what is no HTTP',
    handler: (request) => request.socket.end('\0\xff\x00SSH-2.0-registry\r\n'),
  },
  {
    what: 'sends commands to the runner in its errors',
    handler: (_, response) =>
      response
        .writeHead(403, { 'content-type': 'application/json' })
        .end(JSON.stringify({ errors: [{ code: injected, message: injected, detail: injected }] })),
  },
  {
    what: 'sends commands to the runner in a page',
    handler: (_, response) => response.writeHead(403, { 'content-type': 'text/plain' }).end(injected),
  },
];

interface Work {
  readonly subAction: string;
  readonly inputs: Readonly<Record<string, string>>;
}

const publish: Work = { subAction: '.', inputs: { tags: '1.0\nlatest' } };
const subActions: readonly Work[] = [
  { subAction: 'pull', inputs: { tag: '1.0' } },
  { subAction: 'merge', inputs: { tags: '1.0\nlatest' } },
];

/** Publishes, or does the work of a sub-action, with a server as the registry, and asserts what holds whatever it does. */
async function attackedBy(handler: Handler, { subAction, inputs }: Work): Promise<void> {
  await using server = await startServer(handler);
  const repository = `octo-org/${uniqueName('app')}`;
  const runner = suite.action.newRunner({ engine: suite.engine, repository, token, subAction });
  const configBefore = readFileSync(join(runner.home, '.docker/config.json'), 'utf8');
  runner.write('Dockerfile', 'FROM scratch\nCOPY Dockerfile /\n');
  const begun = performance.now();
  const step = await runner.main({ registry: server.registry, username: 'octocat', retries: '2', ...inputs });
  const seconds = (performance.now() - begun) / 1000;
  expect(step).toMatchObject({ exitCode: 1, signal: null, outputs: {}, env: {} });
  expect(step.code).not.toMatch(/^(?:INTERNAL)?$/);
  expect(seconds).toBeLessThan(120);
  // A pull has no stages.
  const [, afterTheStage = ''] = step.log.split(/ failed after /);
  expect(afterTheStage).not.toMatch(/trying again/i);
  expect(readdirSync(runner.temp)).toEqual([]);
  expect(await runner.post(step)).toMatchObject({ exitCode: 0, log: '' });
  expect(readFileSync(join(runner.home, '.docker/config.json'), 'utf8')).toBe(configBefore);
  // The runner ends a line at a lone carriage return, too (.NET, TextReader.ReadLine).
  const names = parseCommands(step.log.replaceAll('\r', '\n')).map(({ name }) => name);
  expect(
    names.filter((name) => !['add-mask', 'group', 'endgroup', 'notice', 'warning', 'error'].includes(name)),
  ).toEqual([]);
  expect(names.filter((name) => name === 'error')).toHaveLength(1);
  const masks = step.commands.filter(({ name }) => name === 'add-mask').map(({ data }) => data);
  expect(masks.filter((mask) => !isMaskOf(token, mask))).toEqual([]);
}

describe.each(attacks)('a registry that $what', ({ handler }) => {
  test('fails the step with one typed error, and nothing is left', async () => {
    await attackedBy(handler, publish);
  });
});

/** What a pull or merge says of a registry is said by other code. */
const inWords = attacks.filter(({ what }) => what.startsWith('sends commands'));

describe.each(inWords)('a registry that $what', ({ handler }) => {
  test.each(subActions)('fails $subAction/ with one typed error, and nothing is left', async (work) => {
    await attackedBy(handler, work);
  });
});
