import { describe, expect, test } from '@jest/globals';
import { createMasker } from '../../../src/log/masker.ts';
import { createSpans, groupStages } from '../../../src/log/phases.ts';
import { workflowLog } from '../../../src/log/workflow-log.ts';
import { captureStdout } from '../../support/captured-stdout.ts';

/** A clock that stands still until it is moved. */
function aClock(time: number): { now: () => number; pass: (milliseconds: number) => void } {
  return {
    now: () => time,
    pass(milliseconds) {
      time += milliseconds;
    },
  };
}

describe('spans', () => {
  test('count from the beginning of the step, in the order in which the stages end', async () => {
    const clock = aClock(1000);
    const spans = createSpans(clock.now);
    clock.pass(5);
    await spans.measure('read', 'Read', () => clock.pass(10));
    await spans.measure('plan', 'Plan', async () => clock.pass(20));
    expect(spans.ended()).toEqual([
      { stage: 'read', title: 'Read', start: 5, end: 15, isFailed: false },
      { stage: 'plan', title: 'Plan', start: 15, end: 35, isFailed: false },
    ]);
  });

  test('give what the stage gives', async () => {
    const spans = createSpans(() => 0);
    expect(await spans.measure('read', 'Read', () => 'text')).toBe('text');
  });

  test('a stage that fails has a span, and its error goes up', async () => {
    const clock = aClock(0);
    const spans = createSpans(clock.now);
    const failing = spans.measure('build', 'Build', () => {
      clock.pass(7);
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(spans.ended()).toEqual([{ stage: 'build', title: 'Build', start: 0, end: 7, isFailed: true }]);
  });
});

describe('a stage in the log', () => {
  test('is a group that ends with its time', async () => {
    using stdout = captureStdout();
    const log = workflowLog((text) => void process.stdout.write(text), createMasker());
    const clock = aClock(0);
    await groupStages(createSpans(clock.now), log)('build', 'Build', () => {
      log.info('working');
      clock.pass(3210);
    });
    expect(stdout.text()).toBe('::group::Build\nworking\nBuild took 3.2 s\n::endgroup::\n');
  });

  test('says after which time it failed', async () => {
    using stdout = captureStdout();
    const log = workflowLog((text) => void process.stdout.write(text), createMasker());
    const clock = aClock(0);
    const failing = groupStages(createSpans(clock.now), log)('build', 'Build', () => {
      clock.pass(40);
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(stdout.text()).toBe('::group::Build\nBuild failed after 40 ms\n::endgroup::\n');
  });
});
