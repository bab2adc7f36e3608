/**
 * What went wrong in a build, from the progress that BuildKit (`--progress plain`) and the classic builder print.
 */

import type { BuildRequest } from '../build/build-request.ts';
import { dockerfilePath } from '../build/context-path.ts';
import { BuildError, PermissionError, type PublishError, ToolError } from '../errors.ts';
import { formatPlatform } from '../image/platform.ts';
import { cut } from '../text/cut.ts';
import { beginsPage, textOfMarkup } from '../text/markup.ts';
import type { SourceLine } from '../text/source-line.ts';
import type { CommandResult } from './command.ts';
import { judgeText, means } from './tool-output.ts';

/** Where a build failed. */
interface FailedStep {
  /** The Dockerfile as BuildKit names it, and the first line of the instruction. */
  readonly file: string;
  readonly line: number;
  /** The instruction, as written in the Dockerfile. */
  readonly instruction: string;
}

/** A failure on a line of a Dockerfile. */
export class FailedBuild extends BuildError {
  readonly step: FailedStep | undefined;
  /** The Dockerfile's path in the workspace and the line, where both are known. */
  readonly place: SourceLine | undefined;

  constructor(facts: ConstructorParameters<typeof BuildError>[1], step?: FailedStep, dockerfile?: string) {
    super('BUILD_FAILED', facts);
    this.step = step;
    this.place = step && dockerfile !== undefined ? { file: dockerfile, line: step.line } : undefined;
  }
}

/**
 * The excerpt that BuildKit prints last: `FILE:LINE`, a rule, numbered lines of which the failing ones carry `>>>`.
 * @returns `undefined` where there is none
 */
export function parseFailedStep(output: string): FailedStep | undefined {
  const excerpts = [...output.matchAll(/^(?<file>\S[^\r\n]*):(?<line>\d+)\n-{20}\n(?<body>[\s\S]*?)^-{20}$/gm)];
  const { file, line, body } = excerpts.at(-1)?.groups ?? {};
  if (file === undefined || line === undefined || body === undefined) return undefined;
  const instruction = body
    .split('\n')
    .filter((each) => each.includes('| >>> '))
    .map((each) => each.slice(each.indexOf('| >>> ') + '| >>> '.length).trimEnd())
    .join('\n');
  return { file, line: Number(line), instruction };
}

/** The step that the classic builder or Podman announced last: `Step 2/3 : RUN false`. */
function parseClassicStep(output: string): string | undefined {
  return [...output.matchAll(/^(?:Step|STEP) \d+\/\d+ ?: (.+)$/gm)].at(-1)?.[1];
}

/** The step that BuildKit quotes without its place, as older ones do: ` > [stage 2/3] RUN false:`. */
function parseVertex(stderr: string): string | undefined {
  return [...stderr.matchAll(/^ > \[[^\]\n]*\d{1,6}\/\d{1,6}\] (.+):$/gm)].at(-1)?.[1];
}

/** What says no more than that there is an error. */
const prefixes =
  /^(?:(?:ERROR|error|Error response from daemon|failed to build|failed to solve|failed to compute cache key|failed to calculate checksum of ref \S+): ?)+/;

/** Enough of a page for its title and its first words, in characters. */
const longestPage = 300;

/** The words of a page in one line. */
function pageInShort(page: string): string {
  return cut(textOfMarkup(page).replace(/\s+/g, ' ').trim(), longestPage);
}

/**
 * The last line that names an error, without prefixes such as "ERROR". If that line only announces the lines after it,
 * they are included: a registry may answer with several errors, and a proxy with a page.
 */
export function lastReason(stderr: string): string {
  const lines = stderr.trim().split('\n');
  const head = lines.findLastIndex((each) => /^(?:ERROR|error|Error response from daemon)\b/.test(each));
  const line = lines.at(head) ?? '';
  const following = lines.slice(head + 1);
  const whole = line.endsWith(': errors:') ? `${line} ${following.join(', ')}` : line;
  return (beginsPage(line) ? pageInShort([line, ...following].join(' ')) : whole)
    .replace(prefixes, '')
    .replace(/\.$/, '');
}

