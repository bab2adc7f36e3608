import { describe, expect, test } from '@jest/globals';
import { createEmulationClock } from '../../../src/engine/emulation-clock.ts';
import { parsePlatform } from '../../../src/image/platform.ts';

const times = (platforms: readonly string[], ...pieces: readonly string[]): Readonly<Record<string, number>> => {
  const clock = createEmulationClock(platforms.map(parsePlatform));
  for (const piece of pieces) clock.read(piece);
  return Object.fromEntries(clock.seconds());
};

describe('the time of an emulated platform', () => {
  const two = '#9 [linux/amd64 2/3] RUN x\n#9 DONE 0.2s\n#10 [linux/arm64 2/3] RUN x\n#10 0.1 said\n#10 DONE 1.5s\n';
  test.each([
    ['is that of its own RUN', ['linux/arm64'], [two], { 'linux/arm64': 1.5 }],
    ['is read from pieces of any size', ['linux/arm64'], [two.slice(0, 60), two.slice(60)], { 'linux/arm64': 1.5 }],
    [
      'adds up',
      ['linux/arm64'],
      [two, '#11 [linux/arm64 3/3] RUN y\n#11 DONE 2.5s\n#12 [linux/arm64 3/3] COPY y /y\n#12 DONE 9.0s\n'],
      { 'linux/arm64': 4 },
    ],
    [
      'is that of the whole build where that has one platform',
      ['linux/arm64'],
      ['#5 [2/2] RUN x\n#5 DONE 3.0s\n'],
      { 'linux/arm64': 3 },
    ],
    ['is none of what was cached', ['linux/arm64'], ['#5 [2/2] RUN x\n#5 CACHED\n'], {}],
    ['is none where nothing is emulated', [], [two], {}],
  ])('%s', (_title, platforms, pieces, expected) => {
    expect(times(platforms, ...pieces)).toEqual(expected);
  });
});
