// Asks Docker Hub for the digest of a release of BuildKit's image, and writes both into src/build/buildkit-image.ts:
// npm run buildkit-image -- v0.33.1
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const [version = '', registry = 'https://registry-1.docker.io'] = process.argv.slice(2);
if (!/^v\d+\.\d+\.\d+$/.test(version)) {
  console.error('Write the release, such as: npm run buildkit-image -- v0.33.1');
  process.exit(1);
}

const index = ['application/vnd.oci.image.index.v1+json', 'application/vnd.docker.distribution.manifest.list.v2+json'];
const url = `${registry}/v2/moby/buildkit/manifests/${version}`;

/** @type {(headers: Record<string, string>) => Promise<Response>} */
const ask = (headers) => fetch(url, { method: 'HEAD', headers: { accept: index.join(', '), ...headers } });

/** As the registry asks for it (distribution-spec, "Token Authentication"). @type {(challenge: string) => Promise<string>} */
async function tokenFor(challenge) {
  const at = (/** @type {string} */ name) => new RegExp(`${name}="([^"]*)"`).exec(challenge)?.[1] ?? '';
  const query = new URLSearchParams({ service: at('service'), scope: 'repository:moby/buildkit:pull' });
  const answer = await fetch(`${at('realm')}?${query}`);
  return Object(await answer.json()).token;
}

let answer = await ask({});
if (answer.status === 401) {
  const token = await tokenFor(answer.headers.get('www-authenticate') ?? '');
  answer = await ask({ authorization: `Bearer ${token}` });
}
const digest = answer.headers.get('docker-content-digest') ?? '';
if (!answer.ok || !/^sha256:[0-9a-f]{64}$/.test(digest)) {
  console.error(`${url} was answered with ${answer.status}, and the digest "${digest}".`);
  process.exit(1);
}
const file = fileURLToPath(new URL('../src/build/buildkit-image.ts', import.meta.url));
const text = readFileSync(file, 'utf8');
writeFileSync(file, text.replace(/(moby\/buildkit):v[0-9.]+@sha256:[0-9a-f]{64}/, `$1:${version}@${digest}`));
console.log(`moby/buildkit:${version}@${digest}`);
