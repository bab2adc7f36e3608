/**
 * Causes on the way: uploads, limits, certificates, the network and the runner.
 */

import { formatRepository } from '../image/repository.ts';
import { type Cause, capital, type Diagnosis, registryAuthFor } from './cause.ts';
import { type Facts, namedHost } from './failure-facts.ts';

// Uploads and limits

export const uploadTimeout: Cause = () => ({
  code: 'UPLOAD_TIMEOUT',
  cause:
    'The registry gave up an upload: the Container registry ends each after 10 minutes, and takes layers of up to 10 GB.',
  remedy:
    'Split the large layer: several `RUN` or `COPY` instead of one, or fewer files. Then run the job again; layers that arrived stay.',
});

export const uploadInterrupted: Cause = () => ({
  code: 'UPLOAD_INTERRUPTED',
  cause: 'An upload was cut off, or the registry lost what had arrived; no tag was moved.',
  remedy: 'Set a higher number of `retries`.',
  retryable: true,
});

export const uploadChunked: Cause = ({ target }) => ({
  code: 'UPLOAD_CHUNKED',
  cause: `${target.registry} refused an upload in several pieces, which ghcr.io does not assemble reliably.`,
  remedy:
    'This action, docker and buildx upload in one piece: look for a proxy in between, or for another tool that pushes in chunks.',
});

/** GitHub's registries take layers of several gigabytes, so a proxy says it: the default limit of nginx is 1 MB. */
export const bodyTooLarge: Cause = (facts) => ({
  code: 'LAYER_TOO_LARGE',
  cause: `A layer is larger than the limit on request bodies of ${namedHost(facts)}, or of a proxy in front of it (413).`,
  remedy:
    'Raise that limit: `client_max_body_size` of nginx (0 for none), or the same setting of another proxy. Or make the layer smaller: several `RUN` or `COPY` instead of one.',
});

export const rateLimited: Cause = ({ words }) =>
  /pull rate limit|docker\.(?:io|com)/.test(words)
    ? {
        code: 'RATE_LIMITED',
        cause:
          'Docker Hub limits how many images an address or account may pull; this is about a base image, not about your registry.',
        remedy: `Log in to Docker Hub:\n${registryAuthFor('docker.io')}\nor use a mirror of the base image.`,
        retryable: true,
      }
    : {
        code: 'RATE_LIMITED',
        cause: 'The registry takes no more requests for the moment.',
        remedy: 'Set a higher number of `retries`, or run fewer jobs at the same time (`concurrency`, `max-parallel`).',
        retryable: true,
      };

export const egressLimited: Cause = () => ({
  code: 'RATE_LIMITED',
  cause: 'The store behind the registry limits how much is downloaded.',
  remedy: 'Pull large images from a mirror or cache.',
  retryable: true,
});

export const unavailable: Cause = (facts) => ({
  code: 'REGISTRY_UNAVAILABLE',
  cause: 'The registry is down or overloaded.',
  remedy: `Allow more attempts with \`retries\`.${
    /(?:^|\.)(?:ghcr\.io|github\.com|githubusercontent\.com)$/.test(namedHost(facts))
      ? ' See https://www.githubstatus.com for outages of GitHub.'
      : ''
  }`,
  retryable: true,
});

export const pushConflict: Cause = () => ({
  code: 'PUSH_CONFLICT',
  cause:
    'The registry refused a manifest that it takes at other times: it does so while several are pushed to one package.',
  remedy: 'Give the jobs that publish this package one `concurrency` group.',
  retryable: true,
});

export const manifestUnknown: Cause = (facts) => ({
  code: 'MANIFEST_UNKNOWN',
  cause: `${formatRepository(facts.target)} has no such tag or digest: it never had, it was deleted (a cleanup of untagged versions takes the parts of an index, too), or not for this platform.`,
  remedy: 'Check the tag or digest in `source`, in `FROM` of the Dockerfile, or of the image that was pulled.',
});

export const indexUnsupported: Cause = () => ({
  code: 'INDEX_UNSUPPORTED',
  cause:
    'The image is an index (several platforms, or attestations), and the client that asked for it reads single manifests only.',
  remedy: 'Update that client; or publish one platform without attestations, which is a single manifest.',
});

export const mediaTypeUnsupported: Cause = ({ target }) => ({
  code: 'MEDIA_TYPE_UNSUPPORTED',
  cause: `${target.registry} refused the kind of content (406), as registries of ghe.com do with signatures; the image itself is not concerned.`,
  remedy: 'Push signatures and attestations in a step of their own with `continue-on-error: true`.',
});

/**
 * A registry with the media types of OCI alone answers 415, of which Docker prints the message only. zot is one, unless
 * its `compat` names docker2s2 (its admin guide, "Compatibility with other image schema types"). GitHub's registries
 * take Docker's types, and say this of something else.
 */
