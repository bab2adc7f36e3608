/** The distribution client against Distribution, the registry that `lab/up registry registry-auth` brings up. */

import { openLab } from '../../lab/lab.js';
import { parseRegistry } from '../../src/image/registry-name.ts';
import { describeRegistryContract } from '../support/registry-contract.ts';

const lab = openLab();

describeRegistryContract('Distribution without a login', async () => ({
  registry: parseRegistry((await lab.registry()).address),
}));
describeRegistryContract('Distribution with htpasswd', async () => {
  const { address, username = '', password = '' } = await lab['registry-auth']();
  return { registry: parseRegistry(address), credential: { username, token: password } };
});
