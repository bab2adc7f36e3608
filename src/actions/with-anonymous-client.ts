/** Questions to registries as somebody without a login asks them, each once. */

import type { RegistryClient } from '../registry/client.ts';
import type { Environment } from '../text/environment.ts';

/** @throws what the work throws */
export async function withAnonymousClient<Result>(
  ways: { readonly environment: Environment; readonly signal: AbortSignal },
  work: (client: RegistryClient) => Promise<Result>,
): Promise<Result> {
  const { createRegistryClient } = await import('../registry/client.ts');
  const ports = { now: Date.now, sleep: async () => undefined, random: Math.random, log: () => undefined };
  const client = createRegistryClient({ credentials: () => undefined, retries: 1, ...ports, ...ways });
  try {
    return await work(client);
  } finally {
    client.close();
  }
}
