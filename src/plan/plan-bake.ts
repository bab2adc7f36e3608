/**
 * The plan of a bake file: each target is planned as an image of its own, with the same inputs. What the bake file says of names and
 * labels counts where the inputs say nothing.
 */

import {
  annotationName,
  type BakeDefinition,
  type BakeTarget,
  makesImage,
  targetsAsked,
} from '../build/bake-definition.ts';
import { optionsOfTarget } from '../build/bake-options.ts';
import type { BuildOptions, BuildRequest } from '../build/build-request.ts';
import { isRemoteContext } from '../build/context-path.ts';
import { dockerfileLabels } from '../build/dockerfile-labels.ts';
import type { Dockerfile } from '../build/dockerfile-stages.ts';
import { baseOf } from '../build/dockerfile-stages.ts';
import { InputError } from '../errors.ts';
import { mayBuildStrangersCode } from '../github/strangers-code.ts';
import type { Run } from '../github/workflow-run.ts';
import { formatTagReference, parseReference } from '../image/reference.ts';
import { parseTag } from '../image/tag.ts';
import type { BakeInputs } from '../inputs/bake-inputs.ts';
import type { Inputs } from '../inputs/publish-inputs.ts';
import { parseAnnotations } from '../metadata/labels.ts';
import type { Plan, Planned, PlannedTarget } from './plan.ts';
import { type PlanFacts, plan } from './plan-publish.ts';
import { targetOf } from './target.ts';

/** What a plan of a bake file is made from beside the inputs and the run. */
export interface BakeFacts extends Omit<PlanFacts, 'baseOf' | 'checkSource'> {
  readonly definition: BakeDefinition;
  /** The Dockerfile of a build; `undefined` if it is not on this machine. */
  readonly dockerfileOf: (
    options: Pick<BuildRequest, 'context' | 'file' | 'inlineDockerfile'>,
  ) => Dockerfile | undefined;
  /** The commit that a context is checked out at. */
  readonly commitOf: (context: string) => string | undefined;
  /** Whether a variable holds a login of the step, so that no command gets it. */
  readonly isWithheld: (variable: string) => boolean;
  /** Variables with the credentials of caches, which a bake file does not get. */
  readonly cacheVariables: readonly string[];
}

/**
 * @throws InputError BAKE_INVALID, INPUTS_CONTRADICT, and what `plan` throws for a target
 */
export function planBake(inputs: Inputs & { readonly bake: BakeInputs }, run: Run, facts: BakeFacts): Planned {
  const { definition } = facts;
  const asked = targetsAsked(definition, inputs.bake.targets);
  for (const target of definition.targets.values()) checkTarget(target, inputs, run, facts);
  const published = asked.filter(makesImage);
  const [first] = published;
  if (first === undefined) throw withoutImage(asked);
  const isAlone = published.length === 1;
  const planAll = (otherRegistries: PlanFacts['otherRegistries'] = []): readonly PlannedTarget[] =>
    published.map((target) => planTarget(target, isAlone, inputs, run, { ...facts, otherRegistries }));
  const alone = planAll();
  const registries = [
    ...new Set(alone.flatMap(({ plan: { destinations } }) => destinations.map(({ registry }) => registry.registry))),
  ];
  // `token` is for one registry: which one it is depends on all images.
  const targets = registries.length < 2 ? alone : planAll(registries);
  refuseCollisions(targets);
  const main = targets[0] ?? planTarget(first, isAlone, inputs, run, facts);
  const others = [...definition.targets.values()].filter((each) => !published.includes(each));
  const otherNames = asked.filter((each) => !published.includes(each)).map(({ name }) => name);
  // With the version of the first image in them.
  const { buildArgs, buildContexts } = main.plan.build;
  const filled = {
    ...inputs.build.options,
    buildArgs: buildArgs.slice(first.args.length),
    buildContexts: buildContexts.slice(first.contexts.length),
  };
  const documents = targets.map(({ name, plan }) => ({ target: name, plan }));
  return {
    plan: { ...main.plan, bake: { targets: documents, others: otherNames } },
    describe: main.describe,
    baked: {
      definition,
      targets,
      others: others.map((each) => ({
        name: each.name,
        request: requestBeside(each, main.plan.build, filled, run),
        isAsked: asked.includes(each),
      })),
      allow: rightsOf(inputs.build.options),
    },
  };
}

function withoutImage(asked: readonly BakeTarget[]): InputError {
  const names = asked.map(({ name }) => `"${name}"`).join(', ');
  return new InputError('BAKE_INVALID', {
    message: `No target of the bake file makes an image: ${names || 'there is none'}.`,
    remedy:
      'Name targets that make an image in `bake-targets`. A target whose `output` is `cacheonly` or files makes none.',
  });
}

