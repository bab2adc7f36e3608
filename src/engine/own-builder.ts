/**
 * A builder of the step's own: remote endpoints, or pods of a Kubernetes cluster, as the nodes of one buildx builder. Its
 * state is in the step's private folder, and it is removed with the step.
 */

import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { BuilderChoice, BuilderNode } from '../build/builder-choice.ts';
import { ToolError } from '../errors.ts';
import { formatPlatform } from '../image/platform.ts';
import { formatFields } from '../text/csv.ts';
import type { Environment } from '../text/environment.ts';
import type { RunCommand } from './command.ts';

/** How long an endpoint may take to accept a connection. */
const patience = 10_000;

/** How a client of gRPC begins (RFC 9113 section 3.4): the preface and an empty SETTINGS frame. */
const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0', 'latin1');

/**
 * Whether something answers at an endpoint: SETTINGS in return, or the refusal of one that wants TLS.
 * @returns why not; `undefined` if it answers, or if a simple check cannot decide that
 */
function probeEndpoint(endpoint: string, milliseconds = patience): Promise<string | undefined> {
  const tcp = /^tcp:\/\/(?:\[(?<v6>[^\]]+)\]|(?<host>[^:]+)):(?<port>\d+)/.exec(endpoint)?.groups;
  const path = endpoint.startsWith('unix://') ? endpoint.slice('unix://'.length) : undefined;
  const target = tcp ? { host: tcp.v6 ?? tcp.host ?? '', port: Number(tcp.port) } : path && { path };
  if (!target) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    const socket = connect(target);
    let isConnected = false;
    const end = (reason: string | undefined): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(reason);
    };
    const timer = setTimeout(() => end(`no answer within ${milliseconds / 1000} s`), milliseconds);
    socket.on('connect', () => {
      isConnected = true;
      socket.write(preface);
    });
    for (const answer of ['data', 'end', 'close'] as const) socket.on(answer, () => end(undefined));
    socket.on('error', (error) => end(isConnected ? undefined : error.message));
  });
}

/** The endpoints at which nothing answers, with the reason. */
export async function findSilentEndpoints(
  endpoints: readonly string[],
  milliseconds?: number,
): Promise<readonly { readonly endpoint: string; readonly reason: string }[]> {
  const probed = endpoints.map(async (endpoint) => ({ endpoint, reason: await probeEndpoint(endpoint, milliseconds) }));
  return (await Promise.all(probed)).flatMap(({ endpoint, reason }) =>
    reason === undefined ? [] : [{ endpoint, reason }],
  );
}

/** @throws ToolError BUILDER_DOWN, naming each node that does not answer */
export async function checkEndpoints(endpoints: readonly string[]): Promise<void> {
  const silent = await findSilentEndpoints(endpoints);
  if (silent.length === 0) return;
  const list = silent.map(({ endpoint, reason }) => `${endpoint} (${reason})`).join(', ');
  throw new ToolError('BUILDER_DOWN', {
    message: `${silent.length} of ${endpoints.length} nodes of the builder do not answer: ${list}.`,
    remedy:
      'Start BuildKit there (buildkitd --addr tcp://0.0.0.0:PORT), let the runner reach it, or correct `builder`.',
  });
}

interface BuilderPorts {
  readonly run: RunCommand;
  readonly env: Environment;
  /** The step's private folder. */
  readonly temp: string;
  /** For the nodes' certificates. */
  readonly variables: Environment;
}

/** The variables with which a child of buildx finds a builder of the step's own, whatever the runner's BUILDX_CONFIG is. */
export function ownBuilderEnvironment(env: Environment, configFolder: string): Environment {
  return { ...env, BUILDX_CONFIG: join(configFolder, 'buildx'), BUILDX_BUILDER: undefined };
}

/**
 * @returns the name of the builder
 * @throws ToolError BUILDER_FAILED when buildx refuses a node
 */
export async function createBuilder(
  { run, env, temp, variables }: BuilderPorts,
  buildx: string,
  name: string,
  choice: Extract<BuilderChoice, { kind: 'nodes' }>,
): Promise<void> {
  for (const [index, node] of choice.nodes.entries()) {
    const files: Record<string, string> = {};
    for (const [option, pem] of nodeCertificates(index, variables)) {
      const path = join(temp, `node${index}-${option}.pem`);
      await writeFile(path, pem, { mode: 0o600 });
      files[option] = path;
    }
    const nodeFiles: NodeFiles = files;
    const argv = createArguments(buildx, name, choice.driver, node, index, nodeFiles);
    const result = await run(argv, { env });
    if (result.exitCode === 0) continue;
    const reason =
      result.stderr
        .trim()
        .split('\n')
        .at(-1)
        ?.replace(/^ERROR: /, '')
        .replace(/\.$/, '') ?? '';
    throw new ToolError('BUILDER_FAILED', {
      message: `The node ${node.endpoint} could not be added to a builder: ${reason}.`,
      remedy: 'Correct `builder`. Read the message of buildx above.',
      detail: result.stderr,
    });
  }
}

/** The command line that removes a builder, in whatever state its nodes are. */
export function removeArguments(buildx: string, name: string): [string, ...string[]] {
  return [buildx, 'rm', '--force', name];
}

/** Files of a node's TLS, by driver option. */
type NodeFiles = Readonly<Partial<Record<'cacert' | 'cert' | 'key', string>>>;

/**
 * The TLS material of a node, as docker/setup-buildx-action takes it: BUILDER_NODE_0_AUTH_TLS_CACERT, …_CERT and …_KEY, PEM
 * texts.
 * @returns option → PEM
 */
export function nodeCertificates(index: number, env: Environment): ReadonlyMap<'cacert' | 'cert' | 'key', string> {
  const names = ['cacert', 'cert', 'key'] as const;
  return new Map(
    names.flatMap((name) => {
      const text = env[`BUILDER_NODE_${index}_AUTH_TLS_${name.toUpperCase()}`];
      return text ? [[name, text] as const] : [];
    }),
  );
}

/**
 * The command line that makes a node: the first makes the builder, the others join it.
 * @param buildx the plugin's path
 */
export function createArguments(
  buildx: string,
  builder: string,
  driver: 'remote' | 'kubernetes',
  node: BuilderNode,
  index: number,
  files: NodeFiles,
): [string, ...string[]] {
  // The deployment of a node in a cluster is named after the node, and other jobs may have theirs beside it.
  const name = `${builder}-${index}`;
  const options = [...node.driverOptions, ...Object.entries(files).map(([option, path]) => `${option}=${path}`)];
  // A Kubernetes builder is named by its endpoint, and its options follow; only remote ones are connected to.
  const endpoint = node.endpoint === 'kubernetes://' ? [] : [node.endpoint];
  return [
    buildx,
    'create',
    '--name',
    builder,
    ...(index === 0 ? [] : ['--append']),
    '--driver',
    driver,
    '--node',
    name,
    ...(options.length === 0 ? [] : ['--driver-opt', formatFields(options)]),
    ...(node.platforms.length === 0 ? [] : ['--platform', node.platforms.map(formatPlatform).join(',')]),
    ...endpoint,
  ];
}
