import { describe, expect, test } from '@jest/globals';
import { programPaths } from '../../../src/engine/find-program.ts';

describe('where a program may be', () => {
  test.each([
    ['in the folders of PATH', 'docker', { PATH: '/opt/bin::/usr/bin' }, ['/opt/bin/docker', '/usr/bin/docker']],
    ['in the folders of the system without PATH', 'docker', {}, ['/usr/bin/docker', '/bin/docker']],
    ['where its path says', '/opt/a b/docker', { PATH: '/usr/bin' }, ['/opt/a b/docker']],
    ['in a folder whose name has marks', 'git', { PATH: '/a"b' }, ['/a"b/git']],
    ['nowhere else by another case of PATH', 'git', { Path: '/opt', PATH: '/bin' }, ['/bin/git']],
  ] as const)('on Linux and macOS: %s', (_title, name, env, paths) => {
    expect(programPaths(name, env, 'linux')).toEqual(paths);
    expect(programPaths(name, env, 'darwin')).toEqual(paths);
  });

  test.each([
    [
      'in the folders of Path, as Windows spells it',
      'docker',
      { Path: 'C:\\Windows\\system32;C:\\Program Files\\Docker;' },
      ['C:\\Windows\\system32\\docker.exe', 'C:\\Program Files\\Docker\\docker.exe'],
    ],
    ['in the folders of PATH', 'git', { PATH: 'D:\\tools' }, ['D:\\tools\\git.exe']],
    ['in a folder that is in quotation marks', 'git', { PATH: '"D:\\a b"' }, ['D:\\a b\\git.exe']],
    ['nowhere without PATH', 'git', {}, []],
    [
      'where its path says',
      'D:\\a\\_temp\\docker\\cli-plugins\\docker-buildx.exe',
      { PATH: 'C:\\x' },
      ['D:\\a\\_temp\\docker\\cli-plugins\\docker-buildx.exe'],
    ],
    ['where its path with slashes says', 'D:/a/docker', {}, ['D:\\a\\docker.exe']],
    [
      'a credential helper',
      'docker-credential-wincred',
      { Path: 'C:\\bin' },
      ['C:\\bin\\docker-credential-wincred.exe'],
    ],
  ] as const)('on Windows: %s', (_title, name, env, paths) => {
    expect(programPaths(name, env, 'win32')).toEqual(paths);
  });
});
