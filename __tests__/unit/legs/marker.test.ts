/** Markers: their names, what they hold, and which of them count. */

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseDigest } from '../../../src/image/digest.ts';
import { mediaTypes } from '../../../src/image/manifest.ts';
import { parseTag } from '../../../src/image/tag.ts';
import {
  chooseMarkers,
  isMarker,
  isMarkerTag,
  markerTag,
  markerTagsOf,
  markerType,
  parseMarker,
  parseMarkerTag,
  writeMarker,
} from '../../../src/legs/marker.ts';
import { aLeg, aMarker, aStaging } from '../../support/legs.ts';
import '../../support/to-throw-code.ts';

const digest = parseDigest(`sha256:4bc453b53cb3${'0'.repeat(52)}`);

describe('the tag of a marker', () => {
  test.each([
    { staging: { run: '7', attempt: 1, name: '' }, tag: '_staged.7.1.4bc453b53cb3' },
    { staging: { run: '1658821493', attempt: 12, name: '' }, tag: '_staged.1658821493.12.4bc453b53cb3' },
    { staging: { run: '7', attempt: 1, name: 'alpine' }, tag: '_staged.7.1.alpine.4bc453b53cb3' },
    { staging: { run: '7', attempt: 1, name: 'php_8-3' }, tag: '_staged.7.1.php_8-3.4bc453b53cb3' },
    { staging: { run: '7', attempt: 1, name: '3.12' }, tag: '_staged.7.1.3.12.4bc453b53cb3' },
    { staging: { run: '7', attempt: 1, name: 'aaaaaaaaaaaa' }, tag: '_staged.7.1.aaaaaaaaaaaa.4bc453b53cb3' },
  ])('of run $staging.run, attempt $staging.attempt, image "$staging.name" is $tag', ({ staging, tag }) => {
    expect(markerTag(staging, digest)).toBe(tag);
    expect(parseMarkerTag(parseTag(tag))).toEqual(staging);
  });

  test('is a tag that is read back, for the longest run, attempt and name', () => {
    const name = fc.stringMatching(/^[a-z0-9](?:[a-z0-9._-]{0,30}[a-z0-9])?$/);
    const staging = fc.record({
      run: fc.stringMatching(/^[0-9]{1,20}$/),
      attempt: fc.integer({ min: 1, max: 999_999 }),
      name,
    });
    fc.assert(
      fc.property(staging, (each) => {
        expect(parseMarkerTag(markerTag(each, digest))).toEqual(each);
      }),
    );
  });

  test.each([
    'latest',
    '1.2.3',
    '_staged',
    '_staged.7.1',
    'staged.7.1.4bc453b53cb3',
    '_staged.7.1.4bc453b53cb',
    '_staged.x.1.4bc453b53cb3',
    '_staged.7.1.Alpine.4bc453b53cb3',
    '_staged.7.1.a.b.4bc453b53cb',
    'sha256-4bc453b53cb3',
  ])('is not %s', (tag) => {
    expect(isMarkerTag(parseTag(tag))).toBe(false);
  });

  test('is found by its run and its name, of every attempt, and of no other run or image', () => {
    const tags = [
      '_staged.7.1.4bc453b53cb3',
      '_staged.7.2.aaaaaaaaaaaa',
      '_staged.7.1.alpine.4bc453b53cb3',
      '_staged.77.1.4bc453b53cb3',
      '_staged.8.1.4bc453b53cb3',
      'latest',
    ].map((text) => parseTag(text));
    expect(markerTagsOf(tags, { run: '7', name: '' })).toEqual(tags.slice(0, 2));
    expect(markerTagsOf(tags, { run: '7', name: 'alpine' })).toEqual(tags.slice(2, 3));
  });
});

