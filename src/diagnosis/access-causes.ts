/**
 * Causes of refusals: who logs in, and what that login may do.
 */

import { grantPackagesWrite } from '../github/job-permissions.ts';
import { describeProduct } from '../github/product.ts';
import { formatRepository } from '../image/repository.ts';
import { type Cause, capital, registryAuthFor } from './cause.ts';
import {
  type Facts,
  foreignScopes,
  isDockerHub,
  isForeignOwner,
  isGitHub,
  mayBeJobToken,
  nameOfSourceRepository,
  newTokenUrl,
  ownerOf,
  productHost,
  settingsUrls,
} from './failure-facts.ts';

/** In which line of the log a job says what its token may do. */
const howToTell = 'What the token may do stands under "GITHUB_TOKEN Permissions" in "Set up job" of the log.';

function describeToken({ tokenForm: form, username }: Facts): string {
  if (form === 'installation') return 'the token of this job';
  if (form === 'classic') return `the personal access token of ${username}`;
  if (form === 'fine-grained') return `the fine-grained personal access token of ${username}`;
  if (form === 'user') return `the OAuth or app token of ${username}`;
  return form === 'none' ? 'the login of this runner' : `the login of ${username}`;
}

function useClassicToken(facts: Facts): string {
  return `create a classic personal access token with the scope write:packages at ${newTokenUrl(productHost(facts) ?? facts.product.host)}, keep it as a secret, and name that in \`token\``;
}

/** How the package's administrator lets this login in. */
function grantAccess(facts: Facts, role: 'Write' | 'Read'): string {
  const urls = settingsUrls(facts);
  const name = formatRepository(facts.target);
  if (!isGitHub(facts)) {
    return `Let ${describeToken(facts)} ${role === 'Write' ? 'push to' : 'read'} ${name}, in the settings of ${facts.target.registry}.`;
  }
  if (urls.length === 0) {
    const [owner, repository] = facts.target.path.split('/');
    return `A package of the Docker registry has the permissions of its repository: give ${describeToken(facts)} ${role.toLowerCase()} access to ${owner}/${repository}.`;
  }
  const where = urls.join(' (of an organisation) or ') + (urls.length > 1 ? ' (of a user)' : '');
  return mayBeJobToken(facts)
    ? `Open the package's settings, ${where}, and under "Manage Actions access" add the repository ${nameOfSourceRepository(facts)} with the role ${role}.`
    : `Open the package's settings, ${where}, and under "Manage access" give ${facts.username || 'the account that logs in'} the role ${role}.`;
}

// Login

export const tokenMissing: Cause = ({ readOnlyRun }) => ({
  code: 'TOKEN_MISSING',
  cause:
    readOnlyRun === 'fork'
      ? 'The login was empty: a pull request from a fork gets no secrets.'
      : readOnlyRun === 'dependabot'
        ? 'The login was empty: a run of Dependabot gets Dependabot secrets only, not those of Actions.'
        : 'The login was empty: the secret that `token` (or `registry-auth`) names does not exist, or is misspelt.',
  remedy: `Leave \`token\` and \`username\` out to use the token of the job, with\n${grantPackagesWrite}\n${
    readOnlyRun === 'fork'
      ? 'and `push` at auto, so that such a run builds without pushing.'
      : `or ${readOnlyRun === 'dependabot' ? 'add it to the Dependabot secrets' : 'correct the name of the secret'}.`
  }`,
});

export const credentialsUnsaved: Cause = () => ({
  code: 'CREDENTIALS_UNSAVED',
  cause:
    'The Docker CLI could not keep the login: a credential helper is missing or locked, or the folder cannot be written.',
  remedy:
    'This action logs in to a private folder below RUNNER_TEMP without any credential store for its registries: make RUNNER_TEMP writable. In other steps set DOCKER_CONFIG to a folder of their own.',
});

