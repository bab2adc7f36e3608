import { describe, expect, test } from '@jest/globals';
import { builderFailure } from '../../../src/engine/job-builder-failure.ts';

/** As buildx prints it. */
const boot = (...lines: readonly string[]): string =>
  ['#1 [internal] booting buildkit', ...lines, '------', ' > [internal] booting buildkit:', '------'].join('\n');
const pulling = '#1 pulling image r.test/b:1 0.0s done';
const creating = '#1 creating container buildx_buildkit_b0';

describe('why a builder could not be made', () => {
  test.each([
    [
      'an image that is not there',
      boot(pulling, '#1 ERROR: x') +
        '\nERROR: Error response from daemon: manifest for r.test/b:1 not found: manifest unknown',
      ['could not be pulled: manifest for r.test/b:1 not found', '`builder-image`', 'do without a builder'],
      false,
    ],
    [
      'an image that needs a login',
      `${boot(pulling)}\nERROR: Error response from daemon: Head "https://r.test/v2/": no basic auth credentials`,
      ['could not be pulled', '`registry-auth`'],
      false,
    ],
    [
      'a registry that does not answer now',
      boot(pulling) +
        '\nERROR: Error response from daemon: Get "http://r.test/v2/": dial tcp: connect: connection refused',
      ['could not be pulled'],
      true,
    ],
    [
      'containers that may not be privileged',
      boot(pulling, creating) +
        '\nERROR: Error response from daemon: authorization denied by plugin opa: privileged containers are forbidden',
      ['lets no container be privileged', '`tcp://HOST:PORT`', '`kubernetes://`'],
      false,
    ],
    [
      'an image of something else',
      `${boot(pulling, creating)}\nERROR: Error response from daemon: Container 0fdc is restarting`,
      ['did not start', '`builder-image`'],
      false,
    ],
    [
      'a configuration that BuildKit does not read',
      "ERROR: failed to parse buildkit config: (3, 2): Can't convert x(string) to bool",
      ['buildx could not make the builder', '`builder-config`'],
      false,
    ],
  ])('%s', (_title, stderr, words, retryable) => {
    const error = builderFailure('r.test/b:1', 'the classic image store cannot X (`y`)', stderr);
    expect(error).toMatchObject({ code: 'BUILDER_FAILED', retryable });
    expect(error.message).toContain('needs a builder, because the classic image store cannot X (`y`).');
    for (const word of words) expect(`${error.message} ${error.remedy}`).toContain(word);
  });
});
