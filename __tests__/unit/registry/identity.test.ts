import { describe, expect, test } from '@jest/globals';
import { parseRegistry } from '../../../src/image/registry-name.ts';
import {
  amazonRegistry,
  checkIdentity,
  describeIdentity,
  entraHost,
  namesIdentity,
  parseIdentity,
} from '../../../src/registry/identity.ts';

const uuid = '867f9d74-789a-4828-a856-12d46bfbbbe7';
const provider = 'projects/1/locations/global/workloadIdentityPools/pool/providers/github';

test.each([
  ['oidc:role=x', true],
  ['ghp_oidc:x', false],
  ['', false],
])('%s in the place of a password names an identity: %s', (text, expected) => {
  expect(namesIdentity(text)).toBe(expected);
});

describe('an identity', () => {
  test.each([
    [`oidc:connection=${uuid}`, { kind: 'docker-hub', connection: uuid }],
    [
      'oidc:role=arn:aws:iam::123456789012:role/ci/publish',
      { kind: 'amazon', role: 'arn:aws:iam::123456789012:role/ci/publish', createsRepository: false },
    ],
    [
      'oidc: create-repository=true, role=arn:aws-cn:iam::123456789012:role/a,b@d',
      { kind: 'amazon', role: 'arn:aws-cn:iam::123456789012:role/a,b@d', createsRepository: true },
    ],
    [`oidc:provider=${provider}`, { kind: 'google', provider, serviceAccount: '' }],
    [
      `oidc:provider=${provider},service-account=ci@octo.iam.gserviceaccount.com`,
      { kind: 'google', provider, serviceAccount: 'ci@octo.iam.gserviceaccount.com' },
    ],
    [`oidc:tenant=${uuid},client=${uuid}`, { kind: 'azure', tenant: uuid, client: uuid }],
    ['oidc:audience=https://registry.example', { kind: 'audience', audience: 'https://registry.example' }],
  ])('%s is read', (text, expected) => {
    expect(parseIdentity(text)).toEqual(expected);
  });

  test.each([
    ['oidc:', 'has not the form NAME=VALUE'],
    ['oidc:role', 'has not the form NAME=VALUE'],
    ['oidc:create-repository=true', 'names no connection, role, provider, tenant or audience'],
    ['oidc:role=publish', 'role is "publish", and must be the ARN of a role'],
    [`oidc:tenant=${uuid}`, 'client is missing'],
    [`oidc:tenant=${uuid},client=me`, 'client is "me", and must be a UUID'],
    [`oidc:connection=${uuid},role=x`, '"role" does not belong to connection'],
    [`oidc:connection=${uuid},connection=${uuid}`, 'it has "connection" twice'],
    [`oidc:provider=${provider}/,service-account=x`, 'provider is'],
    ['oidc:audience=a b', 'must be a text without blanks'],
  ])('%s is refused: %s', (text, fault) => {
    expect(() => parseIdentity(text)).toThrowCode('IDENTITY_INVALID');
    expect(() => parseIdentity(text)).toThrow(fault);
  });
});

describe('an identity is for the registries of its own cloud', () => {
  const check = (text: string, registry: string, username = '') =>
    checkIdentity({ registry: parseRegistry(registry), username, identity: parseIdentity(text) });
  const role = 'oidc:role=arn:aws:iam::123456789012:role/publish';

  test.each([
    [role, '123456789012.dkr.ecr.eu-central-1.amazonaws.com', ''],
    [role, '123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com', ''],
    [role, '123456789012.dkr-ecr.eu-central-1.on.aws', ''],
    [role, 'public.ecr.aws', ''],
    [`oidc:provider=${provider}`, 'europe-docker.pkg.dev', ''],
    [`oidc:provider=${provider}`, 'eu.gcr.io', ''],
    [`oidc:tenant=${uuid},client=${uuid}`, 'octo.azurecr.io', ''],
    [`oidc:connection=${uuid}`, 'docker.io', 'octo-org'],
    [`oidc:connection=${uuid}`, 'index.docker.io', 'octo-org'],
    ['oidc:audience=x', 'registry.example', 'github'],
  ])('%s: %s', (text, registry, username) => {
    expect(() => check(text, registry, username)).not.toThrow();
  });

  test.each([
    [role, 'dkr.ecr.eu-central-1.amazonaws.com', ''],
    [role, '123456789012.dkr.ecr.eu-central-1.amazonaws.com.evil.example', ''],
    [role, 'public.ecr.aws.evil.example', ''],
    [`oidc:provider=${provider}`, 'evilgcr.io', ''],
    [`oidc:provider=${provider}`, 'docker.pkg.dev.evil.example', ''],
    [`oidc:tenant=${uuid},client=${uuid}`, 'azurecr.io.evil.example', ''],
    [`oidc:tenant=${uuid},client=${uuid}`, 'evilazurecr.io', ''],
    [`oidc:connection=${uuid}`, 'ghcr.io', 'octo-org'],
    [`oidc:connection=${uuid}`, 'docker.io', ''],
    ['oidc:audience=x', 'registry.example', ''],
  ])('%s: never %s with the user "%s"', (text, registry, username) => {
    expect(() => check(text, registry, username)).toThrowCode('IDENTITY_INVALID');
  });
});

test.each([
  [
    '123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn',
    { kind: 'private', region: 'cn-north-1', domain: 'amazonaws.com.cn' },
  ],
  ['123456789012.dkr-ecr.us-east-1.on.aws', { kind: 'private', region: 'us-east-1', domain: 'amazonaws.com' }],
  ['public.ecr.aws', { kind: 'public', region: 'us-east-1', domain: 'amazonaws.com' }],
  ['ghcr.io', undefined],
])('%s of Amazon is in %j', (registry, expected) => {
  expect(amazonRegistry(parseRegistry(registry))).toEqual(expected);
});

test.each([
  ['octo.azurecr.io', 'login.microsoftonline.com'],
  ['octo.azurecr.us', 'login.microsoftonline.us'],
  ['octo.azurecr.cn', 'login.partner.microsoftonline.cn'],
  ['ghcr.io', undefined],
])('tokens for %s come from %s', (registry, expected) => {
  expect(entraHost(parseRegistry(registry))).toBe(expected);
});

test.each([
  [`oidc:connection=${uuid}`, `connection ${uuid}`],
  ['oidc:role=arn:aws:iam::123456789012:role/x', 'role arn:aws:iam::123456789012:role/x'],
  [`oidc:provider=${provider}`, `provider ${provider}`],
  [`oidc:provider=${provider},service-account=a@b`, 'a@b'],
  [`oidc:tenant=${uuid},client=${uuid}`, `client ${uuid}`],
  ['oidc:audience=x', 'audience x'],
])('%s is shown as %s', (text, expected) => {
  expect(describeIdentity(parseIdentity(text))).toBe(expected);
});
