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
    const { version, license } = readPackage(join(folder, 'package.json'));
    const files = readdirSync(folder).filter((file) => /^(?:licen[cs]e|notice|copying)\b/i.test(file));
    const text = files.map((file) => readFileSync(join(folder, file), 'utf8').trim()).join('\n\n');
    if (text === '') throw new Error(`${name} comes without the text of its licence.`);
    return { name, version, license, text };
  });
}

/**
 * @param {string} file
 * @returns {{ version: string, license: string }}
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
