/** A port that answers nothing and counts who comes: what contacts nothing leaves it at zero. */

import { createServer } from 'node:net';

export interface CountingPort extends Disposable {
  readonly port: number;
  /** How many came since the last time this was asked. */
  takeContacts(): number;
}

export async function openCountingPort(): Promise<CountingPort> {
  let contacts = 0;
  const server = createServer((socket) => {
    contacts += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    takeContacts() {
      const taken = contacts;
      contacts = 0;
      return taken;
    },
    [Symbol.dispose]: () => void server.close(),
  };
}
