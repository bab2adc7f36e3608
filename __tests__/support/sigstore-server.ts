/**
 * Sigstore on a socket: Fulcio, Rekor and a timestamp authority of @sigstore/mock, with keys of their own. Run by
 * `openSigstore` as a process; prints the trusted root (https://github.com/sigstore/protobuf-specs, TrustedRoot) as one line.
 */

import { createHash, generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import {
  fulcioHandler,
  initializeCA,
  initializeCTLog,
  initializeTLog,
  initializeTSA,
  rekorHandler,
  tsaHandler,
} from '@sigstore/mock';

const [, , socket = ''] = process.argv;
const rekorUrl = 'https://rekor.sigstore.dev';
const keyPair = () => generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
/** Of the timestamp authority. A verifier reads no fraction of a second but one of three digits, and DER drops zeros at its end. */
const clock = new Date();
const setClock = (): unknown => clock.setTime(Math.floor(Date.now() / 1000) * 1000 + 1);
setClock();
const ctLog = await initializeCTLog(keyPair());
const [ca, tlog, tsa] = await Promise.all([
  initializeCA(keyPair(), ctLog),
  initializeTLog(rekorUrl, keyPair()),
  initializeTSA(keyPair(), clock),
]);
/**
 * Rekor logs another form of a `dsse` entry than a client proposes: digests, and the signatures with their keys
 * (https://github.com/sigstore/rekor/blob/main/pkg/types/dsse/v0.0.1/dsse_v0_0_1_schema.json). @sigstore/mock logs what it gets.
 */
function asLogged(proposed: string): string {
  const entry = JSON.parse(proposed);
  const { envelope, verifiers } = entry.spec.proposedContent;
  const { payload, signatures } = JSON.parse(envelope);
  const hash = (bytes: Buffer) => ({ algorithm: 'sha256', value: createHash('sha256').update(bytes).digest('hex') });
  const spec = {
    envelopeHash: hash(Buffer.from(envelope)),
    payloadHash: hash(Buffer.from(payload, 'base64')),
    signatures: signatures.map(({ sig: signature }: { readonly sig: string }) => ({
      signature,
      verifier: verifiers[0],
    })),
  };
  return JSON.stringify({ ...entry, spec });
}

const rekor = rekorHandler(tlog);
const handlers = [
  fulcioHandler(ca),
  { ...rekor, fn: (request: string) => rekor.fn(asLogged(request)) },
  tsaHandler(tsa),
];

const server = createServer(async (request, response) => {
  const handler = handlers.find(({ path }) => path === request.url);
  if (handler === undefined) {
    response.writeHead(404).end();
    return;
  }
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  setClock();
  const answer = await handler.fn(Buffer.concat(chunks).toString());
  const { response: body } = answer;
  const bytes =
    typeof body === 'string' ? Buffer.from(body) : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  response.writeHead(answer.statusCode, { 'content-type': answer.contentType ?? 'application/json' }).end(bytes);
});

const base64 = (view: ArrayBufferView | Buffer): string =>
  Buffer.from(view.buffer, view.byteOffset, view.byteLength).toString('base64');
const validFor = { start: new Date(Date.now() - 3_600_000).toISOString() };
const log = (baseUrl: string, publicKey: Buffer) => ({
  baseUrl,
  hashAlgorithm: 'SHA2_256',
  publicKey: { rawBytes: base64(publicKey), keyDetails: 'PKIX_ECDSA_P256_SHA_256', validFor },
  logId: { keyId: createHash('sha256').update(publicKey).digest('base64') },
});
const authority = (uri: string, ...certificates: ArrayBufferView[]) => ({
  subject: { organization: 'sigstore.mock', commonName: 'sigstore' },
  uri,
  certChain: { certificates: certificates.map((rawBytes) => ({ rawBytes: base64(rawBytes) })) },
  validFor,
});
const trustedRoot = {
  mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
  tlogs: [log(rekorUrl, tlog.publicKey)],
  certificateAuthorities: [authority('https://fulcio.sigstore.dev', ca.rootCertificate)],
  ctlogs: [log('https://ctfe.sigstore.dev', ctLog.publicKey)],
  timestampAuthorities: [authority('https://timestamp.githubapp.com', tsa.intCertificate, tsa.rootCertificate)],
};
server.listen(socket, () => process.stdout.write(`${JSON.stringify(trustedRoot)}\n`));
