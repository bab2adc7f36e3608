/** Builds the targets of a bake file, under no names, in the way that the builder supports. */

import { join } from 'node:path';
import type { BuildOutput, BuildRequest } from '../build/build-request.ts';
import type { BakedTarget } from '../engine/bake-arguments.ts';
import type { Baked } from '../engine/bake-build.ts';
import type { Engine } from '../engine/engine.ts';
import { type EngineDecision, resolveDigestPush } from '../engine/resolve-engine.ts';
import { ToolError } from '../errors.ts';
import { formatRepository, type Repository } from '../image/repository.ts';
import type { PlannedBake } from '../plan/plan.ts';
import type { UnnamedBuild } from './build-by-digest.ts';

/** A target that is built, with what the registries said of it. */
export interface TargetBuild {
  readonly name: string;
  readonly request: BuildRequest;
  /** `name:tag`, for an image that stays with the engine. */
  readonly references: readonly string[];
  /** Where it goes; none for an image that is only built. */
  readonly repositories: readonly Repository[];
}

/** What a bake came to. */
export interface UnnamedBake {
  /** By the name of the target; none for a bake that pushes nothing. */
  readonly results: ReadonlyMap<string, UnnamedBuild>;
  readonly imageIds: ReadonlyMap<string, string>;
  /** buildx's own report, JSON. */
  readonly metadata: string;
}

/**
 * @param temp the step's folder, which goes with the step
 * @param pushes whether the images are published; otherwise they are built, and named where the engine keeps them
 * @throws BuildError BUILD_FAILED; PermissionError PUSH_DENIED; InputError BAKE_REFUSED; ToolError COMMAND_FAILED, DIGEST_MISSING
 */
export async function bakeByDigest(
  engine: Pick<Engine, 'bake'>,
  bake: PlannedBake,
  builds: readonly TargetBuild[],
  decision: EngineDecision,
  temp: string,
  pushes: boolean,
): Promise<UnnamedBake> {
  const rawOf = (name: string): BakedTarget['raw'] => bake.definition.targets.get(name)?.raw ?? {};
  // The Docker registry finds no manifest by its digest, so our own client takes the image there.
  const usual = resolveDigestPush(decision);
  const way = decision.isForClient && usual === 'builder' ? 'archive' : usual;
  const outputOf = ({ repositories }: TargetBuild, index: number): BuildOutput => {
    if (way === 'builder') return { kind: 'registries', names: repositories.map(formatRepository) };
    return way === 'archive' ? { kind: 'archive', file: join(temp, `target-${index}.tar`) } : { kind: 'engine' };
  };
  const images = builds.map((build, index): BakedTarget => {
    const { name, request, references } = build;
    const output = pushes ? outputOf(build, index) : undefined;
    return { name, request, references, raw: rawOf(name), isImage: true, push: false, output };
  });
  const isBuilt = (name: string): boolean => builds.some((build) => build.name === name);
  const aside = (name: string, request: BuildRequest): BakedTarget => ({
    ...{ name, request, raw: rawOf(name), references: [] },
    ...{ isImage: false, push: false },
  });
  const others = bake.others.map(({ name, request, isAsked }) => ({ isAsked, target: aside(name, request) }));
  // One that is skipped may be what another one begins with.
  const skipped = bake.targets.filter(({ name }) => !isBuilt(name)).map(({ name, plan }) => aside(name, plan.build));
  const asked = others.flatMap(({ isAsked, target }) => (isAsked ? [target] : []));
  const linked = [...skipped, ...others.flatMap(({ isAsked, target }) => (isAsked ? [] : [target]))];
  const { allow } = bake;
  const baked = await engine.bake({ targets: [...images, ...asked], linked, allow }, decision);
  // BuildKit gives an engine no image together with what attests it: the builder has it all in its cache.
  const loaded = images.filter(({ request }) => pushes && request.load);
  if (loaded.length > 0) {
    const again = loaded.map((image) => ({
      ...image,
      request: { ...image.request, attestations: [], cacheTo: [], outputs: [] },
      output: undefined,
    }));
    await engine.bake({ targets: again, linked: [...linked, ...withoutThose(images, again)], allow }, decision);
  }
  const imageIds = new Map([...baked.images].map(([name, { imageId }]) => [name, imageId]));
  const results = images.flatMap(({ name, output }) =>
    output === undefined ? [] : [[name, resultOf(name, output, baked)] as const],
  );
  return { results: new Map(results), imageIds, metadata: baked.metadata };
}

function withoutThose(images: readonly BakedTarget[], others: readonly BakedTarget[]): readonly BakedTarget[] {
  return images.filter(({ name }) => !others.some((other) => other.name === name));
}

function resultOf(name: string, output: BuildOutput, { images, metadata }: Baked): UnnamedBuild {
  const { imageId = '', digest } = images.get(name) ?? {};
  if (output.kind === 'archive') return { imageId, metadata, result: { kind: 'oci-archive', path: output.file } };
  const result = output.kind === 'engine' ? ({ kind: 'docker-daemon', image: imageId } as const) : digest;
  if (result !== undefined && (typeof result === 'string' || imageId !== '')) return { imageId, metadata, result };
  throw new ToolError('DIGEST_MISSING', {
    message: `buildx built the target "${name}" but reported no digest of it.`,
    remedy: 'Update buildx on the runner.',
  });
}
