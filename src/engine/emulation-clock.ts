/** What emulation costs a build: the time of its `RUN` instructions for each emulated platform, from BuildKit's progress (`--progress plain`). */

import { formatPlatform, type Platform } from '../image/platform.ts';

export interface EmulationClock {
  /** Takes what a build printed, in pieces of any size. */
  read(text: string): void;
  /** Seconds by platform, of those that ran anything. */
  seconds(): ReadonlyMap<string, number>;
}

/** No name of a step is that long. */
const longestLine = 4096;

/** @param emulated the platforms that are emulated */
export function createEmulationClock(emulated: readonly Platform[]): EmulationClock {
  const names = emulated.map(formatPlatform);
  const running = new Map<string, string>();
  const times = new Map<string, number>();
  let partial = '';

  function readLine(line: string): void {
    const {
      id = '',
      stage,
      time,
    } = /^#(?<id>\d+) (?:\[(?<stage>[^\]]+)\] RUN |DONE (?<time>\d+\.\d+)s$)/.exec(line)?.groups ?? {};
    if (stage !== undefined) {
      // A build for one platform does not name it.
      // Of several targets, each is named before its platform.
      const named = names.find((name) => stage.startsWith(`${name} `) || stage.includes(` ${name} `));
      const platform = named ?? (names.length === 1 && !/^[a-z]+\/[a-z]/.test(stage) ? names[0] : undefined);
      if (platform !== undefined) running.set(id, platform);
    }
    const platform = running.get(id);
    if (time === undefined || platform === undefined) return;
    running.delete(id);
    times.set(platform, (times.get(platform) ?? 0) + Number(time));
  }

  return {
    read(text) {
      if (names.length === 0) return;
      const lines = (partial + text).split('\n');
      partial = (lines.pop() ?? '').slice(0, longestLine);
      for (const line of lines) readLine(line.slice(0, longestLine).trimEnd());
    },
    seconds: () => times,
  };
}