export const dockerTypesRefused: Cause = ({ kind, target }) =>
  kind !== 'other'
    ? undefined
    : {
        code: 'MEDIA_TYPE_UNSUPPORTED',
        cause: `${target.registry} refused the manifest: most likely it takes OCI's media types only, as zot does by default, and this image has Docker's.`,
        remedy:
          'Build with those of OCI: `outputs: type=image,oci-mediatypes=true`, for which the step makes a builder if the engine needs one. Or let the registry take those of Docker, too: zot does with `"http": {"compat": ["docker2s2"]}` in its configuration.',
      };

// The network and the runner

/** Who did not trust the certificate: each has a store of its own. */
function distrustful({ words, failure }: Facts): 'node' | 'cli' | 'container' | 'engine' | 'unknown' {
  if (!/x509:/.test(words)) return 'node';
  // buildx itself asks for tokens, on behalf of whatever builds.
  if (/failed to fetch (?:oauth|anonymous) token/.test(words)) return 'cli';
  const output = `${words}\n${failure.output ?? ''}`;
  const driver = output.match(/building with "[^"]*" instance using (\S+) driver/)?.[1];
  if (driver !== undefined) return driver === 'docker' ? 'engine' : 'container';
  return /Error response from daemon/.test(output) ? 'engine' : 'unknown';
}

const inNode = (host: string): string =>
  `set NODE_EXTRA_CA_CERTS for this step to the CA of ${host} (PEM), in the workflow\nenv:\n  NODE_EXTRA_CA_CERTS: /etc/ssl/certs/${host.replace(/:.*/, '')}.pem\nor in the \`.env\` file of a self-hosted runner.`;
const inEngine = (host: string): string =>
  `install the CA of ${host} for the Docker engine:\nsudo install -D --mode 644 ca.crt /etc/docker/certs.d/${host}/ca.crt`;
const inContainer = (host: string): string =>
  `create the builder with a configuration that names the CA (\`docker buildx create --driver docker-container --buildkitd-config buildkitd.toml\`):\n[registry."${host}"]\n  ca=["/etc/docker/certs.d/${host}/ca.crt"]`;
const inSystem = (host: string): string =>
  `install the CA of ${host} for the runner itself:\nsudo install --mode 644 ca.crt /usr/local/share/ca-certificates/${host.replace(/:.*/, '')}.crt && sudo update-ca-certificates`;

export const caUnknown: Cause = (facts) => {
  const host = namedHost(facts);
  const who = distrustful(facts);
  const says = (subject: string): string =>
    `${subject} does not know the authority that issued the certificate of ${host}.`;
  const diagnosis = (cause: string, remedy: string): Diagnosis => ({
    code: 'CA_UNKNOWN',
    cause,
    remedy: capital(remedy),
  });
  if (who === 'node') {
    return diagnosis(says('This action itself (Node.js, not the engine)'), inNode(host));
  }
  if (who === 'cli')
    return diagnosis(says('buildx on this runner (not the engine, which is asked later)'), inSystem(host));
  if (who === 'container') {
    return diagnosis(says('The BuildKit container, which sees no CA of the runner,'), inContainer(host));
  }
  if (who === 'engine') return diagnosis(says('The Docker engine (not this action)'), inEngine(host));
  return diagnosis(
    says('The engine (not this action)'),
    `${inEngine(host)}\nWhere a BuildKit container builds: ${inContainer(host)}`,
  );
};

export const certificateMismatch: Cause = (facts) => {
  const host = namedHost(facts);
  return {
    code: 'CERTIFICATE_MISMATCH',
    cause: `The certificate that ${host} shows is not for that name.`,
    remedy:
      facts.product.kind === 'ghes' && host.endsWith(`.${facts.product.host}`)
        ? `Ask a site administrator to install a certificate that names *.${facts.product.host}, too: subdomain isolation needs it.`
        : `Correct the name of the registry, or install a certificate that names ${host}.`,
  };
};

export const hostUnknown: Cause = (facts) => {
  const { product, words } = facts;
  // It may be that of a proxy, or one that a registry led to.
  const host =
    /\b(?:lookup|ENOTFOUND|EAI_AGAIN) (?<host>[^\s:)]*[^\s:).])/.exec(words)?.groups?.host ?? namedHost(facts);
  const isSubdomain = product.kind === 'ghes' && host.endsWith(`.${product.host}`);
  return {
    code: 'HOST_UNKNOWN',
    cause: `The name ${host} has no address${isSubdomain ? `: subdomain isolation of ${product.host} is off, or its DNS record *.${product.host} is missing` : ' that this runner can find'}.`,
    remedy: isSubdomain
      ? `Ask a site administrator to enable subdomain isolation and add the DNS record *.${product.host}; or publish to the Docker registry at the bare name with \`registry: ${product.host}\`.`
      : 'Correct the name (`registry`, `images`, `FROM`, HTTPS_PROXY), or the name resolution of the runner.',
  };
};

