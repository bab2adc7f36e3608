/** docs/plan.schema.json is the form of real plans. */

import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import { parseRegistry } from '../../src/image/registry-name.ts';
import type { InputName } from '../../src/inputs/publish-inputs.ts';
import { nothingDone } from '../../src/plan/outcome.ts';
import { noRegistryAuth } from '../../src/registry/credential.ts';
import { formatOutputs } from '../../src/report/outputs.ts';
import { aRun, planned } from '../support/builders.ts';

const schema = JSON.parse(readFileSync(new URL('../../docs/plan.schema.json', import.meta.url), 'utf8'));
const validate = new Ajv({ allErrors: true, allowUnionTypes: true }).compile(schema);

/** The `plan` output, as a later step reads it. */
function planOutput(
  texts: Readonly<Partial<Record<InputName, string>>>,
  env: Readonly<Record<string, string>> = {},
): unknown {
  const logins = [{ registry: parseRegistry('registry.example'), username: 'robot', password: 'secret' }];
  const { plan } = planned(texts, aRun(env), { registryAuth: { ...noRegistryAuth, logins } });
  return JSON.parse(formatOutputs(plan, nothingDone(plan, 'it is a test')).plan);
}

function faultsOf(value: unknown): readonly string[] {
  return validate(value)
    ? []
    : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

describe('the schema holds the plan of', () => {
  test.each<[string, Readonly<Partial<Record<InputName, string>>>, Readonly<Record<string, string>>]>([
    ['a push of a branch', {}, {}],
    ['a release', {}, { GITHUB_REF: 'refs/tags/v1.2.3' }],
    ['a pull request', {}, { GITHUB_EVENT_NAME: 'pull_request', GITHUB_REF: 'refs/pull/15/merge' }],
    ['a GHES', {}, { GITHUB_SERVER_URL: 'https://ghes.example' }],
    ['GHE.com', {}, { GITHUB_SERVER_URL: 'https://octo.ghe.com' }],
    ['the Docker registry', { registry: 'docker' }, {}],
    ['a registry with its own login', { registry: 'registry.example' }, {}],
    ['several registries', { images: 'ghcr.io/octo-org/app\nregistry.example/app' }, {}],
    ['no registry', { images: 'name=ghcr.io/octo-org/app,enable=false' }, {}],
    [
      'an image that is there',
      { source: 'docker://ghcr.io/octo-org/app:1.0', referrers: 'true', 'if-exists': 'skip' },
      {},
    ],
    ['an archive', { source: 'oci-archive:image.tar:1.0' }, {}],
    ['a leg', { stage: 'alpine' }, { GITHUB_RUN_ID: '1', GITHUB_RUN_ATTEMPT: '1' }],
    [
      'everything that is asked for',
      {
        platforms: 'linux/amd64,linux/arm/v7',
        provenance: 'true',
        'build-args': 'A=1',
        labels: 'a=b',
        annotations: 'index:a=b',
        file: 'Dockerfile',
        target: 'x',
        'login-scope': 'job',
        verify: 'off',
        push: 'false',
        image: 'App',
      },
      {},
    ],
  ])('%s', (_what, texts, env) => {
    expect(faultsOf(planOutput(texts, env))).toEqual([]);
  });
});

describe('the schema refuses', () => {
  const plan = Object(planOutput({}));
  test.each([
    ['a plan without a decision', { ...plan, push: undefined }],
    ['a name that is not documented', { ...plan, more: 1 }],
    ['another version', { ...plan, schema: 2 }],
    ['a decision without its reason', { ...plan, push: { value: true } }],
  ])('%s', (_what, value) => {
    expect(faultsOf(JSON.parse(JSON.stringify(value)))).not.toEqual([]);
  });
});

test('the version in the schema is that of the plan', () => {
  expect(schema.definitions.Plan.properties.schema.const).toBe(Object(planOutput({})).schema);
});
