/** Every bad input is a typed error before any docker command: code, value, expected form, remedy; and nothing is left. */

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type CountingPort, openCountingPort } from '../support/counting-port.ts';
import { branchPush, pullRequest, type RunEvent } from '../support/event.ts';
import { openSuite } from '../support/suite.ts';

const { action } = openSuite();
let counting: CountingPort;

beforeAll(async () => {
  counting = await openCountingPort();
});
afterAll(() => counting?.[Symbol.dispose]());

interface Case {
  readonly what: string;
  readonly inputs: Readonly<Record<string, string>>;
  readonly code: string;
  /** What stands in the message: the value, the expected form, the remedy. */
  readonly says: readonly string[];
  readonly event?: RunEvent;
  readonly env?: Readonly<Record<string, string>>;
}

const cases: readonly Case[] = [
  {
    what: 'an unknown kind of registry',
    inputs: { registry: 'npm' },
    code: 'REGISTRY_INVALID',
    says: ['"npm"', 'expected host[:port]', 'Set `registry` to `auto`, `container`, `docker`'],
  },
  {
    what: 'a registry with a scheme',
    inputs: { registry: 'https://ghcr.io' },
    code: 'REGISTRY_INVALID',
    says: ['"https://ghcr.io"', 'without scheme', 'Write `registry: ghcr.io`'],
  },
  {
    what: 'a registry that imitates one of GitHub’s',
    inputs: { registry: 'ghrc.io' },
    code: 'REGISTRY_INVALID',
    says: ['"ghrc.io"', 'looks like "ghcr.io"', 'Write `registry: ghcr.io`'],
  },
  {
    what: 'upper case that cannot be mended',
    inputs: { image: 'ÄPP' },
    code: 'REPOSITORY_INVALID',
    says: ['The image "ÄPP"', 'it contains "ä"', 'image: my-app'],
  },
  {
    what: 'an owner that ends in a hyphen',
    inputs: { owner: 'octo-' },
    code: 'REPOSITORY_INVALID',
    says: ['The owner "octo-"', 'ends with "-"', 'Set `owner`'],
  },
  {
    what: 'an image that is a whole name',
    inputs: { image: 'ghcr.io/octo-org/app' },
    code: 'REPOSITORY_INVALID',
    says: [
      '"ghcr.io/octo-org/app" begins with a registry',
      'expected what follows',
      '`owner: octo-org` and `image: app`',
    ],
  },
  {
    what: 'an image with a slash in a Docker registry',
    inputs: { registry: 'docker', image: 'api/server' },
    code: 'REPOSITORY_INVALID',
    says: ['"api/server"', 'exactly three segments', 'image: server'],
  },
  {
    what: 'a tag with a slash',
    inputs: { tags: 'feature/x' },
    code: 'TAG_INVALID',
    says: ['"feature/x"', 'contains "/"', 'Expected a letter, digit', '`tags`'],
  },
  {
    what: 'a branch in place of a tag',
    inputs: { tags: 'feature/login' },
    code: 'TAG_INVALID',
    says: ['"feature/login"', 'contains "/"'],
  },
  {
    what: 'a tag of 129 characters',
    inputs: { tags: 'x'.repeat(129) },
    code: 'TAG_INVALID',
    says: ['"xxx', '129 characters', 'at most 128', '`tags`'],
  },
  {
    what: 'a tag rule of a type that there is not',
    inputs: { tags: 'type=semverr,pattern={{version}}' },
    code: 'TAG_RULE_INVALID',
    says: ['semverr', 'semver'],
  },
  {
    what: 'a context that is not there',
    inputs: { context: 'services/api' },
    code: 'CONTEXT_MISSING',
    says: ['"services/api"', 'expected a folder', 'actions/checkout', '`context`'],
  },
  {
    what: 'a context that is a file',
    inputs: { context: 'Dockerfile' },
    code: 'CONTEXT_MISSING',
    says: ['"Dockerfile", which is a file', 'expected a folder', '`context`'],
  },
  {
    what: 'a Dockerfile that is not there',
    inputs: { file: 'Dockerfile.prod' },
    code: 'DOCKERFILE_MISSING',
    says: ['"Dockerfile.prod"', 'expected a file', 'Correct `file`'],
  },
  {
    what: 'a Dockerfile that is not in the context',
    inputs: { context: 'empty' },
    code: 'DOCKERFILE_MISSING',
    says: ['"empty/Dockerfile"', 'expected a file', 'actions/checkout', 'in `file`', 'in `context`'],
  },
  {
    what: 'a Dockerfile by its path in the context',
    inputs: { context: 'empty', file: 'README.md' },
    code: 'DOCKERFILE_MISSING',
    says: ['"README.md"', 'expected a file', 'write `file: empty/README.md`'],
  },
  {
    what: 'the default context of docker/build-push-action',
    inputs: { context: '{{defaultContext}}:services/api' },
    code: 'CONTEXT_MISSING',
    says: ['"{{defaultContext}}:services/api"', 'expected a folder', 'write `context: services/api`'],
  },
  {
    what: '`push: maybe`',
    inputs: { push: 'maybe' },
    code: 'INPUT_INVALID',
    says: ['`push` is "maybe"', 'expected `auto`, `true`, `false`', 'Set `push: auto`'],
  },
  {
    what: '`push: no`',
    inputs: { push: 'no' },
    code: 'INPUT_INVALID',
    says: ['`push` is "no"', 'expected `auto`, `true`, `false`', 'Set `push: false`'],
  },
  {
    what: '`sbom: yes`',
    inputs: { sbom: 'yes' },
    code: 'INPUT_INVALID',
    says: ['`sbom` is "yes"', 'expected `true`, `false` or attributes', 'Set `sbom: true`'],
  },
  {
    what: '`dry-run: yes`',
    inputs: { 'dry-run': 'yes' },
    code: 'INPUT_INVALID',
    says: ['`dry-run` is "yes"', 'expected `false`, `true`', 'Set `dry-run: true`'],
  },
  {
    what: '`login-scope: workflow`',
    inputs: { 'login-scope': 'workflow' },
    code: 'INPUT_INVALID',
    says: ['`login-scope` is "workflow"', '`step`, `job`', 'Set `login-scope: step`'],
  },
  {
    what: '`verify: true`',
    inputs: { verify: 'true' },
    code: 'INPUT_INVALID',
    says: ['`verify` is "true"', '`manifest`', 'Set `verify: manifest`'],
  },
  {
    what: 'retries that are no number',
    inputs: { retries: 'some' },
    code: 'INPUT_INVALID',
    says: ['`retries` is "some"', 'whole number from 1 to 100', 'Set `retries: 5`'],
  },
  {
    what: 'a platform without an architecture',
    inputs: { platforms: 'linux' },
    code: 'PLATFORM_INVALID',
    says: ['"linux"', 'linux/amd64', '`platforms`'],
  },
  {
    what: 'a build argument without a name',
    inputs: { 'build-args': '=1' },
    code: 'INPUT_INVALID',
    says: ['"=1"', 'expected NAME=value', '`build-args`'],
  },
  {
    what: 'a build argument as YAML has it',
    inputs: { 'build-args': 'VERSION: 1' },
    code: 'INPUT_INVALID',
    says: ['"VERSION: 1"', 'expected NAME=value', '`build-args`'],
  },
  {
    what: 'an expression in a label that names nothing',
    inputs: { labels: "team={{x 'y'}}" },
    code: 'EXPRESSION_INVALID',
    says: ["{{x 'y'}}"],
  },
  {
    what: 'an empty token while pushing',
    inputs: { token: '' },
    code: 'TOKEN_MISSING',
    says: ['`token` is empty', 'ghcr.io takes a push only with a token', 'packages: write'],
  },
  {
    what: 'an empty token of a pull request that is told to push',
    inputs: { token: '', push: 'true' },
    event: pullRequest(3),
    code: 'TOKEN_MISSING',
    says: ['`token` is empty', 'pull requests from forks'],
  },
  {
    what: 'the token of this job for the registry of another product',
    inputs: { registry: 'containers.octo.ghe.com' },
    code: 'TOKEN_FOREIGN',
    says: ['valid for github.com only', 'containers.octo.ghe.com', 'Set `token`'],
  },
  {
    what: 'a repository of the environment that is none',
    inputs: {},
    env: { GITHUB_REPOSITORY: 'app' },
    code: 'RUN_UNKNOWN',
    says: ['"app"', 'expected OWNER/REPOSITORY', 'set `owner` and `image`'],
  },
  {
    what: 'several at once',
    inputs: { push: 'maybe', tags: 'a/b', context: 'nowhere', owner: 'octo-', platforms: 'linux' },
    code: 'INPUTS_INVALID',
    says: [
      '5 inputs are invalid',
      'INPUT_INVALID',
      'TAG_INVALID',
      'CONTEXT_MISSING',
      'REPOSITORY_INVALID',
      'PLATFORM_INVALID',
    ],
  },
];

test.each(cases)('$what is $code', async ({ inputs, code, says, event = branchPush('main'), env = {} }) => {
  const engine = { DOCKER_HOST: `tcp://127.0.0.1:${counting.port}` };
  const proxy = `http://127.0.0.1:${counting.port}`;
  const runner = action.newRunner({
    engine,
    event,
    token: 'ghs_canary',
    env: { HTTP_PROXY: proxy, HTTPS_PROXY: proxy, https_proxy: proxy, ...env },
  });
  runner.write('Dockerfile', 'FROM scratch\n');
  runner.write('empty/README.md', '');
  const step = await runner.main(inputs);
  expect(step).toMatchObject({ exitCode: 1, code });
  expect(step.failure).toMatch(new RegExp(`^${code}: `));
  for (const words of says) expect(step.failure).toContain(words);
  expect(step.failure).toContain(`TROUBLESHOOTING.md#${code.toLowerCase()}`);

  expect(runner.commands()).toEqual([]);
  expect(counting.takeContacts()).toBe(0);
  expect(step).toMatchObject({ outputs: {}, state: {}, env: {} });
  expect(runner.filesIn(runner.temp)).toEqual([]);
  expect(await runner.post(step)).toMatchObject({ exitCode: 0, log: '' });
});
