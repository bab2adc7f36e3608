import { describe, expect, test } from '@jest/globals';
import { parseAttest } from '../../../src/inputs/attested-predicates.ts';
import { aRun, planned } from '../../support/builders.ts';

const idToken = { ACTIONS_ID_TOKEN_REQUEST_URL: 'https://example.com', ACTIONS_ID_TOKEN_REQUEST_TOKEN: 't' };
const withIdToken = aRun(idToken);

describe('the input `attest`', () => {
  test.each([
    { text: '', predicates: [] },
    { text: 'false', predicates: [] },
    { text: 'False', predicates: [] },
    { text: 'true', predicates: ['provenance'] },
    { text: 'TRUE', predicates: ['provenance'] },
    { text: 'sbom', predicates: ['sbom'] },
    { text: 'provenance,sbom', predicates: ['provenance', 'sbom'] },
    { text: 'sbom\nprovenance, sbom', predicates: ['sbom', 'provenance'] },
  ])('$text is $predicates', ({ text, predicates }) => {
    expect(parseAttest(text)).toEqual(predicates);
  });

  test.each(['yes', 'provenance,slsa', 'false,sbom'])('"%s" is refused', (text) => {
    expect(() => parseAttest(text)).toThrowCode('INPUT_INVALID');
  });
});

describe('a plan', () => {
  test('attests nothing by default', () => {
    expect(planned({}, withIdToken).plan).not.toHaveProperty('attested');
  });

  test('attests what the input names', () => {
    const { plan } = planned({ attest: 'provenance,sbom', sbom: 'true' }, withIdToken);
    expect(plan.attested).toEqual(['provenance', 'sbom']);
  });

  test('attests nothing if it publishes nothing', () => {
    expect(planned({ attest: 'true', push: 'false' }, withIdToken).plan).not.toHaveProperty('attested');
  });

  test('is made without an ID token, too: only the step can tell whose fault that is', () => {
    expect(planned({ attest: 'true' }).plan.attested).toEqual(['provenance']);
  });

  const fork = aRun(
    { GITHUB_EVENT_NAME: 'pull_request', GITHUB_REF: 'refs/pull/15/merge' },
    { number: 15, pull_request: { number: 15, head: { repo: { full_name: 'stranger/octo-app' } } } },
  );
  const dependabot = aRun({ GITHUB_ACTOR: 'dependabot[bot]' });

  test.each([
    { what: 'a pull request of a fork', run: fork, says: 'a pull request of a fork' },
    { what: 'Dependabot', run: dependabot, says: 'Dependabot started it' },
  ])('of $what attests nothing, and says so', ({ run, says }) => {
    const { plan } = planned({ attest: 'true', push: 'true' }, run);
    expect(plan).not.toHaveProperty('attested');
    expect(plan.notes).toEqual([expect.stringContaining(says)]);
  });

  test('of Dependabot attests if `permissions` gives it an ID token', () => {
    expect(planned({ attest: 'true' }, aRun({ GITHUB_ACTOR: 'dependabot[bot]', ...idToken })).plan.attested).toEqual([
      'provenance',
    ]);
  });

  test.each([
    {
      what: 'on GitHub Enterprise Server',
      inputs: { attest: 'true', registry: 'container' },
      run: aRun({ GITHUB_SERVER_URL: 'https://ghes.example.com', ...idToken }),
      code: 'ATTESTATION_UNSUPPORTED',
    },
    {
      what: 'in a Docker registry',
      inputs: { attest: 'true', registry: 'docker' },
      run: withIdToken,
      code: 'ATTESTATION_UNSUPPORTED',
    },
    {
      what: 'of a leg',
      inputs: { attest: 'true', stage: 'true' },
      run: aRun({ GITHUB_RUN_ID: '1', ...idToken }),
      code: 'INPUTS_CONTRADICT',
    },
    { what: 'of an SBOM that nobody makes', inputs: { attest: 'sbom' }, run: withIdToken, code: 'INPUTS_CONTRADICT' },
  ] as const)('$what is refused', ({ inputs, run, code }) => {
    expect(() => planned(inputs, run)).toThrowCode(code);
  });
});
