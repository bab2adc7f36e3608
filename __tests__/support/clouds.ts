/**
 * The services that turn GitHub's ID token into a login of a registry, as their vendors document them: of GitHub, Docker, Amazon,
 * Google and Azure. Behind each cloud's registry is one of the lab's, which takes the login that the cloud gave and no other.
 *
 * Each service refuses what its vendor's would: an ID token with another audience, a role or connection that it does not know, a
 * signature that does not fit. `clouds.test.ts` checks the signature against Amazon's published example.
 */

import { createHash, createHmac, randomUUID } from 'node:crypto';
import { request as forward, type IncomingMessage, type ServerResponse } from 'node:http';
import { type Certificate, type LocalServer, makeCertificate, startProxy, startServer } from './local-server.ts';

/** What the clouds trust. */
export const trusted = {
  repository: 'octo-org/app',
  connection: '867f9d74-789a-4828-a856-12d46bfbbbe7',
  role: 'arn:aws:iam::123456789012:role/ci/publish,app',
  provider: 'projects/123456789/locations/global/workloadIdentityPools/github/providers/octo-org',
  serviceAccount: 'publisher@octo.iam.gserviceaccount.com',
  tenant: '11111111-2222-3333-4444-555555555555',
  client: '99999999-8888-7777-6666-555555555555',
} as const;

/** Who turns an ID token into a login, and who issues the token. */
export const hosts = {
  github: 'pipelines.actions.githubusercontent.com',
  docker: 'identity.docker.com',
  sts: 'sts.eu-central-1.amazonaws.com',
  ecr: 'api.ecr.eu-central-1.amazonaws.com',
  stsOfGallery: 'sts.us-east-1.amazonaws.com',
  ecrOfGallery: 'api.ecr-public.us-east-1.amazonaws.com',
  google: 'sts.googleapis.com',
  iam: 'iamcredentials.googleapis.com',
  entra: 'login.microsoftonline.com',
} as const;

/** The registries, and how each is named where its own name is another one. */
export const registries = {
  docker: 'registry-1.docker.io',
  amazon: '123456789012.dkr.ecr.eu-central-1.amazonaws.com',
  gallery: 'public.ecr.aws',
  google: 'europe-docker.pkg.dev',
  azure: 'octo.azurecr.io',
  other: 'registry.example',
} as const;

export interface Clouds extends AsyncDisposable {
  /** Of a job with `id-token: write`, behind the proxy through which every name leads here. */
  readonly environment: Readonly<Record<string, string>>;
  readonly certificate: Certificate;
  /** `METHOD host/path`, in order; of the registries the logins alone count, so they are left out. */
  readonly requests: readonly string[];
  /** Every secret that was given out. */
  readonly issued: readonly string[];
  /** Repositories that ECR was told to make. */
  readonly repositories: readonly string[];
  /** Answers the next request to a host with this status and body, once. */
  failOnce(host: string, status: number, body: string): void;
}

