/**
 * GitHub's artifact attestations: @actions/attest signs them, and GitHub's API keeps them
 * (https://docs.github.com/en/rest/repos/attestations, https://docs.github.com/en/rest/orgs/artifact-metadata).
 *
 * Import this file where something is attested: @actions/attest takes long to load.
 */

import { attest, attestProvenance } from '@actions/attest';
import { PublishError, RegistryError, withFacts } from '../errors.ts';
import type { Digest } from '../image/digest.ts';
import { isObject } from '../text/json.ts';
import { grantAttestations } from './job-permissions.ts';
import type { GitHubApi } from './rest-api.ts';
import type { SourceRepository } from './workflow-run.ts';

/** An image that an attestation is about. */
export interface AttestedSubject {
  /** `registry/path`, without a tag. */
  readonly name: string;
  readonly digest: Digest;
}

/** What is attested: by the run itself how the image was built, or anything that somebody else says. */
export interface Statement {
  readonly subjects: readonly AttestedSubject[];
  /** `undefined`: how the image was built, in the terms of https://slsa.dev/provenance/v1. */
  readonly predicate?: { readonly type: string; readonly content: object };
}

/** An attestation that is signed (https://docs.sigstore.dev/about/bundle/). */
export interface SignedAttestation {
  readonly mediaType: string;
  readonly predicateType: string;
  /** JSON */
  readonly bundle: Uint8Array;
}

/** The predicate of a signed statement (https://github.com/in-toto/attestation, Statement v1). */
function predicateTypeOf({
  dsseEnvelope,
}: {
  readonly dsseEnvelope?: { readonly payload: string } | undefined;
}): string {
  const statement: unknown = JSON.parse(Buffer.from(dsseEnvelope?.payload ?? '', 'base64').toString());
  return isObject(statement) ? String(statement.predicateType) : '';
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error && error.cause.message !== ''
    ? `${error.message} (${error.cause.message})`
    : error.message;
}

const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);

/**
 * Signs a statement with a certificate for this run. Repositories that are public use Sigstore's public instance, all others
 * GitHub's own.
 * @throws RegistryError ATTESTATION_FAILED
 */
export async function signAttestation({ subjects, predicate }: Statement): Promise<SignedAttestation> {
  const named = subjects.map(({ name, digest }) => {
    const [algorithm = '', hex = ''] = digest.split(':');
    return { name, digest: { [algorithm]: hex } };
  });
  const options = { subjects: named, token: '', skipWrite: true };
  try {
    const { bundle } =
      predicate === undefined
        ? await attestProvenance(options)
        : await attest({ ...options, predicateType: predicate.type, predicate: predicate.content });
    return {
      mediaType: bundle.mediaType,
      predicateType: predicateTypeOf(bundle),
      bundle: Buffer.from(JSON.stringify(bundle)),
    };
  } catch (cause) {
    throw new RegistryError('ATTESTATION_FAILED', {
      message: `The attestation could not be signed: ${sentence(wordsOf(cause))}`,
      remedy:
        'Run the job again. If the error stays, see https://www.githubstatus.com and https://status.sigstore.dev, and whether the runner may reach them.',
      retryable: true,
      cause,
    });
  }
}

/**
 * Keeps an attestation with the repository of the run.
 * @returns its ID; the page of the attestation has it in its address
 * @throws RegistryError ATTESTATION_FAILED; PermissionError ATTESTATION_DENIED
 */
export async function storeAttestation(
  api: Pick<GitHubApi, 'ask'>,
  { owner, name }: SourceRepository,
  { bundle }: SignedAttestation,
): Promise<string> {
  const content = JSON.parse(Buffer.from(bundle).toString());
  try {
    const answer = await api.ask((rest) => rest.repos.createAttestation({ owner, repo: name, bundle: content }));
    const data: unknown = answer?.data;
    const id = isObject(data) ? data.id : undefined;
    if (typeof id === 'number' || typeof id === 'string') return String(id);
  } catch (error) {
    if (!(error instanceof PublishError)) throw error;
    const isDenied = error instanceof RegistryError && error.status === 403;
    throw withFacts(error, {
      code: isDenied ? 'ATTESTATION_DENIED' : 'ATTESTATION_FAILED',
      message: `GitHub did not store the attestation: ${error.message}`,
      ...(isDenied ? { remedy: `Give the job these permissions:\n${grantAttestations}` } : {}),
    });
  }
  throw new RegistryError('ATTESTATION_FAILED', {
    message: `GitHub did not store the attestation: its API does not know the repository ${owner}/${name}, or not this function of it.`,
    remedy: `Give the job these permissions:\n${grantAttestations}`,
  });
}

/**
 * Tells GitHub in which registry an image of an organisation is.
 * @throws RegistryError PUSH_DENIED, TOKEN_REJECTED, REGISTRY_*
 */
export async function recordStorage(
  api: Pick<GitHubApi, 'ask'>,
  organisation: string,
  { name, digest }: AttestedSubject,
): Promise<void> {
  const [registry = ''] = name.split('/');
  await api.ask((rest) =>
    rest.orgs.createArtifactStorageRecord({
      org: organisation,
      name,
      digest,
      registry_url: `https://${registry}`,
      repository: name.slice(registry.length + 1),
    }),
  );
}
