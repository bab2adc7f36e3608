/**
 * Who is asking: from a challenge to the `Authorization` header. Bearer exchange
 * (https://distribution.github.io/distribution/spec/auth/token/), Basic, or nothing.
 */

import { type Challenge, parseChallenges } from '../http/challenge.ts';
import type { Http, HttpRequest } from '../http/http.ts';
import { type Asked, formatUrl, inShort, invalidAnswer, untrusted } from '../http/request-failure.ts';
import { isLoopback, isLoopbackHost, type Registry } from '../image/registry-name.ts';
import { isObject, parseJson } from '../text/json.ts';
import type { Credential } from './credential.ts';
import { failureOfAnswer, readRefusal } from './refusal.ts';

/** What a token shall allow; one repository a token, and the source of a mount beside it. */
export interface TokenScope {
  readonly path: string;
  readonly actions: string;
}

export interface Authorizer {
  /**
   * The header for a request, from what is known of the registry so far.
   * @returns `undefined` where it asks for nothing, or has not been asked yet
   */
  authorization(registry: Registry, scopes: readonly TokenScope[]): Promise<string | undefined>;
  /**
   * Takes in a 401: learns the challenge and drops the token that was refused.
   * @returns whether another try has a chance
   */
  learn(
    registry: Registry,
    scopes: readonly TokenScope[],
    challenge: string,
    sent: string | undefined,
  ): Promise<boolean>;
  /**
   * Whether a header shows that the registry accepts the login: its service issued the token for that login. The
   * service of a product whose logins stay in one domain (`realmDomain`) issues a token to anybody. The registry then
   * says what it is worth ("User cannot be authenticated with the token provided").
   */
  provesLogin(registry: Registry, sent: string): boolean;
}

interface Token {
  readonly header: string;
  /** Milliseconds since the epoch. */
  readonly expires: number;
}

/** A token without `expires_in` lives 60 s, says the specification. */
const defaultLife = 60;
/** Renewed this long before it ends, so that a request does not set out with a token that ends on the way. */
const margin = 5_000;
const longestAnswer = 1024 * 1024;

/**
 * @param credentials the login for a registry, `undefined` for none; a login is for that registry alone
 * @param mask takes each token that is issued
 */
export function createAuthorizer(
  http: Http,
  credentials: (registry: Registry) => Credential | undefined,
  now: () => number,
  mask: (token: string) => void = () => undefined,
): Authorizer {
  const challenges = new Map<Registry, Challenge>();
  const tokens = new Map<string, Promise<Token>>();
  const keyOf = (registry: Registry, scopes: readonly TokenScope[]): string =>
    [registry, ...scopes.map(formatScope)].join(' ');

  async function exchange(registry: Registry, challenge: Challenge, scopes: readonly TokenScope[]): Promise<Token> {
    const credential = credentials(registry);
    const realm = parseRealm(registry, challenge.parameters.get('realm') ?? '', credential);
    const request = tokenRequest(realm, challenge.parameters.get('service'), scopes, credential);
    const about = scopes[0] === undefined ? undefined : `${registry}/${scopes[0].path}`;
    const response = await http.send({ ...request, about });
    const text = (await http.readBytes(response, longestAnswer)).toString();
    const asked: Asked = { method: request.method, url: realm, about };
    if (response.status !== 200) {
      throw failureOfAnswer({
        asked,
        refusal: readRefusal(response.status, text),
        retryAfter: response.headers['retry-after'],
        now: now(),
        denied: 'TOKEN_REJECTED',
      });
    }
    const answer = parseJson(text);
    const token = isObject(answer) ? answer.token || answer.access_token : undefined;
    if (!isObject(answer) || typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token)) {
      throw invalidAnswer(asked, 'it contains no token');
    }
    mask(token);
    const life = typeof answer.expires_in === 'number' ? answer.expires_in : defaultLife;
    return { header: `Bearer ${token}`, expires: now() + life * 1000 - margin };
  }

  return {
    async authorization(registry, scopes) {
      const challenge = challenges.get(registry);
      if (challenge === undefined) return undefined;
      const credential = credentials(registry);
      if (challenge.scheme === 'basic') return formatBasic(credential);
      const key = keyOf(registry, scopes);
      const known = tokens.get(key);
      if (known !== undefined) {
        const { header, expires } = await known;
        if (expires > now()) return header;
        if (tokens.get(key) === known) tokens.delete(key);
      }
      // One exchange for all that ask at once; a failed one is not remembered.
      const fresh = tokens.get(key) ?? exchange(registry, challenge, scopes);
      tokens.set(key, fresh);
      fresh.catch(() => tokens.get(key) === fresh && tokens.delete(key));
      return (await fresh).header;
    },

    async learn(registry, scopes, header, sent) {
      const offered = parseChallenges(header);
      const challenge =
        offered.find(({ scheme, parameters }) => scheme === 'bearer' && parameters.has('realm')) ??
        offered.find(({ scheme }) => scheme === 'basic');
      if (challenge === undefined) return false;
      challenges.set(registry, challenge);
      if (challenge.scheme === 'basic') {
        const basic = formatBasic(credentials(registry));
        return basic !== undefined && sent !== basic;
      }
      const key = keyOf(registry, scopes);
      // The token is good, its rights are not: another one is no better.
      if (sent !== undefined && challenge.parameters.get('error') === 'insufficient_scope') return false;
      const refused = tokens.get(key);
      if (refused !== undefined && (await refused).header === sent && tokens.get(key) === refused) tokens.delete(key);
      return true;
    },

    provesLogin(registry, sent) {
      const credential = credentials(registry);
      return credential !== undefined && credential.realmDomain === undefined && sent.startsWith('Bearer ');
    },
  };
}

