/** The distribution client against a registry that shares no code with Distribution. */

import { startCraneRegistry } from '../support/crane-registry.ts';
import { describeRegistryContract } from '../support/registry-contract.ts';

describeRegistryContract('crane’s registry', startCraneRegistry);
