/** Sigstore's own test servers, for the lab's GitHub, and the verification of what they signed. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { bundleFromJSON } from '@sigstore/bundle';
import { TrustedRoot } from '@sigstore/protobuf-specs';
import { toSignedEntity, toTrustMaterial, Verifier } from '@sigstore/verify';

const server = fileURLToPath(new URL('sigstore-server.ts', import.meta.url));

/** What a bundle was signed by, and what it says. */
export interface Verified {
  /** `https://github.com/OWNER/REPOSITORY/.github/workflows/FILE@REF` */
  readonly identity: string | undefined;
  /** The in-toto statement. */
  readonly statement: {
    readonly subject: readonly { readonly name: string; readonly digest: { readonly sha256: string } }[];
    readonly predicateType: string;
    readonly predicate: Readonly<Record<string, unknown>>;
  };
}

export interface Sigstore extends AsyncDisposable {
  /** JSON, as cosign takes it with `--trusted-root`. */
  readonly trustedRoot: string;
  /**
   * Verifies a bundle: certificate and its log, signature, and the time of an authority or of a log.
   * @param bundle JSON
   * @throws Error if it does not hold
   */
  verify(bundle: string, witness: 'tlog' | 'tsa'): Verified;
}

/** @param socket at which the lab's GitHub looks for Sigstore */
export async function openSigstore(socket: string): Promise<Sigstore> {
  rmSync(socket, { force: true });
  const child = spawn(process.execPath, [server, socket], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env.PATH },
  });
  const lines = createInterface({ input: child.stdout });
  const [trustedRoot]: string[] = await Promise.race([
    once(lines, 'line'),
    once(child, 'exit').then(() => Promise.reject(new Error('Sigstore did not start.'))),
  ]);
  const material = toTrustMaterial(TrustedRoot.fromJSON(JSON.parse(trustedRoot ?? '')));
  return {
    trustedRoot: trustedRoot ?? '',
    verify(text, witness) {
      const bundle = bundleFromJSON(JSON.parse(text));
      const thresholds = witness === 'tlog' ? { tlogThreshold: 1 } : { tlogThreshold: 0, timestampThreshold: 1 };
      const { identity } = new Verifier(material, { ctlogThreshold: 1, ...thresholds }).verify(toSignedEntity(bundle));
      const { dsseEnvelope } = JSON.parse(text);
      const statement = JSON.parse(Buffer.from(dsseEnvelope.payload, 'base64').toString());
      return { identity: identity?.subjectAlternativeName, statement };
    },
    async [Symbol.asyncDispose]() {
      child.kill();
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      rmSync(socket, { force: true });
    },
  };
}
