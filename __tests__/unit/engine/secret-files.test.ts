import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { readSecretFiles, secretArguments } from '../../../src/engine/secret-files.ts';
import { someInputs } from '../../support/builders.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

test('a secret that stands in a file is read from there, if it is a text that BuildKit takes', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'text'), 'a text');
  writeFileSync(join(folder, 'binary'), Buffer.from([0xff, 0xfe, 0x00]));
  writeFileSync(join(folder, 'large'), 'x'.repeat(500 * 1024 + 1));
  const paths = ['text', 'binary', 'large', 'missing', '.'].map((name) => join(folder, name));
  const contents = await readSecretFiles(paths.map((path) => ({ id: path, kind: 'file', path })));
  expect(contents).toEqual(['a text', '', '', '', '']);
});

test('secrets are named to the builder by files alone', () => {
  const { options } = someInputs({
    secrets: 'plain=a\njson={}',
    'secret-envs': 'token=MY_TOKEN',
    'secret-files': 'file=path/to, it',
  }).build;
  const files = new Map([
    ['plain', '/private/0'],
    ['json', '/private/1'],
  ]);
  expect(secretArguments(options.secrets, files)).toEqual([
    ...['--secret', 'id=plain,src=/private/0', '--secret', 'id=json,src=/private/1'],
    ...['--secret', 'id=file,"src=path/to, it"'],
  ]);
});
