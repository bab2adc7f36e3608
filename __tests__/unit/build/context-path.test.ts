import { posix, win32 } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { dockerfilePath, isRemoteContext } from '../../../src/build/context-path.ts';

describe('the Dockerfile, as an annotation names it', () => {
  test.each([
    [{ context: '.', file: '' }, 'Dockerfile'],
    [{ context: './services/api', file: '' }, 'services/api/Dockerfile'],
    [{ context: '.', file: './docker/Dockerfile.prod' }, 'docker/Dockerfile.prod'],
    [{ context: '/src', file: '' }, '/src/Dockerfile'],
    [{ context: 'a\\b', file: '' }, 'a\\b/Dockerfile'],
    [{ context: 'https://example.com/app.git', file: '' }, undefined],
    [{ context: '.', file: '-' }, undefined],
  ])('on Linux and macOS, of %j: %s', (build, path) => {
    expect(dockerfilePath(build, posix)).toBe(path);
  });

  test.each([
    [{ context: '.', file: '' }, 'Dockerfile'],
    [{ context: '.\\services\\api', file: '' }, 'services/api/Dockerfile'],
    [{ context: 'services/api', file: '' }, 'services/api/Dockerfile'],
    [{ context: '.', file: '.\\docker\\Dockerfile.prod' }, 'docker/Dockerfile.prod'],
    [{ context: 'C:\\src', file: '' }, 'C:/src/Dockerfile'],
    [{ context: 'C:\\src', file: 'C:\\src\\x\\Dockerfile' }, 'C:/src/x/Dockerfile'],
    [{ context: 'git@github.com:octo-org/app.git', file: '' }, undefined],
  ])('on Windows, of %j: %s', (build, path) => {
    expect(dockerfilePath(build, win32)).toBe(path);
  });
});

test.each(['C:\\src', 'c:/src', '\\\\server\\share', '.\\app', 'D:'])(
  '%s is a folder, not a remote context',
  (context) => {
    expect(isRemoteContext(context)).toBe(false);
  },
);
