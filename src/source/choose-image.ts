/** Which image of a file or folder that may have several: by its name there, or by its place in the list. */

import { InputError } from '../errors.ts';
import { parseReference } from '../image/reference.ts';
import { damaged } from './tar-index.ts';

/** An image of an archive or a layout. */
export interface ListedImage {
  /** Its names there. */
  readonly names: readonly string[];
  /** What it is known by where it has no name: its digest, or the file of its config. */
  readonly id: string;
}

/**
 * @param images in the order of the list that the file has
 * @param name as in `source`: a name, an ID, or `@` and the place in the list, from 0 (containers-transports(5),
 *   "docker-archive", "oci"); `undefined` where there is only one image
 * @param path of the file, for the error
 * @throws InputError SOURCE_DAMAGED (it lists none), SOURCE_MISSING, SOURCE_AMBIGUOUS
 */
export function chooseImage<Image extends ListedImage>(
  images: readonly Image[],
  name: string | undefined,
  path: string,
): Image {
  const fitting = images.filter(
    ({ names, id }, place) => name === undefined || [id, `@${place}`].includes(name) || has(names, name),
  );
  const [image] = fitting;
  // The same image may be listed under each of its names.
  if (image !== undefined && fitting.every(({ id }) => id === image.id)) return image;
  throw notOne(path, name, fitting.length, images);
}

function has(names: readonly string[], asked: string): boolean {
  return names.some((each) => isNamed(each, asked));
}

/** Whether a name in an archive is the wanted one: as it is written, completed as Docker does, or its tag. */
function isNamed(inArchive: string, asked: string): boolean {
  if (inArchive === asked) return true;
  try {
    const found = parseReference(inArchive);
    const { repository, tag = 'latest' } = parseReference(asked);
    const isSame = found.repository.registry === repository.registry && found.repository.path === repository.path;
    return found.tag === asked || (isSame && (found.tag ?? 'latest') === tag);
  } catch {
    return false;
  }
}

/** @param found how many fit */
function notOne(path: string, name: string | undefined, found: number, images: readonly ListedImage[]): InputError {
  const lines = images.map(({ names, id }, place) => `- ${names.join(', ') || `@${place} (${id}, without a name)`}`);
  const listed = lines.length === 0 ? 'It holds none.' : `It holds:\n${lines.join('\n')}`;
  if (found === 0 && name !== undefined) {
    return new InputError('SOURCE_MISSING', {
      message: `"${path}" has no image "${name}". ${listed}`,
      remedy: 'Correct the name after the path in `source`, or leave it out where there is only one image.',
    });
  }
  if (found === 0) return damaged(path, 'it lists no image');
  return new InputError('SOURCE_AMBIGUOUS', {
    message: `"${path}" has ${found} images${name === undefined ? '' : ` named "${name}"`}: expected one, named after the path. ${listed}`,
    remedy:
      'Add the name of one of them to `source`, after a colon, such as `oci:build:1.0`; or its place in the list, such as `oci:build:@0`.',
  });
}
