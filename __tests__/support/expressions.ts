/** Loads what reads expressions, as a step does before it plans: imported by what parses texts that may have one. */

import { loadExpressions } from '../../src/metadata/parse-template.ts';

await loadExpressions(['{{']);
