/**
 * Runs the bundled action as the runner runs it: inputs with the defaults of action.yml as INPUT_* variables, files for
 * outputs, state and environment, the event's payload, a temporary folder, a home and a workspace; then the post entry with
 * the state. Every `docker`, `podman`, buildx and credential helper that a step starts is recorded, and after each process
 * the secrets of the step are looked for in all that it left (`canaries.ts`): where one is found, the test fails. Neither is
 * done where the time that a step takes is measured.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import {
  accessSync,
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { canariesOf, unwatched, watchForCanaries } from './canaries.ts';
import { branchPush, headSha, type RunEvent } from './event.ts';
import { type RecordedCommand, readRecords, writeRecorder } from './recorder.ts';
import { parseCommands, parseFileEntries, type RunnerCommand } from './runner-files.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Of action.yml what the runner goes by. */
export interface ActionManifest {
  readonly inputs: Readonly<Record<string, { readonly default: string; readonly description: string }>>;
  readonly outputs: Readonly<Record<string, { readonly description: string }>>;
  readonly runs: Readonly<Record<string, string>>;
}

const manifests = new Map<string, ActionManifest>();

/**
 * Reads each file once: a suite has a runner for nearly every step.
 * @param folder `.` for the action itself, or that of a sub-action
 */
export function readActionManifest(folder = '.'): ActionManifest {
  const manifest: ActionManifest =
    manifests.get(folder) ?? parse(readFileSync(join(root, folder, 'action.yml'), 'utf8'));
  manifests.set(folder, manifest);
  return manifest;
}

/** What a process of the step left when it ended. */
export interface Ended {
  /** `null` when a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Standard output and standard error, as they came. */
  readonly log: string;
  readonly stdout: string;
}

/** What the main entry left. */
export interface StepResult extends Ended {
  readonly outputs: Readonly<Record<string, string>>;
  readonly state: Readonly<Record<string, string>>;
  /** Variables for later steps of the job. */
  readonly env: Readonly<Record<string, string>>;
  readonly commands: readonly RunnerCommand[];
  /** What the step wrote to the job summary. */
  readonly summary: string;
  /** The code of the one error annotation; empty when there is none. */
  readonly code: string;
  /** The text of the one error annotation; empty when there is none. */
  readonly failure: string;
}

/** A process that was started, and what it will have left. */
export interface Running<End extends Ended> {
  readonly process: ChildProcess;
  readonly ended: Promise<End>;
}

export type RunningStep = Running<StepResult>;

export interface RunnerOptions {
  /** Folder of a sub-action, such as `pull`. */
  readonly subAction?: string;
  /** Put before every command line, such as `nsenter` with its arguments; takes `--wd=FOLDER`. */
  readonly enter?: readonly string[];
  /** The environment with which `docker` talks to an engine of the lab. */
  readonly engine?: Readonly<Record<string, string>>;
  readonly event?: RunEvent;
  /** `OWNER/NAME` */
  readonly repository?: string;
  /** The job's own token. */
  readonly token?: string;
  /** Laid over the environment of every process. */
  readonly env?: Readonly<Record<string, string>>;
  /** A line of shell that runs before each real `docker` and buildx. */
  readonly beforeDocker?: string;
  /** `false`: docker and buildx are started as they are, for what measures them. */
  readonly isRecorded?: boolean;
  /** Laid over the runner's own config.json. */
  readonly dockerConfig?: Readonly<Record<string, unknown>>;
}

