/**
 * The ports of a publish, by hand: an engine and registries that keep what they are given, note each question in order, and
 * fail where a test says so.
 */

import type { Built } from '../../src/engine/docker.ts';
import type { RunnerFacts } from '../../src/engine/resolve-engine.ts';
import { RegistryError } from '../../src/errors.ts';
import { type Digest, digestOf, isDigest } from '../../src/image/digest.ts';
import { mediaTypes, type StoredManifest } from '../../src/image/manifest.ts';
import {
  formatDigestReference,
  formatReference,
  formatTagReference,
  parseReference,
} from '../../src/image/reference.ts';
import type { Registry } from '../../src/image/registry-name.ts';
import { formatRepository, type Repository } from '../../src/image/repository.ts';
import { parseTag, type Tag } from '../../src/image/tag.ts';
import { createMasker } from '../../src/log/masker.ts';
import type { RunStage } from '../../src/log/phases.ts';
import { terminalLog } from '../../src/log/terminal-log.ts';
import type { EnginePort, PublishPorts, SourcePort } from '../../src/publish/ports.ts';
import type { RegistryClient } from '../../src/registry/client.ts';
import type { PushPermission } from '../../src/registry/push-permission.ts';
import { aDecision, someRunnerFacts } from './builders.ts';
import { untilSeenAtOnce } from './registry-client.ts';

const referenceOf = (repository: Repository, which: Tag | Digest): string =>
  isDigest(which) ? formatDigestReference(repository, which) : formatTagReference(repository, which);

/** A manifest that only has to be itself. */
export function aManifest(name: string): StoredManifest {
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociManifest, name }));
  return { mediaType: mediaTypes.ociManifest, digest: digestOf(bytes), bytes };
}

export type Effect = keyof EnginePort | keyof RegistryClient | 'checkLogins';

export interface FakeWorld {
  /** What was asked, in order: `putManifest ghcr.io/octo-org/app:latest`. */
  readonly effects: string[];
  /** `name:tag`, or `name@digest` of what was pushed without a tag → the manifest. */
  readonly tags: Map<string, StoredManifest>;
  /** The lines of the log. */
  readonly lines: string[];
  readonly ports: PublishPorts;
}

export interface Wish {
  /** What a build makes. */
  readonly manifest?: StoredManifest;
  readonly facts?: Partial<RunnerFacts>;
  /** Tags that are there before. */
  readonly existing?: readonly string[];
  readonly permission?: PushPermission;
  /** Errors of what is asked: of an effect, or of one with its reference. */
  readonly failing?: Readonly<Partial<Record<string, Error>>>;
  /** What happens behind our back once an effect was asked. */
  readonly meddle?: (effect: string, world: FakeWorld) => void;
}

