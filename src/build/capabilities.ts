/**
 * What each kind of engine can do: data. docs/engines.md is made from it, and the end-to-end suite runs every cell of it.
 */

import { ToolError } from '../errors.ts';
import { formatPlatform } from '../image/platform.ts';
import type { BuildRequest } from './build-request.ts';
import { isExport } from './cache.ts';
import { isImageOutput } from './exporters.ts';

/** Engines, by what they can do. */
export const engineKinds = {
  'docker-containerd': 'Docker with buildx, containerd image store',
  'docker-classic': 'Docker with buildx, classic image store',
  'docker-old': 'Docker 18.09 to 20.10 with buildx',
  'docker-buildkit': 'Docker 18.09 to 20.10 without buildx (the BuildKit of its CLI)',
  'docker-legacy': 'Docker without buildx',
  builder: 'a builder of its own: docker-container, kubernetes, remote',
  podman: 'Podman',
} as const;

export type EngineKind = keyof typeof engineKinds;

/** Something that a workflow can ask for and not every engine has. */
interface Feature {
  /** What it is, for the documentation and for an error: "… cannot WHAT". */
  readonly what: string;
  /** The input or inputs that ask for it. */
  readonly input: string;
  readonly on: readonly EngineKind[];
  readonly isAsked: (build: BuildRequest) => boolean;
}

const buildx = ['docker-containerd', 'docker-classic', 'builder'] as const;
/** Also with the BuildKit that an engine had before 23.0. */
const anyBuildx = [...buildx, 'docker-old'] as const;
const buildkit = [...anyBuildx, 'docker-buildkit'] as const;
const all = [...buildkit, 'docker-legacy', 'podman'] as const;
const whole = ['docker-containerd', 'builder'] as const;

function hasFileOutput(build: BuildRequest): boolean {
  return build.outputs.some((output) => !isImageOutput(output));
}

/** The exporters of images to files, which BuildKit has no layers for in a classic image store. */
function hasArchive(build: BuildRequest): boolean {
  return build.outputs.some(
    ({ type, attributes }) => type === 'oci' || (type === 'docker' && attributes.some(([name]) => name === 'dest')),
  );
}

function isCompressed(build: BuildRequest): boolean {
  const names = build.outputs.filter(isImageOutput).flatMap(({ attributes }) => attributes.map(([name]) => name));
  return build.compression !== undefined || names.some((name) => name !== 'push');
}

export const features = {
  build: {
    what: 'build from a folder, with target, build arguments and labels',
    input: '`context`, `file`, `target`, `build-args`, `labels`, `pull`, `no-cache`, `network`, `add-hosts`',
    on: all,
    isAsked: () => true,
  },
  platform: {
    what: 'build for one given platform',
    input: '`platforms` (one)',
    on: all,
    isAsked: (build) => build.platforms.length === 1,
  },
  platforms: {
    what: 'build for several platforms at once',
    input: '`platforms` (several)',
    on: [...whole, 'podman'],
    isAsked: (build) => build.platforms.length > 1,
  },
  'load-platforms': {
    what: 'load an image of several platforms',
    input: '`load` with several `platforms`',
    on: ['docker-containerd', 'podman'],
    isAsked: (build) => build.load && build.platforms.length > 1,
  },
  load: {
    what: 'load the image into the engine of the runner',
    input: '`load`',
    on: all,
    isAsked: (build) => build.load && build.platforms.length < 2,
  },
  secrets: {
    what: 'give a build secrets',
    input: '`secrets`, `secret-envs`, `secret-files`',
    on: [...buildkit, 'podman'],
    isAsked: (build) => build.secrets.length > 0,
  },
  ssh: {
    what: 'give a build SSH keys',
    input: '`ssh`',
    on: [...buildkit, 'podman'],
    isAsked: (build) => build.ssh.length > 0,
  },
  'git-token': {
    what: 'fetch a private Git context with the job’s token',
    input: '`context` (a repository of the run’s own server)',
    on: buildx,
    isAsked: (build) => build.gitSecret !== '',
  },
  'build-contexts': {
    what: 'use further build contexts',
    input: '`build-contexts`',
    on: [...buildx, 'podman'],
    isAsked: (build) => build.buildContexts.length > 0,
  },
  ulimit: {
    what: 'set limits and the shared memory of a build',
    input: '`ulimit`, `shm-size`, `cgroup-parent`',
    on: [...buildx, 'docker-legacy', 'podman'],
    isAsked: (build) => build.ulimits.length > 0 || build.shmSize !== '' || build.cgroupParent !== '',
  },
  allow: {
    what: 'grant a build entitlements',
    input: '`allow`',
    on: anyBuildx,
    isAsked: (build) => build.allow.length > 0,
  },
  insecure: {
    what: 'run commands of a build without their sandbox',
    input: '`allow: security.insecure`',
    on: ['builder'],
    isAsked: (build) => build.allow.includes('security.insecure'),
  },
  'no-cache-filters': {
    what: 'leave single stages out of the cache',
    input: '`no-cache-filters`',
    on: anyBuildx,
    isAsked: (build) => build.noCacheFilters.length > 0,
  },
  'cache-from': {
    what: 'read a cache from elsewhere',
    input: '`cache-from`',
    on: anyBuildx,
    isAsked: (build) => build.cacheFrom.length > 0,
  },
  'cache-inline': {
    what: 'keep a cache in the image',
    input: '`cache: inline`, `cache-to: type=inline`',
    on: anyBuildx,
    isAsked: (build) => build.cacheTo.some((entry) => !isExport(entry)) || build.cache.mode === 'inline',
  },
  'cache-to': {
    what: 'keep a cache elsewhere',
    input: '`cache: registry`, `cache: gha`, `cache-to`',
    on: whole,
    isAsked: (build) => build.cacheTo.some(isExport) || build.cache.mode === 'registry' || build.cache.mode === 'gha',
  },
  outputs: {
    what: 'write the result to files',
    input: '`outputs`',
    on: buildx,
    isAsked: hasFileOutput,
  },
  archives: {
    what: 'write the image to an archive',
    input: '`outputs: type=oci,dest=…`, `outputs: type=docker,dest=…`',
    on: whole,
    isAsked: hasArchive,
  },
  annotations: {
    what: 'annotate an image',
    input: '`annotations`',
    on: [...whole, 'podman'],
    isAsked: (build) => build.needsAnnotations,
  },
  compression: {
    what: 'choose the compression or the media types of an image',
    input: '`compression`, `outputs: type=image,…`',
    on: whole,
    isAsked: isCompressed,
  },
  reproducible: {
    what: 'build an image that is the same each time',
    input: '`reproducible`',
    on: whole,
    isAsked: (build) => build.sourceDate !== undefined,
  },
  attestations: {
    what: 'attest how an image was built',
    input: '`provenance`, `sbom`, `attests`',
    on: whole,
    isAsked: (build) => build.attestations.length > 0,
  },
  bake: {
    what: 'build the targets of a bake file',
    input: '`bake`',
    on: buildx,
    isAsked: (build) => build.bakeTarget !== undefined,
  },
  call: {
    what: 'check a Dockerfile, or list what it has',
    input: '`call`',
    on: buildx,
    isAsked: (build) => build.call !== 'build',
  },
} as const satisfies Readonly<Record<string, Feature>>;

