/** Faults in front of Distribution, the registry that `lab/up registry` brings up. */

import { openLab } from '../../lab/lab.js';
import { describeRegistryFaults } from '../support/registry-faults.ts';

const lab = openLab();

describeRegistryFaults('Distribution', async () => new URL(`http://${(await lab.registry()).address}/`));
