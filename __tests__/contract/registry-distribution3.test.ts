/** The distribution client against Distribution 3, which the lab builds where there is Go. */

import { openLab } from '../../lab/lab.js';
import { startOwnDistribution } from '../support/own-distribution.ts';
import { describeRegistryContract } from '../support/registry-contract.ts';

describeRegistryContract('Distribution 3', async () => {
  const { path } = await openLab().distribution3();
  if (path === null) throw new Error('This test runs Distribution 3, which the lab builds: it needs Go.');
  return startOwnDistribution(path);
});
