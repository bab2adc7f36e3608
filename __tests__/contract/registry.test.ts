/** The distribution client against the registry in this process, with each way of logging in. */

import { startMemoryRegistry } from '../support/memory-registry.ts';
import { describeRegistryContract } from '../support/registry-contract.ts';

const credential = { username: 'octocat', token: 'secret-token' };

describeRegistryContract('a registry that asks for nothing', () => startMemoryRegistry());
describeRegistryContract('a registry that asks for Basic', async () => ({
  ...(await startMemoryRegistry({ auth: 'basic' })),
  credential,
}));
describeRegistryContract('a registry that asks for a token and lists referrers', async () => ({
  ...(await startMemoryRegistry({ auth: 'bearer', referrers: true })),
  credential,
}));