export const credentialsUnencrypted: Cause = () => ({
  code: 'CREDENTIALS_UNENCRYPTED',
  cause: 'This is no failure: the Docker CLI keeps logins in a plain file where there is no credential store.',
  remedy:
    'You do not need to do anything. The file is in a private folder of this step, which the step removes (with `login-scope: job`, the job does).',
});

export const tokenRejected: Cause = (facts) => {
  const { tokenForm: form, product, target } = facts;
  const host = productHost(facts);
  if (host === undefined) {
    if (form === 'none' && !facts.isRead) return loginMissing(facts);
    return {
      code: 'TOKEN_REJECTED',
      cause: `${target.registry} does not know ${describeToken(facts)}: it is wrong, expired or revoked.`,
      remedy:
        form === 'none'
          ? `Give the login in \`registry-auth\` (registry: ${target.registry}).`
          : `Check the user name and password for ${target.registry} (\`username\` and \`token\`, or its entry in \`registry-auth\`).`,
    };
  }
  if (form === 'fine-grained') return tokenKindUnsupported(facts);
  if (host !== product.host) return tokenForeign(facts);
  if (form === 'installation') {
    return {
      code: 'TOKEN_REJECTED',
      cause:
        'The token is no longer valid, or is not of this job: the token of a job ends with it, after 24 hours at the latest.',
      remedy: `Leave \`token\` out, so that the step uses the job's own. If it already did, a new run gets a new token.`,
      retryable: true,
    };
  }
  return {
    code: 'TOKEN_REJECTED',
    cause: `${target.registry} does not know ${describeToken(facts)}: it is wrong, expired, revoked, or of another product than ${host}.`,
    remedy: `Leave \`token\` out to use the token of the job, with\n${grantPackagesWrite}\nor ${useClassicToken(facts)}.`,
  };
};

/** The Docker registry says the same of a token that it does not know and of one that may not do this. */
export const tokenRefused: Cause = (facts) => {
  if (facts.tokenForm !== 'installation') return tokenRejected(facts);
  return {
    code: 'TOKEN_REJECTED',
    cause: 'The token of this job may not write packages, or not those of this repository; or it is no longer valid.',
    remedy: `Give the job\n${grantPackagesWrite}\nand publish below its own repository (${nameOfSourceRepository(facts)}); or ${useClassicToken(facts)}.`,
  };
};

const tokenForeign: Cause = (facts) => {
  const owning = productHost(facts);
  if (owning === undefined || owning === facts.product.host) return undefined;
  return {
    code: 'TOKEN_FOREIGN',
    cause: `The run is on ${describeProduct(facts.product)}, and ${facts.target.registry} belongs to ${owning}: it takes no token of another product.`,
    remedy: `${capital(useClassicToken(facts))}; or publish to the registry of ${facts.product.host} with \`registry: auto\`.`,
  };
};

/** The runner's own login for `container:` and `services:` images; on a GHES it sends a token of another product. */
export const containerLoginFailed: Cause = (facts) => {
  const { product, words } = facts;
  const host = words.match(/Docker login for '([^']+)'/)?.[1] ?? facts.repository.registry;
  if (product.kind === 'github.com') return tokenRejected(facts);
  return {
    code: 'TOKEN_FOREIGN',
    cause: `The runner logged in to ${host} with a token of ${describeProduct(product)}, which ${host} does not take.`,
    remedy: `Give the job's container the credentials of that product: create a token at ${newTokenUrl('github.com')}, keep it as a secret, and write\ncontainer:\n  credentials:\n    username: \${{ secrets.GHCR_USERNAME }}\n    password: \${{ secrets.GHCR_TOKEN }}`,
  };
};

export const tokenKindUnsupported: Cause = (facts) => ({
  code: 'TOKEN_KIND_UNSUPPORTED',
  cause:
    facts.tokenForm === 'fine-grained'
      ? 'GitHub Packages takes no fine-grained personal access token (github_pat_…), whatever its permissions.'
      : `GitHub Packages does not take this kind of token (${describeToken(facts)}): it takes the job's own, and classic personal access tokens.`,
  remedy: `Leave \`token\` out to use the token of the job, with\n${grantPackagesWrite}\nor ${useClassicToken(facts)}.`,
});

