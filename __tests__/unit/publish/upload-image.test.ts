import { expect, test } from '@jest/globals';
import { bounds } from '../../../src/image/bounds.ts';
import { digestOf } from '../../../src/image/digest.ts';
import { mediaTypes, type StoredManifest, storedManifest } from '../../../src/image/manifest.ts';
import { parseRegistry } from '../../../src/image/registry-name.ts';
import { parseRepository } from '../../../src/image/repository.ts';
import { copyReferrers } from '../../../src/publish/upload-image.ts';
import type { RegistryClient } from '../../../src/registry/client.ts';

const from = parseRepository(parseRegistry('ghcr.io'), 'octo-org/app');
const to = parseRepository(parseRegistry('quay.io'), 'octo-org/app');
const config = { mediaType: 'application/vnd.oci.empty.v1+json', digest: digestOf(Buffer.from('{}')), size: 2 };

function aManifest(title: string, subject?: StoredManifest): StoredManifest {
  const of = subject && { mediaType: subject.mediaType, digest: subject.digest, size: subject.bytes.length };
  const fields = { schemaVersion: 2, mediaType: mediaTypes.ociManifest, config, layers: [], annotations: { title } };
  return storedManifest(Buffer.from(JSON.stringify({ ...fields, ...(of && { subject: of }) })));
}

/** A registry whose lists of referrers are what the test says. */
function aClient(all: readonly StoredManifest[], listed: (subject: string) => readonly StoredManifest[]) {
  const put: string[] = [];
  let questions = 0;
  const client = {
    async listReferrers(_: unknown, subject: string) {
      questions++;
      return listed(subject).map(({ mediaType, digest, bytes }) => ({ mediaType, digest, size: bytes.length }));
    },
    getManifest: async (_: unknown, digest: string) => all.find((each) => each.digest === digest),
    headManifest: async () => undefined,
    pushBlob: async () => 'present',
    async putManifest(_: unknown, manifest: StoredManifest) {
      put.push(digestOf(manifest.bytes));
      return { subject: manifest.digest };
    },
  } as unknown as RegistryClient;
  return { client, put, questions: () => questions };
}

test('referrers that refer to each other are copied once each', async () => {
  const image = aManifest('image');
  const signature = aManifest('signature', image);
  const ofSignature = aManifest('of the signature', signature);
  // A registry that lists in a circle: the last leads back to the first.
  const { client, put, questions } = aClient([signature, ofSignature], (subject) =>
    subject === image.digest ? [signature] : subject === signature.digest ? [ofSignature] : [signature, ofSignature],
  );
  expect(await copyReferrers(client, from, to, [image])).toBe(2);
  expect(put).toEqual([signature.digest, ofSignature.digest]);
  expect(questions()).toBe(3);
});

test('what refers to something else is not copied, although the registry lists it', async () => {
  const image = aManifest('image');
  const others = [aManifest('of nothing'), aManifest('of another', aManifest('another'))];
  const { client, put } = aClient(others, () => others);
  expect(await copyReferrers(client, from, to, [image])).toBe(0);
  expect(put).toEqual([]);
});

test('more referrers than any image has are refused', async () => {
  const image = aManifest('image');
  const many = Array.from({ length: bounds.referrers + 1 }, (_, index) => aManifest(String(index), image));
  const { client } = aClient(many, (subject) => (subject === image.digest ? many : []));
  await expect(copyReferrers(client, from, to, [image])).rejects.toThrowCode('MANIFEST_INVALID');
});