export type FeatureName = keyof typeof features;

export const featureNames: readonly FeatureName[] = Object.keys(features).filter((name): name is FeatureName =>
  Object.hasOwn(features, name),
);

export function can(kind: EngineKind, feature: FeatureName): boolean {
  const on: readonly EngineKind[] = features[feature].on;
  return on.includes(kind);
}

/** The features that a build needs and a kind of engine does not have. */
export function missingFeatures(kind: EngineKind, build: BuildRequest): readonly FeatureName[] {
  return featureNames.filter((name) => features[name].isAsked(build) && !can(kind, name));
}

/** The kinds beside which the step can make a builder, in the same engine. */
const docker: readonly EngineKind[] = [
  'docker-containerd',
  'docker-classic',
  'docker-old',
  'docker-buildkit',
  'docker-legacy',
];

/** How a step does what its inputs ask for. */
export type Way = 'yes' | 'installs buildx' | 'makes a builder' | 'installs buildx, makes a builder' | 'refused';

/** What a step does for a feature where it finds a kind of engine, and the workflow names no builder. */
export function wayTo(kind: EngineKind, feature: FeatureName): Way {
  if (can(kind, feature)) return 'yes';
  if (!docker.includes(kind)) return 'refused';
  const installed = kind === 'docker-buildkit' ? 'docker-old' : kind === 'docker-legacy' ? 'docker-classic' : undefined;
  if (installed !== undefined && can(installed, feature)) return 'installs buildx';
  if (!can('builder', feature)) return 'refused';
  return installed === undefined ? 'makes a builder' : 'installs buildx, makes a builder';
}

/** What a build asks for that not every Docker engine does, and that a builder of the step's own does. */
export function featuresOfBuilder(build: BuildRequest): readonly FeatureName[] {
  const mayMake = build.builder.kind === 'auto' && build.engine !== 'podman';
  return mayMake && missingFeatures('builder', build).length === 0 ? missingFeatures('docker-classic', build) : [];
}

/** What a kind of engine does not have, as a clause with the inputs that ask for it. */
export function describeMissing(missing: readonly Pick<Feature, 'what' | 'input'>[]): string {
  return missing.map(({ what, input }) => `${what} (${input})`).join(', nor ');
}

/** How a workflow gets each kind of engine. */
const howToGet: Readonly<Partial<Record<EngineKind, string>>> = {
  'docker-containerd':
    'enable the containerd image store ({"features": {"containerd-snapshotter": true}} in /etc/docker/daemon.json)',
  podman: 'build with Podman (`engine: podman`)',
};

/** The error for a build that an engine cannot make, naming what would. */
export function cannot(kind: EngineKind, because: string, build: BuildRequest): ToolError {
  const missing = missingFeatures(kind, build);
  const wishes = missing.map((name) =>
    name === 'platforms'
      ? `build for several platforms at once (${build.platforms.map(formatPlatform).join(', ')})`
      : features[name].what,
  );
  const isMakeable = missingFeatures('builder', build).length === 0;
  const byDocker = kind === 'podman' ? 'build with a Docker engine (`engine: docker`)' : 'leave out `builder`';
  const others = (['docker-containerd', 'podman'] as const).filter(
    (each) => each !== kind && missingFeatures(each, build).length === 0,
  );
  const ways = [...(isMakeable ? [byDocker] : []), ...others.map((each) => howToGet[each] ?? '')];
  const perPlatform = missing.includes('platforms')
    ? ['build each platform on a runner of its own, with `stage`, and join them with `merge`']
    : [];
  const inputs = missing.map((name) => features[name].input).join('; ');
  const [first = `leave out what asks for it: ${inputs}`, ...rest] = [...ways, ...perPlatform];
  return new ToolError('ENGINE_CANNOT', {
    message: `${because} cannot ${wishes.join(', nor ')}.`,
    remedy: `${[first.charAt(0).toUpperCase() + first.slice(1), ...rest].join('; or ')}.`,
  });
}
