// @ts-check
/**
 * What exists in the lab's GitHub: products, hosts, tokens and packages. Hosts are the real ones where a product has a
 * fixed host; the servers are `*.test`, one for each way in which a GitHub Enterprise Server can be set up.
 */
import { createHash } from 'node:crypto';

/** The repository whose workflow runs are played. */
export const OWNER = 'octo-org';
export const REPOSITORY = 'hello';
/** Another owner on the same product, and a repository of it. */
export const FOREIGN = { owner: 'other-org', repository: 'elsewhere' };
/** A member of OWNER, whose personal access tokens there are. */
export const USER = 'octocat';
/** An image of OWNER that exists and is linked to no repository. */
export const UNLINKED_IMAGE = 'unlinked';
/** An image of OWNER/REPOSITORY that anybody may pull; all others are private, as GitHub makes them. */
export const PUBLIC_IMAGE = 'public';
/** A version with this tag has been pulled more than 5,000 times: it cannot be deleted. */
export const POPULAR_TAG = 'popular';

/**
 * @typedef {object} Product
 * @property {string} host of GITHUB_SERVER_URL
 * @property {string} api GITHUB_API_URL
 * @property {string} [version] of a GitHub Enterprise Server
 */

/** @param {string} host @returns {Product} */
const server = (host) => ({ host, api: `https://${host}/api/v3`, version: '3.20.1' });

/** @type {readonly Product[]} */
export const PRODUCTS = [
  { host: 'github.com', api: 'https://api.github.com' },
  { host: 'octo.ghe.com', api: 'https://api.octo.ghe.com' },
  server('ghes.test'), // Container registry and Docker registry
  server('isolated.test'), // subdomain isolation, Docker registry alone; containers.* is sent to the login page
  server('isolated-page.test'), // the same, but containers.* shows a page
  server('isolated-missing.test'), // the same, but containers.* shows a page that says 404
  server('bare.test'), // no subdomain isolation
  server('packageless.test'), // Packages are off
  server('slow.test'), // takes connections and answers nothing
  server('private.test'), // as ghes.test, with the certificate of a CA that nothing here trusts
];

/**
 * How a host answers: `container` and `docker` as those registries do; `login`, `page` and `missing` as the web
 * application (redirect, 200, 404); `api` as api.github.com; `oidc` as the issuer of the ID tokens of jobs; `sigstore` as the
 * Sigstore that somebody plays at the lab's socket, else 502; `silent` never.
 * @typedef {'container' | 'docker' | 'login' | 'page' | 'missing' | 'api' | 'oidc' | 'sigstore' | 'silent'} Manner
 */

/**
 * @typedef {object} Site
 * @property {string} host
 * @property {string} product host of its product
 * @property {Manner} manner what `/v2/` gets; elsewhere a product's own host is the web application and its API
 * @property {string} [backend] the registry behind it, where that has another name than the host
 * @property {'private'} [ca] who signed its certificate, where not the lab's CA
 */

/** @type {readonly Site[]} */
export const SITES = [
  { host: 'github.com', product: 'github.com', manner: 'missing' },
  { host: 'api.github.com', product: 'github.com', manner: 'api' },
  { host: 'ghcr.io', product: 'github.com', manner: 'container' },
  { host: 'docker.pkg.github.com', product: 'github.com', manner: 'docker' },
  { host: 'octo.ghe.com', product: 'octo.ghe.com', manner: 'missing' },
  { host: 'api.octo.ghe.com', product: 'octo.ghe.com', manner: 'api' },
  { host: 'containers.octo.ghe.com', product: 'octo.ghe.com', manner: 'container' },
  { host: 'token.actions.githubusercontent.com', product: 'github.com', manner: 'oidc' },
  { host: 'token.actions.octo.ghe.com', product: 'octo.ghe.com', manner: 'oidc' },
  // Public repositories use Sigstore's public-good instance, others GitHub's own.
  { host: 'fulcio.sigstore.dev', product: 'github.com', manner: 'sigstore' },
  { host: 'rekor.sigstore.dev', product: 'github.com', manner: 'sigstore' },
  { host: 'fulcio.githubapp.com', product: 'github.com', manner: 'sigstore' },
  { host: 'timestamp.githubapp.com', product: 'github.com', manner: 'sigstore' },
  { host: 'fulcio.octo.ghe.com', product: 'octo.ghe.com', manner: 'sigstore' },
  { host: 'timestamp.octo.ghe.com', product: 'octo.ghe.com', manner: 'sigstore' },
  { host: 'ghes.test', product: 'ghes.test', manner: 'missing' },
  { host: 'containers.ghes.test', product: 'ghes.test', manner: 'container' },
  { host: 'docker.ghes.test', product: 'ghes.test', manner: 'docker' },
  { host: 'isolated.test', product: 'isolated.test', manner: 'missing' },
  { host: 'containers.isolated.test', product: 'isolated.test', manner: 'login' },
  { host: 'docker.isolated.test', product: 'isolated.test', manner: 'docker' },
  { host: 'isolated-page.test', product: 'isolated-page.test', manner: 'page' },
  { host: 'containers.isolated-page.test', product: 'isolated-page.test', manner: 'page' },
  {
    host: 'docker.isolated-page.test',
    product: 'isolated-page.test',
    manner: 'docker',
    backend: 'docker.isolated.test',
  },
  { host: 'isolated-missing.test', product: 'isolated-missing.test', manner: 'login' },
  { host: 'containers.isolated-missing.test', product: 'isolated-missing.test', manner: 'missing' },
  {
    host: 'docker.isolated-missing.test',
    product: 'isolated-missing.test',
    manner: 'docker',
    backend: 'docker.isolated.test',
  },
  { host: 'bare.test', product: 'bare.test', manner: 'docker' },
  { host: 'packageless.test', product: 'packageless.test', manner: 'missing' },
  { host: 'containers.packageless.test', product: 'packageless.test', manner: 'page' },
  { host: 'docker.packageless.test', product: 'packageless.test', manner: 'login' },
  { host: 'slow.test', product: 'slow.test', manner: 'silent' },
  { host: 'containers.slow.test', product: 'slow.test', manner: 'silent' },
  { host: 'docker.slow.test', product: 'slow.test', manner: 'silent' },
  { host: 'private.test', product: 'private.test', manner: 'missing', ca: 'private' },
  { host: 'containers.private.test', product: 'private.test', manner: 'container', ca: 'private' },
];

