/** What buildx notes of the builder that was chosen, and what it makes of that: for us, and for buildx itself. */

import { createHash } from 'node:crypto';
import { writeTree } from './tar.ts';
import { temporaryFolder } from './temporary-folder.ts';

const here = 'unix:///var/run/docker.sock';

/** DOCKER_HOST and others → the key by which buildx knows the endpoint. */
export const endpoints: readonly (readonly [key: string, env: Readonly<Record<string, string>>])[] = [
  [here, {}],
  [here, { DOCKER_HOST: '' }],
  [here, { DOCKER_HOST: 'unix://' }],
  ['unix:///x.sock', { DOCKER_HOST: 'unix:///x.sock' }],
  ['unix:///x.sock', { DOCKER_HOST: ' unix:///x.sock ' }],
  ['tcp://1.2.3.4:5', { DOCKER_HOST: 'tcp://1.2.3.4:5' }],
  ['tcp://1.2.3.4:2375', { DOCKER_HOST: 'tcp://1.2.3.4' }],
  ['tcp://1.2.3.4:77', { DOCKER_HOST: '1.2.3.4:77' }],
  ['tcp://docker:2375', { DOCKER_HOST: 'docker' }],
  ['tcp://localhost:2375', { DOCKER_HOST: 'tcp://' }],
  ['tcp://localhost:99', { DOCKER_HOST: ':99' }],
  ['tcp://host:1/path', { DOCKER_HOST: 'tcp://host:1/path' }],
  ['tcp://[::1]:1', { DOCKER_HOST: 'tcp://[::1]:1' }],
  ['tcp://[::1]:2375', { DOCKER_HOST: 'tcp://[::1]:' }],
  ['tcp://[::1]:2375', { DOCKER_HOST: '::1' }],
  ['ssh://me@host', { DOCKER_HOST: 'ssh://me@host' }],
  ['npipe:////./pipe/docker_engine', { DOCKER_HOST: 'npipe://' }],
  ['fd://', { DOCKER_HOST: 'fd://' }],
  ['mine', { DOCKER_CONTEXT: 'mine' }],
  [here, { DOCKER_CONTEXT: 'default' }],
  ['tcp://h:1', { DOCKER_CONTEXT: 'mine', DOCKER_HOST: 'tcp://h:1' }],
];

interface Notes {
  readonly current?: { readonly Key: string; readonly Name: string; readonly Global: boolean };
  /** What `use --default` noted: endpoint → builder. */
  readonly defaults?: Readonly<Record<string, string>>;
}

/** A case: on a runner with the builders "one", "two" and "mine", the last named as the context "mine". */
export interface CurrentCase extends Notes {
  readonly what: string;
  readonly env?: Readonly<Record<string, string>>;
  /** `undefined` for the engine's own. */
  readonly builder: string | undefined;
}

const noted = (Name: string, Key: string, Global = false): Notes => ({ current: { Key, Name, Global } });
const elsewhere = 'tcp://elsewhere:2375';

export const currentCases: readonly CurrentCase[] = [
  { what: 'that was chosen for this endpoint', ...noted('one', here), builder: 'one' },
  { what: 'that was chosen, whatever its case', ...noted('ONE', here), builder: 'one' },
  {
    what: 'that was chosen for the daemon of DOCKER_HOST',
    ...noted('one', elsewhere),
    env: { DOCKER_HOST: 'elsewhere' },
    builder: 'one',
  },
  { what: 'that was chosen for all endpoints', ...noted('one', elsewhere, true), builder: 'one' },
  { what: 'of the engine where one was chosen for another endpoint', ...noted('one', elsewhere), builder: undefined },
  { what: 'of the engine where none was chosen', builder: undefined },
  { what: 'of the engine where it was chosen itself', ...noted('', here), builder: undefined },
  { what: 'of the engine where the chosen one is gone', ...noted('gone', here), builder: undefined },
  { what: 'of the engine where the one for all is gone', ...noted('gone', elsewhere, true), builder: undefined },
  { what: 'of the engine where the name is none', ...noted('../instances/one', here), builder: undefined },
  {
    what: 'that is the default of this endpoint where one was chosen for another',
    ...noted('one', elsewhere),
    defaults: { [here]: 'two' },
    builder: 'two',
  },
  { what: 'that is the default of this endpoint', ...noted('', here), defaults: { [here]: 'two' }, builder: 'two' },
  {
    what: 'of the engine where the chosen one is gone, whatever is the default',
    ...noted('gone', here),
    defaults: { [here]: 'two' },
    builder: undefined,
  },
  {
    what: 'that is the default of this endpoint where the one for all is gone',
    ...noted('gone', elsewhere, true),
    defaults: { [here]: 'two' },
    builder: 'two',
  },
  { what: 'of the engine where the default is that of another', defaults: { [elsewhere]: 'two' }, builder: undefined },
  { what: 'that is named as the context', env: { DOCKER_CONTEXT: 'mine' }, builder: 'mine' },
  {
    what: 'that was chosen for the context',
    ...noted('one', 'mine'),
    env: { DOCKER_CONTEXT: 'mine' },
    builder: 'one',
  },
];

/** Writes a DOCKER_CONFIG as buildx does. @returns its path */
export function writeNotes({ current, defaults = {} }: Notes): string {
  const hash = (key: string): string => createHash('sha256').update(key).digest('hex').slice(0, 20);
  const instance = (Name: string): string =>
    JSON.stringify({ Name, Driver: 'remote', Nodes: [{ Name: `${Name}0`, Endpoint: 'tcp://127.0.0.1:9' }] });
  const context = createHash('sha256').update('mine').digest('hex');
  const noted = Object.entries(defaults).map(([key, name]) => [`buildx/defaults/${hash(key)}`, name]);
  return writeTree(temporaryFolder(), {
    'config.json': '{}',
    ...Object.fromEntries(['one', 'two', 'mine'].map((name) => [`buildx/instances/${name}`, instance(name)])),
    ...(current === undefined ? {} : { 'buildx/current': JSON.stringify(current) }),
    ...Object.fromEntries(noted),
    [`contexts/meta/${context}/meta.json`]: JSON.stringify({
      Name: 'mine',
      Metadata: {},
      Endpoints: { docker: { Host: 'tcp://127.0.0.1:9' } },
    }),
  });
}
