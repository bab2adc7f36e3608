/**
 * A login to Amazon ECR for the identity of a job: a role that trusts GitHub
 * (https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html), then the token of the registry
 * (https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetAuthorizationToken.html).
 */

import { sign } from 'aws4';
import { RegistryError } from '../errors.ts';
import { invalidAnswer } from '../http/request-failure.ts';
import type { RegistryLogin } from '../registry/credential.ts';
import { type AmazonRegistry, amazonRegistry } from '../registry/identity.ts';
import { parseJsonObject } from '../text/json.ts';
import type { Exchange } from './exchange.ts';
import { asForm, askTokenService, type TokenPorts } from './token-service.ts';

/** The audience of GitHub's documentation and of aws-actions/configure-aws-credentials; in China it has the domain of the partition. */
const audienceOf = ({ domain }: AmazonRegistry): string => `sts.${domain}`;

interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

export const amazon: Exchange<'amazon'> = {
  audience: (_identity, registry) => audienceOf(hostsOf(registry)),
  async exchange({ registry, identity }, idToken, ports, repositories): Promise<RegistryLogin> {
    const { role, createsRepository } = identity;
    const where = hostsOf(registry);
    const credentials = await assumeRole(where, role, idToken, ports);
    const call = (action: string, content: Readonly<Record<string, unknown>>): Promise<string> =>
      callRegistry(where, action, content, credentials, role, ports);
    if (createsRepository) {
      for (const { path } of repositories) await createRepository(call, repositoryName(where, path));
    }
    const answer = parseJsonObject(await call('GetAuthorizationToken', {}))?.authorizationData;
    const { authorizationToken } = Object(Array.isArray(answer) ? answer[0] : answer);
    const login = typeof authorizationToken === 'string' ? Buffer.from(authorizationToken, 'base64').toString() : '';
    const [, username = '', password = ''] = /^([^:]+):(.+)$/s.exec(login) ?? [];
    if (password === '') {
      throw invalidAnswer({ method: 'POST', url: urlOf(where) }, 'it has no `authorizationToken`');
    }
    ports.hide(password);
    return { registry, username, password };
  },
};

function hostsOf(registry: RegistryLogin['registry']): AmazonRegistry {
  const found = amazonRegistry(registry);
  if (found === undefined) throw new Error(`${registry} is not a registry of Amazon`);
  return found;
}

/** The gallery's API names a repository without the alias of its registry. */
function repositoryName({ kind }: AmazonRegistry, path: string): string {
  return kind === 'public' ? path.split('/').slice(1).join('/') : path;
}

async function assumeRole(
  { region, domain }: AmazonRegistry,
  role: string,
  idToken: string,
  ports: TokenPorts,
): Promise<AwsCredentials> {
  const form = asForm({
    Action: 'AssumeRoleWithWebIdentity',
    Version: '2011-06-15',
    RoleArn: role,
    RoleSessionName: 'publish-docker-package',
    WebIdentityToken: idToken,
  });
  const request = {
    method: 'POST',
    url: new URL(`https://sts.${region}.${domain}/`),
    ...form,
    headers: { ...form.headers, accept: 'application/xml' },
    remedy: `Check that the trust policy of ${role} names the provider token.actions.githubusercontent.com, the audience sts.${domain} and this repository.`,
  } as const;
  const answer = await askTokenService(request, ports);
  const [accessKeyId, secretAccessKey, sessionToken] = ['AccessKeyId', 'SecretAccessKey', 'SessionToken'].map(
    (name) => new RegExp(`<${name}>([^<]+)</${name}>`).exec(answer)?.[1],
  );
  if (accessKeyId === undefined || secretAccessKey === undefined || sessionToken === undefined) {
    throw invalidAnswer(request, 'it has no `Credentials`');
  }
  ports.hide(secretAccessKey);
  ports.hide(sessionToken);
  return { accessKeyId, secretAccessKey, sessionToken };
}

function urlOf({ kind, region, domain }: AmazonRegistry): URL {
  return new URL(`https://api.ecr${kind === 'public' ? '-public' : ''}.${region}.${domain}/`);
}

/** The prefix of `X-Amz-Target`, which names an action of the API. */
const targets = { private: 'AmazonEC2ContainerRegistry_V20150921', public: 'SpencerFrontendService' } as const;

/** One signed request (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html). */
function callRegistry(
  where: AmazonRegistry,
  action: string,
  content: Readonly<Record<string, unknown>>,
  credentials: AwsCredentials,
  role: string,
  ports: TokenPorts,
): Promise<string> {
  const url = urlOf(where);
  const body = JSON.stringify(content);
  const signed = sign(
    {
      service: where.kind === 'public' ? 'ecr-public' : 'ecr',
      region: where.region,
      method: 'POST',
      host: url.host,
      path: '/',
      headers: { 'Content-Type': 'application/x-amz-json-1.1', 'X-Amz-Target': `${targets[where.kind]}.${action}` },
      body,
    },
    credentials,
  );
  const { Authorization: authorization, Host: _host, 'Content-Length': _length, ...headers } = Object(signed.headers);
  return askTokenService(
    {
      method: 'POST',
      url,
      headers,
      authorization: String(authorization),
      body,
      remedy: `Give ${role} a policy that allows ecr${where.kind === 'public' ? '-public' : ''}:${action}.`,
    },
    ports,
  );
}

/** Makes a repository (https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html), unless it exists. */
async function createRepository(
  call: (action: string, content: Readonly<Record<string, unknown>>) => Promise<string>,
  repositoryName: string,
): Promise<void> {
  try {
    await call('CreateRepository', { repositoryName });
  } catch (error) {
    if (error instanceof RegistryError && error.words.includes('RepositoryAlreadyExistsException')) return;
    throw error;
  }
}
