/** Looks for the file or folder of a source, before anything runs. */

import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { InputError } from '../errors.ts';
import type { SourceSpec } from './spec.ts';

/**
 * @param workingFolder what relative paths are relative to
 * @throws InputError SOURCE_MISSING
 */
export function checkSource(spec: SourceSpec, workingFolder: string): void {
  if (!('path' in spec)) return;
  const found = statSync(resolve(workingFolder, spec.path), { throwIfNoEntry: false });
  const isFolder = spec.kind === 'oci';
  if (isFolder ? found?.isDirectory() : found?.isFile()) return;
  throw missing(spec.path, isFolder ? 'a folder' : 'a file', undefined);
}

export function missing(path: string, expected: string, cause: unknown): InputError {
  return new InputError('SOURCE_MISSING', {
    message: `"${path}", which \`source\` names, is not there: expected ${expected}.`,
    remedy: 'Correct `source`, or run the step that writes it first; the path is relative to the checkout.',
    cause,
  });
}