export const plainHttp: Cause = (facts) => {
  const host = namedHost(facts);
  return {
    code: 'PLAIN_HTTP',
    cause: `${host} speaks plain HTTP where TLS was expected.`,
    remedy: `Give ${host} a certificate. This action and Docker speak plain HTTP only to registries on the same machine. You can allow plain HTTP in the engine only: Docker with {"insecure-registries": ["${host}"]} in /etc/docker/daemon.json, Podman with a [[registry]] of location = "${host}" and insecure = true in /etc/containers/registries.conf.`,
  };
};

export const noRegistry: Cause = (facts) => {
  const host = namedHost(facts);
  const { product } = facts;
  return {
    code: 'ANSWER_INVALID',
    cause: `${host} answers, but not as a registry does: it is a web application, a login page or a proxy.`,
    remedy:
      product.kind === 'ghes' && (host === product.host || host.endsWith(`.${product.host}`))
        ? `Packages, or this registry, are not enabled on ${product.host}: ask a site administrator to enable them, or leave \`registry\` at auto, which asks the server.`
        : 'Check that `registry` names a container registry, and which other server answers.',
  };
};

/** A registry says with a code what it does not know; an answer to HEAD has no body to say it in. */
export const pageMissing: Cause = (facts) => {
  const { exchange } = facts.failure;
  return exchange === undefined || exchange.ociCodes.length > 0 || exchange.method === 'HEAD'
    ? undefined
    : noRegistry(facts);
};

export const hostBlocked: Cause = (facts) => ({
  code: 'HOST_BLOCKED',
  cause: 'A connection was opened and then not answered, as behind a firewall that lets some hosts through only.',
  remedy: `Allow ${[...new Set([facts.repository.registry, ...(facts.repository.registry === 'ghcr.io' || namedHost(facts) === 'ghcr.io' ? ['pkg-containers.githubusercontent.com'] : [])])].join(' and ')} on port 443. If there is a proxy, set HTTPS_PROXY.`,
  retryable: true,
});

export const unreachable: Cause = (facts) => ({
  code: 'REGISTRY_UNREACHABLE',
  cause: `Nobody answers at ${namedHost(facts)}.`,
  remedy:
    'Correct the name and port (`registry`, `images`, `FROM`), or let the engine reach it: its firewall, and the proxy settings that it has beside those of this step.',
  retryable: true,
});

export const diskFull: Cause = () => ({
  code: 'FILE_REFUSED',
  cause: 'The disk of the runner, or of the engine or builder, is full.',
  remedy:
    'Free space in a step before (`docker system prune --all --force`; on a runner of GitHub’s, tools that you do not use), build less at once, or take a larger runner.',
});

export const runnerOutdated: Cause = () => ({
  code: 'RUNNER_OUTDATED',
  cause: 'The runner is older than 2.327 and has no Node.js 24, which this action runs on.',
  remedy: 'Update the runner to 2.327.1 or newer, or GitHub Enterprise Server to a version that asks for one.',
});

/** An engine answers clients of some versions of its API only (https://docs.docker.com/reference/api/engine/#api-version-matrix). */
export const clientOutdated: Cause = () => ({
  code: 'ENGINE_INCOMPATIBLE',
  cause: 'The Docker CLI of this runner is too old for the engine that it talks to. The login was not the matter.',
  remedy:
    'Update the Docker CLI of the runner. If DOCKER_API_VERSION is set, remove it: the CLI then takes the newest version.',
});

export const engineOutdated: Cause = () => ({
  code: 'ENGINE_INCOMPATIBLE',
  cause: 'The Docker engine is older than the CLI of this runner. The login was not the matter.',
  remedy:
    'Update the engine. Or set DOCKER_API_VERSION, in the `env` of the step, to the version that the message names.',
});

export const engineSilent: Cause = () => ({
  code: 'ENGINE_DOWN',
  cause: 'The Docker engine does not answer.',
  remedy:
    'Start the Docker daemon on the runner, or point DOCKER_HOST or the current `docker context` at an engine that runs.',
});

/** docker speaks to a notary server if DOCKER_CONTENT_TRUST is on (https://docs.docker.com/engine/security/trust/). */
export const contentTrust: Cause = () => ({
  code: 'CONTENT_TRUST_FAILED',
  cause:
    'DOCKER_CONTENT_TRUST is on, so docker asked a notary server for signatures, which this registry does not have.',
  remedy:
    'Set `DOCKER_CONTENT_TRUST: 0` in the `env` of this step. To sign the image, sign its digest in a later step, for example with cosign.',
});
