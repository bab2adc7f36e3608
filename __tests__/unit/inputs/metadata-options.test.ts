import { describe, expect, test } from '@jest/globals';
import { parseContextOptions } from '../../../src/inputs/metadata-options.ts';

describe('what the environment says of the metadata', () => {
  const clock = new Date('2026-01-02T03:04:05Z');

  test('nothing: the clock, and what metadata-action defaults to', () => {
    expect(parseContextOptions({}, clock)).toEqual({
      now: clock,
      usesPullRequestHead: false,
      shortShaLength: 7,
      annotationLevels: ['manifest'],
    });
  });

  test('SOURCE_DATE_EPOCH stands for the clock', () => {
    expect(parseContextOptions({ SOURCE_DATE_EPOCH: '0' }, clock).now).toEqual(new Date(0));
    expect(parseContextOptions({ SOURCE_DATE_EPOCH: '1700000000' }, clock).now).toEqual(new Date(1_700_000_000_000));
  });

  test('the variables of docker/metadata-action', () => {
    const env = {
      DOCKER_METADATA_PR_HEAD_SHA: 'true',
      DOCKER_METADATA_SHORT_SHA_LENGTH: '12',
      DOCKER_METADATA_ANNOTATIONS_LEVELS: 'manifest,index',
    };
    expect(parseContextOptions(env, clock)).toMatchObject({
      usesPullRequestHead: true,
      shortShaLength: 12,
      annotationLevels: ['manifest', 'index'],
    });
  });

  test.each(['yesterday', '-1', '1.5', '9'.repeat(20)])('SOURCE_DATE_EPOCH=%s is refused', (epoch) => {
    expect(() => parseContextOptions({ SOURCE_DATE_EPOCH: epoch }, clock)).toThrowCode('INPUT_INVALID');
  });

  test('all faults are reported together', () => {
    const env = {
      SOURCE_DATE_EPOCH: 'x',
      DOCKER_METADATA_SHORT_SHA_LENGTH: 'x',
      DOCKER_METADATA_ANNOTATIONS_LEVELS: 'x',
    };
    expect(() => parseContextOptions(env, clock)).toThrowCode('INPUT_INVALID', 'INPUT_INVALID', 'ANNOTATION_INVALID');
  });
});
