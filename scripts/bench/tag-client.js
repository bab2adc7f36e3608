// @ts-check
// The least that the tags of an image cost: a process of its own PUTs a manifest under each, then asks for each, eight at a time,
// with nothing between it and node:http. Prints the milliseconds.
// Usage: node tag-client.js HOST:PORT REPOSITORY TAG NEW-TAG…
import { once } from 'node:events';
import { Agent, request } from 'node:http';

const [address = '', repository = '', from = '', ...tags] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true, maxSockets: 8 });
let type = 'application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json';

/** @param {string} method @param {string} tag @param {Buffer} [body] @returns {Promise<{ type: string, bytes: Buffer }>} */
async function ask(method, tag, body) {
  const headers = body ? { 'content-type': type, 'content-length': body.length } : { accept: type };
  const asked = request(`http://${address}/v2/${repository}/manifests/${tag}`, { method, agent, headers }).end(body);
  const [response] = await once(asked, 'response');
  const parts = [];
  for await (const part of response) parts.push(part);
  if (response.statusCode >= 300) throw new Error(`${method} ${tag}: ${response.statusCode}`);
  return { type: response.headers['content-type'] ?? '', bytes: Buffer.concat(parts) };
}

const manifest = await ask('GET', from);
type = manifest.type;
const begun = performance.now();
// The agent lets eight go at a time.
await Promise.all(tags.slice(0, -1).map((tag) => ask('PUT', tag, manifest.bytes)));
await Promise.all(tags.slice(-1).map((tag) => ask('PUT', tag, manifest.bytes)));
await Promise.all(tags.map((tag) => ask('HEAD', tag)));
console.log(performance.now() - begun);
agent.destroy();
