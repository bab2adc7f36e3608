/**
 * The entry of `pull/`: the same resolution and login as a publish, then `docker pull`.
 */

import { logIn, type Pulled, pull } from './engine/docker.ts';
import {
  appendEntry,
  type Entry,
  maskSecrets,
  readRegistryAuth,
  readRun,
  runEntry,
  temporaryFolder,
  writeOutputs,
} from './entry.ts';
import { gatherFaults, InputError } from './errors.ts';
import type { Platform } from './image/platform.ts';
import { formatReference } from './image/reference.ts';
import { parseTag, type Tag } from './image/tag.ts';
import {
  type InputReader,
  inputsOfEnvironment,
  type PullInputs,
  parsePullInputs,
  pullInputDefaults,
} from './inputs.ts';
import { type Destination, locateImage } from './plan.ts';
import { type GivenCredentials, resolveCredential } from './registry/credentials.ts';
import type { ServerFacts } from './registry/directory.ts';
import { isOpen, mostCapable, readServer } from './registry/probe.ts';
import { type Product, resolveProduct } from './registry/product.ts';
import type { Run } from './run/run.ts';
import { openStep, type Step } from './step.ts';
import { newStepFolder } from './step-folder.ts';

export interface PullPlan {
  readonly product: Product;
  readonly destinations: readonly [Omit<Destination, 'packageUrl'>];
  readonly reference: string;
  /** Absent where the digest alone says what is pulled. */
  readonly tag?: Tag;
  readonly retries: number;
  readonly notes: readonly string[];
}

/**
 * @throws InputError, or InputFaults with every fault; DIGEST_UNSUPPORTED for a digest on a Docker registry
 */
export function planPull(
  inputs: PullInputs,
  run: Run,
  registryAuth: GivenCredentials['registryAuth'],
  server?: ServerFacts,
): PullPlan {
  const product = resolveProduct(run.serverUrl, server?.version);
  const { registry, repository, notes } = locateImage(inputs, run, product, server);
  const { digest } = inputs;
  if (digest !== undefined && registry.kind === 'docker') {
    throw new InputError('DIGEST_UNSUPPORTED', {
      message: `${digest} cannot be pulled: the Docker registry ${registry.registry} knows images by tag only.`,
      remedy: 'Set `tag` instead of `digest`, or use the Container registry (`registry: container`).',
    });
  }
  const tag = inputs.tag ?? (digest === undefined ? parseTag('latest') : undefined);
  const given = { token: inputs.token, username: inputs.username, registryAuth };
  const credential = resolveCredential(registry.registry, product, given, false);
  return {
    product,
    destinations: [{ registry, repository, credential }],
    ...(tag && { tag }),
    reference: formatReference({ repository, ...(tag && { tag }), ...(digest && { digest }) }),
    retries: inputs.retries,
    notes,
  };
}

/** An engine cannot pull from a Docker registry, which knows no digests; our own client can. */
async function pullImage(
  { destinations: [{ registry, repository }], tag, reference }: PullPlan,
  { docker, registry: client }: Step,
  platform: Platform | undefined,
): Promise<Pulled> {
  if (registry.kind !== 'docker' || tag === undefined) return pull(docker, reference, platform);
  const { loadFromRegistry } = await import('./source/load.ts');
  return loadFromRegistry(client, docker, repository, tag, platform);
}

export const run = (): Promise<void> =>
  runEntry((entry) => pullStep(inputsOfEnvironment(entry.env, pullInputDefaults), entry));

/**
 * One pull, from the strings of the inputs to the outputs.
 * @throws PublishError
 */
export async function pullStep(
  read: InputReader<keyof typeof pullInputDefaults>,
  { env, log, termination }: Entry,
): Promise<Readonly<Record<'image' | 'digest' | 'imageid', string>>> {
  const faults = gatherFaults();
  const inputs = parsePullInputs(read, faults);
  const secrets = { token: inputs.token, registryAuth: await readRegistryAuth(inputs.registryAuth, faults) };
  maskSecrets(log, inputs.username, secrets);
  const theRun = readRun(env);
  const asksServer = isOpen(inputs, resolveProduct(theRun.serverUrl));
  const planWith = (server?: ServerFacts): PullPlan => planPull(inputs, theRun, secrets.registryAuth, server);
  const first = faults.attempt(() => planWith(asksServer ? mostCapable : undefined));
  faults.throwIfAny();
  if (first === undefined) throw new Error('no fault, but no plan either');
  const explainIn =
    ({ product, destinations }: PullPlan) =>
    async (error: unknown): Promise<never> => {
      const { explain } = await import('./report/diagnosis.ts');
      throw explain(error, { product, destinations, push: false, run: theRun, secrets });
    };
  const plan = asksServer ? planWith(await readServer(theRun, env).catch(explainIn(first))) : first;
  const [{ registry }] = plan.destinations;
  log.info(`Registry ${registry.registry}, because ${registry.reason}`);
  for (const note of plan.notes) log.info(note);

  const folder = newStepFolder(temporaryFolder(env));
  appendEntry(env.GITHUB_STATE, 'folder', folder);
  const step = await openStep(plan, folder, env, secrets, log, termination);
  let keepsLogin = false;
  try {
    for (const login of step.logins) await logIn(step.docker, login.registry, login.username, login.password);
    const pulled = await log.group('Pull', () => pullImage(plan, step, inputs.platform));
    log.info(`Pulled ${plan.reference}, ${pulled.digest}`);
    keepsLogin = inputs.loginScope === 'job' && env.GITHUB_ENV !== undefined;
    if (keepsLogin) appendEntry(env.GITHUB_ENV, 'DOCKER_CONFIG', step.config.folder);
    return writeOutputs(env, { image: plan.reference, digest: pulled.digest, imageid: pulled.imageId });
  } catch (error) {
    return await explainIn(plan)(error);
  } finally {
    await step.close(keepsLogin);
  }
}
