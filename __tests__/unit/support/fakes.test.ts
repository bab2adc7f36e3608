import { describe, expect, test } from '@jest/globals';
import { parseRepositoryName } from '../../../src/image/reference.ts';
import { parseTag } from '../../../src/image/tag.ts';
import { aBuild, aDecision } from '../../support/builders.ts';
import { aManifest, aWorld } from '../../support/fakes.ts';

const repository = parseRepositoryName('ghcr.io/octo-org/app');
const one = parseTag('1');
const latest = parseTag('latest');
const buildx = aDecision();

describe('the fake registry is one', () => {
  test('a tag is there once it was put, with the same digest', async () => {
    const { ports, effects } = aWorld();
    const { registry } = ports;
    expect(await registry.headManifest(repository, one)).toBeUndefined();
    await expect(registry.getManifest(repository, one)).rejects.toThrowCode('MANIFEST_UNKNOWN');
    const manifest = aManifest('x');
    expect(await registry.putManifest(repository, manifest, one)).toMatchObject({ digest: manifest.digest });
    expect(await registry.headManifest(repository, one)).toMatchObject({ digest: manifest.digest });
    expect(await registry.getManifest(repository, one)).toEqual(manifest);
    expect(effects).toEqual([
      'headManifest ghcr.io/octo-org/app:1',
      'getManifest ghcr.io/octo-org/app:1',
      'putManifest ghcr.io/octo-org/app:1',
      'headManifest ghcr.io/octo-org/app:1',
      'getManifest ghcr.io/octo-org/app:1',
    ]);
  });

  test('it lists the tags of one repository, not those of another', async () => {
    const { registry } = aWorld({ existing: ['ghcr.io/octo-org/app:1', 'ghcr.io/octo-org/app-2:3'] }).ports;
    expect(await registry.listTags(repository)).toEqual(['1']);
    await registry.putManifest(repository, aManifest('x'), latest);
    expect(await registry.listTags(repository)).toEqual(['1', 'latest']);
  });

  test('it allows a push unless told otherwise', async () => {
    expect(await aWorld().ports.registry.mayPush(repository)).toEqual({ answer: 'allowed' });
    const permission = { answer: 'unknown', reason: 'no answer' } as const;
    expect(await aWorld({ permission }).ports.registry.mayPush(repository)).toBe(permission);
  });
});

describe('the fake engine is one', () => {
  test('a build that pushes moves the tags, another moves none', async () => {
    const { ports, tags } = aWorld();
    expect(await ports.engine.build(aBuild(), buildx, ['ghcr.io/octo-org/app:1'], false)).toMatchObject({
      digest: undefined,
    });
    expect(tags.size).toBe(0);
    const { digest } = await ports.engine.build(aBuild(), buildx, ['ghcr.io/octo-org/app:1'], true);
    expect(await ports.registry.headManifest(repository, one)).toMatchObject({ digest });
  });

  test('it builds by what there is', async () => {
    const { engine } = aWorld({ facts: { buildx: undefined } }).ports;
    expect(await engine.resolveBuilder(await engine.readFacts(), aBuild())).toMatchObject({ kind: 'docker-legacy' });
  });
});

test('what is told to fail fails after it was asked, and leaves no trace', async () => {
  const error = new Error('no');
  const { ports, tags, effects } = aWorld({
    failing: { build: error, 'putManifest ghcr.io/octo-org/app:1': error, resolveBuilder: error },
  });
  await expect(ports.engine.build(aBuild(), buildx, ['ghcr.io/octo-org/app:1'], true)).rejects.toBe(error);
  await expect(ports.registry.putManifest(repository, aManifest('x'), one)).rejects.toBe(error);
  await ports.registry.putManifest(repository, aManifest('x'), latest);
  const facts = await ports.engine.readFacts();
  await expect(ports.engine.resolveBuilder(facts, aBuild())).rejects.toBe(error);
  expect([...tags.keys()]).toEqual(['ghcr.io/octo-org/app:latest']);
  expect(effects[0]).toBe('build ghcr.io/octo-org/app:1 --push');
});
