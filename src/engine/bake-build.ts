/** A bake: buildx builds several targets at once, and this module reads what came of each. */

import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { BuildRequest } from '../build/build-request.ts';
import { can } from '../build/capabilities.ts';
import { InputError, type PublishError, withFacts } from '../errors.ts';
import { type Digest, isDigest } from '../image/digest.ts';
import { isObject, type JsonObject, parseJsonObject } from '../text/json.ts';
import { type BakeCall, type BakedTarget, bakeArguments, bakeFile } from './bake-arguments.ts';
import { buildFailure, FailedBuild, lastReason } from './build-failure.ts';
import { type BuildxBuilder, type BuildxPorts, imageIdIn, runBuildx } from './buildx-run.ts';
import { parseWarnings } from './dockerfile-warnings.ts';
import type { EngineDecision } from './resolve-engine.ts';

/** What is baked together. */
export interface Bake {
  readonly targets: readonly BakedTarget[];
  /** Targets that those may link to. */
  readonly linked: readonly BakedTarget[];
  /** As the input `allow` has it. */
  readonly allow: readonly string[];
}

/** What came of a bake. */
export interface Baked {
  /** By the name of the target. */
  readonly images: ReadonlyMap<string, BakedImage>;
  /** buildx's own report, JSON. */
  readonly metadata: string;
}

export interface BakedImage {
  /** What the engine calls it; empty if it has none. */
  readonly imageId: string;
  /** Of the manifest or index; `undefined` if the engine has made none. */
  readonly digest: Digest | undefined;
}

/** Where a bake works. */
export interface BakePlace {
  /** Private folder of this bake; removed with what is in it. */
  readonly folder: string;
  /** ID of a secret → the file that holds it. */
  readonly secrets: ReadonlyMap<string, string>;
}

/**
 * @throws BuildError BUILD_FAILED; PermissionError PUSH_DENIED; ToolError PUSH_FAILED, BUILDER_DOWN; InputError BAKE_REFUSED
 */
export async function bakeWithBuildx(
  ports: BuildxPorts,
  decision: EngineDecision,
  builder: BuildxBuilder,
  bake: Bake,
  { folder, secrets }: BakePlace,
): Promise<Baked> {
  const { targets, linked, allow } = bake;
  const definition = join(folder, 'bake.json');
  const metadata = join(folder, 'metadata.json');
  const call: BakeCall = {
    ...{ buildx: builder.buildx, builder: builder.builder, secrets, allow },
    canAnnotate: can(decision.kind, 'annotations') && !decision.isForClient,
    isStored: decision.kind !== 'builder',
    files: { definition, metadata },
    folders: {
      read: [...new Set([...secrets.values()].map(dirname))],
      written: [
        ...new Set(targets.flatMap(({ output }) => (output?.kind === 'archive' ? [dirname(output.file)] : []))),
      ],
    },
  };
  const names = targets.map(({ name }) => name);
  const pushes = targets.some(({ output, push }) => push || output?.kind === 'registries');
  // Variables that change where buildx finds its bake file, or what paths in it mean, are for the file that it has read already.
  const env = Object.fromEntries(Object.entries(ports.env).filter(([name]) => !name.startsWith('BUILDX_BAKE_FILE')));
  await runBuildx({ ...ports, env }, decision, builder, {
    what: pushes ? 'Build and push' : 'Build',
    hasCacheTo: targets.some(({ request }) => request.cacheTo.length > 0),
    argv: async (usesCacheTo) => {
      await writeFile(definition, bakeFile(targets, linked, call, usesCacheTo), { mode: 0o600 });
      return bakeArguments(names, call);
    },
    wordsOf: (stderr) => withoutTargets(stderr, [...names, ...linked.map(({ name }) => name)]),
    failure: (result) => failureOf(targets, result.stderr, (request) => buildFailure(request, result, pushes)),
  });
  const text = (await readFile(metadata, 'utf8').catch(() => '')).trim();
  const report = parseJsonObject(text) ?? {};
  ports.onWarnings(parseWarnings(report));
  const images = targets.flatMap((target) => {
    const values = report[target.name];
    return target.isImage ? [[target.name, imageOf(isObject(values) ? values : {}, decision)] as const] : [];
  });
  return { images: new Map(images), metadata: text };
}

function imageOf(values: JsonObject, decision: EngineDecision): BakedImage {
  const digest = values['containerimage.digest'];
  return {
    imageId: imageIdIn(values, decision),
    digest: typeof digest === 'string' && isDigest(digest) ? digest : undefined,
  };
}

/** Of several targets, buildx puts the name before each step: `[app 2/3] RUN …`, `[app] exporting to image`. */
function withoutTargets(text: string, names: readonly string[]): string {
  const known = new Set(names);
  return text.replaceAll(/^( > |#\d+ )\[([\w-]+)(\]? )/gm, (whole, head: string, name: string, rest: string) => {
    if (!known.has(name)) return whole;
    return rest.startsWith(']') ? head : `${head}[`;
  });
}

function failureOf(
  targets: readonly BakedTarget[],
  stderr: string,
  explain: (request: BuildRequest) => PublishError,
): PublishError {
  const reason = lastReason(stderr);
  if (reason === 'additional privileges requested') return refused(stderr);
  // `target app: failed to solve: …`
  const [, failed = ''] = /^target ([\w-]+): /.exec(reason) ?? [];
  const built = targets.find(({ name }) => name === failed) ?? targets[0];
  if (built === undefined) throw new Error('a bake without a target was begun');
  const error = explain(built.request);
  if (failed === '') return error;
  const message = error.message.replace(`target ${failed}: failed to solve: `, '').replace(`target ${failed}: `, '');
  const ofTarget = `Target ${failed}: ${message}`;
  if (!(error instanceof FailedBuild)) return withFacts(error, { message: ofTarget });
  // With its place, to which the annotation of the run points.
  const { remedy, detail, retryable, step, place } = error;
  return new FailedBuild({ message: ofTarget, remedy, detail, retryable, cause: error }, step, place?.file);
}

function refused(detail: string): InputError {
  const [, rights = ''] = /^Pass "(.+)" to grant requested privileges\.$/m.exec(detail) ?? [];
  const list = rights.split(/ ?--allow[= ]/).filter((right) => right !== '');
  return new InputError('BAKE_REFUSED', {
    message: `The bake file asks for more than buildx allows: ${list.join(', ')}.`,
    remedy: `If you trust the bake file, allow it with the input \`allow\`:\nallow: |\n${list.map((right) => `  ${right}`).join('\n')}`,
    detail,
  });
}