/** A request to one of the services, with its whole body. */
interface Asked {
  readonly method: string;
  readonly host: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

const json = (content: unknown, status = 200): Answer => ({ status, body: JSON.stringify(content) });

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/**
 * The signature of a request to Amazon (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html).
 * @param signedHeaders their names, in order
 * @param scope `DATE/REGION/SERVICE/aws4_request`
 */
export function amazonSignature(
  { method, url, headers, body }: Pick<Asked, 'method' | 'url' | 'headers' | 'body'>,
  signedHeaders: readonly string[],
  scope: string,
  secretAccessKey: string,
): string {
  const query = [...url.searchParams]
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .sort()
    .join('&');
  const canonical = [
    method,
    url.pathname,
    query,
    ...signedHeaders.map((name) => `${name}:${(headers[name] ?? '').trim()}`),
    '',
    signedHeaders.join(';'),
    sha256(body),
  ].join('\n');
  const toSign = ['AWS4-HMAC-SHA256', headers['x-amz-date'] ?? '', scope, sha256(canonical)].join('\n');
  const key = scope.split('/').reduce<string | Buffer>((before, part) => hmac(before, part), `AWS4${secretAccessKey}`);
  return hmac(key, toSign).toString('hex');
}

/**
 * @param upstream `host:port` of a registry of the lab, with a login that it takes
 */
export async function startClouds(upstream: {
  readonly registry: string;
  readonly username: string;
  readonly token: string;
}): Promise<Clouds> {
  const names = [...Object.values(hosts), ...Object.values(registries)];
  const certificate = makeCertificate(...names);
  const requests: string[] = [];
  const issued: string[] = [];
  const repositories: string[] = [];
  const logins = new Map<string, { readonly username: string; readonly password: string }>();
  const failures = new Map<string, Answer>();
  const secretOfGitHub = randomUUID();
  const requestToken = `request-${randomUUID()}`;

  const issue = (kind: string): string => {
    const secret = `${kind}-${randomUUID()}`;
    issued.push(secret);
    return secret;
  };
  const letIn = (registry: string, username: string, password: string): void => {
    logins.set(registry, { username, password });
  };

  /** A JSON Web Token as GitHub's, but for its signature, which only this process can check. */
  function idToken(audience: string): string {
    const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const claims = {
      iss: 'https://token.actions.githubusercontent.com',
      aud: audience,
      sub: `repo:${trusted.repository}`,
    };
    const text = `${part({ typ: 'JWT', alg: 'HS256' })}.${part(claims)}`;
    const token = `${text}.${hmac(secretOfGitHub, text).toString('base64url')}`;
    issued.push(token);
    return token;
  }
  function isTrusted(token: string, audience: string): boolean {
    const [head = '', claims = '', signature = ''] = token.split('.');
    const { aud, sub } = JSON.parse(Buffer.from(claims, 'base64url').toString() || '{}');
    const isSigned = hmac(secretOfGitHub, `${head}.${claims}`).toString('base64url') === signature;
    return isSigned && aud === audience && sub === `repo:${trusted.repository}`;
  }

  let amazonKeys = { id: '', secret: '', session: '' };
  let federated = '';
  let entra = '';

  function assumeRole({ body }: Asked): Answer {
    const form = new URLSearchParams(body);
    const isKnown = form.get('RoleArn') === trusted.role && form.get('Action') === 'AssumeRoleWithWebIdentity';
    if (!isKnown || !isTrusted(form.get('WebIdentityToken') ?? '', 'sts.amazonaws.com')) {
      const message = 'Not authorized to perform sts:AssumeRoleWithWebIdentity';
      return {
        status: 403,
        body: `<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>${message}</Message></Error></ErrorResponse>`,
      };
    }
    amazonKeys = { id: `ASIA${randomUUID()}`, secret: issue('secret-key'), session: issue('session') };
    return {
      status: 200,
      body: `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult><Credentials><SessionToken>${amazonKeys.session}</SessionToken><SecretAccessKey>${amazonKeys.secret}</SecretAccessKey><Expiration>2099-01-01T00:00:00Z</Expiration><AccessKeyId>${amazonKeys.id}</AccessKeyId></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`,
    };
  }
  function isSigned(asked: Asked, region: string, service: string): boolean {
    const { headers } = asked;
    const [, id, scope = '', signed = '', signature] =
      /^AWS4-HMAC-SHA256 Credential=([^/]+)\/([^,]+), SignedHeaders=([^,]+), Signature=([0-9a-f]+)$/.exec(
        headers.authorization ?? '',
      ) ?? [];
    const isInScope = new RegExp(`^[0-9]{8}/${region}/${service}/aws4_request$`).test(scope);
    const isOfSession = id === amazonKeys.id && headers['x-amz-security-token'] === amazonKeys.session;
    return (
      isInScope && isOfSession && amazonSignature(asked, signed.split(';'), scope, amazonKeys.secret) === signature
    );
  }
  function elasticRegistry(asked: Asked, kind: 'amazon' | 'gallery'): Answer {
    const [region, service, target] =
      kind === 'amazon'
        ? ['eu-central-1', 'ecr', 'AmazonEC2ContainerRegistry_V20150921']
        : ['us-east-1', 'ecr-public', 'SpencerFrontendService'];
    if (!isSigned(asked, region, service)) {
      return json({ __type: 'InvalidSignatureException', message: 'The request signature does not match.' }, 400);
    }
    const action = asked.headers['x-amz-target'];
    if (action === `${target}.CreateRepository`) {
      const { repositoryName } = JSON.parse(asked.body);
      if (repositories.includes(repositoryName)) {
        return json({ __type: 'RepositoryAlreadyExistsException', message: 'The repository already exists.' }, 400);
      }
      repositories.push(repositoryName);
      return json({ repository: { repositoryName } });
    }
    if (action !== `${target}.GetAuthorizationToken`) return json({ __type: 'UnknownOperationException' }, 400);
    const password = issue('ecr');
    letIn(registries[kind], 'AWS', password);
    const data = { authorizationToken: Buffer.from(`AWS:${password}`).toString('base64'), expiresAt: 4070908800 };
    return json({ authorizationData: kind === 'amazon' ? [data] : data });
  }

  const services: Readonly<Record<string, (asked: Asked) => Answer>> = {
    [hosts.github]: ({ url, headers }) =>
      headers.authorization === `Bearer ${requestToken}` && url.searchParams.get('api-version') === '2.0'
        ? json({ value: idToken(url.searchParams.get('audience') ?? '') })
        : json({ message: 'Bad credentials' }, 401),
    [hosts.docker]: ({ body }) => {
      const form = new URLSearchParams(body);
      const seconds = Number(form.get('expires_in'));
      if (form.get('connection_id') !== trusted.connection || !(seconds >= 300 && seconds <= 3600)) {
        return json({ message: 'unknown connection' }, 404);
      }
      if (!isTrusted(form.get('subject_token') ?? '', 'https://identity.docker.com')) {
        return json({ message: 'no ruleset matches this token' }, 401);
      }
      const password = issue('hub');
      letIn(registries.docker, 'octo-org', password);
      return json({ access_token: password });
    },
    [hosts.sts]: assumeRole,
    [hosts.stsOfGallery]: assumeRole,
    [hosts.ecr]: (asked) => elasticRegistry(asked, 'amazon'),
    [hosts.ecrOfGallery]: (asked) => elasticRegistry(asked, 'gallery'),
    [hosts.google]: ({ body }) => {
      const asked = JSON.parse(body);
      const isKnown = asked.audience === `//iam.googleapis.com/${trusted.provider}`;
      if (!isKnown || !isTrusted(asked.subjectToken, `https://iam.googleapis.com/${trusted.provider}`)) {
        const words = 'The given credential is rejected by the attribute condition.';
        return json({ error: 'unauthorized_client', error_description: words }, 401);
      }
      federated = issue('federated');
      letIn(registries.google, 'oauth2accesstoken', federated);
      return json({ access_token: federated, token_type: 'Bearer', expires_in: 3599 });
    },
    [hosts.iam]: ({ url, headers }) => {
      const path = `/v1/projects/-/serviceAccounts/${encodeURIComponent(trusted.serviceAccount)}:generateAccessToken`;
      if (headers.authorization !== `Bearer ${federated}` || url.pathname !== path) {
        return json({ error: { code: 403, message: 'Permission denied', status: 'PERMISSION_DENIED' } }, 403);
      }
      const password = issue('account');
      letIn(registries.google, 'oauth2accesstoken', password);
      return json({ accessToken: password, expireTime: '2099-01-01T00:00:00Z' });
    },
    [hosts.entra]: ({ url, body }) => {
      const form = new URLSearchParams(body);
      const isKnown =
        url.pathname === `/${trusted.tenant}/oauth2/v2.0/token` && form.get('client_id') === trusted.client;
      if (!isKnown || !isTrusted(form.get('client_assertion') ?? '', 'api://AzureADTokenExchange')) {
        const words = 'AADSTS700213: No matching federated identity record found for presented assertion subject.';
        return json({ error: 'invalid_client', error_description: words }, 401);
      }
      entra = issue('entra');
      return json({ access_token: entra, token_type: 'Bearer', expires_in: 3599 });
    },
  };
  /** The one service of Azure that has the name of the registry. */
  function exchangeAtAzure({ body }: Asked): Answer {
    const form = new URLSearchParams(body);
    if (form.get('access_token') !== entra || form.get('service') !== registries.azure) {
      return json({ errors: [{ code: 'UNAUTHORIZED', message: 'authentication required' }] }, 401);
    }
    const password = issue('acr');
    letIn(registries.azure, '00000000-0000-0000-0000-000000000000', password);
    return json({ refresh_token: password });
  }

  async function serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const host = incoming.headers.host ?? '';
    const url = new URL(incoming.url ?? '/', `https://${host}`);
    const service = host === registries.azure && url.pathname === '/oauth2/exchange' ? exchangeAtAzure : services[host];
    if (service === undefined) return passOn(host, url, incoming, outgoing);
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString('utf8');
    requests.push(`${incoming.method} ${host}${url.pathname}`);
    const headers = Object.fromEntries(Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]));
    const failure = failures.get(host);
    failures.delete(host);
    const answer = failure ?? service({ method: incoming.method ?? '', host, url, headers, body });
    outgoing.writeHead(answer.status, { 'content-type': 'application/json' });
    outgoing.end(answer.body);
  }
  /** The registry of a cloud lets in whoever has the login that the cloud gave. */
  function passOn(host: string, url: URL, incoming: IncomingMessage, outgoing: ServerResponse): void {
    const login = logins.get(host) ?? (host === registries.other ? idLogin(incoming) : undefined);
    const expected = login && `Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}`;
    if (expected === undefined || incoming.headers.authorization !== expected) {
      incoming.resume();
      outgoing.writeHead(401, { 'www-authenticate': 'Basic realm="cloud"', 'content-type': 'application/json' });
      outgoing.end(JSON.stringify({ errors: [{ code: 'UNAUTHORIZED', message: 'authentication required' }] }));
      return;
    }
    const authorization = `Basic ${Buffer.from(`${upstream.username}:${upstream.token}`).toString('base64')}`;
    const headers = { ...incoming.headers, authorization, 'x-forwarded-proto': 'https' };
    const { method = 'GET' } = incoming;
    const request = forward(new URL(url.pathname + url.search, `http://${upstream.registry}`), {
      method,
      headers,
      agent: false,
    });
    request.on('error', () => outgoing.destroy());
    request.on('response', (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    incoming.pipe(request);
  }
  /** The registry that takes the ID token itself. */
  function idLogin({ headers }: IncomingMessage): { readonly username: string; readonly password: string } | undefined {
    const given = Buffer.from((headers.authorization ?? '').replace(/^Basic /, ''), 'base64').toString('utf8');
    const password = given.slice(given.indexOf(':') + 1);
    return isTrusted(password, registries.other) ? { username: 'github', password } : undefined;
  }

  const server: LocalServer = await startServer((incoming, outgoing) => {
    serve(incoming, outgoing).catch(() => outgoing.destroy());
  }, certificate);
  const proxy = await startProxy(server.port);
  return {
    certificate,
    requests,
    issued,
    repositories,
    environment: {
      HTTPS_PROXY: `http://127.0.0.1:${proxy.port}`,
      ACTIONS_ID_TOKEN_REQUEST_URL: `https://${hosts.github}/123/_apis/idtoken?api-version=2.0`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: requestToken,
    },
    failOnce: (host, status, body) => void failures.set(host, { status, body }),
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}