export const tokenScopeMissing: Cause = (facts) => {
  if (facts.tokenForm === 'fine-grained') return tokenKindUnsupported(facts);
  if (facts.tokenForm === 'installation') return packagesWriteMissing(facts);
  return {
    code: 'TOKEN_SCOPE_MISSING',
    cause: `${capital(describeToken(facts))} lacks the scope write:packages.`,
    remedy:
      facts.tokenForm === 'user'
        ? `Add it, \`gh auth refresh --scopes write:packages\`, or leave \`token\` out, or ${useClassicToken(facts)}.`
        : `Leave \`token\` out to use the token of the job, with\n${grantPackagesWrite}\nor ${useClassicToken(facts)}.`,
  };
};

export const tokenSsoMissing: Cause = (facts) => ({
  code: 'TOKEN_SSO_MISSING',
  cause: `The organisation ${ownerOf(facts)} asks for single sign-on (SAML), and ${describeToken(facts)} was not authorised for it.`,
  remedy: `Open https://${productHost(facts) ?? facts.product.host}/settings/tokens, press "Configure SSO" beside the token and authorise ${ownerOf(facts)}; or leave \`token\` out to use the token of the job.`,
});

export const tokenExpired: Cause = (facts) => {
  const seconds = Math.max(
    0,
    ...[...(facts.failure.output ?? facts.words).matchAll(/\bpushing layers ([0-9.]+)s/g)].map(([, time]) =>
      Number(time),
    ),
  );
  // What comes at once was never valid; the shortest life of a token of a registry is a minute, the usual one five.
  if (facts.isRead || facts.tokenForm === 'none' || seconds < 60) return undefined;
  return {
    code: 'TOKEN_EXPIRED',
    cause: `The registry's token expired while the layers were being pushed (${Math.round(seconds)} s).`,
    remedy:
      'Run the job again; layers that arrived are not sent a second time. If it happens again, make the layers smaller.',
    retryable: true,
  };
};

/** The registry took the login when the step began (lifetimes: https://docs.github.com/en/actions/concepts/security/github_token). */
export const loginLost: Cause = (facts) => {
  const { tokenForm: form, target } = facts;
  if (form === 'installation') {
    return {
      code: 'TOKEN_EXPIRED',
      cause: 'The token of a job ends with the job, after 24 hours at the latest; that of a GitHub App after one hour.',
      remedy:
        'Run the job again, which gets a new token; layers that arrived are not sent a second time. If `token` is that of an App, create it in the step right before this one, or leave `token` out to use that of the job.',
      retryable: true,
    };
  }
  const lost = `${capital(describeToken(facts))} expired, or was revoked, while the step went on; no tag points at anything that is not whole.`;
  return {
    code: 'TOKEN_EXPIRED',
    cause: lost,
    remedy: isGitHub(facts)
      ? `Leave \`token\` out to use the token of the job, with\n${grantPackagesWrite}\nor ${useClassicToken(facts)}.`
      : `Renew the login for ${target.registry}. If it expires soon, create it in the step right before this one, or give one in \`registry-auth\` that lasts as long as the push.`,
  };
};

export const loginMissing: Cause = (facts) => {
  const host = facts.target.registry;
  if (facts.isRead) return packageNotReadable(facts);
  return {
    code: 'LOGIN_MISSING',
    cause:
      facts.tokenForm === 'none'
        ? `This step was given no login for ${host}, and the runner has none that it takes.`
        : `The engine has no login for ${host}, the registry that the image's name leads to.`,
    remedy: isGitHub(facts)
      ? 'Leave `token` out, so that the step uses the job’s own. The step logs in to exactly the host in the image’s name.'
      : `Set \`username\` and \`token\` to those of ${host}; where \`images\` names other registries, too, give them so:\n${registryAuthFor(host)}`,
  };
};

