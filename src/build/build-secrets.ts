/**
 * What a build may use but not keep: secrets and SSH keys, as docker/build-push-action's `secrets`, `secret-envs`,
 * `secret-files` and `ssh` name them. Values reach the builder by files of the step's private folder; the plan knows where
 * they come from, never what they are.
 */

import { type Faults, InputError } from '../errors.ts';
import type { Environment } from '../text/environment.ts';
import { gitHost } from './context-path.ts';
import { readItems, readLines } from './input-lists.ts';

/** Where the value of a secret comes from. */
export type SecretSource =
  | { readonly id: string; readonly kind: 'input' }
  | { readonly id: string; readonly kind: 'environment'; readonly variable: string }
  | { readonly id: string; readonly kind: 'file'; readonly path: string };

/** Secrets as the inputs name them; `values` are those that the inputs themselves hold. */
interface ParsedSecrets {
  readonly sources: readonly SecretSource[];
  readonly values: ReadonlyMap<string, string>;
  /** IDs of `secrets` without a value. */
  readonly empty: readonly string[];
}

interface Pair {
  readonly id: string;
  readonly value: string;
}

/** `ID=…`; an error names the line by its number, because the rest of it may be the secret. */
function splitPair(input: string, entry: string, index: number, form: string): Pair {
  const equals = entry.indexOf('=');
  const id = entry.slice(0, Math.max(equals, 0)).trim();
  if (id !== '') return { id, value: entry.slice(equals + 1) };
  throw new InputError('INPUT_INVALID', {
    message: `The input \`${input}\` has an entry without a name, entry ${index + 1}: expected ${form}.`,
    remedy:
      'Write NAME=value on one line. If the entry continues the value before it, put the whole value in quotation marks, "NAME=first line⏎second line", and double each mark inside of it. Or take the value from the `env` of the step with `secret-envs`.',
  });
}

/** @param faults gathers INPUT_INVALID */
export function parseSecrets(
  inputs: { readonly secrets: string; readonly secretEnvs: string; readonly secretFiles: string },
  { attempt }: Faults,
): ParsedSecrets {
  const sources: SecretSource[] = [];
  const values = new Map<string, string>();
  const empty: string[] = [];
  const each = (
    input: string,
    entries: readonly string[] | undefined,
    form: string,
    keep: (pair: Pair) => void,
    keepEmpty?: (id: string) => void,
  ): void =>
    entries?.forEach((entry, index) => {
      attempt(() => {
        const pair = splitPair(input, entry, index, form);
        if (pair.value !== '') return keep(pair);
        if (keepEmpty !== undefined) return keepEmpty(pair.id);
        throw new InputError('INPUT_INVALID', {
          message: `The input \`${input}\` has the entry "${pair.id}", which is empty: expected ${form}.`,
          remedy: `Write \`${form}\`, or leave the entry out.`,
        });
      });
    });
  each(
    'secrets',
    attempt(() => readLines('secrets', inputs.secrets, false)),
    'ID=value',
    ({ id, value }) => {
      sources.push({ id, kind: 'input' });
      values.set(id, value);
    },
    (id) => void empty.push(id),
  );
  each(
    'secret-envs',
    attempt(() => readItems('secret-envs', inputs.secretEnvs)),
    'ID=VARIABLE',
    ({ id, value }) => void sources.push({ id, kind: 'environment', variable: value.trim() }),
  );
  each(
    'secret-files',
    attempt(() => readLines('secret-files', inputs.secretFiles)),
    'ID=path',
    ({ id, value }) => void sources.push({ id, kind: 'file', path: value.trim() }),
  );
  attempt(() => {
    const twice = sources.find(({ id }, index) => sources.findIndex((other) => other.id === id) !== index);
    if (twice === undefined) return;
    throw new InputError('INPUT_INVALID', {
      message: `The secret "${twice.id}" is given twice.`,
      remedy: 'Give each secret its own ID in `secrets`, `secret-envs` and `secret-files`.',
    });
  });
  return { sources, values, empty };
}

/** What a look at the runner needs. */
interface SecretFacts {
  readonly env: Environment;
  readonly isFile: (path: string) => boolean;
}

/**
 * Whether each secret and key is there, before anything runs.
 * @param faults gathers SECRET_MISSING
 */
export function checkSecrets(
  sources: readonly SecretSource[],
  ssh: readonly string[],
  { env, isFile }: SecretFacts,
  { attempt }: Faults,
): void {
  const missing = (message: string, remedy: string): InputError =>
    new InputError('SECRET_MISSING', { message, remedy });
  for (const source of sources) {
    attempt(() => {
      if (source.kind === 'environment' && env[source.variable] === undefined) {
        throw missing(
          `The secret "${source.id}" comes from the environment variable ${source.variable}, which is not set.`,
          `Set ${source.variable} in the \`env\` of the step, or correct \`secret-envs\`.`,
        );
      }
      if (source.kind === 'file' && !isFile(source.path)) {
        throw missing(
          `The secret "${source.id}" comes from the file "${source.path}", which does not exist.`,
          'Write the file in an earlier step, or correct `secret-files`; paths are relative to the workspace.',
        );
      }
    });
  }
  for (const entry of ssh) {
    attempt(() => {
      const equals = entry.indexOf('=');
      if (equals === -1 && !env.SSH_AUTH_SOCK) {
        throw missing(
          `\`ssh\` names "${entry}", the SSH agent of the runner, but no agent runs (SSH_AUTH_SOCK is not set).`,
          'Start an agent in an earlier step, or name a key: `ssh: default=path/to/key`.',
        );
      }
      const path = entry.slice(equals + 1);
      if (equals !== -1 && !isFile(path)) {
        throw missing(
          `\`ssh\` names "${path}", which does not exist.`,
          'Correct the path of the key or socket in `ssh`.',
        );
      }
    });
  }
}

/** The values of the secrets that are not in files: from the inputs and from the environment. */
export function secretValues(
  sources: readonly SecretSource[],
  inputs: ReadonlyMap<string, string>,
  env: Environment,
): ReadonlyMap<string, string> {
  return new Map(
    sources.flatMap((source) => {
      if (source.kind === 'file') return [];
      const value = source.kind === 'input' ? inputs.get(source.id) : env[source.variable];
      return value === undefined ? [] : [[source.id, value] as const];
    }),
  );
}

/**
 * The secret with which BuildKit fetches a private Git context
 * (https://docs.docker.com/build/building/secrets/#git-authentication-for-remote-contexts). It is for one host alone: a
 * token is never offered to another server, whatever the Dockerfile fetches.
 * @param serverHost of the product that the run lives on
 * @returns its ID; empty where the context is no repository there or the workflow gives the secret itself
 */
export function gitSecretId(context: string, serverHost: string, sources: readonly SecretSource[]): string {
  const host = gitHost(context);
  const id = `GIT_AUTH_TOKEN.${host}`;
  if (host === '' || host !== serverHost) return '';
  return sources.some((source) => source.id === id || source.id === 'GIT_AUTH_TOKEN') ? '' : id;
}
