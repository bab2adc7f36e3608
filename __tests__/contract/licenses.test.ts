/** dist/licenses.txt: what is shipped may be shipped, and comes with its terms. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { collectLicences, formatLicences } from '../../scripts/licenses.js';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = new URL('../..', import.meta.url).pathname;
const shipped = readFileSync(`${root}/dist/licenses.txt`, 'utf8')
  .split(/\n-{80}\n\n/)
  .map((entry) => {
    const [heading = '', license = '', , ...text] = entry.split('\n');
    const at = heading.lastIndexOf(' ');
    return { name: heading.slice(0, at), version: heading.slice(at + 1), license, text: text.join('\n') };
  });

test('names every dependency that the action has, in the version that is installed', () => {
  const { dependencies } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'));
  expect(Object.fromEntries(shipped.map(({ name, version }) => [name, version]))).toMatchObject(dependencies);
});

test('has each package in one version', () => {
  const { packages } = JSON.parse(readFileSync(`${root}/package-lock.json`, 'utf8'));
  const places = Object.keys(packages).filter((place) => packages[place].dev !== true);
  const copies = shipped.map(({ name }) => places.filter((place) => place.endsWith(`node_modules/${name}`)));
  expect(copies.filter(({ length }) => length !== 1)).toEqual([]);
});

test.each(shipped)('$name $version is under $license, and the terms are there', ({ license, text }) => {
  expect(['MIT', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', 'BlueOak-1.0.0', '0BSD']).toContain(license);
  expect(text).toMatch(
    /Permission is hereby granted|Permission to use, copy, modify|Redistribution and use|Apache License|Blue Oak Model License/,
  );
});

test('a package without the text of its licence is not shipped, and a line that names none is no package', () => {
  const folder = temporaryFolder();
  mkdirSync(`${folder}/node_modules/bare`, { recursive: true });
  writeFileSync(`${folder}/node_modules/bare/package.json`, '{"version": "1.0.0", "license": "MIT"}');
  expect(() => collectLicences(folder, 'bare\nMIT\n')).toThrow('bare comes without');
  expect(collectLicences(folder, 'bare\nas a word\nother\nMIT\n')).toEqual([]);
  writeFileSync(`${folder}/node_modules/bare/LICENSE.MIT`, 'Permission is hereby granted\n');
  expect(formatLicences(collectLicences(folder, 'bare\nMIT\n'))).toBe(
    'bare 1.0.0\nMIT\n\nPermission is hereby granted\n',
  );
});
