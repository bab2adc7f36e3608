/**
 * Attests what was pushed, before any tag moves: whoever verifies what a tag points at always finds the attestation. It is kept
 * with GitHub, and beside the image in its repository.
 */

import { InputError, PublishError, withContext } from '../errors.ts';
import type { AttestedSubject, Statement } from '../github/artifact-attestations.ts';
import type { Descriptor } from '../image/manifest.ts';
import { formatDigestReference } from '../image/reference.ts';
import { formatRepository } from '../image/repository.ts';
import type { AttestedPredicate } from '../inputs/attested-predicates.ts';
import type { Attested } from '../plan/outcome.ts';
import type { PublicationPlan } from '../plan/plan.ts';
import type { Attester } from './ports.ts';
import type { NamingPorts } from './prepare.ts';
import { pushReferrer } from './push-referrer.ts';
import type { PushedImage } from './pushed-image.ts';
import { readSboms } from './read-sboms.ts';

/** An image, of which the registry lets this login read the manifest. */
type ReadImage = PushedImage & { readonly manifest: NonNullable<PushedImage['manifest']> };

const isRead = (image: PushedImage): image is ReadImage => image.manifest !== undefined;

function subjectOf({ target, digest }: PushedImage): AttestedSubject {
  return { name: formatRepository(target.destination.repository), digest };
}

/**
 * @param images whole, and under no tag of the plan yet
 * @returns what was attested, in the order of the plan; none if the plan has nothing to attest
 * @throws PublishError; no tag has moved
 */
export async function attestImages(
  { attested = [] }: Pick<PublicationPlan, 'attested'>,
  images: readonly PushedImage[],
  ports: NamingPorts,
): Promise<readonly Attested[]> {
  const { attester } = ports;
  if (attested.length === 0 || images.length === 0 || attester === undefined) return [];
  try {
    return await ports.runStage('attest', 'Attest', () => attestAll(attested, images, attester, ports));
  } catch (error) {
    if (!(error instanceof PublishError)) throw error;
    const names = images.map(({ target, digest }) => formatDigestReference(target.destination.repository, digest));
    throw withContext(error, `${names.join(', ')} is pushed and not attested as a whole, so no tag was moved to it.`);
  }
}

async function attestAll(
  attested: readonly AttestedPredicate[],
  images: readonly PushedImage[],
  attester: Attester,
  ports: NamingPorts,
): Promise<readonly Attested[]> {
  const unreadable = images.find((image) => !isRead(image));
  if (unreadable !== undefined) throw notReadable(unreadable);
  const read = images.filter(isRead);
  const all: Attested[] = [];
  for (const predicate of attested) {
    const about = predicate === 'provenance' ? [ofProvenance(read)] : await ofSboms(read, ports);
    for (const each of about) all.push(await attestOne(each, read, attester, ports));
  }
  for (const image of read) await attester.record(subjectOf(image));
  return all;
}

/** A statement, and the manifest beside which it is kept in every repository. */
interface Attestable {
  readonly statement: Statement;
  readonly besides: (image: ReadImage) => Descriptor;
}

function rootOf({ manifest: { mediaType, digest, bytes } }: ReadImage): Descriptor {
  return { mediaType, digest, size: bytes.length };
}

function ofProvenance(images: readonly ReadImage[]): Attestable {
  return { statement: { subjects: images.map(subjectOf) }, besides: rootOf };
}

/**
 * What the builder found in the images, as statements of this run. That of the only platform is about the index, too, since
 * that is what a tag points at.
 */
async function ofSboms(images: readonly ReadImage[], { registry }: NamingPorts): Promise<readonly Attestable[]> {
  const [first] = images;
  if (first === undefined) return [];
  const { repository } = first.target.destination;
  const sboms = await readSboms(registry, repository, first.manifest);
  if (sboms.length === 0) {
    throw new InputError('ATTESTATION_UNSUPPORTED', {
      message: `\`attest\` names \`sbom\`, but ${formatDigestReference(repository, first.digest)} has no SBOM.`,
      remedy: 'Set `sbom: true` in the step that builds, or leave `sbom` out of `attest`.',
    });
  }
  const isAlone = new Set(sboms.map(({ image }) => image.digest)).size === 1;
  return sboms.map(({ image, type, content }) => {
    const subjectsIn = (each: ReadImage): readonly AttestedSubject[] => {
      const subject = { ...subjectOf(each), digest: image.digest };
      return isAlone ? [subjectOf(each), subject] : [subject];
    };
    const statement = { subjects: images.flatMap(subjectsIn), predicate: { type, content } };
    return { statement, besides: isAlone ? rootOf : () => image };
  });
}

async function attestOne(
  { statement, besides }: Attestable,
  images: readonly ReadImage[],
  attester: Attester,
  { registry, log }: NamingPorts,
): Promise<Attested> {
  const signed = await attester.sign(statement);
  const stored = await attester.store(signed);
  log.info(`Attested ${signed.predicateType}: ${stored.url}`);
  const artifact = {
    mediaType: signed.mediaType,
    bytes: signed.bundle,
    // By these, clients choose among the bundles of an image
    // (https://github.com/sigstore/cosign/blob/main/specs/BUNDLE_SPEC.md).
    annotations: {
      'dev.sigstore.bundle.content': 'dsse-envelope',
      'dev.sigstore.bundle.predicateType': signed.predicateType,
    },
  };
  for (const image of images) {
    const { repository } = image.target.destination;
    const digest = await pushReferrer(registry, repository, besides(image), artifact);
    log.info(`The attestation is ${formatDigestReference(repository, digest)}`);
  }
  return stored;
}

function notReadable({ target, digest }: PushedImage): InputError {
  const { repository } = target.destination;
  return new InputError('ATTESTATION_UNSUPPORTED', {
    message: `${repository.registry} lets this login push and not read, so ${formatDigestReference(repository, digest)} cannot be attested.`,
    remedy: 'Give the login the right to read the repository, or leave `attest` out.',
  });
}
