/** The head of an end-to-end suite: its copy of the action, and the parts of the lab that it asks for by name. */

import { afterAll, beforeAll } from '@jest/globals';
import { type IndependentClient, lab, openIndependentClient } from './lab.ts';
import { type ActionCopy, copyAction } from './step.ts';

interface Parts {
  /** The environment with which `docker` talks to the lab's engine. */
  readonly engine: Readonly<Record<string, string>>;
  /** `HOST:PORT` of the lab's registry that asks for no login. */
  readonly registry: string;
  /** Reference of the lab's base image that has a shell. */
  readonly busybox: string;
  readonly client: IndependentClient;
}

/** What a suite works with. */
export type Suite<Name extends keyof Parts> = Pick<Parts, Name> & { readonly action: ActionCopy };

/** How each part is brought up. */
const openers: { readonly [Name in keyof Parts]: () => Promise<Pick<Parts, Name>> } = {
  engine: async () => ({ engine: (await lab.engine()).environment }),
  registry: async () => ({ registry: (await lab.registry()).address }),
  busybox: async () => ({ busybox: (await lab.images()).busybox }),
  client: async () => ({ client: await openIndependentClient() }),
};

/**
 * Registers hooks where it is called, in a file or in a `describe`: before its tests the parts are brought up, all at once,
 * and after them the copy of the action and the client go.
 *
 * @param names the parts that the suite needs
 * @returns the copy of the action, which is there at once, and the parts, which are there from the end of the first hook;
 * whoever reads one earlier gets an Error that names it
 * @throws Error without a whole dist/
 */
export function openSuite<Name extends keyof Parts>(...names: readonly Name[]): Suite<Name> {
  const action = copyAction();
  const found: { -readonly [Each in keyof Parts]?: Parts[Each] } = {};
  beforeAll(async () => {
    await Promise.all(names.map(async (name) => Object.assign(found, await openers[name]())));
  });
  afterAll(() => {
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
    get registry() {
      return present('registry', found.registry);
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
