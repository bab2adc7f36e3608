/** A maintenance release does not take `latest` from a newer one: decided from the tags of the real registry. */

import { beforeAll, describe, expect, test } from '@jest/globals';
import { tagPush } from '../support/event.ts';
import { type StepResult, uniqueName } from '../support/step.ts';
import { openSuite } from '../support/suite.ts';

const suite = openSuite('engine', 'registry', 'client');

describe('a line of releases, published in the order 1.4.8, 2.0.0, 1.4.9, 2.1.0-rc.1', () => {
  const releases = ['v1.4.8', 'v2.0.0', 'v1.4.9', 'v2.1.0-rc.1'] as const;
  const steps = new Map<string, StepResult>();
  /** After each release: tag → the release that it points at. */
  const pointers = new Map<string, Readonly<Record<string, string>>>();

  beforeAll(async () => {
    const { action, engine, registry, client } = suite;
    const image = uniqueName('releases');
    const name = `${registry}/octo-org/${image}`;
    const released = new Map<string, string>();
    for (const release of releases) {
      const runner = action.newRunner({ engine, event: tagPush(release), repository: `octo-org/${image}` });
      runner.write('Dockerfile', 'FROM scratch\nCOPY release.txt /release.txt\n');
      runner.write('release.txt', release);
      const step = await runner.main({ registry });
      steps.set(release, step);
      released.set(step.outputs.digest ?? '', release);
      const tags = await client.tagsOf(name);
      const owners = tags.map(
        async (tag) => [tag, released.get(await client.digestOf(`${name}:${tag}`)) ?? ''] as const,
      );
      pointers.set(release, Object.fromEntries(await Promise.all(owners)));
    }
  });

  test.each([
    ['v1.4.8', { '1.4.8': 'v1.4.8', '1.4': 'v1.4.8', '1': 'v1.4.8', latest: 'v1.4.8' }],
    ['v2.0.0', { '2.0.0': 'v2.0.0', '2.0': 'v2.0.0', '2': 'v2.0.0', latest: 'v2.0.0', '1': 'v1.4.8' }],
    ['v1.4.9', { '1.4.9': 'v1.4.9', '1.4': 'v1.4.9', '1': 'v1.4.9', '2': 'v2.0.0', latest: 'v2.0.0' }],
    ['v2.1.0-rc.1', { '2.1.0-rc.1': 'v2.1.0-rc.1', '2': 'v2.0.0', '2.0': 'v2.0.0', latest: 'v2.0.0' }],
  ])('after %s each tag points where it should', (release, expected) => {
    expect(steps.get(release)).toMatchObject({ exitCode: 0 });
    expect(pointers.get(release)).toMatchObject(expected);
  });

  test('a prerelease makes one tag and moves none', () => {
    expect(steps.get('v2.1.0-rc.1')?.outputs['tag-names']).toBe('2.1.0-rc.1');
    expect(Object.keys(pointers.get('v2.1.0-rc.1') ?? {})).not.toContain('2.1');
  });

  test('a tag that stays says why', () => {
    const notices = steps.get('v1.4.9')?.commands.filter(({ name }) => name === 'notice') ?? [];
    expect(notices.map(({ data }) => data)).toEqual([expect.stringMatching(/:latest was not moved.*2\.0\.0/)]);
  });

  test('the outputs name only the tags that moved', () => {
    expect(steps.get('v1.4.9')?.outputs['tag-names']).toBe('1.4.9\n1.4\n1');
  });
});