/** A runner of one job. */
export interface Runner {
  readonly temp: string;
  readonly home: string;
  readonly workspace: string;
  /** Folder at the head of PATH. */
  readonly bin: string;
  /** PATH */
  readonly path: string;
  /** Writes a file of the workspace; gives its path. */
  write(path: string, text: string): string;
  start(inputs: Readonly<Record<string, string>>, env?: Readonly<Record<string, string>>): RunningStep;
  /** The main entry, to its end. */
  main(inputs: Readonly<Record<string, string>>, env?: Readonly<Record<string, string>>): Promise<StepResult>;
  post(step: Pick<StepResult, 'state'>, env?: Readonly<Record<string, string>>): Promise<Ended>;
  /** Any program, in the environment of a later step. */
  run(argv: readonly [string, ...string[]], env?: Readonly<Record<string, string>>): Promise<Ended>;
  /** Another entry of the bundle, in a terminal: nothing of a run is in its environment. */
  terminal(entry: string, args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ended>;
  startTerminal(entry: string, args: readonly string[], env?: Readonly<Record<string, string>>): Running<Ended>;
  /** What was recorded. */
  commands(): readonly RecordedCommand[];
  /** Every file beneath a folder, as paths relative to it. */
  filesIn(folder: string): readonly string[];
}

/** The action as it is committed, in a folder where no build changes it while a test runs. */
export interface ActionCopy extends Disposable {
  /** action.yml and dist/ are in it. */
  readonly folder: string;
  newRunner(options?: RunnerOptions): Runner;
  /** The engines of its runners, each once: the environments with which `docker` talks to them. */
  readonly engines: readonly Readonly<Record<string, string>>[];
}

/** A whole dist/: a build that goes on at the same time removes it first and writes cli.js last. */
function copyBundle(from: string, to: string): void {
  const listing = (folder: string): string =>
    readdirSync(folder)
      .map((name) => `${name} ${statSync(join(folder, name)).size}`)
      .join('\n');
  for (const deadline = Date.now() + 60_000; ; ) {
    try {
      const before = listing(from);
      rmSync(to, { recursive: true, force: true });
      cpSync(from, to, { recursive: true });
      if (existsSync(join(to, 'cli.js')) && before === listing(from) && before === listing(to)) return;
    } catch (cause) {
      if (Date.now() > deadline) throw new Error('There is no whole dist/: run `npm run build`.', { cause });
    }
    if (Date.now() > deadline) throw new Error('There is no whole dist/: run `npm run build`.');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 250);
  }
}

/**
 * Copies the action; every runner it makes goes with it.
 * @param from where action.yml and dist/ are: here, or in the folder of another build
 */
export function copyAction(from = root): ActionCopy {
  const folder = mkdtempSync(join(tmpdir(), 'publish-e2e-'));
  copyBundle(join(from, 'dist'), join(folder, 'dist'));
  for (const file of ['action.yml', 'pull/action.yml', 'merge/action.yml', 'cleanup/action.yml'])
    if (existsSync(join(from, file))) cpSync(join(from, file), join(folder, file));
  let count = 0;
  const engines = new Map<string | undefined, Readonly<Record<string, string>>>();
  return {
    folder,
    newRunner(options = {}) {
      if (options.engine !== undefined) engines.set(options.engine.DOCKER_HOST, options.engine);
      return newRunner(folder, join(folder, `runner-${count++}`), options);
    },
    get engines() {
      return [...engines.values()];
    },
    // Children of a step that was killed on purpose may still be writing there.
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }),
  };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** @returns its path, or `undefined` */
function findExecutable(name: string, folders: readonly string[]): string | undefined {
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

/** Where the CLI that has this configuration finds its plugins (docker/cli, `getPluginDirs`). */
function pluginFolders(configFolder: string, config: Readonly<Record<string, unknown>>): readonly string[] {
  const extra = Array.isArray(config.cliPluginsExtraDirs) ? config.cliPluginsExtraDirs.map(String) : [];
  const system = ['/usr/local/lib', '/usr/local/libexec', '/usr/lib', '/usr/libexec'];
  return [...extra, join(configFolder, 'cli-plugins'), ...system.map((each) => join(each, 'docker/cli-plugins'))];
}

/** The plugin of an engine's CLI; `undefined` where it has none. */
export function findBuildx({ engine = {} }: Pick<RunnerOptions, 'engine'>): string | undefined {
  const from = engine.DOCKER_CONFIG ?? process.env.DOCKER_CONFIG ?? join(homedir(), '.docker');
  const file = join(from, 'config.json');
  return findExecutable(
    'docker-buildx',
    pluginFolders(from, existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {}),
  );
}

/** The runner's own configuration: that of the engine's CLI, with a buildx that is recorded, and no login. */
function makeDockerConfig(
  folder: string,
  records: string,
  { engine = {}, dockerConfig = {}, beforeDocker, isRecorded = true }: RunnerOptions,
): void {
  const from = engine.DOCKER_CONFIG ?? process.env.DOCKER_CONFIG ?? join(homedir(), '.docker');
  const file = join(from, 'config.json');
  const {
    auths: _,
    credsStore: __,
    credHelpers: ___,
    ...config
  } = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  const buildx = findBuildx({ engine });
  const plugins = isRecorded ? join(dirname(records), 'plugins') : dirname(buildx ?? '');
  mkdirSync(folder, { recursive: true });
  if (buildx !== undefined && isRecorded) {
    mkdirSync(plugins, { recursive: true });
    writeRecorder(join(plugins, 'docker-buildx'), buildx, records, beforeDocker);
  }
  const cliPluginsExtraDirs = buildx === undefined ? [] : [plugins];
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ ...config, cliPluginsExtraDirs, ...dockerConfig }));
}

