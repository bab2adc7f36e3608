/** Who gives a label its value: the input, the Dockerfile, or the run; looked at in the published image. */

import { spawnSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import { branchPush } from '../support/event.ts';
import { startServer } from '../support/local-server.ts';
import { type Runner, type StepResult, uniqueName } from '../support/step.ts';
import { openSuite } from '../support/suite.ts';

const suite = openSuite('engine', 'registry', 'client');

const dockerfile = `FROM scratch
ARG VERSION=4.5.6
LABEL org.opencontainers.image.title="Hello of the Dockerfile" \\
      org.opencontainers.image.version=$VERSION \\
      org.opencontainers.image.licenses=Apache-2.0 \\
      org.opencontainers.image.revision=unknown
COPY Dockerfile /
`;

function newRunner(): { readonly runner: Runner; readonly name: string } {
  const repository = `octo-org/${uniqueName('labels')}`;
  const event = branchPush('main');
  const runner = suite.action.newRunner({ engine: suite.engine, event, repository });
  runner.write('Dockerfile', dockerfile);
  return { runner, name: `${suite.registry}/${repository}` };
}

const publish = (runner: Runner, inputs: Readonly<Record<string, string>> = {}): Promise<StepResult> =>
  runner.main({ registry: suite.registry, ...inputs });

const short = (labels: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(labels).map(([name, value]) => [name.split('.').at(-1), value]));

test('labels of the Dockerfile stay, those of the run are the run’s, and what is not known is not set', async () => {
  const { runner, name } = newRunner();
  const step = await publish(runner, { labels: 'org.opencontainers.image.licenses=MIT' });
  expect(step).toMatchObject({ exitCode: 0 });
  const labels = short(await suite.client.labelsOf(`${name}:main`));
  expect(labels).toMatchObject({ title: 'Hello of the Dockerfile', version: '4.5.6', licenses: 'MIT' });
  expect(labels.revision).toMatch(/^[0-9a-f]{40}$/);
  expect(Object.values(labels)).not.toContain('');
});

test('`none` leaves the labels of the Dockerfile alone', async () => {
  const { runner, name } = newRunner();
  expect(await publish(runner, { labels: 'none\ncom.example.team=octo' })).toMatchObject({ exitCode: 0 });
  expect(short(await suite.client.labelsOf(`${name}:main`))).toEqual({
    title: 'Hello of the Dockerfile',
    version: '4.5.6',
    licenses: 'Apache-2.0',
    revision: 'unknown',
    team: 'octo',
  });
});

test('a checkout of another commit is what the image is labelled with, and a notice says so', async () => {
  const { runner, name } = newRunner();
  const git = (...args: readonly string[]): string => {
    const identity = ['-c', 'user.name=Mona', '-c', 'user.email=mona@example.com'];
    return spawnSync('git', ['-C', runner.workspace, ...identity, ...args], { encoding: 'utf8' }).stdout.trim();
  };
  git('init', '-q');
  git('commit', '-q', '--allow-empty', '-m', 'another');
  const commit = git('rev-parse', 'HEAD');
  const step = await publish(runner, { tags: 'type=sha' });
  expect(step).toMatchObject({ exitCode: 0, outputs: { 'tag-names': `sha-${commit.slice(0, 7)}` } });
  const labels = short(await suite.client.labelsOf(`${name}:sha-${commit.slice(0, 7)}`));
  expect(labels.revision).toBe(commit);
  const notices = step.commands.filter((each) => each.name === 'notice').map(({ data }) => data);
  expect(notices).toEqual([expect.stringContaining(`checked out at commit ${commit}`)]);
});

test.each([
  ['a label', { labels: "made={{commit_date 'YYYY-MM-DD'}}" }],
  ['a build argument', { 'build-args': "MADE={{meta.commit_date 'YYYY-MM-DD'}}" }],
])('the time of the commit in %s is asked of the API where the event does not tell it', async (_title, inputs) => {
  await using api = await startServer((_request, response) =>
    response
      .setHeader('content-type', 'application/json')
      .end(JSON.stringify({ commit: { committer: { date: '2024-05-06T07:08:09Z' } } })),
  );
  const repository = `octo-org/${uniqueName('labels')}`;
  const runner = suite.action.newRunner({ engine: suite.engine, event: branchPush('main'), repository });
  runner.write('Dockerfile', 'FROM scratch\nARG MADE\nLABEL made=$MADE\nCOPY Dockerfile /\n');
  const variables = { GITHUB_API_URL: `http://${api.registry}` };
  expect(await runner.main({ registry: suite.registry, ...inputs }, variables)).toMatchObject({ exitCode: 0 });
  expect(await suite.client.labelsOf(`${suite.registry}/${repository}:main`)).toMatchObject({ made: '2024-05-06' });
  expect(api.requests.map(({ line }) => line)).toEqual([expect.stringContaining('/commits/')]);
});
