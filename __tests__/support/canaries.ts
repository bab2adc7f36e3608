/**
 * Secrets of a case, each a canary: a text that is nowhere else, looked for in every place in which a step could leave it.
 * `step.ts` looks after every main, post and terminal entry that any test starts.
 */

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { RecordedCommand } from './recorder.ts';
import { shownLog } from './runner-files.ts';

/** A text that is shorter may be found by chance. */
const shortest = 8;

/** Whatever a text calls a canary. */
function canariesIn(text: string): readonly string[] {
  return text.match(/\bcanary[-=][\w-]+/g) ?? [];
}

function passwordsOf(registryAuth: string): readonly string[] {
  try {
    const entries: unknown = parse(registryAuth);
    return Array.isArray(entries) ? entries.map((entry) => String(Object(entry).password ?? '')) : [];
  } catch {
    return [];
  }
}

/**
 * The secrets of one step: its token, its passwords, and every canary that its build is given.
 * @param inputs as the step gets them, with `token` filled in
 * @param env of the step
 * @param workspace in which the files of `secret-files` are
 */
export function canariesOf(
  inputs: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>>,
  workspace: string,
): readonly string[] {
  const files = (inputs['secret-files'] ?? '').split('\n').flatMap((line) => {
    const path = join(workspace, line.slice(line.indexOf('=') + 1).trim());
    return existsSync(path) && statSync(path).isFile() ? [readFileSync(path, 'utf8')] : [];
  });
  const variables = (inputs['secret-envs'] ?? '')
    .split(/[,\n]/)
    .map((item) => item.slice(item.indexOf('=') + 1).trim());
  const fromEnv = variables.map((name) => env[name] ?? '');
  const ofBuild = [inputs.secrets ?? '', ...fromEnv, ...files].flatMap(canariesIn);
  const all = [inputs.token ?? '', ...passwordsOf(inputs['registry-auth'] ?? ''), ...ofBuild];
  // `oidc:` names an identity; it is no secret.
  return [...new Set(all)].filter((secret) => secret.length >= shortest && !secret.startsWith('oidc:'));
}

/** What is the same in the base64 of every text that holds a secret with so many bytes, modulo 3, before it. */
function base64Core(secret: string, before: number): string {
  const padded = Buffer.concat([Buffer.alloc(before), Buffer.from(secret)]);
  const whole = padded.subarray(0, padded.length - (padded.length % 3)).toString('base64');
  return whole.slice(Math.ceil((before * 8) / 6));
}

/** Every form in which a secret can be written down: beside others in base64, too, as `user:password` is. */
function formsOf(secret: string): readonly string[] {
  const encoded = [0, 1, 2].map((before) => base64Core(secret, before));
  const forUrls = encoded.map((text) => text.replaceAll('+', '-').replaceAll('/', '_'));
  const quoted = JSON.stringify(secret).slice(1, -1);
  return [...new Set([secret, quoted, encodeURIComponent(secret), ...encoded, ...forUrls])];
}

/** @returns whether a text holds one of the secrets, in any form; no failure of a test shows the text */
export function searchFor(secrets: readonly string[]): (text: string) => boolean {
  const forms = secrets.flatMap(formsOf);
  return (text) => forms.some((form) => text.includes(form));
}

/** Files as they are just now: those that stay so, nobody wrote. */
type Snapshot = ReadonlyMap<string, string>;

/** @returns path → what changes with each write; of files that go away meanwhile, nothing */
function takeSnapshot(folders: readonly string[]): Snapshot {
  const stamps = new Map<string, string>();
  const walk = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      try {
        if (entry.isDirectory()) walk(path);
        else if (entry.isFile()) {
          const { ino, size, ctimeNs } = statSync(path, { bigint: true });
          stamps.set(path, `${ino} ${size} ${ctimeNs}`);
        }
      } catch (error) {
        if (!isGone(error)) throw error;
      }
    }
  };
  for (const folder of folders) if (existsSync(folder)) walk(folder);
  return stamps;
}

/** Of a file that went away. (Errors of Node.js are of another realm than the tests, so that no class tells.) */
function isGone(error: unknown): boolean {
  return Object(error).code === 'ENOENT';
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    if (isGone(error)) return '';
    throw error;
  }
}

/**
 * Where the login is, below RUNNER_TEMP, while a step goes on and where `login-scope: job` leaves it; and where the secrets
 * of a build are while it goes on.
 */
const loginFile = /\/publish-docker-package-[0-9a-f-]{36}\/docker\/(?:podman\/)?config\.json$/;
const secretFile = /\/publish-docker-package-[0-9a-f-]{36}\/build-\w+\/secrets\/\d+$/;

/** What a step that has ended may leave: nothing; its login for the job; or, killed, what it had while it went on. */
export type Leaving = 'nothing' | 'login' | 'all';

const allowed: Readonly<Record<Leaving, readonly RegExp[]>> = {
  nothing: [],
  login: [loginFile],
  all: [loginFile, secretFile],
};

/** Names each place that holds a canary, and no canary. */
export class SecretLeft extends Error {
  constructor(places: readonly string[]) {
    super(`A secret is in ${[...new Set(places)].join(', ')}.`);
  }
}

/** A search that goes on over the steps of one runner. */
export interface CanaryWatch {
  /** Before a process gets its secrets: what the files hold already is no trace of it. */
  begin(canaries: readonly string[]): void;
  /**
   * After it, with what it printed: whoever reads that sees *** for what was masked.
   * @throws SecretLeft
   */
  end(log: string, leaving: Leaving): void;
}

/** Looks for nothing, and takes no time. */
export const unwatched: CanaryWatch = { begin() {}, end() {} };

/**
 * @param folders everything that a step can write to: HOME, RUNNER_TEMP, the workspace, and the runner's own files
 * @param commands what was recorded so far
 */
export function watchForCanaries(folders: readonly string[], commands: () => readonly RecordedCommand[]): CanaryWatch {
  let before: Snapshot = new Map();
  const sought = new Set<string>();
  return {
    begin(canaries) {
      for (const canary of canaries) sought.add(canary);
      before = takeSnapshot(folders);
    },
    end(log, leaving) {
      const holds = searchFor([...sought]);
      const written = [...takeSnapshot(folders)].filter(([path, stamp]) => before.get(path) !== stamp);
      const places = [
        ...(holds(shownLog(log)) ? ['the log'] : []),
        ...commands().flatMap(({ program, args, env }) => [
          ...(args.some(holds) ? [`an argument of ${program} ${args[0]}`] : []),
          ...Object.entries(env).flatMap(([name, value]) =>
            holds(value) ? [`${name} in the environment of ${program} ${args[0]}`] : [],
          ),
        ]),
        ...written.flatMap(([path]) => {
          const isAllowed = allowed[leaving].some((form) => form.test(path));
          return !isAllowed && holds(readIfThere(path)) ? [path] : [];
        }),
      ];
      if (places.length > 0) throw new SecretLeft(places);
    },
  };
}
