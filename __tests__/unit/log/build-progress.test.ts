import { describe, expect, test } from '@jest/globals';
import { type BuildStep, followBuild, isInternal } from '../../../src/log/build-progress.ts';

/** What was printed when, as BuildKit 0.29 prints it with `--progress plain`. */
function follow(printed: readonly (readonly [at: number, text: string])[]): readonly BuildStep[] {
  let time = 0;
  const progress = followBuild(() => time);
  for (const [at, text] of printed) {
    time = at;
    progress.read(text);
  }
  return progress.steps();
}

const step = (name: string, start: number, end: number, state: BuildStep['state']): BuildStep => ({
  name,
  start,
  end,
  state,
});

describe('the steps of a build', () => {
  test('begin with their name and end with DONE, also side by side', () => {
    expect(
      follow([
        [0, '#0 building with "default" instance using docker driver\n\n#1 [internal] load build definition\n'],
        [10, '#1 DONE 0.0s\n\n#5 [a 1/2] RUN make\n#5 0.301 cc -c main.c\n'],
        [20, '\n#6 [b 1/2] RUN npm ci\n'],
        [30, '#6 ...\n\n#5 [a 1/2] RUN make\n#5 0.4 cc -o main\n#5 DONE 0.5s\n'],
        [40, '#6 DONE 20.1s\n'],
      ]),
    ).toEqual([
      step('building with "default" instance using docker driver', 0, 0, 'running'),
      step('[internal] load build definition', 0, 10, 'done'),
      step('[a 1/2] RUN make', 10, 30, 'done'),
      step('[b 1/2] RUN npm ci', 20, 40, 'done'),
    ]);
  });

  test('are cached, failed or given up', () => {
    expect(
      follow([
        [0, '#1 one\n#1 CACHED\n#2 two\n#3 three\n'],
        [5, '#2 ERROR: process "/bin/sh -c false" did not complete successfully: exit code: 1\n#3 CANCELED\n'],
      ]),
    ).toEqual([step('one', 0, 0, 'cached'), step('two', 0, 5, 'failed'), step('three', 0, 5, 'failed')]);
  });

  test('are counted anew by another attempt', () => {
    expect(
      follow([
        [0, '#1 push\n#1 ERROR: 502\n#1 push\n'],
        [9, '#1 DONE 0.1s\n'],
      ]),
    ).toEqual([step('push', 0, 0, 'failed'), step('push', 0, 9, 'done')]);
  });

  test('are the same however the output is cut into pieces', () => {
    const text = '#1 one\n#1 0.1 hello\n#1 DONE 0.2s\n#2 two\n#2 CACHED\n';
    expect(follow([...text].map((character) => [0, character]))).toEqual(follow([[0, text]]));
  });

  test.each([
    ['Docker’s classic builder', 'Step 1/2 : FROM scratch\n', 'Step 2/2 : COPY a /a\n'],
    ['Podman', 'STEP 1/2: FROM scratch\n', 'STEP 2/2: COPY a /a\n'],
  ])('of %s end where the next begins', (_builder, first, second) => {
    expect(
      follow([
        [0, first],
        [3, ` ---> \n${second}`],
        [8, ' ---> 1f2e\n'],
      ]),
    ).toEqual([step('[1/2] FROM scratch', 0, 3, 'done'), step('[2/2] COPY a /a', 3, 8, 'running')]);
  });

  test('a line without end takes no memory', () => {
    const progress = followBuild(() => 0);
    for (let count = 0; count < 1000; count += 1) progress.read('x'.repeat(10_000));
    progress.read('\n#1 one\n');
    expect(progress.steps()).toEqual([step('one', 0, 0, 'running')]);
  });
});

test.each([
  ['[internal] load .dockerignore', true],
  ['building with "default" instance using docker driver', true],
  ['[2/3] RUN npm ci', false],
  ['exporting to image', false],
])('%s: is the builder’s own housekeeping: %s', (name, isOwn) => {
  expect(isInternal({ name })).toBe(isOwn);
});