/** `${{ github.token }}` and the like, as the runner fills them in. */
function evaluate(text: string, github: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$\{\{ github\.(\w+) \}\}/g, (expression, name: string) => {
    const value = github[name];
    if (value === undefined) throw new Error(`This runner knows no ${expression}.`);
    return value;
  });
}

function newRunner(action: string, folder: string, options: RunnerOptions): Runner {
  const { subAction = '.' } = options;
  const manifest = readActionManifest(subAction);
  const at = (name: string): string => {
    mkdirSync(join(folder, name), { recursive: true });
    return join(folder, name);
  };
  const [temp, home, workspace, bin, records, files] = [
    at('temp'),
    at('home'),
    at('workspace'),
    at('bin'),
    at('records'),
    at('file-commands'),
  ];
  const { engine = {}, event = branchPush('main'), repository = 'octo-org/app', token = '', beforeDocker } = options;
  const { isRecorded = true } = options;
  makeDockerConfig(join(home, '.docker'), records, options);
  const path = (engine.PATH ?? process.env.PATH ?? '').split(delimiter);
  for (const name of isRecorded ? ['docker', 'podman'] : []) {
    const real = findExecutable(name, path);
    if (real !== undefined) writeRecorder(join(bin, name), real, records, name === 'docker' ? beforeDocker : '');
  }
  const searchPath = [bin, ...path].join(delimiter);
  const machine = {
    PATH: searchPath,
    HOME: home,
    // No test leaves the machine.
    GITHUB_API_URL: 'http://127.0.0.1:9',
    ...(engine.DOCKER_HOST === undefined ? {} : { DOCKER_HOST: engine.DOCKER_HOST }),
  };
  const [owner = ''] = repository.split('/');
  const payload = {
    ...event.payload,
    repository: {
      name: repository.split('/')[1],
      full_name: repository,
      default_branch: 'main',
      description: 'An app to publish',
      html_url: `https://github.com/${repository}`,
      private: false,
      license: { spdx_id: 'MIT' },
      owner: { login: owner, type: 'Organization' },
      ...Object(event.payload.repository),
    },
  };
  writeFileSync(join(files, 'event.json'), JSON.stringify(payload));
  const job = {
    ...machine,
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    GITHUB_SERVER_URL: 'https://github.com',
    GITHUB_REPOSITORY: repository,
    GITHUB_REPOSITORY_OWNER: owner,
    GITHUB_ACTOR: 'octocat',
    GITHUB_SHA: headSha,
    GITHUB_RUN_ID: '1658821493',
    GITHUB_RUN_ATTEMPT: '1',
    GITHUB_WORKSPACE: workspace,
    GITHUB_EVENT_PATH: join(files, 'event.json'),
    RUNNER_TEMP: temp,
    RUNNER_OS: 'Linux',
    ...event.env,
    ...options.env,
  };

  const folders = [
    temp,
    home,
    workspace,
    files,
    ...[job.HOME, job.RUNNER_TEMP].filter((each) => !each.startsWith(folder)),
  ];
  const watch = isRecorded ? watchForCanaries(folders, () => readRecords(records)) : unwatched;

  function fileCommands(): {
    env: Record<string, string>;
    text: (name: string) => string;
    read: (name: string) => Readonly<Record<string, string>>;
  } {
    const id = crypto.randomUUID();
    const file = (name: string): string => join(files, `${name}_${id}`);
    const names = ['OUTPUT', 'STATE', 'ENV', 'PATH', 'STEP_SUMMARY', 'ARTIFACTS'];
    for (const name of names) writeFileSync(file(name), '');
    return {
      env: Object.fromEntries(names.map((name) => [`GITHUB_${name}`, file(name)])),
      text: (name) => readFileSync(file(name), 'utf8'),
      read: (name) => parseFileEntries(readFileSync(file(name), 'utf8')),
    };
  }

  function inputVariables(inputs: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
    const unknown = Object.keys(inputs).find((name) => !Object.hasOwn(manifest.inputs, name));
    if (unknown !== undefined) throw new Error(`action.yml has no input \`${unknown}\`.`);
    const github = { token, actor: 'octocat' };
    return Object.fromEntries(
      Object.entries(manifest.inputs).map(([name, input]) => [
        `INPUT_${name.toUpperCase()}`,
        inputs[name] ?? evaluate(input.default, github),
      ]),
    );
  }

  function launch(argv: readonly [string, ...string[]], env: Readonly<Record<string, string>>): Running<Ended> {
    const { enter = [] } = options;
    const [program, ...args] = [...enter, ...(enter.length === 0 ? [] : [`--wd=${workspace}`]), ...argv] as const;
    const child = spawn(program ?? argv[0], args, { cwd: workspace, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const chunks: { readonly isError: boolean; readonly text: string }[] = [];
    child.stdout.setEncoding('utf8').on('data', (text: string) => chunks.push({ isError: false, text }));
    child.stderr.setEncoding('utf8').on('data', (text: string) => chunks.push({ isError: true, text }));
    const ended = new Promise<Ended>((resolve, reject) => {
      child.on('error', reject);
      const finish = (exitCode: number | null, signal: NodeJS.Signals | null): void =>
        resolve({
          exitCode,
          signal,
          log: chunks.map(({ text }) => text).join(''),
          stdout: chunks.flatMap(({ isError, text }) => (isError ? [] : [text])).join(''),
        });
      child.on('close', finish);
      // One that was killed leaves children which keep its output open.
      child.on('exit', (exitCode, signal) => signal === 'SIGKILL' && finish(exitCode, signal));
    });
    return { process: child, ended };
  }

  const start: Runner['start'] = (inputs, env = {}) => {
    const commandFiles = fileCommands();
    const main = [process.execPath, join(action, subAction, manifest.runs.main ?? '')] as const;
    watch.begin(canariesOf({ token, ...inputs }, { ...options.env, ...env }, workspace));
    const launched = launch(main, { ...job, ...commandFiles.env, ...inputVariables(inputs), ...env });
    const ended = launched.ended.then((end): StepResult => {
      const keepsLogin = end.exitCode === 0 && inputs['login-scope'] === 'job';
      watch.end(end.log, end.signal === 'SIGKILL' ? 'all' : keepsLogin ? 'login' : 'nothing');
      const commands = parseCommands(end.log);
      const errors = commands.filter(({ name }) => name === 'error');
      if (errors.length > 1) throw new Error(`A step has one error, this one has ${errors.length}:\n${end.log}`);
      return {
        ...end,
        outputs: commandFiles.read('OUTPUT'),
        state: commandFiles.read('STATE'),
        env: commandFiles.read('ENV'),
        commands,
        summary: commandFiles.text('STEP_SUMMARY'),
        code: errors[0]?.properties.title ?? '',
        failure: errors[0]?.data ?? '',
      };
    });
    return { process: launched.process, ended };
  };

  const startTerminal: Runner['startTerminal'] = (entry, args, env = {}) => {
    const inputs = args.flatMap((arg, index) => (arg.startsWith('--') ? [[arg.slice(2), args[index + 1] ?? '']] : []));
    watch.begin(canariesOf({ token: env.GITHUB_TOKEN ?? '', ...Object.fromEntries(inputs) }, env, workspace));
    const launched = launch([process.execPath, join(action, 'dist', entry), ...args], {
      ...machine,
      TMPDIR: temp,
      ...env,
    });
    const ended = launched.ended.then((end) => {
      watch.end(end.log, end.signal === 'SIGKILL' ? 'all' : 'nothing');
      return end;
    });
    return { process: launched.process, ended };
  };

  return {
    temp,
    home,
    workspace,
    bin,
    path: searchPath,
    write(name, text) {
      mkdirSync(dirname(join(workspace, name)), { recursive: true });
      writeFileSync(join(workspace, name), text);
      return join(workspace, name);
    },
    start,
    main: (inputs, env) => start(inputs, env).ended,
    async post({ state }, extra = {}) {
      const saved = Object.entries(state).map(([name, value]) => [`STATE_${name}`, value]);
      const post = [process.execPath, join(action, subAction, manifest.runs.post ?? '')] as const;
      const env = { ...job, ...fileCommands().env, ...inputVariables({}), ...Object.fromEntries(saved), ...extra };
      const ended = await launch(post, env).ended;
      watch.end(ended.log, 'nothing');
      return ended;
    },
    run: (argv, env = {}) => launch(argv, { ...job, ...env }).ended,
    startTerminal,
    terminal: (entry, args, env) => startTerminal(entry, args, env).ended,
    commands: () => readRecords(records),
    filesIn: (where) =>
      readdirSync(where, { recursive: true, withFileTypes: true })
        .filter((entry) => !entry.isDirectory())
        .map((entry) => join(entry.parentPath, entry.name).slice(where.length + 1)),
  };
}

const given = new Set<string>();

/** A name that no other case uses, so that suites can run side by side. */
export function uniqueName(stem: string): string {
  const name = `${stem}-${crypto.randomUUID().slice(0, 8)}`;
  given.add(name);
  return name;
}

/** Whether a text holds a name that `uniqueName` has given to this test file. */
export function hasUniqueName(text: string): boolean {
  return [...given].some((name) => text.includes(name));
}
