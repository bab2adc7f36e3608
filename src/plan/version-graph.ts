/**
 * The manifests of a repository, and what leads from one to another. An index leads to what it lists, an image to what
 * refers to it, and that back to the image.
 */

import type { Digest } from '../image/digest.ts';
import type { ManifestLinks } from '../image/manifest.ts';
import type { Tag } from '../image/tag.ts';

/** A manifest of a repository; GitHub calls it a version of a package. */
export interface Version extends ManifestLinks {
  readonly digest: Digest;
  readonly tags: readonly Tag[];
  /** Milliseconds since the epoch, from when on it is there; `undefined`: nobody tells. */
  readonly since: number | undefined;
  /** Whether the registry lists it. If not, it was found through another, and is of no account by itself. */
  readonly isListed: boolean;
}

/** A tag that is a link: its manifest belongs to the one that the tag names. */
interface AttachedTag {
  /** `sha256-…`: the digest as a tag writes it, 64 characters of it at most. */
  readonly subject: string;
}

/**
 * Reads the tag of a referrers list (distribution-spec, "Referrers Tag Schema"), or of what cosign attaches
 * (https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md, "Tag-based discovery").
 * @returns `undefined` for any other tag
 */
export function parseAttachedTag(tag: Tag): AttachedTag | undefined {
  const subject = /^(?<subject>sha(?:256|512)-[0-9a-f]{64})(?:[0-9a-f]{64})?(?:\.(?:sig|att|sbom))?$/.exec(tag)?.groups
    ?.subject;
  return subject === undefined ? undefined : { subject };
}

/** A digest as attached tags begin with it. */
function attachedName(digest: Digest): string {
  const [algorithm, hex = ''] = digest.split(':');
  return `${algorithm}-${hex.slice(0, 64)}`;
}

/** How a version is reached from another one, as the words before that one's name. */
export type Link = 'part of' | 'attached to' | 'subject of';

/** A way from one version to another. */
export interface Way {
  readonly to: Digest;
  readonly link: Link;
}

/** The ways from each version, also to what the repository does not have. */
export interface VersionGraph {
  readonly versions: ReadonlyMap<Digest, Version>;
  waysFrom(digest: Digest): readonly Way[];
}

export function openGraph(versions: readonly Version[]): VersionGraph {
  const byDigest = new Map(versions.map((version) => [version.digest, version]));
  const bySubject = new Map<string, Digest[]>();
  const attach = (subject: string, digest: Digest): void => {
    const attached = bySubject.get(subject);
    if (attached === undefined) bySubject.set(subject, [digest]);
    else attached.push(digest);
  };
  for (const { digest, subject, tags } of versions) {
    if (subject !== undefined) attach(subject, digest);
    for (const tag of tags) {
      const attached = parseAttachedTag(tag);
      if (attached !== undefined) attach(attached.subject, digest);
    }
  }
  const attachedTo = (name: string): readonly Way[] =>
    (bySubject.get(name) ?? []).map((to) => ({ to, link: 'attached to' }));
  return {
    versions: byDigest,
    waysFrom(digest) {
      const { children = [], contents = [], subject } = byDigest.get(digest) ?? {};
      return [
        ...[...children, ...contents].map((to) => ({ to, link: 'part of' }) as const),
        ...(subject === undefined ? [] : [{ to: subject, link: 'subject of' } as const]),
        ...attachedTo(digest),
        ...attachedTo(attachedName(digest)),
      ];
    },
  };
}

/** From where a version was reached first. */
export interface Reached {
  readonly from: Digest;
  readonly link: Link;
}

/**
 * Everything that some versions lead to, over any number of steps.
 * @returns without the versions themselves; also what the repository does not have
 */
export function reachFrom(graph: VersionGraph, roots: Iterable<Digest>): ReadonlyMap<Digest, Reached> {
  const reached = new Map<Digest, Reached>();
  const begun = new Set(roots);
  const waiting = [...begun];
  for (let from = waiting.pop(); from !== undefined; from = waiting.pop()) {
    for (const { to, link } of graph.waysFrom(from)) {
      if (begun.has(to)) continue;
      begun.add(to);
      reached.set(to, { from, link });
      waiting.push(to);
    }
  }
  return reached;
}

/** What an index lists, and its repository does not have. */
export interface MissingPart {
  readonly of: Digest;
  readonly missing: Digest;
}

/** What is missing of the versions that stay. */
export function missingParts(graph: VersionGraph, stays: (digest: Digest) => boolean): readonly MissingPart[] {
  return [...graph.versions.values()]
    .filter(({ digest }) => stays(digest))
    .flatMap(({ digest, children }) =>
      children.filter((child) => !graph.versions.has(child)).map((child) => ({ of: digest, missing: child })),
    );
}

/**
 * The order in which versions are deleted: an index before what it lists, so that a run that breaks off leaves no index without its
 * images.
 */
export function removalOrder(graph: VersionGraph, digests: ReadonlySet<Digest>): readonly Digest[] {
  const left = new Set<Digest>();
  const order: Digest[] = [];
  // A depth-first search that keeps its own stack: a chain may be longer than the stack of calls.
  for (const root of digests) {
    const stack = [{ digest: root, isDone: false }];
    for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
      const { digest, isDone } = top;
      if (isDone) {
        order.push(digest);
        continue;
      }
      if (left.has(digest) || !digests.has(digest)) continue;
      left.add(digest);
      stack.push({ digest, isDone: true });
      for (const { to, link } of graph.waysFrom(digest)) {
        if (link === 'part of') stack.push({ digest: to, isDone: false });
      }
    }
  }
  return order.reverse();
}