// What the registry forbids, whoever asks

/** Harbor and Quay limit the storage of a project (https://goharbor.io/docs/latest/administration/configure-project-quotas/). */
export const quotaExceeded: Cause = ({ target }) => ({
  code: 'QUOTA_EXCEEDED',
  cause: `${target.registry} has no room left for ${formatRepository(target)}: its storage quota is used up.`,
  remedy: `Delete images that nobody needs from ${target.registry}, or raise the quota there.`,
});

/**
 * Amazon ECR, and registries like it, make no repository by a push
 * (https://docs.aws.amazon.com/AmazonECR/latest/userguide/docker-push-ecr-image.html).
 */
export const repositoryMissing: Cause = (facts) => {
  const { target, isRead } = facts;
  if (isRead || isGitHub(facts)) return undefined;
  const isEcr = /\.dkr\.ecr[.-]/.test(target.registry);
  return {
    code: 'REPOSITORY_MISSING',
    cause: `${target.registry} has no repository ${target.path}, and does not make one by a push.`,
    remedy: isEcr
      ? `Create it once, before the first push: \`aws ecr create-repository --repository-name ${target.path}\`. Or correct the name in \`image\` or \`images\`.`
      : `Create the repository ${target.path} in ${target.registry}, or correct the name in \`image\` or \`images\`.`,
  };
};

/** A tag that may not move: immutable in ECR, Harbor and Docker Hub, protected in GitLab. */
export const tagProtected: Cause = ({ target }) => ({
  code: 'TAG_EXISTS',
  cause: `${target.registry} does not let this tag of ${formatRepository(target)} move: it is immutable or protected.`,
  remedy:
    'Publish under a new version. If the image already exists, set `if-exists: skip`, so that a re-run succeeds. Do not list tags that move, such as latest, in `tags`; or exempt them in the settings of the registry.',
});

// Rights

/** A refusal of a write: the words say of whose right it is, the run says why it is missing. */
function writeDenied(rest: Cause): Cause {
  return (facts) => {
    if (facts.isRead) return packageNotReadable(facts);
    if (!isGitHub(facts)) return pushDenied(facts);
    if (facts.tokenForm === 'fine-grained') return tokenKindUnsupported(facts);
    if (mayBeJobToken(facts) && isForeignOwner(facts)) return ownerForeign(facts);
    if (mayBeJobToken(facts) && facts.readOnlyRun !== undefined) return runReadOnly(facts);
    if (foreignScopes(facts).length > 0) return ownerForeign(facts);
    return rest(facts);
  };
}

const runReadOnly: Cause = ({ readOnlyRun }) => ({
  code: 'RUN_READ_ONLY',
  cause:
    readOnlyRun === 'fork'
      ? 'The run is for a pull request from a fork, whose token only reads, whatever `permissions` says.'
      : 'The run was started by Dependabot, whose token only reads unless `permissions` says otherwise.',
  remedy:
    readOnlyRun === 'fork'
      ? 'Leave `push` at auto, so that such a run builds without pushing, and publish when the pull request is merged.'
      : `Give the job\n${grantPackagesWrite}\nor build only, with \`push: false\` in such a run.`,
});

const ownerForeign: Cause = (facts) => {
  const [foreign] = foreignScopes(facts);
  const source = nameOfSourceRepository(facts);
  const owner = facts.sourceRepository?.owner ?? '';
  if (!isForeignOwner(facts) && foreign !== undefined) {
    return {
      code: 'OWNER_FOREIGN',
      cause: `The build also asked for ${facts.repository.registry}/${foreign}, which belongs to another owner; the registry refuses a token for several repositories as soon as one of them is not permitted.`,
      remedy: `Remove ${foreign} from the Dockerfile and from the caches of the build, or ${useClassicToken(facts)}.`,
    };
  }
  return {
    code: 'OWNER_FOREIGN',
    cause: `${formatRepository(facts.target)} belongs to ${ownerOf(facts)}, and the token of a job writes packages of its own repository's owner only (${source}).`,
    remedy:
      owner === ''
        ? `Publish below the owner of the repository, or ${useClassicToken(facts)} (of an account that may write there).`
        : `Leave \`owner\` out (or write \`\${{ github.repository_owner }}\` in \`images\`) to publish below ${owner.toLowerCase()}; or ${useClassicToken(facts)} (of an account that may write there).`,
  };
};

