/** What a bake file comes to, as buildx reads it (https://docs.docker.com/reference/cli/docker/buildx/bake/#print). */

import { type BuildxRelease, defaultRelease, isAtLeast, parseRelease } from '../build/buildx-releases.ts';
import { InputError, ToolError } from '../errors.ts';
import type { Environment } from '../text/environment.ts';
import type { SourceLine } from '../text/source-line.ts';
import { lastReason } from './build-failure.ts';
import type { CommandResult } from './command.ts';
import type { DockerPorts } from './docker.ts';

/**
 * Since 0.23, buildx escapes what it prints, so that it can read it again. Since 0.20, no target reads or writes files outside of the
 * working folder, unless `--allow` says so.
 */
export const oldestForBake = '0.23.0';

/** What is to be printed. */
export interface BakeQuestion {
  readonly files: readonly string[];
  readonly targets: readonly string[];
  readonly overrides: readonly string[];
}

/**
 * @param found of the runner
 * @param wish the input `buildx-version`
 * @returns the release that has to be installed for a bake file; `undefined` if that of the runner is new enough
 * @throws ToolError ENGINE_CANNOT for a wish that is too old
 */
export async function releaseForBake(
  { run, env }: Pick<DockerPorts, 'run' | 'env'>,
  found: string | undefined,
  wish: string,
): Promise<BuildxRelease | undefined> {
  const wanted = parseRelease(wish);
  const { stdout } = found === undefined ? { stdout: '' } : await run([found, 'version'], { env, timeout: 30_000 });
  const isEnough = [oldestForBake, wanted?.version ?? oldestForBake].every((each) => isAtLeast(stdout, each));
  if (stdout !== '' && isEnough) return undefined;
  if (wanted === undefined || isAtLeast(wanted.version, oldestForBake)) return wanted ?? parseRelease(defaultRelease);
  throw new ToolError('ENGINE_CANNOT', {
    message: `\`buildx-version\` is ${wanted.version}, and a bake file needs ${oldestForBake} or newer.`,
    remedy: `Set \`buildx-version: ${defaultRelease}\`, or leave it out.`,
  });
}

/** The command line that prints. */
export function printArguments(buildx: string, { files, targets, overrides }: BakeQuestion): [string, ...string[]] {
  return [
    buildx,
    'bake',
    '--print',
    '--progress',
    'plain',
    ...files.flatMap((file) => ['--file', file]),
    ...overrides.flatMap((entry) => ['--set', entry]),
    ...targets,
  ];
}

/**
 * The environment in which a bake file is read, since its variables come from there. What the runner gives the step to act as this
 * job is not among them.
 */
export function bakeEnvironment(env: Environment): Environment {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^ACTIONS_|^DOCKER_AUTH_CONFIG$/i.test(name)));
}

/**
 * @returns JSON
 * @throws InputError BAKE_INVALID, in the words of buildx
 */
export async function printBake(
  { run, env }: Pick<DockerPorts, 'run' | 'env'>,
  buildx: string,
  question: BakeQuestion,
): Promise<string> {
  const result = await run(printArguments(buildx, question), { env: bakeEnvironment(env), timeout: 120_000 });
  if (result.exitCode === 0) return result.stdout;
  throw printFailure(question, result);
}

/** A fault on a line of a bake file, if buildx names it. */
export class BakeFileError extends InputError {
  readonly place: SourceLine | undefined;

  constructor(facts: ConstructorParameters<typeof InputError>[1], place: SourceLine | undefined) {
    super('BAKE_INVALID', facts);
    this.place = place;
  }
}

/** Errors of HCL begin with the place: `docker-bake.hcl:4,51-5,1: …`. */
function placeIn(reason: string, files: readonly string[]): SourceLine | undefined {
  const file = files.find((each) => reason.startsWith(`${each}:`));
  const [, line = ''] = file === undefined ? [] : (/^(\d{1,6}),/.exec(reason.slice(file.length + 1)) ?? []);
  return file === undefined || line === '' ? undefined : { file, line: Number(line) };
}

function printFailure({ files, targets }: BakeQuestion, { stderr, exitCode }: CommandResult): InputError {
  const reason = lastReason(stderr) || `exit code ${exitCode}`;
  const isMissing = /\bfailed to find target (\S+)|could not find any target matching (\S+)/.test(reason);
  const list = [...files].join(', ');
  const facts = {
    message: `buildx cannot read ${list}: ${reason}.`,
    remedy: isMissing
      ? `Correct \`bake-targets\`${targets.length === 0 ? ', which is the group `default` if it is empty' : ''} or \`bake-set\`. \`docker buildx bake --file ${files[0] ?? ''} --list=targets\` lists the targets.`
      : `Run \`docker buildx bake --file ${files[0] ?? ''} --print\` on your machine. Variables come from the \`env\` of the step.`,
    detail: stderr,
  };
  return new BakeFileError(facts, placeIn(reason, files));
}
