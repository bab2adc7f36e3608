import { describe, expect, test } from '@jest/globals';
import { aRun, buildIn, planned, sha } from '../../support/builders.ts';

const now = new Date('2026-01-02T03:04:05Z');
const committed = new Date('2025-12-31T23:00:00Z');
const ofEvent = aRun({}, { head_commit: { id: sha, timestamp: committed.toISOString() } });

/** The one time of the image: of the build, and of its label. */
function timesOf(run = ofEvent, metadata = {}, inputs = {}) {
  const { plan } = planned({ reproducible: 'true', ...inputs }, run, { metadata: { now, ...metadata } });
  const label = plan.description.labels.find(({ name }) => name === 'org.opencontainers.image.created');
  return { build: buildIn(plan).sourceDate, label: label?.value, notes: plan.notes };
}

describe('a reproducible image has the time of', () => {
  test.each([
    { what: 'the commit, as the event has it', run: ofEvent, metadata: {}, time: committed },
    { what: 'the commit, as the API has it', run: aRun(), metadata: { commitDate: committed }, time: committed },
    {
      what: 'SOURCE_DATE_EPOCH before that',
      run: ofEvent,
      metadata: { sourceDate: new Date(1000) },
      time: new Date(1000),
    },
  ])('$what', ({ run, metadata, time }) => {
    expect(timesOf(run, metadata)).toMatchObject({ build: time.getTime() / 1000, label: time.toISOString() });
  });
});

test('a commit whose time is not known yet leaves the build without a time', () => {
  expect(timesOf(aRun())).toMatchObject({ build: undefined, label: now.toISOString() });
});

test('an image that need not be reproducible has the present time', () => {
  expect(timesOf(ofEvent, {}, { reproducible: 'false' })).toMatchObject({ build: undefined, label: now.toISOString() });
});

test('provenance of the builder, which has times of its own, gets a notice', () => {
  expect(timesOf(ofEvent, {}, { provenance: 'true' }).notes).toEqual([expect.stringContaining('use `attest`')]);
});
