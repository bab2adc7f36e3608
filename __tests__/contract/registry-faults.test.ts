/** Faults in front of the registry in this process. */

import { afterAll } from '@jest/globals';
import { type MemoryRegistry, startMemoryRegistry } from '../support/memory-registry.ts';
import { describeRegistryFaults } from '../support/registry-faults.ts';

let registry: MemoryRegistry;
afterAll(() => registry.close());

describeRegistryFaults('the registry in this process', async () => {
  registry = await startMemoryRegistry();
  return registry.url;
});