function formatScope({ path, actions }: TokenScope): string {
  return `repository:${path}:${actions}`;
}

/** @returns `undefined` where there is no password */
function formatBasic(credential: Credential | undefined): string | undefined {
  if (credential === undefined || credential.isIdentity) return undefined;
  return `Basic ${Buffer.from(`${credential.username}:${credential.token}`).toString('base64')}`;
}

/**
 * How the client requests a token: by GET, and for an identity token by POST
 * (https://distribution.github.io/distribution/spec/auth/oauth/), whose body no redirect takes elsewhere.
 */
function tokenRequest(
  realm: URL,
  service: string | undefined,
  scopes: readonly TokenScope[],
  credential: Credential | undefined,
): HttpRequest {
  const headers = { accept: 'application/json' };
  if (credential?.isIdentity) {
    const form = new URLSearchParams({
      grant_type: 'refresh_token',
      refresh_token: credential.token,
      client_id: 'publish-docker-package',
      service: service ?? '',
      scope: scopes.map(formatScope).join(' '),
    });
    return {
      method: 'POST',
      url: realm,
      headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' },
      body: Buffer.from(form.toString()),
      redirects: 'answer',
    };
  }
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set('service', service);
  for (const scope of scopes) url.searchParams.append('scope', formatScope(scope));
  return { method: 'GET', url, headers, authorization: formatBasic(credential) };
}

/**
 * The token endpoint, if it may be trusted with this credential. It has to be encrypted, except between two ports of this machine.
 * A realm is often on another host than its registry (registry.gitlab.com sends to gitlab.com), so only a credential that has a
 * domain of its own has to stay in it.
 * @throws RegistryError REGISTRY_UNTRUSTED, ANSWER_INVALID
 */
export function parseRealm(registry: Registry, text: string, credential: Credential | undefined): URL {
  const realm = URL.parse(text);
  const asked: Asked = { method: 'GET', url: new URL(`https://${registry}/v2/`) };
  if (realm === null) throw invalidAnswer(asked, `its token realm "${inShort(text)}" is not a URL`);
  realm.username = '';
  realm.password = '';
  const isLocal = realm.protocol === 'http:' && isLoopback(registry) && isLoopbackHost(realm.hostname);
  if (realm.protocol !== 'https:' && !isLocal) {
    throw untrusted(asked, `${registry} asks for the token at ${formatUrl(realm)}, which is not encrypted.`);
  }
  const domain = credential?.realmDomain;
  if (domain !== undefined && realm.hostname !== domain && !realm.hostname.endsWith(`.${domain}`)) {
    throw untrusted(asked, `${registry} asks for the token at ${formatUrl(realm)}, which is not in ${domain}.`);
  }
  return realm;
}