const packagesWriteMissing: Cause = (facts) => ({
  code: 'PACKAGES_WRITE_MISSING',
  cause: 'The token of this job may not write packages (the registry says "organization" for users, too).',
  remedy: `Add to the job\n${grantPackagesWrite}\n${howToTell} If it has \`Packages: write\` there: ${
    /Write (?:organization )?package/i.test(facts.words) ? grantAccess(facts, 'Write') : allowCreation(facts)
  }`,
});

/** What else forbids that a package comes into being. */
function allowCreation(facts: Facts): string {
  const app = 'the registry takes no token of a GitHub App other than Actions';
  return facts.ownerType === 'User' && !isForeignOwner(facts)
    ? `${app}.`
    : `${app}, and an organisation chooses which packages its members may create, ${packageCreationUrl(facts)}.`;
}

function packageCreationUrl(facts: Facts): string {
  return `https://${productHost(facts) ?? facts.product.host}/organizations/${ownerOf(facts)}/settings/packages`;
}

const packageNotLinked: Cause = (facts) => ({
  code: 'PACKAGE_NOT_LINKED',
  cause: mayBeJobToken(facts)
    ? `The package ${formatRepository(facts.target)} exists, but does not let the workflows of ${nameOfSourceRepository(facts)} write to it: it was first pushed by hand, with a personal token, or from another repository.`
    : `The package ${formatRepository(facts.target)} exists, and ${describeToken(facts)} may not write to it.`,
  remedy: `${grantAccess(facts, 'Write')} Or delete the package and run the job again, so that it belongs to this repository.${
    mayBeJobToken(facts) ? ` The job needs\n${grantPackagesWrite}` : ''
  }`,
});

/** No reason was given (an answer to HEAD has none): all that may be missing, in order. */
const pushDenied: Cause = (facts) => {
  const name = formatRepository(facts.target);
  if (!isGitHub(facts)) {
    return {
      code: 'PUSH_DENIED',
      cause: `${facts.target.registry} does not let ${describeToken(facts)} push to ${name}.`,
      remedy:
        facts.tokenForm === 'none'
          ? `Give a login that may in \`registry-auth\` (registry: ${facts.target.registry}).`
          : grantAccess(facts, 'Write'),
    };
  }
  if (!mayBeJobToken(facts)) {
    return {
      code: 'PUSH_DENIED',
      cause: `The registry does not say why; ${describeToken(facts)} lacks the scope write:packages or write access to the package.`,
      remedy: `Check the scope at https://${productHost(facts)}/settings/tokens. If it has it: ${grantAccess(facts, 'Write')}`,
    };
  }
  return {
    code: 'PUSH_DENIED',
    cause: `The registry does not say why; either the token of this job may not write packages, or the package does not let ${nameOfSourceRepository(facts)} write to it.`,
    remedy: `Give the job\n${grantPackagesWrite}\n${howToTell} If it has \`Packages: write\` there: ${grantAccess(facts, 'Write')}`,
  };
};

export const installationMayNotWrite = writeDenied(packagesWriteMissing);
export const packageRefused = writeDenied(packageNotLinked);
export const pushDeniedWithoutReason = writeDenied(pushDenied);

export const packageUnreadable: Cause = (facts) => {
  if (facts.isRead) return packageNotReadable(facts);
  const diagnosis = packageRefused(facts);
  // A package is not readable for a moment after its first push.
  return diagnosis?.code === 'PACKAGE_NOT_LINKED' ? { ...diagnosis, retryable: true } : diagnosis;
};

