/** Looks for the file or folder of a source, before anything runs. */

import { type Stats, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { InputError } from '../errors.ts';
import type { SourceSpec } from '../image/transport.ts';

/**
 * @param workingFolder what relative paths are relative to
 * @throws InputError SOURCE_MISSING
 */
export function checkSource(spec: SourceSpec, workingFolder: string): void {
  if (!('path' in spec)) return;
  const found = statSync(resolve(workingFolder, spec.path), { throwIfNoEntry: false });
  checkKind(spec.path, spec.kind === 'oci' ? 'folder' : 'file', found);
}

const remedies = {
  file: 'A file is named `oci-archive:`, or `docker-archive:` where `docker save` or the like wrote it.',
  folder: 'A folder with an OCI layout is named `oci:`.',
  nothing:
    'Correct `source`, or run the step that writes it first. The path ends at its first colon behind the drive, if it has one, and is relative to the checkout.',
};

/**
 * @param found what is at the path, if anything
 * @throws InputError SOURCE_MISSING
 */
export function checkKind(path: string, expected: 'file' | 'folder', found: Stats | undefined): void {
  const kind = found?.isDirectory() ? 'folder' : found?.isFile() ? 'file' : 'nothing';
  if (kind === expected) return;
  throw new InputError('SOURCE_MISSING', {
    message: `"${path}", which \`source\` names, is ${kind === 'nothing' ? 'not there' : `a ${kind}`}: expected a ${expected}.`,
    remedy: remedies[kind],
  });
}
