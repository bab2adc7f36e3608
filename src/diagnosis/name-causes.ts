/**
 * Causes that lie in names, and in what the Docker registry cannot do.
 */

import type { Cause } from './cause.ts';
import { isGitHub } from './failure-facts.ts';

// Names

export const notLowerCase: Cause = ({ words }) => {
  const name = words.match(
    /repository name \((?<name>[^)]{1,500})\)|invalid (?:tag|reference)[^"]{0,200}"(?<quoted>[^"]{1,500})"/,
  )?.groups;
  const wrong = name?.name ?? name?.quoted;
  return {
    code: 'REPOSITORY_NOT_LOWERCASE',
    cause: `A repository of a registry is lower-case${wrong === undefined ? '' : `; this one is not: ${wrong}`}.`,
    remedy: `This action lower-cases what \`owner\`, \`image\` and \`images\` name. Write ${wrong === undefined ? 'the name' : `\`${wrong.toLowerCase()}\``} in the Dockerfile and in \`build-args\`, too.`,
  };
};

export const referenceInvalid: Cause = () => ({
  code: 'REFERENCE_INVALID',
  cause:
    'The name of an image is malformed: a variable in it is empty, or it has a space, a "/" in the tag, or a separator at the end of a part or doubled.',
  remedy:
    'This action checked the name that it publishes, so look at `FROM` in the Dockerfile and at `build-args`. A git ref becomes a valid tag with `type=ref`.',
});

export const tagInvalid: Cause = () => ({
  code: 'TAG_INVALID',
  cause: 'A tag has at most 128 characters: letters, digits, "_", "." and "-", of which the last two do not begin it.',
  remedy: 'Correct the tag in `FROM` of the Dockerfile, or in `tags`.',
});

export const repositoryTooLong: Cause = () => ({
  code: 'REPOSITORY_INVALID',
  cause: 'The name of a repository has more than 255 characters.',
  remedy: 'Set a shorter `image` (or `images`).',
});

export const repositoryEmpty: Cause = () => ({
  code: 'REPOSITORY_INVALID',
  cause: 'The name of a repository is empty: a variable in it has no value.',
  remedy: 'Set `image` (or `images`), and check the variables in the Dockerfile’s `FROM`.',
});

export const ownerSegmentMissing: Cause = (facts) => {
  const isOurs = facts.failure.exchange !== undefined;
  const path = isOurs ? facts.target.path : facts.words.match(/\/v2\/([^\s"]{1,255}?)\/(?:blobs|manifests)\//)?.[1];
  if (path === undefined || path.includes('/') || !isGitHub(facts)) return undefined;
  const owner = facts.sourceRepository?.owner.toLowerCase() ?? 'OWNER';
  return {
    code: 'REPOSITORY_INVALID',
    cause: `The name ${facts.target.registry}/${path} has no owner.`,
    remedy: `Write \`${facts.target.registry}/${owner}/${path}\` in \`images\` or the Dockerfile, or leave \`images\` out.`,
  };
};

export const segmentsMissing: Cause = ({ target, sourceRepository: source }) => {
  const repository = source === undefined ? 'OWNER/REPOSITORY' : `${source.owner}/${source.name}`.toLowerCase();
  return {
    code: 'REPOSITORY_INVALID',
    cause: `A path of the Docker registry has three segments, OWNER/REPOSITORY/IMAGE; ${target.path} has not.`,
    remedy: `Write \`${target.registry}/${repository}/IMAGE\`, or use \`owner\` and \`image\` instead of \`images\`.`,
  };
};

export const registryImitated: Cause = ({ repository }) => ({
  code: 'REGISTRY_INVALID',
  cause: `The answer is not from a registry of GitHub: ghrc.io and its like imitate ghcr.io, and a login sent there must be taken for stolen.`,
  remedy: `Write ghcr.io (here: ${repository.registry}) wherever the name is misspelt, and revoke the token that was sent.`,
});

// The Docker registry

export const digestUnsupported: Cause = (facts) => ({
  code: 'DIGEST_UNSUPPORTED',
  cause: `The Docker registry ${facts.target.registry} finds images by tag only, not by digest.`,
  remedy: 'Refer to the image as NAME:TAG, or move to the Container registry: `registry: container`.',
});

export const engineIncompatible: Cause = (facts) => {
  if (facts.kind !== 'docker') return undefined;
  return {
    code: 'ENGINE_INCOMPATIBLE',
    cause: `The Docker registry ${facts.target.registry} speaks an older form of the protocol than this engine: BuildKit, containerd, and Docker Engine 25 and newer cannot push to it or pull from it.`,
    remedy: `Publish to the Container registry with \`registry: container\`${
      facts.product.kind === 'ghes'
        ? ' (on GitHub Enterprise Server a site administrator enables it with subdomain isolation)'
        : ''
    }, or use a runner with Docker Engine 24 or older.`,
  };
};