/** Whether a command of buildx ended because BuildKit, or the engine that it runs in, went away. */
export function isLostConnection(stderr: string): boolean {
  return /\bcode = Unavailable desc = (?:connection error|error reading)|\berror reading from server\b|\bclosing transport\b|\bfailed to receive status: rpc error\b|\bcontainer \S+ is not running\b|\bno such container\b/i.test(
    lastReason(stderr),
  );
}

/** What an instruction asks the builder for, and the input that gives it. */
function inputRemedy(reason: string): string | undefined {
  const [, key] = /(?:unset ssh forward key|no ssh key with id) ([^\s"]+)/.exec(reason) ?? [];
  if (key !== undefined) {
    return `Give the build that SSH key with the input \`ssh\`: \`ssh: ${key}\` for the agent of the runner, or \`ssh: ${key}=path/to/key\`.`;
  }
  const [, id] = /\bsecret (?:required but no secret with id )?([^\s:]+)(?:: not found$| found)/.exec(reason) ?? [];
  if (id !== undefined) {
    return `Give the build that secret with the input \`secrets\`: \`secrets: ${id}=\${{ secrets.NAME }}\`. A pull request of a fork, and a run of Dependabot, have no secrets: leave \`required=true\` out of the \`--mount\` for those.`;
  }
  const [, right] = /\b(network\.host|security\.insecure|device\S{0,200}) is not allowed\b/.exec(reason) ?? [];
  return right === undefined
    ? undefined
    : `Allow it with the input \`allow\`: \`allow: ${right}\`. A builder that you made yourself must allow it, too (\`--allow-insecure-entitlement ${right}\` of buildkitd).`;
}

const convertLineEnds =
  'Write `* text=auto eol=lf` in `.gitattributes`, or `RUN sed -i "s/\\r$//" SCRIPT` in the Dockerfile.';

/** What ended a process of the Dockerfile, if its exit code or its shell says so. */
function processRemedy(reason: string, output: string): string | undefined {
  if (/exit code: 137\b|non-zero code: 137\b|exit status 137\b/.test(reason)) {
    return 'Something killed the process (exit code 137), most often because the memory of the runner was used up. Take a larger runner, or let the process use less: fewer jobs side by side.';
  }
  if (/\bno space left on device\b|\bdisk quota exceeded\b/i.test(output)) {
    return 'The disk of the machine that builds is full. Free space in a step before (`docker system prune --all --force`), let the process write less, or take a larger runner.';
  }
  const isCarriageReturn = /\^M\b|\\r['"]|\r['"]?: |\bbad interpreter\b/.test(output);
  if (isCarriageReturn) return `A script has the line ends of Windows (CRLF). ${convertLineEnds}`;
  // A shell says "not found" also of a script whose first line names an interpreter with a carriage return at its end.
  const isMissing = /exit code: 127\b|non-zero code: 127\b|exit status 127\b/.test(reason);
  if (isMissing || /\bexec \S+: no such file or directory/.test(output)) {
    return `A command was not found. If its file exists, its interpreter is not in the image, or the script has the line ends of Windows (CRLF). ${convertLineEnds}`;
  }
  return undefined;
}

/** What to do about the faults that have one usual cause; about any other, how to look at it. */
function remedyOf(
  reason: string,
  instruction: string,
  output: string,
  { context, file, target, platforms, bakeTarget }: BuildRequest,
): string {
  if (/\bexec\b.{0,500}: exec format error$/im.test(output)) {
    const whose = platforms.length === 0 ? 'another platform' : platforms.map(formatPlatform).join(', ');
    return `This machine cannot run programs for ${whose}: build each platform on a runner of its own with \`stage\`, and join them with \`merge\`.`;
  }
  const { here, there = here } =
    /^"(?<here>[^"]+)": not found$|excluded by \.dockerignore: stat (?<there>.+?): /.exec(reason)?.groups ?? {};
  if (there !== undefined && /--from=/.test(instruction)) {
    return `Correct the path "${there}", or what \`--from\` names: it has no such file.`;
  }
  if (there !== undefined && /^(?:COPY|ADD)\b/i.test(instruction)) {
    return `"${there}" is not in the build context \`${context}\`, to which the path is relative: correct it or \`context\`, look at what \`.dockerignore\` leaves out, or make the file in an earlier step.`;
  }
  // BuildKit adds a name that it takes to be meant.
  if (
    target !== '' &&
    /^target stage .{0,200} could not be found\b|^failed to reach build target |\btarget .{0,200} was not found in the provided Dockerfile/i.test(
      reason,
    )
  ) {
    return `Correct \`target: ${target}\`, or give a stage of the Dockerfile that name: \`FROM … AS ${target}\`.`;
  }
  // It was there when the step began.
  if (/\bfailed to read dockerfile: (?:open \S+: no such file or directory|too many links)$/.test(reason)) {
    return 'The Dockerfile is a link that leads out of its folder, which BuildKit does not follow. Name the file itself in `file`.';
  }
  const advice = inputRemedy(reason) ?? processRemedy(reason, output);
  if (advice !== undefined) return advice;
  if (bakeTarget !== undefined) {
    return `Run \`docker buildx bake ${bakeTarget}\` on your machine; the step’s own output is above.`;
  }
  const options = [
    ...(file === '' ? [] : ['--file', file]),
    ...(target === '' ? [] : ['--target', target]),
    ...(platforms.length === 0 ? [] : ['--platform', platforms.map(formatPlatform).join(',')]),
  ];
  return `Run \`${['docker build', ...options, context].join(' ')}\` on your machine; the step’s own output is above.`;
}

/**
 * Whether the push failed. The reason or the step says so, or the last phase that BuildKit reported was a push. Or no
 * phase failed, and buildx could not read back what it pushed.
 */
function isPushFailure(reason: string, stderr: string): boolean {
  const isSaid =
    /\bfailed to push\b|push access denied|\/blobs\/uploads\/|\bdenied:/.test(reason) ||
    /^#\d+ ERROR: failed to push\b/m.test(stderr);
  const isReadBack = /^#\d+ pushing \S+ with docker$/m.test(stderr) && !/^#\d+ ERROR: /m.test(stderr);
  return isSaid || isReadBack || /^------\n > pushing \S+ with docker:\n/m.test(stderr);
}

/** The name that the Docker driver was pushing last, which its reason leaves out; empty where the reason has it. */
function pushedName(reason: string, stderr: string): string {
  const name = [...stderr.matchAll(/^(?: > |#\d+ )pushing (\S+) with docker/gm)].at(-1)?.[1] ?? '';
  return reason.includes(name) ? '' : ` of ${name}`;
}

/**
 * The error of a build command that ended with another exit code than 0.
 * @param pushes whether the command was to push, too
 */
export function buildFailure(request: BuildRequest, result: CommandResult, pushes: boolean): PublishError {
  const reason = lastReason(result.stderr) || `exit code ${result.exitCode}`;
  const step = parseFailedStep(result.stderr);
  // A process of the Dockerfile that failed is the Dockerfile's affair, whatever it printed about the network.
  const isOwnProcess = means(reason, 'process');
  const facts = { detail: result.stderr, retryable: !isOwnProcess && judgeText(reason, 0).transient };
  if (pushes && step === undefined && isPushFailure(reason, result.stderr)) {
    const isRefused = means(reason, 'refused');
    const remedy = 'Let this login push to the repository, in the settings of the registry.';
    return isRefused
      ? new PermissionError('PUSH_DENIED', {
          message: `The registry refused the push${pushedName(reason, result.stderr)}: ${reason}.`,
          remedy,
          ...facts,
        })
      : new ToolError('PUSH_FAILED', {
          message: `The push${pushedName(reason, result.stderr)} failed: ${reason}.`,
          remedy: 'See the output of the build.',
          ...facts,
        });
  }
  const instruction = step?.instruction ?? parseClassicStep(result.stdout) ?? parseVertex(result.stderr);
  const where = step === undefined ? '' : ` at ${step.file}:${step.line}`;
  const what = instruction === undefined ? '' : ` in \`${instruction}\``;
  return new FailedBuild(
    {
      message: `The build failed${where}${what}: ${reason}.`,
      remedy: remedyOf(reason, instruction ?? '', `${result.stdout}\n${result.stderr}`, request),
      ...facts,
    },
    step,
    dockerfilePath(request),
  );
}
