/**
 * The identity of a job in place of a stored password (https://docs.github.com/en/actions/concepts/security/openid-connect).
 * GitHub says who the job is, in an ID token. The cloud of a registry gives a short-lived login for it.
 *
 * A workflow writes it where a password would be: `oidc:NAME=VALUE,…`.
 */

import { InputError } from '../errors.ts';
import { hostOf, type Registry } from '../image/registry-name.ts';

/** What a cloud must know to recognise a job. */
export type Identity =
  /** Docker Hub: the ID of a connection (https://docs.docker.com/enterprise/security/oidc-connections/). */
  | { readonly kind: 'docker-hub'; readonly connection: string }
  /** Amazon ECR: the ARN of an IAM role. */
  | { readonly kind: 'amazon'; readonly role: string; readonly createsRepository: boolean }
  /** Google Artifact Registry: `projects/…/providers/…`, and the service account that the job acts as, if any. */
  | { readonly kind: 'google'; readonly provider: string; readonly serviceAccount: string }
  /** Azure Container Registry: the IDs of tenant and client in Microsoft Entra. */
  | { readonly kind: 'azure'; readonly tenant: string; readonly client: string }
  /** A registry that takes the ID token itself as password, if it is issued for this audience. */
  | { readonly kind: 'audience'; readonly audience: string };

/** A login that the identity of the job gives. */
export interface IdentityLogin {
  readonly registry: Registry;
  /** Empty if the cloud says which. */
  readonly username: string;
  readonly identity: Identity;
}

const prefix = 'oidc:';

/** Whether a text in the place of a password names an identity. */
export function namesIdentity(text: string): boolean {
  return text.startsWith(prefix);
}

/** One way to write an identity: which names it has, and what their values look like. */
interface Form {
  readonly names: Readonly<Record<string, { readonly pattern: RegExp; readonly expected: string }>>;
  readonly optional: readonly string[];
  /** @param of the value of a name; empty if it is absent */
  readonly identity: (of: (name: string) => string) => Identity;
}

const uuid = { pattern: /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, expected: 'a UUID' };
const anyText = { pattern: /^\S+$/, expected: 'a text without blanks' };

const forms: readonly Form[] = [
  {
    names: { connection: uuid },
    optional: [],
    identity: (of) => ({ kind: 'docker-hub', connection: of('connection') }),
  },
  {
    names: {
      role: {
        pattern: /^arn:[a-z0-9-]+:iam::[0-9]{12}:role\/[\w+=,.@/-]+$/,
        expected: 'the ARN of a role, such as arn:aws:iam::123456789012:role/publish',
      },
      'create-repository': { pattern: /^(?:true|false)$/, expected: 'true or false' },
    },
    optional: ['create-repository'],
    identity: (of) => ({
      kind: 'amazon',
      role: of('role'),
      createsRepository: of('create-repository') === 'true',
    }),
  },
  {
    names: {
      provider: {
        pattern: /^projects\/[0-9]+\/locations\/global\/workloadIdentityPools\/[a-z0-9-]+\/providers\/[a-z0-9-]+$/,
        expected: 'projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER',
      },
      'service-account': { pattern: /^[^\s@/]+@[^\s@/]+$/, expected: 'the address of a service account' },
    },
    optional: ['service-account'],
    identity: (of) => ({
      kind: 'google',
      provider: of('provider'),
      serviceAccount: of('service-account'),
    }),
  },
  {
    names: { tenant: uuid, client: uuid },
    optional: [],
    identity: (of) => ({ kind: 'azure', tenant: of('tenant'), client: of('client') }),
  },
  {
    names: { audience: anyText },
    optional: [],
    identity: (of) => ({ kind: 'audience', audience: of('audience') }),
  },
];

const examples = `Write one of
oidc:connection=UUID (Docker Hub)
oidc:role=arn:aws:iam::123456789012:role/publish (Amazon ECR)
oidc:provider=projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER (Google Artifact Registry)
oidc:tenant=UUID,client=UUID (Azure Container Registry)
oidc:audience=TEXT (a registry that takes GitHub’s ID token as a password)`;

function invalid(text: string, fault: string): InputError {
  return new InputError('IDENTITY_INVALID', {
    message: `"${text}" does not name an identity of this job: ${fault}.`,
    remedy: examples,
  });
}

/**
 * @param text `oidc:NAME=VALUE,…`
 * @throws InputError IDENTITY_INVALID
 */
