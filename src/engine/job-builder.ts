/**
 * The builder of a job: a container of BuildKit that a step makes if the engine itself does not support the build.
 * Later steps of the job use it again, with its cache; the post step of the one that made it removes it. All that
 * buildx keeps of it is in a folder of its own, below the runner's temporary folder, which the runner empties with each
 * job.
 */

import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ToolError } from '../errors.ts';
import { formatFields } from '../text/csv.ts';
import type { Environment } from '../text/environment.ts';
import { isObject, parseJsonObject } from '../text/json.ts';
import { urlSecrets } from '../text/url-secrets.ts';
import { lastReason } from './build-failure.ts';
import type { RunCommand } from './command.ts';
import { builderFailure } from './job-builder-failure.ts';

/** Everything that tells one builder of a job from another. */
export interface BuilderSettings {
  /** Of BuildKit, with a tag or a digest. */
  readonly image: string;
  /** Whether it shares the network of its machine; otherwise it has one of its own. */
  readonly usesHostNetwork: boolean;
  /** Of BuildKit's daemon, TOML; empty for none. */
  readonly config: string;
  /** Variables of the daemon: the proxies of the runner. */
  readonly variables: Readonly<Record<string, string>>;
  /** Whether commands may run without a sandbox (`allow: security.insecure`). */
  readonly allowsInsecure: boolean;
}

/** A builder, and where buildx finds it. */
export interface JobBuilder {
  readonly name: string;
  /** The folder of the job. */
  readonly folder: string;
}

export interface JobBuilderPorts {
  readonly run: RunCommand;
  readonly env: Environment;
  /** Runs an attempt again while its failure is transient. */
  readonly retry: <T>(what: string, attempt: () => Promise<T>) => Promise<T>;
  readonly now: () => Date;
  /** Why there has to be a builder, as a clause. */
  readonly need: string;
  /** Told of the builder before anything is made. */
  readonly onBuilder: (builder: JobBuilder) => void;
}

const folderName = 'publish-docker-package.builder';
const namePrefix = 'publish-job-';

/** Where the builder of a job is kept, below the runner's temporary folder. */
export function jobBuilderFolder(temp: string): string {
  return join(temp, folderName);
}

/** Whether these are a builder and a folder that this file names, and so may be removed. */
export function isJobBuilder({ name, folder }: JobBuilder): boolean {
  return basename(folder) === folderName && /^publish-job-[0-9a-z-]+$/.test(name);
}

/** The variables with which buildx finds a builder of the job, and no other. */
export function jobBuilderEnvironment(env: Environment, { folder }: Pick<JobBuilder, 'folder'>): Environment {
  return { ...env, BUILDX_CONFIG: folder, BUILDX_BUILDER: undefined };
}

/** What the driver of buildx names the container of a builder; the volume of its state has `_state` behind it. */
function containerOf(name: string): string {
  return `buildx_buildkit_${name}0`;
}

/** `20261129t1641-1a2b3c4d`: when the job first needed a builder, and what no other job has. */
function newJobName(now: Date): string {
  const stamp = now.toISOString().slice(0, 16).replace(/[-:]/g, '').toLowerCase();
  return `${stamp}-${crypto.randomUUID().slice(0, 8)}`;
}

