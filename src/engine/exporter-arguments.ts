/** The options of buildx that say where the result goes (https://docs.docker.com/build/exporters/). */

import type { BuildOutput, BuildRequest } from '../build/build-request.ts';
import { type Compression, isImageOutput, type Output } from '../build/exporters.ts';
import { formatFields } from '../text/csv.ts';

function format({ type, attributes }: Output): string {
  return formatFields([`type=${type}`, ...attributes.map(([name, value]) => `${name}=${value}`)]);
}

/** The attributes that make an exporter compress as asked. */
function compressionAttributes(compression: Compression | undefined): readonly (readonly [string, string])[] {
  if (compression === undefined) return [];
  const level: readonly (readonly [string, string])[] =
    compression.level === undefined ? [] : [['compression-level', String(compression.level)]];
  // Docker's own media types know gzip alone (image-spec, layer.md, "zstd"). Forced, because BuildKit would otherwise take
  // layers as its cache has them: the same input would give another image on another builder.
  const forced = ['force-compression', 'true'] as const;
  return [['compression', compression.algorithm], ...level, forced, ['oci-mediatypes', 'true']];
}

/**
 * The attributes that make an exporter write one time for all files
 * (https://docs.docker.com/build/ci/github-actions/reproducible-builds/). An engine that unpacks the image cannot do it.
 */
function timeAttributes(sourceDate: number | undefined): readonly (readonly [string, string])[] {
  return sourceDate === undefined ? [] : [['rewrite-timestamp', 'true']];
}

/** What decides where a result goes, beside the request. */
export interface ImagePlace {
  /** Under its names. */
  readonly push: boolean;
  /** Where the image goes that is published later. */
  readonly output?: BuildOutput | undefined;
  /** Whether the engine keeps what it builds, so that there is nothing to load. */
  readonly isStored: boolean;
}

type Exported = Pick<BuildRequest, 'outputs' | 'load' | 'compression' | 'sourceDate'>;

/** The attributes of the image itself, with those of `outputs`. */
function imageAttributes(
  { outputs, compression, sourceDate }: Exported,
  { push, output }: ImagePlace,
): Output['attributes'] {
  const own = outputs.find(isImageOutput)?.attributes.filter(([name]) => name !== 'push') ?? [];
  const isPublished = push || (output !== undefined && output.kind !== 'engine');
  const times = isPublished ? timeAttributes(sourceDate) : [];
  return [...new Map([...compressionAttributes(compression), ...times, ...own])];
}

/**
 * The exporters of a target of a bake file. What is pushed goes by digest, or is pushed later.
 * @returns none for the default of the builder, which is what an engine keeps
 */
export function targetOutputs(request: Exported, place: ImagePlace): readonly Output[] {
  const { output, isStored } = place;
  const others = request.outputs.filter((each) => !isImageOutput(each));
  const later = output === undefined ? undefined : laterOutput(output, imageAttributes(request, place));
  if (later !== undefined) return [later, ...others];
  const engine: Output = isStored
    ? { type: 'image', attributes: [['push', 'false']] }
    : { type: 'docker', attributes: [] };
  if (output?.kind === 'engine') return isStored && others.length === 0 ? [] : [engine, ...others];
  if (request.load) return [engine, ...others];
  return isStored || others.length > 0 ? others : [{ type: 'cacheonly', attributes: [] }];
}

/** The options of buildx that say where the result goes. */
export function outputArguments(request: Exported, place: ImagePlace): readonly string[] {
  const { outputs, load } = request;
  const { push, output, isStored } = place;
  const image = outputs.find(isImageOutput);
  const attributes = imageAttributes(request, place);
  const others = outputs.filter((each) => !isImageOutput(each)).map(format);
  // The engine keeps what it builds, unless the inputs want the result elsewhere only.
  const isKept = isStored && (output === undefined ? others.length === 0 : output.kind === 'engine');
  const isLoaded = (load || output?.kind === 'engine') && !isKept;
  return [...imageArguments(), ...(isLoaded ? ['--load'] : []), ...others.flatMap((other) => ['--output', other])];

  function imageArguments(): readonly string[] {
    const later = output === undefined ? undefined : laterOutput(output, attributes);
    if (later !== undefined) return ['--output', format(later)];
    const isPlain = attributes.length === 0 && image === undefined;
    if (isPlain && push) return ['--push'];
    if (isPlain && others.length === 0) return [];
    const isExported = push || image !== undefined || isKept;
    const exported = { type: 'image', attributes: [...attributes, ['push', String(push)]] } as const;
    return isExported ? ['--output', format(exported)] : [];
  }
}

/** @returns `undefined` where the engine is to have the image */
function laterOutput(output: BuildOutput, attributes: Output['attributes']): Output | undefined {
  if (output.kind === 'engine') return undefined;
  // What makes no sense for an archive is nothing to BuildKit's exporter of archives.
  if (output.kind === 'archive') return { type: 'oci', attributes: [['dest', output.file], ...attributes] };
  const byDigest = { name: output.names.join(','), 'push-by-digest': 'true', 'name-canonical': 'true', push: 'true' };
  return { type: 'image', attributes: [...Object.entries(byDigest), ...attributes] };
}
