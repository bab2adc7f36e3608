/**
 * What a build is doing, read from the progress that it prints: BuildKit's plain form (`--progress plain`), and the
 * `Step 2/3 : RUN …` of Docker's classic builder and of Podman.
 */

export interface BuildStep {
  /** As the builder names it: `[2/3] RUN npm ci`. */
  readonly name: string;
  /** Milliseconds, by the clock that was given. */
  readonly start: number;
  /** When it ended, or was last heard of. */
  readonly end: number;
  readonly state: 'running' | 'done' | 'cached' | 'failed';
}

export interface BuildProgress {
  /** Takes what a build printed, in pieces of any size. */
  read(text: string): void;
  /** In the order in which they began. */
  steps(): readonly BuildStep[];
}

type Running = { -readonly [Key in keyof BuildStep]: BuildStep[Key] };

const endings = { DONE: 'done', CACHED: 'cached', ERROR: 'failed', CANCELED: 'failed' } as const;

/** A line may be a whole file without a line break; no name is that long. */
const longestLine = 4096;

/** @param now milliseconds */
export function followBuild(now: () => number): BuildProgress {
  const steps: Running[] = [];
  const byId = new Map<string, Running>();
  let partial = '';

  function begin(name: string, state: BuildStep['state'] = 'running'): Running {
    const step = { name, start: now(), end: now(), state };
    steps.push(step);
    return step;
  }

  function readBuildKit(id: string, text: string): void {
    const known = byId.get(id);
    const ending = /^(?<word>DONE|CACHED|ERROR|CANCELED)\b/.exec(text)?.groups?.word;
    if (known === undefined || (known.state !== 'running' && ending === undefined)) {
      // Another attempt counts from the beginning.
      if (ending === undefined && !/^\d+\.\d+ /.test(text)) byId.set(id, begin(text));
      return;
    }
    known.end = now();
    if (ending === 'DONE' || ending === 'CACHED' || ending === 'ERROR' || ending === 'CANCELED') {
      known.state = endings[ending];
    }
  }

  function readLine(line: string): void {
    const { id, text } = /^#(?<id>\d+) (?<text>.+)$/.exec(line)?.groups ?? {};
    if (id !== undefined && text !== undefined) {
      if (text !== '...') readBuildKit(id, text);
      return;
    }
    const classic = /^step (?<place>\d+\/\d+) ?: (?<instruction>.+)$/i.exec(line)?.groups;
    const last = steps.at(-1);
    if (last !== undefined && byId.size === 0) last.end = now();
    if (classic === undefined) return;
    if (last?.state === 'running') last.state = 'done';
    begin(`[${classic.place}] ${classic.instruction}`);
  }

  return {
    read(text) {
      const lines = (partial + text).split('\n');
      partial = (lines.pop() ?? '').slice(0, longestLine);
      for (const line of lines) readLine(line.slice(0, longestLine).trimEnd());
    },
    steps: () => steps.map((step) => ({ ...step })),
  };
}

/** The builder's own housekeeping: reading the Dockerfile, the ignore file, the metadata of base images. */
export function isInternal({ name }: Pick<BuildStep, 'name'>): boolean {
  return /^\[(?:[\w-]+ )?internal\]|^building with |^resolve image config|^docker-image:/.test(name);
}
