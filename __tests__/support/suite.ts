/** The head of an end-to-end suite: its copy of the action, and the parts of the lab that it asks for by name. */

import { afterAll, beforeAll } from '@jest/globals';
import { removeImages } from './engine-images.ts';
import { type IndependentClient, lab, openIndependentClient } from './lab.ts';
import { type ActionCopy, copyAction, hasUniqueName } from './step.ts';

type Environment = Readonly<Record<string, string>>;

interface Parts {
  /** The environment with which `docker` talks to the lab's engine. */
  readonly engine: Environment;
  /** The same for an engine with the containerd image store. */
  readonly containerd: Environment;
  /** The same for Docker 20.10, whose CLI has no buildx. */
  readonly withoutBuildx: Environment;
  /** The environment that has Podman on its PATH, and nothing else. */
  readonly podman: Environment;
  /** `HOST:PORT` of the lab's registry that asks for no login. */
  readonly registry: string;
  /** The lab's registry that asks for a login, and one that it takes, as inputs of a step. */
  readonly login: { readonly registry: string; readonly username: string; readonly token: string };
  /** Reference of the lab's base image that has a shell. */
  readonly busybox: string;
  readonly client: IndependentClient;
}

/** What a suite works with. */
export type Suite<Name extends keyof Parts> = Pick<Parts, Name> & { readonly action: ActionCopy };

/** How each part is brought up. */
const openers: { readonly [Name in keyof Parts]: () => Promise<Pick<Parts, Name>> } = {
  engine: async () => ({ engine: (await lab.engine()).environment }),
  containerd: async () => ({ containerd: (await lab['engine-containerd']()).environment }),
  withoutBuildx: async () => ({ withoutBuildx: (await lab['engine-20.10']()).environment }),
  podman: async () => ({ podman: (await lab.podman()).environment }),
  registry: async () => ({ registry: (await lab.registry()).address }),
  login: async () => {
    const { address, username = '', password = '' } = await lab['registry-auth']();
    return { login: { registry: address, username, token: password } };
  },
  busybox: async () => ({ busybox: (await lab.images()).busybox }),
  client: async () => ({ client: await openIndependentClient() }),
};

/**
 * Registers hooks where it is called, in a file or in a `describe`: before its tests the parts are brought up, all at once,
 * and after them the images of its steps, the copy of the action and the client go.
 *
 * @param names the parts that the suite needs; without any there is the copy of the action alone
 * @returns the copy of the action, which is there at once, and the parts, which are there from the end of the first hook;
 * whoever reads one earlier gets an Error that names it
 * @throws Error without a whole dist/
 */
export function openSuite<Name extends keyof Parts = never>(...names: readonly Name[]): Suite<Name> {
  const action = copyAction();
  const found: { -readonly [Each in keyof Parts]?: Parts[Each] } = {};
  beforeAll(async () => {
    await Promise.all(names.map(async (name) => Object.assign(found, await openers[name]())));
  });
  afterAll(() => {
    for (const engine of action.engines) removeImages(engine, hasUniqueName);
    action[Symbol.dispose]();
    found.client?.[Symbol.dispose]();
  });
  function present<Value>(name: keyof Parts, value: Value | undefined): Value {
    if (value === undefined)
      throw new Error(
        `The suite's ${name} is not there yet: read it in a test, or in a hook after openSuite('${name}').`,
      );
    return value;
  }
  const suite: Suite<keyof Parts> = {
    action,
    get engine() {
      return present('engine', found.engine);
    },
    get containerd() {
      return present('containerd', found.containerd);
    },
    get withoutBuildx() {
      return present('withoutBuildx', found.withoutBuildx);
    },
    get podman() {
      return present('podman', found.podman);
    },
    get registry() {
      return present('registry', found.registry);
    },
    get login() {
      return present('login', found.login);
    },
    get busybox() {
      return present('busybox', found.busybox);
    },
    get client() {
      return present('client', found.client);
    },
  };
  return suite;
}