describe('the marker', () => {
  const leg = aLeg(['linux/amd64']);

  test('is an index of its own type that holds the entries of the leg', () => {
    const marker = writeMarker(aStaging(), leg);
    expect(marker.mediaType).toBe(mediaTypes.ociIndex);
    expect(JSON.parse(Buffer.from(marker.bytes).toString())).toMatchObject({
      artifactType: markerType,
      manifests: leg.entries.map(({ descriptor }) => descriptor),
      annotations: { 'vnd.publish-docker-package.run': '1658821493', 'vnd.publish-docker-package.digest': leg.digest },
    });
    expect(isMarker(marker)).toBe(true);
  });

  test('is another one for another run, attempt or image of the same leg', () => {
    const stagings = [aStaging(), aStaging({ run: '8' }), aStaging({ attempt: 2 }), aStaging({ name: 'alpine' })];
    expect(new Set(stagings.map((staging) => writeMarker(staging, leg).digest)).size).toBe(4);
  });

  test('is read as it was written', () => {
    const staging = aStaging({ attempt: 3, name: 'alpine' });
    const { digest, entries } = leg;
    expect(aMarker(leg, staging)).toEqual({
      ...{ digest, entries },
      tag: markerTag(staging, leg.digest),
      marker: writeMarker(staging, leg).digest,
      attempt: 3,
    });
  });

  test.each([
    { what: 'another run', copied: aStaging({ run: '8' }) },
    { what: 'another attempt', copied: aStaging({ attempt: 2 }) },
    { what: 'another image of the run', copied: aStaging({ name: 'alpine' }) },
  ])('of $what under the tag of this one is refused', ({ copied }) => {
    const tag = markerTag(aStaging(), leg.digest);
    expect(() => parseMarker(tag, writeMarker(copied, leg), aStaging())).toThrowCode('LEG_FOREIGN');
  });

  test.each([
    { what: 'a marker without entries', bytes: writeMarker(aStaging(), { ...leg, entries: [] }).bytes },
    { what: 'an index of a user', bytes: Buffer.from('{"schemaVersion":2,"manifests":[]}') },
    { what: 'no JSON', bytes: Buffer.from('<html>') },
  ])('that is $what is refused', ({ bytes }) => {
    const tag = markerTag(aStaging(), leg.digest);
    const manifest = { mediaType: mediaTypes.ociIndex, digest, bytes };
    expect(() => parseMarker(tag, manifest, aStaging())).toThrowCode('LEG_INVALID');
  });
});

describe('of the markers of a run', () => {
  const amd64 = aMarker(aLeg(['linux/amd64'], 'first'));
  const arm64 = aMarker(aLeg(['linux/arm64'], 'first'));
  const arm64Again = aMarker(aLeg(['linux/arm64'], 'second'), aStaging({ attempt: 2 }));
  const both = aMarker(aLeg(['linux/amd64', 'linux/arm64']), aStaging({ attempt: 2 }));

  test.each([
    { run: 'one attempt', markers: [amd64, arm64], chosen: [amd64, arm64], reasons: [] },
    {
      run: 'a leg that ran again',
      markers: [amd64, arm64, arm64Again],
      chosen: [amd64, arm64Again],
      reasons: ['attempt 2 staged linux/arm64 again'],
    },
    {
      run: 'a leg that ran again, listed first',
      markers: [arm64Again, arm64, amd64],
      chosen: [arm64Again, amd64],
      reasons: ['attempt 2 staged linux/arm64 again'],
    },
    {
      run: 'a leg that ran again and gave the same image',
      markers: [amd64, aMarker(amd64, aStaging({ attempt: 10 })), aMarker(amd64, aStaging({ attempt: 9 }))],
      chosen: [aMarker(amd64, aStaging({ attempt: 10 }))],
      reasons: ['attempt 10 staged linux/amd64 again', 'attempt 10 staged linux/amd64 again'],
    },
    { run: 'a leg of other platforms in a later attempt', markers: [amd64, both], chosen: [amd64, both], reasons: [] },
  ])('$run: the latest of each leg count', ({ markers, chosen, reasons }) => {
    const choice = chooseMarkers(markers);
    expect(choice.chosen).toEqual(chosen);
    expect(choice.superseded.map(({ reason }) => reason)).toEqual(reasons);
  });

  test('two of one attempt for the same platform are both chosen, so that it is found out', () => {
    const other = aMarker(aLeg(['linux/amd64'], 'other'));
    expect(chooseMarkers([amd64, other]).chosen).toEqual([amd64, other]);
  });
});
