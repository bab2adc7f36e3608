/** The certificates of the runner's machine, which programs in a container do not have. */

import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Environment } from '../text/environment.ts';

/** What a machine has for one registry (https://docs.docker.com/engine/security/certificates/). */
export interface RegistryCertificates {
  /** `host[:port]` */
  readonly host: string;
  /** Files of CAs. */
  readonly authorities: readonly string[];
  readonly pairs: readonly { readonly cert: string; readonly key: string }[];
}

/** A folder for each registry: the engine's, and that of a rootless one. */
export async function readRegistryCertificates(env: Environment): Promise<readonly RegistryCertificates[]> {
  const config = env.XDG_CONFIG_HOME || (env.HOME ? join(env.HOME, '.config') : '');
  const roots = ['/etc/docker/certs.d', ...(config === '' ? [] : [join(config, 'docker', 'certs.d')])];
  const found = roots.map(async (root) => {
    const hosts = await readdir(root).catch(() => []);
    return Promise.all(
      hosts.map(async (host) => {
        const files = (await readdir(join(root, host)).catch(() => [])).sort();
        const at = (name: string): string => join(root, host, name);
        const certs = files.filter((name) => name.endsWith('.cert') && files.includes(`${name.slice(0, -4)}key`));
        return {
          host,
          authorities: files.filter((name) => name.endsWith('.crt')).map(at),
          pairs: certs.map((name) => ({ cert: at(name), key: at(`${name.slice(0, -4)}key`) })),
        };
      }),
    );
  });
  return (await Promise.all(found)).flat().filter(({ authorities, pairs }) => authorities.length + pairs.length > 0);
}

/** Where administrators put CAs of their own (update-ca-certificates(8), update-ca-trust(8)). */
const authorityFolders = ['/usr/local/share/ca-certificates', '/etc/pki/ca-trust/source/anchors'];

/** Files with CAs that the machine trusts beside those of its distribution, or that the step's variables name. */
export async function readAuthorities(env: Environment): Promise<readonly string[]> {
  const folders = authorityFolders.map(async (folder) => {
    const files = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
    const paths = files.filter((each) => !each.isDirectory()).map(({ parentPath, name }) => join(parentPath, name));
    return paths.filter((path) => /\.(?:crt|pem)$/.test(path)).sort();
  });
  const named = [env.SSL_CERT_FILE, env.NODE_EXTRA_CA_CERTS].filter((path) => path !== undefined && path !== '');
  const all = [...(await Promise.all(folders)).flat(), ...named.map(String)];
  const there = await Promise.all(
    all.map((path) =>
      stat(path)
        .then((entry) => entry.isFile())
        .catch(() => false),
    ),
  );
  return [...new Set(all.filter((_, index) => there[index]))];
}