/** Gives the job its name, which all of its steps read from then on. */
async function readJobName(folder: string, now: Date): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, 'job');
  await writeFile(file, newJobName(now), { flag: 'wx', mode: 0o600 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  return (await readFile(file, 'utf8')).trim();
}

/** Builders of one job differ in their settings, if at all. */
export function builderName(job: string, settings: BuilderSettings): string {
  const { image, usesHostNetwork, config, variables, allowsInsecure } = settings;
  const told = JSON.stringify([image, usesHostNetwork, config, variables, allowsInsecure]);
  const hash = createHash('sha256').update(told);
  return `${namePrefix}${job}-${hash.digest('hex').slice(0, 8)}`;
}

const entitlements = ['network.host', 'security.insecure'];

function instanceFile({ folder, name }: JobBuilder): string {
  return join(folder, 'instances', name);
}

/**
 * The command line that makes a builder. A value with a credential is on no command line.
 * @param configFile of BuildKit's daemon; empty for none
 */
export function createArguments(
  buildx: string,
  name: string,
  { image, usesHostNetwork, variables, allowsInsecure }: BuilderSettings,
  configFile: string,
): [string, ...string[]] {
  const open = Object.entries(variables).filter(([, value]) => urlSecrets(value).length === 0);
  const options = [
    `image=${image}`,
    ...(usesHostNetwork ? ['network=host'] : []),
    ...open.map(([variable, value]) => `env.${variable}=${value}`),
  ];
  const isOpen = open.length === Object.keys(variables).length;
  return [
    buildx,
    ...['create', '--name', name, '--driver', 'docker-container', '--driver-opt', formatFields(options)],
    ...(configFile === '' ? [] : ['--buildkitd-config', configFile]),
    // In place of what buildx itself allows, which is the first of the two.
    ...(allowsInsecure
      ? ['--buildkitd-flags', entitlements.map((each) => `--allow-insecure-entitlement=${each}`).join(' ')]
      : []),
    ...(isOpen ? ['--bootstrap'] : []),
  ];
}

/**
 * Finds the builder of the job with these settings, or makes it.
 * @param buildx the plugin's path
 * @returns the builder, and whether it was made just now
 * @throws ToolError BUILDER_FAILED
 */
export async function openJobBuilder(
  ports: JobBuilderPorts,
  buildx: string,
  temp: string,
  settings: BuilderSettings,
): Promise<JobBuilder & { readonly isNew: boolean }> {
  const folder = jobBuilderFolder(temp);
  const name = builderName(await readJobName(folder, ports.now()), settings);
  const builder = { name, folder };
  const isThere = (await readFile(instanceFile(builder), 'utf8').catch(() => '')) !== '';
  if (isThere) return { ...builder, isNew: false };
  ports.onBuilder(builder);
  await makeJobBuilder(ports, buildx, builder, settings);
  return { ...builder, isNew: true };
}

/**
 * Makes a builder, which must not be there.
 * @throws ToolError BUILDER_FAILED; nothing of it is left then
 */
async function makeJobBuilder(
  ports: JobBuilderPorts,
  buildx: string,
  builder: JobBuilder,
  settings: BuilderSettings,
): Promise<void> {
  const { run, retry } = ports;
  const env = jobBuilderEnvironment(ports.env, builder);
  const file = settings.config === '' ? '' : join(builder.folder, `${builder.name}.toml`);
  if (file !== '') await writeFile(file, settings.config, { mode: 0o600 });
  const start = createArguments(buildx, builder.name, settings, file);
  await retry('Builder', async () => {
    let result = await run(start, { env });
    if (result.exitCode === 0 && !start.includes('--bootstrap')) {
      await addVariables(instanceFile(builder), settings.variables);
      result = await run([buildx, 'inspect', '--bootstrap', builder.name], { env });
    }
    if (result.exitCode === 0) return;
    await discard({ run, env }, builder);
    throw builderFailure(settings.image, ports.need, result.stderr);
  });
}

/** Puts variables with a credential where buildx keeps the options of the driver (docker/buildx, store/nodegroup.go). */
async function addVariables(file: string, variables: Readonly<Record<string, string>>): Promise<void> {
  const instance = parseJsonObject(await readFile(file, 'utf8')) ?? {};
  const nodes: readonly unknown[] = Array.isArray(instance.Nodes) ? instance.Nodes : [];
  const all = Object.entries(variables).map(([variable, value]) => [`env.${variable}`, value]);
  const changed = nodes.map((node) =>
    isObject(node)
      ? { ...node, DriverOpts: { ...(isObject(node.DriverOpts) ? node.DriverOpts : {}), ...Object.fromEntries(all) } }
      : node,
  );
  await writeFile(file, JSON.stringify({ ...instance, Nodes: changed }), { mode: 0o600 });
}

/** How often a removal is tried that another one is in the way of. */
const removals = 10;

/**
 * Removes the container of a builder, and its volume. By the engine's own commands: they need neither a buildx nor a state that is whole.
 * @throws ToolError BUILDER_FAILED where the engine refuses
 */
async function removeContainer({ run, env }: Pick<JobBuilderPorts, 'run' | 'env'>, name: string): Promise<void> {
  const container = containerOf(name);
  const commands = [
    ['docker', 'container', 'rm', '--force', '--volumes', container],
    ['docker', 'volume', 'rm', '--force', `${container}_state`],
  ] as const;
  for (const argv of commands) {
    for (let attempt = 1; ; attempt++) {
      const { exitCode, stderr } = await run(argv, { env, timeout: 30_000 });
      if (exitCode === 0 || /\bno such (?:container|volume)\b/i.test(stderr)) break;
      // Somebody else may be removing it just now.
      if (attempt === removals || !/\bin progress\b|\bin use\b/i.test(stderr)) {
        throw new ToolError('BUILDER_FAILED', {
          message: `The engine did not remove the builder ${name} (${lastReason(stderr)}).`,
          remedy: `Remove it by hand: \`${commands.map((each) => each.join(' ')).join(' && ')}\`.`,
          detail: stderr,
        });
      }
      await sleep(300);
    }
  }
}

/** Removes a builder, so that another one may take its name. */
async function discard(ports: Pick<JobBuilderPorts, 'run' | 'env'>, builder: JobBuilder): Promise<void> {
  await removeContainer(ports, builder.name);
  const kept = ['instances', 'activity', 'refs'].map((inside) => join(builder.folder, inside, builder.name));
  await Promise.all(kept.map((path) => rm(path, { recursive: true, force: true, maxRetries: 3 })));
}

/**
 * Removes all that the job's folder has of a builder, which may be a proxy's password, and the folder with the last builder. The step
 * or job then no longer knows the builder.
 */
export async function forgetJobBuilder({ name, folder }: JobBuilder): Promise<void> {
  const own = (await readdir(folder).catch(() => [])).filter((each) => each.startsWith(`${name}.`));
  const kept = ['instances', 'activity', 'refs'].map((inside) => join(inside, name));
  await Promise.all(
    [...own, ...kept].map((each) => rm(join(folder, each), { recursive: true, force: true, maxRetries: 3 })),
  );
  const left = await readdir(join(folder, 'instances')).catch(() => []);
  if (left.length === 0) await rm(folder, { recursive: true, force: true, maxRetries: 3 });
}

/**
 * Removes a builder for good.
 * @throws ToolError BUILDER_FAILED where the engine refuses
 */
export async function removeJobBuilder(
  ports: Pick<JobBuilderPorts, 'run' | 'env'>,
  builder: JobBuilder,
): Promise<void> {
  await removeContainer(ports, builder.name);
  await forgetJobBuilder(builder);
}

/**
 * Makes a builder anew that has gone.
 * @throws ToolError BUILDER_FAILED
 */
export async function remakeJobBuilder(
  ports: JobBuilderPorts,
  buildx: string,
  builder: JobBuilder,
  settings: BuilderSettings,
): Promise<void> {
  await discard(ports, builder);
  await makeJobBuilder(ports, buildx, builder, settings);
}

/** A job ends within a day, except on machines whose owners wish otherwise. */
const oldAge = 24 * 60 * 60 * 1000;

/**
 * Builders of jobs that cannot have ended with their post step: their machine, or its runner, was lost.
 * @param containers names
 * @returns the containers, with how old they are in hours
 */
export function findAbandoned(
  containers: readonly string[],
  now: Date,
): readonly { readonly container: string; readonly hours: number }[] {
  return containers.flatMap((container) => {
    const form = /_publish-job-(?<day>\d{8})t(?<hour>\d\d)(?<minute>\d\d)-/;
    const { day = '', hour, minute } = form.exec(container)?.groups ?? {};
    const made = Date.parse(`${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}T${hour}:${minute}Z`);
    const age = now.getTime() - made;
    return age > oldAge ? [{ container, hours: Math.floor(age / 3_600_000) }] : [];
  });
}

/** The containers of all jobs' builders on the engine; none where it does not tell. */
export async function listJobBuilders({ run, env }: Pick<JobBuilderPorts, 'run' | 'env'>): Promise<readonly string[]> {
  const filter = `name=buildx_buildkit_${namePrefix}`;
  const argv = ['docker', 'container', 'ls', '--all', '--filter', filter, '--format', '{{.Names}}'] as const;
  const { exitCode, stdout } = await run(argv, { env, timeout: 10_000 });
  return exitCode === 0 ? stdout.split('\n').filter((name) => name !== '') : [];
}

/** Whether BuildKit's image has an emulator for an architecture, as BuildKit looks for it (solver/llbsolver/ops/exec_binfmt.go). */
export async function hasEmulator(
  { run, env }: Pick<JobBuilderPorts, 'run' | 'env'>,
  { name, folder }: JobBuilder,
  architecture: string,
): Promise<boolean> {
  // Later steps of the job need not ask again.
  const file = join(folder, `${name}.emulates-${architecture}`);
  const known = await readFile(file, 'utf8').catch(() => '');
  if (known !== '') return known === 'true';
  const emulated: Readonly<Record<string, string>> = { arm64: 'aarch64', amd64: 'x86_64', '386': 'i386' };
  const program = `buildkit-qemu-${Object.hasOwn(emulated, architecture) ? emulated[architecture] : architecture}`;
  const argv = ['docker', 'container', 'exec', containerOf(name), program, '--version'] as const;
  const isThere = (await run(argv, { env, timeout: 10_000 })).exitCode === 0;
  await writeFile(file, String(isThere), { mode: 0o600 });
  return isThere;
}
