/**
 * Platforms that a build is for and its engine does not run programs of: whether the build runs any there, and who could. What BuildKit
 * lists for a worker is what its machine runs, by itself or by a binfmt handler (https://docs.docker.com/build/building/multi-platform/).
 */

import type { BuildRequest } from '../build/build-request.ts';
import { type Dockerfile, runPlatforms } from '../build/dockerfile-stages.ts';
import { ToolError } from '../errors.ts';
import { formatPlatform, type Platform, parsePlatform } from '../image/platform.ts';

/** What a build wants of a platform other than the engine's own. */
export interface ForeignPlatforms {
  /** Those that the engine runs no programs of. */
  readonly unhandled: readonly Platform[];
  /** Those of them that the build runs programs on, as far as its Dockerfile is known; all of them where it is not. */
  readonly running: readonly Platform[];
  /** Whether the Dockerfile is known. */
  readonly isKnown: boolean;
}

export const nothingForeign: ForeignPlatforms = { unhandled: [], running: [], isKnown: true };

/** The platforms that a build names, its Dockerfile's among them. */
function platformsOf(request: BuildRequest, dockerfile: Dockerfile | undefined): readonly Platform[] {
  const { named } = dockerfile === undefined ? { named: [] } : runsOf(request, dockerfile);
  return [...request.platforms, ...named.flatMap(readable)];
}

function runsOf({ target, buildArgs }: BuildRequest, dockerfile: Dockerfile): ReturnType<typeof runPlatforms> {
  return runPlatforms(dockerfile, target, buildArgs);
}

/** @returns none for what BuildKit is going to refuse */
function readable(text: string): readonly Platform[] {
  try {
    return [parsePlatform(text)];
  } catch {
    return [];
  }
}

function isSame(one: Platform, other: Platform): boolean {
  return one.os === other.os && one.architecture === other.architecture;
}

/** Whether a build is for a platform that is not the engine's own, so that it matters what else the engine runs. */
export function hasForeign(request: BuildRequest, dockerfile: Dockerfile | undefined, own: Platform): boolean {
  return platformsOf(request, dockerfile).some((platform) => !isSame(platform, own));
}

/**
 * @param handled the platforms that the engine runs programs of, as BuildKit lists them
 * @param dockerfile `undefined` where it is not known
 */
export function foreignPlatforms(
  request: BuildRequest,
  dockerfile: Dockerfile | undefined,
  handled: readonly Platform[],
): ForeignPlatforms {
  const isUnhandled = (platform: Platform): boolean => !handled.some((each) => isSame(each, platform));
  const unhandled = [
    ...new Map(
      platformsOf(request, dockerfile)
        .filter(isUnhandled)
        .map((each) => [formatPlatform(each), each]),
    ).values(),
  ];
  if (dockerfile === undefined) return { unhandled, running: unhandled, isKnown: false };
  const { onTarget, named } = runsOf(request, dockerfile);
  const running = unhandled.filter(
    (platform) =>
      (onTarget && request.platforms.some((each) => isSame(each, platform))) ||
      named.flatMap(readable).some((each) => isSame(each, platform)),
  );
  return { unhandled, running, isKnown: true };
}

/** What several builds want together. */
export function joinForeign(all: readonly ForeignPlatforms[]): ForeignPlatforms {
  const each = (platforms: readonly Platform[]): readonly Platform[] => [
    ...new Map(platforms.map((platform) => [formatPlatform(platform), platform])).values(),
  ];
  return {
    unhandled: each(all.flatMap(({ unhandled }) => unhandled)),
    running: each(all.flatMap(({ running }) => running)),
    isKnown: all.every(({ isKnown }) => isKnown),
  };
}

/**
 * The platforms of a worker in what `docker buildx inspect` prints.
 * @returns `undefined` where it prints none
 */
export function parseHandled(text: string): readonly Platform[] | undefined {
  const [, list] = /^Platforms:[ \t]*(\S.*)$/m.exec(text) ?? [];
  // One that the workflow prefers has a star behind it.
  return list?.split(',').flatMap((each) => readable(each.trim().replace(/\*$/, '')));
}

/** The error for platforms on which the build runs programs and nothing here can. */
export function cannotRun(platforms: readonly Platform[], image: string): ToolError {
  const list = platforms.map(formatPlatform).join(', ');
  return new ToolError('PLATFORM_UNSUPPORTED', {
    message: `The Dockerfile runs programs (\`RUN\`) for ${list}, and nothing on this runner can: the machine has no binfmt handler for it, and ${image} has no emulator.`,
    remedy:
      'Build each platform on a runner of its own with `stage`, and join them with `merge`: that is also the fast way. Or let the stage that runs programs begin with `FROM --platform=$BUILDPLATFORM`.',
  });
}
