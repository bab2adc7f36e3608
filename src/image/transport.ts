/**
 * The input `source`: where an image already is, in the syntax of containers-transports
 * (https://github.com/containers/image/blob/main/docs/containers-transports.5.md):
 *
 *     source := 'docker-daemon:' image | 'containers-storage:' image
 *             | 'oci:' folder [':' name] | 'oci-archive:' file [':' name] | 'docker-archive:' file [':' name]
 *             | 'docker://' reference
 *     name   := a name that the image has there | its digest | '@' its place in the list, from 0
 */

import { InputError, inputError } from '../errors.ts';
import { formatReference, parseReference, type Reference } from './reference.ts';
import { parseTag } from './tag.ts';

/** An image that an engine holds, by name or ID. */
export interface EngineImage {
  readonly kind: 'docker-daemon' | 'containers-storage';
  readonly image: string;
}

/** An image in a file or folder. */
interface FileImage {
  readonly kind: 'oci' | 'oci-archive' | 'docker-archive';
  readonly path: string;
  /** Which of several; absent where there is only one. */
  readonly name?: string;
}

/** An image in a registry. */
interface RegistryImage {
  readonly kind: 'docker';
  /** With a tag or a digest. */
  readonly reference: Reference;
}

export type SourceSpec = EngineImage | FileImage | RegistryImage;

const forms =
  'docker-daemon:NAME_OR_ID, containers-storage:NAME_OR_ID, oci:FOLDER[:TAG], oci-archive:FILE[:TAG], docker-archive:FILE[:NAME], docker://REFERENCE (:@0 is the first of several images in a file)';

function unreadable(text: string, fault: string, cause?: unknown): InputError {
  return inputError(
    'SOURCE_INVALID',
    `The input \`source\` is "${text}": ${fault}`,
    `one of ${forms}`,
    'Say where the image is, such as `source: docker-daemon:my-app` for one that `docker images` lists. To build an image, leave `source` out.',
    cause,
  );
}

/** The name in lower case, as `github.repository` need not have it; the tag as it is. */
function parseRemote(text: string, reference: string): Reference {
  if (reference === '') throw unreadable(text, 'the reference is missing');
  try {
    const parsed = parseReference(reference.replace(/^(?:[^/]*\/)?[^:@]*/, (name) => name.toLowerCase()));
    const isPinned = parsed.tag !== undefined || parsed.digest !== undefined;
    return isPinned ? parsed : { ...parsed, tag: parseTag('latest') };
  } catch (cause) {
    if (!(cause instanceof InputError)) throw cause;
    throw unreadable(text, cause.message.replace(/\.$/, ''), cause);
  }
}

/**
 * @param text one of the forms above
 * @throws InputError SOURCE_INVALID
 */
export function parseSource(text: string): SourceSpec {
  const [, kind = '', rest = ''] = text.match(/^([a-z-]+):(.*)$/) ?? [];
  if (kind === 'docker') {
    if (!rest.startsWith('//')) throw unreadable(text, '"docker:" is followed by "//" and a reference');
    return { kind, reference: parseRemote(text, rest.slice(2)) };
  }
  if (kind === 'docker-daemon' || kind === 'containers-storage') {
    // Anything else could be an option on the engine's command line.
    if (/^[a-zA-Z0-9][\w./:@-]*$/.test(rest)) return { kind, image: rest };
    throw unreadable(text, rest === '' ? 'the name or ID is missing' : `"${rest}" is no name or ID of an image`);
  }
  if (kind === 'oci' || kind === 'oci-archive' || kind === 'docker-archive') {
    // The colon of a Windows drive is part of the path, also behind the head of a long one
    // (https://learn.microsoft.com/windows/win32/fileio/maximum-file-path-limitation).
    const [, path = '', name] = rest.match(/^((?:\\\\\?\\)?(?:[a-zA-Z]:[\\/])?[^:]*)(?::(.*))?$/s) ?? [];
    if (path === '') throw unreadable(text, 'the path is missing');
    return { kind, path, ...(name === undefined || name === '' ? {} : { name }) };
  }
  throw unreadable(text, kind === '' ? 'it names no kind' : `"${kind}:" is no kind of source`);
}

/** As the input is written. */
export function formatSource(source: SourceSpec): string {
  if (source.kind === 'docker') return `docker://${formatReference(source.reference)}`;
  if ('image' in source) return `${source.kind}:${source.image}`;
  return `${source.kind}:${source.path}${source.name === undefined ? '' : `:${source.name}`}`;
}
