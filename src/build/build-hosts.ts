/** The hosts that a builder talks to for a build, as far as the inputs and the Dockerfile name them. */

import { parseReference } from '../image/reference.ts';
import type { BuildRequest } from './build-request.ts';
import { type Dockerfile, imagesOf } from './dockerfile-stages.ts';

/** Each `host[:port]`. */
export interface BuildHosts {
  readonly registries: readonly string[];
  /** Of Git repositories, archives and caches. */
  readonly others: readonly string[];
}

/** What names a host in a request. */
type HostRequest = Pick<
  BuildRequest,
  'context' | 'target' | 'buildArgs' | 'buildContexts' | 'cacheFrom' | 'cacheTo' | 'attestations'
>;

/** @returns none where the text is no reference: BuildKit is going to say so */
function registryOf(reference: string): readonly string[] {
  try {
    return [parseReference(reference).repository.registry];
  } catch {
    return [];
  }
}

function hostOfUrl(text: string): readonly string[] {
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? URL.parse(text) : null;
  return url === null || url.host === '' ? [] : [url.host];
}

/** @param dockerfile `undefined` where it is not known */
export function hostsOf(request: HostRequest, dockerfile: Dockerfile | undefined): BuildHosts {
  const { context, target, buildArgs, buildContexts, cacheFrom, cacheTo, attestations } = request;
  const contexts = buildContexts.map((entry) => entry.slice(entry.indexOf('=') + 1));
  const entries = [...cacheFrom, ...cacheTo, ...attestations];
  const values = entries.flatMap(({ attributes }) => attributes.map(([, value]) => value));
  const references = [
    ...(dockerfile === undefined ? [] : imagesOf(dockerfile, target, buildArgs)),
    ...contexts.flatMap((each) => /^docker-image:\/\/(.+)$/.exec(each)?.[1] ?? []),
    ...entries.flatMap(({ attributes }) =>
      attributes.flatMap(([name, value]) => (name === 'ref' || name === 'generator' ? [value] : [])),
    ),
  ];
  const urls = [context, ...contexts.filter((each) => !each.startsWith('docker-image:')), ...values];
  return {
    registries: [...new Set(references.flatMap(registryOf))],
    others: [...new Set(urls.flatMap(hostOfUrl))],
  };
}