/** @throws InputError BAKE_INVALID */
function checkTarget(target: BakeTarget, inputs: Inputs, run: Run, { cacheVariables }: BakeFacts): void {
  const { name, call, secretVariables, ssh } = target;
  const fail = (message: string, remedy: string): InputError => new InputError('BAKE_INVALID', { message, remedy });
  if (call !== 'build') {
    throw fail(
      `The target "${name}" has \`call = "${call}"\`, which looks at a Dockerfile and builds nothing.`,
      'Leave it out of `bake-targets`, and check the Dockerfile in a step of its own, with `call`.',
    );
  }
  // The client of the builder has them: a build that got one could act as this job.
  const withheld = secretVariables.find(
    (each) => /^ACTIONS_|^DOCKER_AUTH_CONFIG$/i.test(each) || cacheVariables.includes(each),
  );
  if (withheld !== undefined) {
    throw fail(
      `The target "${name}" has a secret from the variable ${withheld}, which no build gets: with it a build could act as this job.`,
      'Leave the secret out of the bake file.',
    );
  }
  const isGiven = inputs.build.options.allow.includes('ssh');
  if (ssh.length > 0 && !isGiven && mayBuildStrangersCode(run)) {
    throw fail(
      `The target "${name}" asks for SSH keys of the runner (${ssh.join(', ')}), and on the event \`${run.eventName}\` a stranger may have written the bake file.`,
      'If you trust who wrote it, set `allow: ssh`.',
    );
  }
}

/** What the inputs let buildx read and write outside of the checkout, by `allow` or by naming it. */
function rightsOf({ allow, secrets, ssh, cacheFrom, cacheTo, buildContexts }: BuildOptions): readonly string[] {
  const local = (entries: BuildOptions['cacheFrom'], attribute: string): readonly string[] =>
    entries.flatMap(({ type, attributes }) =>
      attributes.flatMap(([name, value]) => (type === 'local' && name === attribute ? [value] : [])),
    );
  const keys = ssh.map((entry) => entry.split('=', 2)[1]);
  const contexts = buildContexts.map((entry) => entry.slice(entry.indexOf('=') + 1));
  const read = [
    ...secrets.flatMap((secret) => (secret.kind === 'file' ? [secret.path] : [])),
    ...keys.flatMap((paths) => paths?.split(',') ?? []),
    ...local(cacheFrom, 'src'),
    ...contexts.filter((context) => !/^[a-z-]+:\/\/|^target:/.test(context) && !isRemoteContext(context)),
  ];
  return [
    ...allow,
    ...(keys.includes(undefined) ? ['ssh'] : []),
    ...read.map((path) => `fs.read=${path}`),
    ...local(cacheTo, 'dest').map((path) => `fs.write=${path}`),
  ];
}

/** A text of an input with the name of the target in it. */
function filled(text: string, name: string): string {
  return text.replaceAll(/\{\{\s*target\s*\}\}/g, name);
}

/** The tags that the bake file gives, if no input says where the image goes or what it is called. */
function tagsOf(
  { name, tags }: BakeTarget,
  inputs: Inputs,
  run: Run,
): { readonly lines: string; readonly notes: readonly string[] } {
  const isSaid =
    [inputs.tags, inputs.images, inputs.image, inputs.owner].some((text) => text !== '') || inputs.registry !== 'auto';
  if (tags.length === 0 || isSaid) return { lines: '', notes: [] };
  if (mayBuildStrangersCode(run)) {
    const note = `On the event \`${run.eventName}\`, a stranger may have written the bake file, so the \`tags\` of the target "${name}" do not count. To name the image, set \`images\` or \`tags\`.`;
    return { lines: '', notes: [note] };
  }
  const whole = tags.filter((tag) => tag.includes('/'));
  const local = tags.filter((tag) => !tag.includes('/'));
  const notes = local.map(
    (tag) =>
      `The tag "${tag}" of the target "${name}" has no repository, so it does not count. Write for example ghcr.io/octo-org/${tag}.`,
  );
  const references = whole.map((tag) => referenceOf(name, tag));
  const latest = references.filter((each) => each.endsWith(':latest'));
  return { lines: [...references.filter((each) => !latest.includes(each)), ...latest].join('\n'), notes };
}

/** @throws InputError BAKE_INVALID, for what is no reference with a tag */
function referenceOf(target: string, text: string): string {
  const fail = (fault: string, cause?: unknown): InputError =>
    new InputError('BAKE_INVALID', {
      message: `The tag "${text}" of the target "${target}" is invalid: ${fault}`,
      remedy: 'Correct `tags` in the bake file: [REGISTRY/]OWNER/IMAGE:TAG, such as ghcr.io/octo-org/app:1.0.',
      cause,
    });
  try {
    const name = text.slice(0, text.lastIndexOf('/')).toLowerCase();
    const { repository, tag, digest } = parseReference(`${name}${text.slice(name.length)}`);
    if (digest === undefined) return formatTagReference(repository, tag ?? parseTag('latest'));
  } catch (error) {
    if (error instanceof InputError) throw fail(error.message, error);
    throw error;
  }
  throw fail('it names a digest, which is what a build comes to.');
}