export function aWorld({
  manifest = aManifest('new'),
  facts,
  existing = [],
  permission,
  failing = {},
  meddle,
}: Wish = {}): FakeWorld {
  const effects: string[] = [];
  const lines: string[] = [];
  const tags = new Map(existing.map((reference) => [reference, aManifest('old')]));
  const note = async (effect: Effect, of = ''): Promise<void> => {
    const whole = `${effect} ${of}`.trimEnd();
    effects.push(whole);
    meddle?.(whole, world);
    // A real answer comes later than the question; what runs side by side gets its turn.
    await new Promise((resolve) => setImmediate(resolve));
    const error = failing[whole] ?? failing[effect];
    if (error !== undefined) throw error;
  };
  const nobodyAsks = (what: string) => async (): Promise<never> => {
    throw new Error(`No publish of a build asks for ${what}.`);
  };
  const engine: EnginePort = {
    async readFacts() {
      await note('readFacts');
      return someRunnerFacts(facts);
    },
    beginBuilder: () => undefined,
    async resolveBuilder({ buildx }) {
      const error = failing.resolveBuilder;
      if (error !== undefined) throw error;
      return buildx === undefined ? aDecision({ kind: 'docker-legacy', tool: 'docker' }) : aDecision();
    },
    logIn: () => note('logIn'),
    async build(_request, _decision, references, push): Promise<Built> {
      await note('build', `${references.join(' ')}${push ? ' --push' : ''}`);
      if (push) for (const reference of references) tags.set(reference, manifest);
      return {
        imageId: 'sha256:image',
        digest: push ? manifest.digest : undefined,
        metadata: push ? '{"pushed":true}' : '{}',
      };
    },
    async buildByDigest(_request, _decision, repositories) {
      await note('buildByDigest', repositories.map(formatRepository).join(' '));
      for (const repository of repositories) tags.set(formatDigestReference(repository, manifest.digest), manifest);
      return { imageId: 'sha256:image', metadata: '{"pushed":true}', result: manifest.digest };
    },
    async bakeByDigest(_bake, builds, _decision, pushes) {
      await note('bakeByDigest', `${builds.map(({ name }) => name).join(' ')}${pushes ? ' --push' : ''}`);
      const made = { imageId: 'sha256:image', metadata: '{"pushed":true}', result: manifest.digest };
      for (const { repositories } of pushes ? builds : []) {
        for (const repository of repositories) tags.set(formatDigestReference(repository, manifest.digest), manifest);
      }
      return {
        results: new Map(pushes ? builds.map(({ name }) => [name, made]) : []),
        imageIds: new Map(builds.map(({ name }) => [name, made.imageId])),
        metadata: made.metadata,
      };
    },
  };
  const source: SourcePort = {
    open: nobodyAsks('a source'),
    readImageId: nobodyAsks('an image of the engine'),
    pushFromDaemon: nobodyAsks('a push of the engine'),
  };
  const registry: RegistryClient = {
    ping: nobodyAsks('a ping'),
    deleteManifest: nobodyAsks('a removal'),
    listReferrers: nobodyAsks('referrers'),
    headBlob: nobodyAsks('a blob'),
    getBlob: nobodyAsks('a blob'),
    pushBlob: nobodyAsks('a blob'),
    settle: async () => undefined,
    close: () => undefined,
    async checkLogin(registry) {
      await note('checkLogin', registry);
      return undefined;
    },
    async mayPush(repository) {
      await note('mayPush', formatRepository(repository));
      return permission ?? { answer: 'allowed' };
    },
    async listTags(repository) {
      await note('listTags', formatRepository(repository));
      return tagsOf(repository);
    },
    async getManifest(repository, which) {
      const reference = referenceOf(repository, which);
      await note('getManifest', reference);
      const found = tags.get(reference);
      if (found !== undefined) return found;
      throw new RegistryError('MANIFEST_UNKNOWN', {
        message: `${reference} is not there.`,
        remedy: 'Push it.',
        status: 404,
      });
    },
    async findManifest(repository, which) {
      const reference = referenceOf(repository, which);
      await note('getManifest', reference);
      return tags.get(reference);
    },
    untilSeen: untilSeenAtOnce,
    async headManifest(repository, which) {
      const reference = referenceOf(repository, which);
      await note('headManifest', reference);
      const found = tags.get(reference);
      return found && { ...found, size: found.bytes.length };
    },
    async putManifest(repository, { bytes, mediaType }, which) {
      const reference = referenceOf(repository, which);
      await note('putManifest', reference);
      const stored = { mediaType, bytes, digest: digestOf(bytes) };
      tags.set(reference, stored);
      return { ...stored, size: bytes.length };
    },
  };
  const tagsOf = (repository: Repository): readonly Tag[] =>
    [...tags.keys()].map(parseReference).flatMap((reference) => {
      const isHere = formatReference({ repository: reference.repository }) === formatRepository(repository);
      return isHere ? [parseTag(reference.tag ?? '')] : [];
    });
  const checkLogins = (asked: readonly Registry[]): Promise<void> => note('checkLogins', asked.join(' '));
  const log = terminalLog((text) => lines.push(text.trimEnd()), createMasker());
  const runStage: RunStage = (_stage, title, work) => log.group(title, async () => work());
  const world: FakeWorld = { effects, tags, lines, ports: { engine, source, registry, checkLogins, log, runStage } };
  return world;
}

/** The ports of a world in which the answer whether a run may push comes later than all others. */
export function withSlowPermission({ ports }: FakeWorld): FakeWorld['ports'] {
  const mayPush: RegistryClient['mayPush'] = async (...asked) => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    return ports.registry.mayPush(...asked);
  };
  return { ...ports, registry: { ...ports.registry, mayPush } };
}