export function parseIdentity(text: string): Identity {
  const values = new Map<string, string>();
  // A role may have commas in its name.
  for (const field of text.slice(prefix.length).split(/,(?=\s*[a-z][a-z-]*=)/)) {
    const sign = field.indexOf('=');
    const name = field.slice(0, Math.max(sign, 0)).trim();
    if (name === '') throw invalid(text, `"${field.trim()}" has not the form NAME=VALUE`);
    if (values.has(name)) throw invalid(text, `it has "${name}" twice`);
    values.set(name, field.slice(sign + 1).trim());
  }
  const form = forms.find(({ names, optional }) =>
    Object.keys(names).some((name) => values.has(name) && !optional.includes(name)),
  );
  if (form === undefined) throw invalid(text, 'it names no connection, role, provider, tenant or audience');
  for (const [name, value] of values) {
    const rule = form.names[name];
    if (rule === undefined) throw invalid(text, `"${name}" does not belong to ${Object.keys(form.names)[0]}`);
    if (!rule.pattern.test(value)) throw invalid(text, `${name} is "${value}", and must be ${rule.expected}`);
  }
  const missing = Object.keys(form.names).find((name) => !values.has(name) && !form.optional.includes(name));
  if (missing !== undefined) throw invalid(text, `${missing} is missing`);
  return form.identity((name) => values.get(name) ?? '');
}

/** A registry of Amazon (https://docs.aws.amazon.com/general/latest/gr/ecr.html). */
export interface AmazonRegistry {
  /** `public`: the gallery, which has one API for all regions. */
  readonly kind: 'private' | 'public';
  readonly region: string;
  /** The domain of the partition's APIs: `amazonaws.com`, in China `amazonaws.com.cn`. */
  readonly domain: string;
}

/** @returns `undefined` for a registry that is not Amazon's */
export function amazonRegistry(registry: Registry): AmazonRegistry | undefined {
  const host = hostOf(registry);
  if (host === 'public.ecr.aws' || host === 'ecr-public.aws.com') {
    return { kind: 'public', region: 'us-east-1', domain: 'amazonaws.com' };
  }
  const [, region, domain] =
    /^[0-9]{12}\.dkr[.-]ecr(?:-fips)?\.([a-z0-9-]+)\.(amazonaws\.com(?:\.cn)?|amazonaws\.eu|on\.aws)$/.exec(host) ?? [];
  if (region === undefined || domain === undefined) return undefined;
  return { kind: 'private', region, domain: domain === 'on.aws' ? 'amazonaws.com' : domain };
}

/** The host that gives tokens of Microsoft Entra, by the domain of a registry (its cloud). */
const entraHosts: ReadonlyMap<string, string> = new Map([
  ['azurecr.io', 'login.microsoftonline.com'],
  ['azurecr.us', 'login.microsoftonline.us'],
  ['azurecr.cn', 'login.partner.microsoftonline.cn'],
]);

/** @returns `undefined` for a registry that is not Azure's */
export function entraHost(registry: Registry): string | undefined {
  const host = hostOf(registry);
  return [...entraHosts].find(([domain]) => host.endsWith(`.${domain}`))?.[1];
}

interface Trust {
  readonly name: string;
  readonly trusts: (registry: Registry) => boolean;
}

const clouds: Readonly<Record<Identity['kind'], Trust>> = {
  'docker-hub': { name: 'Docker Hub', trusts: (registry) => ['docker.io', 'dhi.io'].includes(registry) },
  amazon: { name: 'Amazon ECR', trusts: (registry) => amazonRegistry(registry) !== undefined },
  google: {
    name: 'Google Artifact Registry',
    trusts: (registry) => /(?:^|[.-])(?:docker\.pkg\.dev|gcr\.io)$/.test(registry),
  },
  azure: { name: 'Azure Container Registry', trusts: (registry) => entraHost(registry) !== undefined },
  audience: { name: 'any registry', trusts: () => true },
};

/**
 * An identity gives a login for the registries of its own cloud.
 * @throws InputError IDENTITY_INVALID
 */
export function checkIdentity({ registry, username, identity }: IdentityLogin): void {
  const { name, trusts } = clouds[identity.kind];
  if (!trusts(registry)) {
    throw new InputError('IDENTITY_INVALID', {
      message: `The identity of this job (${describeIdentity(identity)}) is for ${name}, and ${registry} is a different registry.`,
      remedy: examples,
    });
  }
  if (username === '' && (identity.kind === 'docker-hub' || identity.kind === 'audience')) {
    throw new InputError('IDENTITY_INVALID', {
      message: `The login to ${registry} by the identity of this job has no user name.`,
      remedy:
        identity.kind === 'docker-hub'
          ? 'Set `username` to the name of the Docker Hub organisation that has the connection.'
          : `Set \`username\` to the name that ${registry} expects beside GitHub’s ID token.`,
    });
  }
}

/** An identity as people recognise it: `role arn:aws:iam::123456789012:role/publish`. */
export function describeIdentity(identity: Identity): string {
  switch (identity.kind) {
    case 'docker-hub':
      return `connection ${identity.connection}`;
    case 'amazon':
      return `role ${identity.role}`;
    case 'google':
      return identity.serviceAccount === '' ? `provider ${identity.provider}` : identity.serviceAccount;
    case 'azure':
      return `client ${identity.client}`;
    case 'audience':
      return `audience ${identity.audience}`;
  }
}
