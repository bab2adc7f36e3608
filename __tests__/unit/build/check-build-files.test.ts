import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { checkBuildContext } from '../../../src/build/check-build-files.ts';
import { isRemoteContext } from '../../../src/build/context-path.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { thrownBy } from '../../support/to-throw-code.ts';

test.each([
  ['https://github.com/octo-org/octo-app.git#main:api', true],
  ['http://example.com/context.tar.gz', true],
  ['git://example.com/app', true],
  ['ssh://git@example.com/app', true],
  ['git@github.com:octo-org/octo-app.git', true],
  ['github.com/octo-org/octo-app', true],
  ['-', true],
  ['.', false],
  ['./github.com/octo-org', false],
  ['github.com', false],
  ['httpd', false],
  ['gitops', false],
])('the builder fetches the context %s: %s', (context, isRemote) => {
  expect(isRemoteContext(context)).toBe(isRemote);
});

describe('before anything runs it is clear whether the build has what it reads', () => {
  function aCheckout(): string {
    const folder = temporaryFolder();
    for (const name of ['upper', 'lower', 'other', 'empty']) mkdirSync(join(folder, name));
    writeFileSync(join(folder, 'upper', 'Dockerfile'), '');
    writeFileSync(join(folder, 'lower', 'dockerfile'), '');
    writeFileSync(join(folder, 'other', 'Dockerfile.api'), '');
    mkdirSync(join(folder, 'empty', 'Dockerfile'));
    return folder;
  }

  test.each([
    ['a Dockerfile', { context: 'upper', file: '' }],
    ['a dockerfile', { context: 'lower', file: '' }],
    ['a Dockerfile elsewhere in the checkout', { context: 'empty', file: 'other/Dockerfile.api' }],
    ['a Dockerfile that the builder fetches', { context: 'empty', file: 'https://example.com/Dockerfile' }],
    ['a Dockerfile from standard input', { context: 'empty', file: '-' }],
    ['a context that the builder fetches', { context: 'https://example.com/app.git', file: 'absent' }],
  ])('it has %s', (_title, request) => {
    expect(() => checkBuildContext(request, aCheckout())).not.toThrow();
  });

  test.each([
    ['the context is not there', { context: 'absent', file: '' }, ['CONTEXT_MISSING']],
    ['the context is a file', { context: 'upper/Dockerfile', file: '' }, ['CONTEXT_MISSING']],
    ['the context is no path', { context: 'x'.repeat(5000), file: '' }, ['CONTEXT_MISSING']],
    ['the Dockerfile is not there', { context: 'other', file: '' }, ['DOCKERFILE_MISSING']],
    ['the Dockerfile is a folder', { context: 'empty', file: '' }, ['DOCKERFILE_MISSING']],
    [
      'the Dockerfile is looked for in the context',
      { context: 'other', file: 'Dockerfile.api' },
      ['DOCKERFILE_MISSING'],
    ],
    ['neither is there', { context: 'absent', file: 'absent' }, ['CONTEXT_MISSING', 'DOCKERFILE_MISSING']],
  ] as const)('it has not when %s', (_title, request, codes) => {
    const [first, ...others] = codes;
    expect(() => checkBuildContext(request, aCheckout())).toThrowCode(first, ...others);
  });

  test('the error says where it looked', () => {
    const folder = aCheckout();
    expect(() => checkBuildContext({ context: 'absent', file: '' }, folder)).toThrow(
      `The input \`context\` is "absent", which does not exist: expected a folder (${join(folder, 'absent')}).`,
    );
    writeFileSync(join(folder, 'other/Containerfile'), 'FROM scratch\n');
    expect(thrownBy(() => checkBuildContext({ context: 'other', file: '' }, folder))).toMatchObject({
      remedy: expect.stringContaining('`file: other/Containerfile`'),
    });
    expect(() => checkBuildContext({ context: 'upper/Dockerfile', file: '' }, folder)).toThrow('is a file');
    expect(() => checkBuildContext({ context: 'other', file: '' }, folder)).toThrow(
      `The Dockerfile "${join('other', 'Dockerfile')}" does not exist: expected a file (${join(folder, 'other', 'Dockerfile')}).`,
    );
  });
});
