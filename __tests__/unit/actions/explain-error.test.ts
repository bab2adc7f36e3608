import { expect, test } from '@jest/globals';
import { explainIn } from '../../../src/actions/explain-error.ts';
import { BuildError, ToolError } from '../../../src/errors.ts';
import { resolveProduct } from '../../../src/github/product.ts';
import { parseRegistry } from '../../../src/image/registry-name.ts';
import { parseRepository } from '../../../src/image/repository.ts';

const ghcr = parseRegistry('ghcr.io');
const explain = explainIn({
  product: resolveProduct(new URL('https://github.com')),
  destinations: [
    {
      registry: { registry: ghcr, kind: 'container' },
      repository: parseRepository(ghcr, 'octo-org/app'),
      credential: { kind: 'token', username: 'octocat' },
    },
  ],
  push: true,
  run: { sourceRepository: undefined, event: { commitTimes: new Map() }, eventName: 'push', actor: 'octocat' },
  secrets: { token: 'ghs_token', registryAuth: [] },
});

const denied = 'denied: permission_denied: write_package';

test('a failure of a tool is thrown again with its cause', async () => {
  const error = new ToolError('PUSH_FAILED', { message: denied, remedy: '' });
  await expect(explain(error)).rejects.toMatchObject({ cause: error, message: expect.stringContaining(denied) });
  await expect(explain(error)).rejects.not.toBe(error);
});

test.each([
  `process "/bin/sh -c ${denied}" did not complete successfully: exit code: 1`,
  `The command '/bin/sh -c ${denied}' returned a non-zero code: 1`,
  `building at STEP "RUN ${denied}": while running runtime: exit status 1`,
])('what a process of the Dockerfile printed is not about this run (%s)', async (message) => {
  const error = new BuildError('BUILD_FAILED', { message, remedy: '' });
  await expect(explain(error)).rejects.toBe(error);
});
