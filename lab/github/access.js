// @ts-check
/**
 * Who may do what, and in which words GitHub refuses. Rules: docs.github.com, "About permissions for GitHub Packages" and
 * "Working with the Container registry"; words: as users report them (each is quoted in docs/TROUBLESHOOTING.md).
 */
import { FOREIGN, OWNER, PUBLIC_IMAGE, REPOSITORY, UNLINKED_IMAGE, USER } from './sites.js';

/** @typedef {import('./sites.js').Identity} Identity */
/** @typedef {{ status: number, code: string, message: string }} Refusal */
/** @typedef {Map<string, { linked: string }>} Packages by path; `linked`: the repository, empty for none */

/** @returns {Packages} what there is before anything was published */
export function firstPackages() {
  return new Map([
    [`${OWNER}/${UNLINKED_IMAGE}`, { linked: '' }],
    [`${OWNER}/${PUBLIC_IMAGE}`, { linked: `${OWNER}/${REPOSITORY}` }],
    [`${FOREIGN.owner}/app`, { linked: `${FOREIGN.owner}/${FOREIGN.repository}` }],
  ]);
}

/** @param {string} message @returns {Refusal} */
const denied = (message) => ({ status: 403, code: 'DENIED', message });

/**
 * The answer to a login: a token of another product, or none at all, is unknown.
 * @param {Identity | undefined} identity
 * @param {string} product
 * @returns {Refusal | undefined}
 */
export function refuseLogin(identity, product) {
  if (identity?.product !== product) return denied('denied');
  if (!identity.isExpired) return undefined;
  const message = 'unauthenticated: User cannot be authenticated with the token provided.';
  return { status: 401, code: 'UNAUTHORIZED', message };
}

/**
 * The Container registry's answer to an action on a package.
 * @param {Identity | undefined} identity undefined: anonymous
 * @param {string} path `OWNER/IMAGE`
 * @param {'pull' | 'push' | 'delete'} action
 * @param {Packages} packages
 * @returns {Refusal | undefined}
 */
export function refuseAction(identity, path, action, packages) {
  if (!path.includes('/')) return { status: 400, code: 'NAME_INVALID', message: 'invalid repository name' };
  const [owner = ''] = path.split('/');
  if (path === `${OWNER}/${PUBLIC_IMAGE}` && action === 'pull') return undefined;
  if (!identity) return { status: 401, code: 'UNAUTHORIZED', message: 'authentication required' };
  if (![OWNER, FOREIGN.owner, USER].includes(owner)) return denied('not_found: owner not found');
  const known = packages.get(path);
  const { kind, repository } = identity;
  if (action === 'pull') {
    if (kind === 'app') return denied('installation not allowed to Read organization package');
    const mayRead =
      kind === 'job' ? owner === identity.owner && isLinkedTo(known, repository) : owner !== FOREIGN.owner;
    return mayRead || !known ? undefined : denied('permission_denied: read_package');
  }
  if (kind === 'fine-grained' || (kind === 'classic' && identity.packages === 'read')) {
    return denied('permission_denied: The token provided does not match expected scopes.');
  }
  if (kind === 'classic') {
    return owner === FOREIGN.owner ? denied(`permission_denied: ${known ? 'write' : 'create'}_package`) : undefined;
  }
  if (kind === 'app' || identity.packages === 'read' || owner !== identity.owner) {
    return denied(`installation not allowed to ${known ? 'Write' : 'Create'} organization package`);
  }
  return isLinkedTo(known, repository) ? undefined : denied('permission_denied: write_package');
}

/**
 * @param {{ linked: string } | undefined} known
 * @param {string} repository
 */
function isLinkedTo(known, repository) {
  return known === undefined || known.linked === repository;
}

const UNAUTHENTICATED =
  'Your request could not be authenticated by the GitHub Packages service. Please ensure your access token is valid and' +
  ' has the appropriate scopes configured.';

/**
 * The Docker registry's answer: packages belong to the repository in their path.
 * @param {Identity | undefined} identity
 * @param {string} product
 * @param {string} path `OWNER/REPOSITORY/IMAGE`
 * @param {'pull' | 'push' | 'delete'} action
 * @returns {Refusal | undefined}
 */
export function refuseLegacyAction(identity, product, path, action) {
  const refusal = { status: 401, code: 'UNAUTHORIZED', message: UNAUTHENTICATED };
  if (identity?.product !== product || identity.isExpired) return refusal;
  if (identity.kind === 'fine-grained' || identity.kind === 'app') return refusal;
  if (path === '') return undefined;
  const [owner = '', repository = ''] = path.split('/');
  const isOwn = identity.kind === 'job' ? identity.repository === `${owner}/${repository}` : owner !== FOREIGN.owner;
  if (isOwn && (action === 'pull' || identity.packages === 'write')) return undefined;
  if (identity.kind === 'job') return refusal;
  const message =
    "Your token has not been granted the required scopes to execute this query. The 'createRegistryPackageVersion' field" +
    " requires one of the following scopes: ['write:packages'], but your token has only been granted the: ['read:packages'] scopes.";
  return { ...refusal, message };
}