function planTarget(target: BakeTarget, isAlone: boolean, inputs: Inputs, run: Run, facts: BakeFacts): PlannedTarget {
  const { name } = target;
  const isStrangers = mayBuildStrangersCode(run);
  const options = optionsOfTarget(target, inputs.build.options, !isStrangers);
  const tags = tagsOf(target, inputs, run);
  const own: Inputs = {
    ...inputs,
    ...(isAlone ? {} : { bakeTarget: name }),
    image: filled(inputs.image, name),
    images: filled(inputs.images, name),
    tags: tags.lines || filled(inputs.tags, name),
    flavor: filled(inputs.flavor, name),
    labels: filled(inputs.labels, name),
    annotations: filled(inputs.annotations, name),
    build: { ...inputs.build, options },
  };
  const dockerfile = facts.dockerfileOf(options);
  const labels = new Map<string, string | undefined>(
    dockerfile === undefined ? [] : dockerfileLabels(dockerfile, options.target),
  );
  for (const [label, value] of target.labels) labels.set(label, value);
  const commit = facts.commitOf(options.context);
  const planned = plan(own, run, {
    ...facts,
    metadata: { ...facts.metadata, dockerfileLabels: labels, checkedOutCommit: commit },
    checkSource: () => undefined,
    baseOf: (build) => dockerfile && baseOf(dockerfile, build.target, build.buildArgs),
  });
  const notes = [
    ...tags.notes,
    ...(isStrangers && target.cacheTo.length > 0
      ? [
          `On the event \`${run.eventName}\`, a stranger may have written the bake file, so the target "${name}" writes none of the caches in its \`cache-to\`. To write one, set the input \`cache-to\`.`,
        ]
      : []),
    ...noteGitContext(planned.plan),
    ...target.secretVariables
      .filter(facts.isWithheld)
      .map(
        (variable) =>
          `The target "${name}" has a secret from the variable ${variable}, which holds a login of this step. The build gets an empty secret. If it needs the login, write it in the input \`secrets\`, under the ID of the secret.`,
      ),
  ];
  const build = ownBuild(planned.plan, target, own, name);
  return {
    name,
    plan: { ...planned.plan, source: undefined, build, notes: [...planned.plan.notes, ...notes] },
    describe: planned.describe,
  };
}

/** The build with what the bake file says of annotations. The bake file names the context, so the token of the job does not go with it. */
function ownBuild({ build }: Plan, target: BakeTarget, inputs: Inputs, cacheName: string): BuildRequest {
  if (build === undefined) throw new Error('a target of a bake file is built');
  const wanted = new Set(parseAnnotations(inputs.annotations).own.map(({ template }) => annotationName(template.text)));
  const given = new Set(target.annotations.map(annotationName).filter((name) => !wanted.has(name)));
  const suffix = inputs.bakeTarget === undefined ? '' : `-${cacheName}`;
  const { cache } = build;
  return {
    ...build,
    annotations: build.annotations.filter(({ name }) => !given.has(name)),
    needsAnnotations: build.needsAnnotations || target.annotations.length > 0,
    // Each target has a cache of its own.
    cache: {
      ...cache,
      reads: cache.reads.map((each) => `${each}${suffix}`),
      writes: cache.writes === '' ? '' : `${cache.writes}${suffix}`,
    },
    gitSecret: '',
  };
}

function noteGitContext({ build }: Plan): readonly string[] {
  if (build === undefined || build.gitSecret === '') return [];
  return [
    `The Git context of the target "${build.bakeTarget}" is fetched without the token of the job, because the bake file names it. If the context is private, set \`secrets: ${build.gitSecret}=\${{ github.token }}\`.`,
  ];
}

/** A target that is not published, as far as the choice of a builder depends on it. */
function requestBeside(target: BakeTarget, build: BuildRequest, options: BuildOptions, run: Run): BuildRequest {
  const { inlineDockerfile: _, ...others } = build;
  return {
    ...others,
    ...optionsOfTarget(target, options, !mayBuildStrangersCode(run)),
    ...{ labels: [], annotations: [], needsAnnotations: false, gitSecret: '' },
    cache: { ...build.cache, mode: 'off' },
  };
}

/**
 * Two targets under one reference: the later one would take the place of the other.
 * @throws InputError INPUTS_CONTRADICT
 */
function refuseCollisions(targets: readonly PlannedTarget[]): void {
  const owners = new Map<string, string>();
  for (const { name, plan } of targets) {
    for (const destination of plan.destinations) {
      for (const tag of targetOf(destination, plan.description).tags) {
        const reference = formatTagReference(destination.repository, tag);
        const other = owners.get(reference);
        if (other !== undefined && other !== name) throw collision(reference, other, name);
        owners.set(reference, name);
      }
    }
  }
}

function collision(reference: string, one: string, other: string): InputError {
  return new InputError('INPUTS_CONTRADICT', {
    message: `The targets "${one}" and "${other}" of the bake file would both be published as ${reference}.`,
    remedy:
      'Write `{{target}}` in `image` or `images`, such as `image: app/{{target}}`, or in `flavor`, such as `suffix=-{{target}},onlatest=true`. Or name one of them in `bake-targets`.',
  });
}