/** @param {Site} site @returns {string} the name of the registry behind it */
export const backendOf = ({ host, backend = host }) => backend;

/** Registries to run: `token` asks for a bearer token, `none` trusts its front. */
export const BACKENDS = SITES.filter((site) => ['container', 'docker'].includes(site.manner) && !site.backend).map(
  ({ host, manner }) => ({ name: host, auth: manner === 'container' ? 'token' : 'none' }),
);

/**
 * @typedef {object} Identity who a token stands for
 * @property {'job' | 'classic' | 'fine-grained' | 'app'} kind `job`: GITHUB_TOKEN
 * @property {string} product
 * @property {string} owner of the repository whose job it is, or the user
 * @property {string} repository `OWNER/REPOSITORY` of a job, else empty
 * @property {'write' | 'read'} packages what its `permissions` or scopes say of packages
 * @property {'write'} [attestations] what its `permissions` say of attestations
 * @property {'write'} [artifactMetadata] what its `permissions` say of artifact-metadata
 * @property {boolean} [isExpired]
 * @property {string} label what the lab's log calls it
 */

/** @typedef {{ prefix: string } & Omit<Identity, 'product' | 'label'>} TokenKind */

/** @satisfies {TokenKind} */
const readWrite = /** @type {const} */ ({
  prefix: 'ghs_',
  kind: 'job',
  owner: OWNER,
  repository: `${OWNER}/${REPOSITORY}`,
  packages: 'write',
});

/** @type {Record<string, TokenKind>} */
const KINDS = {
  readWrite,
  attesting: { ...readWrite, attestations: 'write', artifactMetadata: 'write' },
  attestingWithoutRecord: { ...readWrite, attestations: 'write' },
  readOnly: { prefix: 'ghs_', kind: 'job', owner: OWNER, repository: `${OWNER}/${REPOSITORY}`, packages: 'read' },
  expired: {
    prefix: 'ghs_',
    kind: 'job',
    owner: OWNER,
    repository: `${OWNER}/${REPOSITORY}`,
    packages: 'write',
    isExpired: true,
  },
  foreignOwner: {
    prefix: 'ghs_',
    kind: 'job',
    owner: FOREIGN.owner,
    repository: `${FOREIGN.owner}/${FOREIGN.repository}`,
    packages: 'write',
  },
  classic: { prefix: 'ghp_', kind: 'classic', owner: USER, repository: '', packages: 'write' },
  classicReadOnly: { prefix: 'ghp_', kind: 'classic', owner: USER, repository: '', packages: 'read' },
  fineGrained: { prefix: 'github_pat_', kind: 'fine-grained', owner: USER, repository: '', packages: 'write' },
  app: { prefix: 'ghs_', kind: 'app', owner: OWNER, repository: '', packages: 'write' },
};

/**
 * The tokens of a product, in the form of the real ones; the same each time.
 * @param {string} product its host
 * @returns {Record<string, string>} by what they are good for
 */
export function tokensOf(product) {
  return Object.fromEntries(
    Object.entries(KINDS).map(([name, { prefix }]) => {
      const secret = createHash('sha256').update(`${product} ${name}`).digest('hex').slice(0, 29);
      return [name, `${prefix}canary0${secret}`];
    }),
  );
}

/** @type {ReadonlyMap<string, Identity>} who each token of each product stands for */
export const IDENTITIES = new Map(
  PRODUCTS.flatMap(({ host }) =>
    Object.entries(KINDS).map(([name, { prefix: _, ...identity }]) => [
      tokensOf(host)[name] ?? '',
      { ...identity, product: host, label: `${name} of ${host}` },
    ]),
  ),
);