export const packageNotCreatable: Cause = (facts) => {
  if (facts.tokenForm === 'fine-grained') return tokenKindUnsupported(facts);
  if (mayBeJobToken(facts) && isForeignOwner(facts)) return ownerForeign(facts);
  if (mayBeJobToken(facts) && facts.readOnlyRun !== undefined) return runReadOnly(facts);
  const owner = ownerOf(facts);
  return {
    code: 'PACKAGE_NOT_CREATABLE',
    cause: `${capital(describeToken(facts))} may not create packages below ${owner}.`,
    remedy: `Publish below another owner with \`owner\`, let an owner of the organisation allow the creation of packages, ${packageCreationUrl(facts)}, or pass the token of a member who may.`,
  };
};

/** The run requested a token for an account on which its Actions app is not installed. */
export const installationUnknown: Cause = (facts) =>
  isForeignOwner(facts) || foreignScopes(facts).length > 0
    ? ownerForeign(facts)
    : {
        code: 'OWNER_FOREIGN',
        cause: `The build asked for a repository of an owner other than ${facts.sourceRepository?.owner ?? 'its own'}: the target, a cache or a base image.`,
        remedy: `Publish below \`\${{ github.repository_owner }}\`, remove references to other owners from the Dockerfile and from the caches of the build, or ${useClassicToken(facts)}.`,
      };

export const packageNotReadable: Cause = (facts) => {
  const { target, tokenForm: form, repository } = facts;
  const name = formatRepository(target);
  if (form === 'none' && target.registry === repository.registry) {
    return {
      code: 'PACKAGE_NOT_READABLE',
      cause: `${name} is private or does not exist; or the runner has an old login for ${target.registry}, which is refused even for what is public.`,
      remedy: `Run \`docker logout ${target.registry}\` on the runner, or log in with \`token\` (or \`registry-auth\`).`,
    };
  }
  if (target.registry !== repository.registry) {
    return {
      code: 'PACKAGE_NOT_READABLE',
      cause: `${name} is private or does not exist, and this step has no login for ${target.registry} that may read it.`,
      remedy: `Check the name in \`source\` or the Dockerfile, and give a login that may read it in \`registry-auth\`:\n${registryAuthFor(target.registry)}`,
    };
  }
  return {
    code: 'PACKAGE_NOT_READABLE',
    cause: `${name} does not exist, or is private and not shared with ${describeToken(facts)}.`,
    remedy: `Check the name. ${grantAccess(facts, 'Read')}${mayBeJobToken(facts) && isGitHub(facts) ? ' The job needs at least `packages: read`.' : ''}`,
  };
};

/** Docker's general text, which says most often that the name has no registry and the push went to Docker Hub. */
export const accessDenied: Cause = (facts) => {
  const said = `${facts.failure.exchange?.url ?? facts.words}\n${facts.failure.output ?? ''}`;
  const isHub = /\bdocker\.(?:io|com)\b/.test(said);
  if (!isHub || isDockerHub(facts.repository.registry)) {
    return facts.failure.code === 'TOKEN_REJECTED' ? tokenRejected(facts) : pushDeniedWithoutReason(facts);
  }
  return {
    code: 'REFERENCE_UNQUALIFIED',
    cause: 'A name without a registry leads to Docker Hub (docker.io), where this step is not logged in.',
    remedy: `Write the registry in the name, \`${formatRepository(facts.repository)}\`: in \`images\`, and in a \`docker push\` of your own.`,
  };
};

export const ownerUnknown: Cause = (facts) => ({
  code: 'OWNER_UNKNOWN',
  cause: `${productHost(facts) ?? facts.target.registry} has no account ${ownerOf(facts)}: it is misspelt, or was renamed (a registry does not follow renames).`,
  remedy:
    'Leave `owner` out to publish below the owner of this repository, or correct it in `owner`, `images` or the Dockerfile.',
});
