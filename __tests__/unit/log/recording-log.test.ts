import { expect, test } from '@jest/globals';
import { createMasker } from '../../../src/log/masker.ts';
import { openRecordingLog } from '../../../src/log/recording-log.ts';
import { terminalLog } from '../../../src/log/terminal-log.ts';

function aRecording(): { recording: ReturnType<typeof openRecordingLog>; text: () => string } {
  let text = '';
  const masker = createMasker();
  const log = terminalLog((more) => {
    text += more;
  }, masker);
  return { recording: openRecordingLog(log, masker, () => 0), text: () => text };
}

test('a step’s warnings and the steps of its build are recorded, and logged as well', () => {
  const { recording, text } = aRecording();
  recording.log.tool('#1 [1/1] RUN make\n#1 DONE 0.1s\n');
  recording.log.warning('Odd.');
  expect(recording.buildSteps()).toEqual([{ name: '[1/1] RUN make', start: 0, end: 0, state: 'done' }]);
  expect(recording.warnings()).toEqual(['Odd.']);
  expect(text()).toBe('#1 [1/1] RUN make\n#1 DONE 0.1s\nwarning: Odd.\n');
});

test('no secret is recorded: whether it begins with another one, has several lines, or comes in two pieces', () => {
  const { recording } = aRecording();
  recording.log.mask('password');
  recording.log.mask('password-of-the-registry');
  recording.log.mask('first line\rsecond line');
  recording.log.tool('#1 [1/2] RUN echo password-of-the-');
  recording.log.tool('registry\n#2 [2/2] RUN echo second line\n');
  recording.log.warning('It is password-of-the-registry.');
  expect(recording.buildSteps().map(({ name }) => name)).toEqual(['[1/2] RUN echo ***', '[2/2] RUN echo ***']);
  expect(recording.warnings()).toEqual(['It is ***.']);
});

test('what was recorded before a secret was known is shown without it', () => {
  const { recording } = aRecording();
  recording.log.tool('#1 [1/1] RUN echo ghs_job\n');
  recording.log.warning('It is ghs_job.');
  recording.log.mask('ghs_job');
  expect(recording.buildSteps().map(({ name }) => name)).toEqual(['[1/1] RUN echo ***']);
  expect(recording.warnings()).toEqual(['It is ***.']);
});
