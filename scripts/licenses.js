// Completes dist/licenses.txt: ncc names what it bundled, with the file LICENSE of each; a package may have its terms in
// other files that LICENSE points to, and its version says which terms they are.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** @typedef {{ name: string, version: string, license: string, text: string }} Licence `license`: SPDX expression */

/**
 * @param {string} root of the repository
 * @param {string} listed what ncc wrote: a line with the name of a package, below it a line with its licence
 * @returns {Licence[]} by name
 * @throws {Error} for a package that comes without any text of its licence
 */
export function collectLicences(root, listed) {
  const lines = listed.split('\n');
  const names = lines.filter((line, index) => {
    const file = join(root, 'node_modules', line, 'package.json');
    return /^(?:@[\w.-]+\/)?[\w.-]+$/.test(line) && existsSync(file) && readPackage(file).license === lines[index + 1];
  });
  return [...new Set(names)].sort().map((name) => {
    const folder = join(root, 'node_modules', name);
    const { version, license, author } = readPackage(join(folder, 'package.json'));
    const files = readdirSync(folder).filter((file) => /^(?:licen[cs]e|notice|copying)\b/i.test(file));
    const text =
      files.map((file) => readFileSync(join(folder, file), 'utf8').trim()).join('\n\n') ||
      textInReadme(folder) ||
      writeText(license, author);
    if (text === '') throw new Error(`${name} comes without the text of its licence.`);
    return { name, version, license, text };
  });
}

/**
 * The licence of a package that has it in its README alone: what follows the last heading that names it.
 * @param {string} folder
 */
function textInReadme(folder) {
  const file = join(folder, 'README.md');
  const readme = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const text = readme.split(/^(?:#+ )?licen[cs]e.*$/im).at(-1) ?? '';
  return /Permission is hereby granted/.test(text) ? text.replace(/^\s*-+\s*/, '').trim() : '';
}

/** The terms of licences that name nobody but the holder of the copyright (https://spdx.org/licenses). */
const terms = new Map([
  [
    'ISC',
    'Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is hereby granted, provided that the above copyright notice and this permission notice appear in all copies.\n\nTHE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.',
  ],
  [
    'MIT',
    'Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to the following conditions:\n\nThe above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.\n\nTHE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.',
  ],
]);

/**
 * The licence of a package that only names it.
 * @param {string} license SPDX expression
 * @param {string | { name: string } | undefined} author as package.json has it
 * @returns {string} empty if nobody can tell whose copyright it is, or the terms are not known here
 */
function writeText(license, author) {
  const holder = typeof author === 'string' ? author.replace(/\s*[<(].*$/, '') : (author?.name ?? '');
  const text = terms.get(license);
  return holder === '' || text === undefined ? '' : `Copyright (c) ${holder}\n\n${text}`;
}

/**
 * @param {string} file
 * @returns {{ version: string, license: string, author?: string | { name: string } }}
 */
function readPackage(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}

/**
 * @param {readonly Licence[]} licences
 * @returns {string}
 */
export function formatLicences(licences) {
  return licences
    .map(({ name, version, license, text }) => `${name} ${version}\n${license}\n\n${text}\n`)
    .join(`\n${'-'.repeat(80)}\n\n`);
}
