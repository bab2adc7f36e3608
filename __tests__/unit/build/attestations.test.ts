import { expect, test } from '@jest/globals';
import { attestationArguments } from '../../../src/build/attestations.ts';
import { aBuild, someInputs } from '../../support/builders.ts';

test('provenance names the run, unless the workflow names another', () => {
  const { attestations } = someInputs({ provenance: 'mode=max', sbom: 'true' }).build.options;
  expect(attestationArguments(attestations, 'https://x/1')).toEqual([
    ...['--attest', 'type=provenance,mode=max,builder-id=https://x/1', '--attest', 'type=sbom'],
  ]);
  const own = someInputs({ provenance: 'builder-id=mine' }).build.options.attestations;
  expect(attestationArguments(own, 'https://x/1')).toEqual(['--attest', 'type=provenance,builder-id=mine']);
  expect(aBuild().builderId).toBe('');
});
