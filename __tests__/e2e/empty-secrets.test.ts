/** Secrets are empty in the runs of forks and of Dependabot: what publishes nothing goes on without them and says so. */

import { describe, expect, test } from '@jest/globals';
import { branchPush, pullRequest } from '../support/event.ts';
import { type Runner, type RunnerOptions, uniqueName } from '../support/step.ts';
import { openSuite } from '../support/suite.ts';

const suite = openSuite('engine', 'login', 'client', 'busybox');

interface Yielding extends RunnerOptions {
  readonly inputs?: Readonly<Record<string, string>>;
}

const dependabot = { env: { GITHUB_ACTOR: 'dependabot[bot]' } };

const entry = (registry: string): string => `- registry: ${registry}\n  username: ci\n  password: ''\n`;

function aRunner(options: RunnerOptions = {}): Runner {
  const repository = `octo-org/${uniqueName('forked')}`;
  const runner = suite.action.newRunner({ engine: suite.engine, repository, ...options });
  // A build that runs with or without the secret, as most do: the private packages are only needed to publish.
  runner.write(
    'Dockerfile',
    `FROM ${suite.busybox}\nRUN --mount=type=secret,id=npm if [ -e /run/secrets/npm ]; then echo with > /npm; else echo without > /npm; fi\n`,
  );
  return runner;
}

const yielding: readonly (readonly [string, Yielding])[] = [
  ['a pull request of a fork', { event: pullRequest(7) }],
  ['a run of Dependabot', dependabot],
  ['a run that does not push', { event: branchPush('main'), inputs: { push: 'false' } }],
];
describe.each(yielding)('%s', (_, { inputs, ...options }) => {
  test('builds without the secrets that are empty, logs in nowhere with them and says both', async () => {
    const runner = aRunner(options);
    const step = await runner.main({
      registry: suite.login.registry,
      token: '',
      secrets: 'npm=',
      'registry-auth': entry(suite.login.registry),
      load: 'true',
      tags: '1.0',
      ...inputs,
    });
    expect(step).toMatchObject({ exitCode: 0, failure: '', outputs: { published: 'false' } });
    const notices = step.commands.filter(({ name }) => name === 'notice').map(({ data }) => data);
    expect(notices.join('\n')).toContain('The secret "npm" of `secrets` is empty in this run.');
    expect(notices.join('\n')).toContain(`The password for ${suite.login.registry} in \`registry-auth\` is empty`);
    const image = step.outputs.imageid ?? '';
    const said = await runner.run(['docker', 'run', '--rm', image, 'cat', '/npm']);
    expect(said).toMatchObject({ exitCode: 0, stdout: 'without\n' });
  });
});

describe('a run that publishes', () => {
  test.each([
    ['a secret of the build', { secrets: 'npm=' }, ['`secrets`', '"npm"']],
    ['a password', { 'registry-auth': 'empty' }, ['registry-auth', 'empty password']],
    ['the token', { username: 'ci', token: '' }, ['`token` is empty in this run', '`username` is "ci"']],
  ])('is refused before anything happens, if %s is empty, and the error names it', async (_, inputs, says) => {
    const runner = aRunner();
    const { registry, username, token } = suite.login;
    const given = 'registry-auth' in inputs ? { 'registry-auth': entry(registry) } : inputs;
    const step = await runner.main({ registry, username, token, tags: '1.0', ...given });
    expect(step).toMatchObject({ exitCode: 1, outputs: {} });
    for (const words of says) expect(step.failure).toContain(words);
    expect(runner.commands()).toEqual([]);
  });
});
