// @ts-check
/**
 * Certificates of the lab's GitHub, made by the `openssl` command anew at each start.
 */
import { join } from 'node:path';
import { run } from '../process.js';

/** @typedef {{ key: string, certificate: string }} KeyPair PEM files */

/**
 * @param {string} folder
 * @param {string} name
 * @param {object} how
 * @param {'ec' | 'rsa'} [how.kind]
 * @param {KeyPair} [how.issuer] none: signed by itself, and a CA
 * @param {readonly string[]} [how.names] host names and addresses
 * @returns {Promise<KeyPair>}
 * @throws {import('../place.js').LabError} without OpenSSL 3
 */
export async function certificate(folder, name, { kind = 'ec', issuer, names = [] }) {
  const pair = { key: join(folder, `${name}.key`), certificate: join(folder, `${name}.pem`) };
  const key = kind === 'ec' ? ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'] : ['rsa:2048'];
  const subjects = names.map((each) => (/^[\d.]+$/.test(each) ? `IP:${each}` : `DNS:${each}`)).join(',');
  await run('openssl', [
    ...['req', '-x509', '-newkey', ...key, '-noenc', '-days', '30', '-subj', `/CN=publish-docker-package lab: ${name}`],
    ...['-keyout', pair.key, '-out', pair.certificate],
    ...(issuer ? ['-CA', issuer.certificate, '-CAkey', issuer.key, '-addext', `subjectAltName=${subjects}`] : []),
    ...['-addext', issuer ? 'basicConstraints=critical,CA:FALSE' : 'keyUsage=critical,keyCertSign,digitalSignature'],
  ]);
  return pair;
}
