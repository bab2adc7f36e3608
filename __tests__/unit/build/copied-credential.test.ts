/** A credential of Git that a Dockerfile would copy into the image. */

import { describe, expect, test } from '@jest/globals';
import { warnOfCopiedCredential } from '../../../src/build/copied-credential.ts';
import { writeTree } from '../../support/tar.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const persisted = '[http "https://github.com/"]\n\textraheader = AUTHORIZATION: basic eC1hY2Nlc3M6Z2hz\n';
const whole = { '.git/config': persisted, Dockerfile: 'FROM scratch\nCOPY . /app\n' };

function warningFor(files: Readonly<Record<string, string>>, request = {}): string | undefined {
  return warnOfCopiedCredential({ context: '.', file: '', ...request }, writeTree(temporaryFolder(), files));
}

describe('there is a warning', () => {
  test.each<[string, Readonly<Record<string, string>>, object?]>([
    ['for what actions/checkout leaves and `COPY . .`', whole],
    ['for a token in the URL of a remote', { ...whole, '.git/config': '\turl = https://x:ghs_1@github.com/o/r\n' }],
    [
      'for line ends of Windows',
      { ...whole, Dockerfile: 'FROM scratch\r\nCOPY . .\r\n', '.dockerignore': 'a\r\nb\r\n' },
    ],
    ['for the form of a list', { ...whole, Dockerfile: 'FROM scratch\nADD --chown=1:1 ["./", "/app"]\n' }],
    ['for another Dockerfile', { ...whole, Dockerfile: '', 'docker/prod': 'copy * /app\n' }, { file: 'docker/prod' }],
    ['for another folder', { 'app/.git/config': persisted, 'app/Dockerfile': 'COPY . .\n' }, { context: 'app' }],
    ['where .dockerignore is about others', { ...whole, '.dockerignore': 'node_modules\n# .git\n.github\n' }],
    ['where .dockerignore takes .git back', { ...whole, '.dockerignore': '*\n!.git\n' }],
    [
      'where the Dockerfile has a .dockerignore of its own',
      { ...whole, '.dockerignore': '.git', 'Dockerfile.dockerignore': 'a\n' },
    ],
  ])('%s', (_title, files, request = {}) => {
    const warning = warningFor(files, request);
    expect(warning).toContain('`persist-credentials: false`');
    expect(warning).not.toContain('eC1h');
  });
});

describe('there is none', () => {
  test.each<[string, Readonly<Record<string, string>>, object?]>([
    ['without a checkout', { Dockerfile: whole.Dockerfile }],
    ['without a credential', { ...whole, '.git/config': '\turl = https://github.com/o/r\n' }],
    ['where .dockerignore with line ends of Windows names .git', { ...whole, '.dockerignore': 'a\r\n.git\r\n' }],
    ['where only some of it is copied', { ...whole, Dockerfile: 'COPY src ./\nCOPY ./a /\nCOPY --from=build . /\n' }],
    ['for a context that the engine fetches', whole, { context: 'https://github.com/o/r.git' }],
    ...['.git', '/.git/', '**/.git', '.git/**', '.git*', '.*', '*', '**'].map(
      (line): [string, Readonly<Record<string, string>>] => [
        `where .dockerignore has ${line}`,
        { ...whole, '.dockerignore': `a\n${line}\n!src\n` },
      ],
    ),
  ])('%s', (_title, files, request = {}) => {
    expect(warningFor(files, request)).toBeUndefined();
  });
});
