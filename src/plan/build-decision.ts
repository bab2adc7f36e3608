/** What the build shall do: request, cache, and what one leg of a matrix adds. */

import type { BuildOptions, BuildRequest } from '../build/build-request.ts';
import { gitSecretId } from '../build/build-secrets.ts';
import { type CacheMode, type CachePlan, cacheName } from '../build/cache.ts';
import { mayBuildStrangersCode } from '../github/strangers-code.ts';
import { tokenForm } from '../github/token-form.ts';
import type { Run } from '../github/workflow-run.ts';
import { formatPlatform, type Platform } from '../image/platform.ts';
import { formatRepository } from '../image/repository.ts';
import type { Inputs } from '../inputs/publish-inputs.ts';
import type { ImageDescription } from '../metadata/describe-image.ts';
import type { Destination } from './plan.ts';

/** The build, with what the rest of the plan adds to its inputs. */
export function buildOf(
  { build: { options, cache }, annotations, token, stage }: Inputs,
  run: Run,
  destinations: readonly Destination[],
  push: boolean,
  description: ImageDescription | undefined,
): BuildRequest {
  const [main] = destinations;
  const { serverUrl, sourceRepository, runId, attempt } = run;
  const owned = sourceRepository && `${sourceRepository.owner}/${sourceRepository.name}`;
  return {
    ...options,
    labels: (description?.labels ?? []).map(({ name, value }) => `${name}=${value}`),
    annotations: description?.annotations ?? [],
    needsAnnotations: annotations.trim() !== '',
    cache: planCache(cache, legParts(stage, options.platforms), run, main, push, description),
    builderId:
      owned === undefined || runId === ''
        ? ''
        : `${serverUrl.origin}/${owned}/actions/runs/${runId}/attempts/${attempt}`,
    gitSecret: mayBuildStrangersCode(run) ? '' : ownGitSecret(options, token, serverUrl),
  };
}

/** The secret by which BuildKit fetches a context of the run's own server: any `RUN` of the Dockerfile may mount it, too. */
function ownGitSecret({ context, secrets }: BuildOptions, token: string, { host }: URL): string {
  // A password for another registry does not concern GitHub.
  return tokenForm(token) === 'other' ? '' : gitSecretId(context, host, secrets);
}

/** @returns a sentence, if the context is fetched without the job's token because the Dockerfile may be a stranger's */
export function noteWithheldGitSecret(options: BuildOptions, token: string, run: Run): readonly string[] {
  const secret = ownGitSecret(options, token, run.serverUrl);
  if (secret === '' || !mayBuildStrangersCode(run)) return [];
  return [
    `The Git context is fetched without the token of the job: on the event \`${run.eventName}\`, a stranger may have written the Dockerfile, and any \`RUN\` in it could read that token. If the context is private, and you trust who wrote it, set \`secrets: ${secret}=\${{ github.token }}\`.`,
  ];
}

/** What tells a leg from the others of its run; nothing for a whole image. */
function legParts(stage: string | undefined, platforms: readonly Platform[]): readonly string[] {
  return stage === undefined ? [] : [stage, ...platforms.map(formatPlatform)].filter((part) => part !== '');
}

function planCache(
  mode: CacheMode,
  parts: readonly string[],
  { ref, event, baseRef }: Run,
  main: Destination | undefined,
  push: boolean,
  description: ImageDescription | undefined,
): CachePlan {
  const own = ref.kind === 'branch' ? ref.name : '';
  const branches = [own, baseRef, event.defaultBranch ?? ''].filter((branch) => branch !== '');
  // A Docker registry has images alone.
  const repository = main === undefined || main.registry.kind === 'docker' ? '' : formatRepository(main.repository);
  const last = branches.slice(-1).map((branch) => cacheName(branch));
  const tags = [description?.tags[0]?.tag, ...last, 'latest'].filter((tag) => tag !== undefined);
  return {
    mode,
    repository,
    reads: [...new Set(branches.map((branch) => cacheName(branch, parts)))],
    writes: own === '' ? '' : cacheName(own, parts),
    mayPush: push,
    images: repository === '' ? [] : [...new Set(tags)].map((tag) => `${repository}:${tag}`),
  };
}
