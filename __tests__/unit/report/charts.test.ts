import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { BuildStep } from '../../../src/log/build-progress.ts';
import type { Span } from '../../../src/log/phases.ts';
import { drawTime, drawWeight } from '../../../src/report/charts.ts';

const span = (stage: Span['stage'], start: number, end: number, isFailed = false): Span => ({
  stage,
  title: stage,
  start,
  end,
  isFailed,
});
const step = (name: string, start: number, end: number, state: BuildStep['state'] = 'done'): BuildStep => ({
  name,
  start,
  end,
  state,
});

describe('where the time went', () => {
  test('is a bar for each stage, and for the longest steps of the build', () => {
    const spans = [span('read', 0, 10), span('build', 10, 9000), span('tag', 9000, 9000)];
    const steps = [
      step('[internal] load metadata', 10, 4000),
      step('[2/2] RUN npm ci', 4000, 8000),
      step('[1/2] COPY', 20, 21),
    ];
    expect(drawTime(spans, steps).split('\n')).toEqual([
      '```mermaid',
      'gantt',
      '  dateFormat x',
      '  axisFormat  ',
      '  tickInterval 1week',
      '  section Step',
      '  10 ms read :1, 11',
      '  9.0 s build :11, 9001',
      '  0 ms tag :9001, 9002',
      '  section Build',
      '  4.0 s [2/2] RUN npm ci :4001, 8001',
      '```',
    ]);
  });

  test('marks what failed', () => {
    expect(drawTime([span('build', 0, 10, true)], [step('RUN false', 0, 10, 'failed')])).toContain(
      '  10 ms build :crit, 1, 11\n  section Build\n  10 ms RUN false :crit, 1, 11\n',
    );
  });

  test('shows ten steps at most, in the order in which they began', () => {
    const steps = Array.from({ length: 30 }, (_, index) =>
      step(`step ${index}`, index * 100, index * 100 + 50 + index),
    );
    const names = drawTime([span('build', 0, 3000)], steps).match(/step \d+/g);
    expect(names).toEqual(Array.from({ length: 10 }, (_, index) => `step ${index + 20}`));
  });
});

describe('what the layers weigh', () => {
  test('is a slice each, the heaviest first, and one for the others', () => {
    const layers = Array.from({ length: 13 }, (_, index) => ({ name: `COPY ${index}`, size: index * 1000 }));
    const lines = drawWeight('linux/amd64', layers).split('\n');
    expect(lines.slice(0, 4)).toEqual([
      '```mermaid',
      'pie title linux/amd64',
      '  "1. COPY 12 12.0 kB" : 12000',
      '  "2. COPY 11 11.0 kB" : 11000',
    ]);
    expect(lines.slice(-2)).toEqual(['  "11. 2 others 3.0 kB" : 3000', '```']);
  });

  test('is nothing where nothing weighs anything', () => {
    expect(drawWeight('linux/amd64', [{ name: 'ENV', size: 0 }])).toBe('');
  });
});

test('no name can be anything but a label', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' }), { minLength: 1, maxLength: 5 }), (names) => {
      const time = drawTime(
        [span('build', 0, 100)],
        names.map((name) => step(name, 0, 100)),
      );
      for (const line of time.split('\n').slice(8, -1)) expect(line).toMatch(/^ {2}100 ms [^:;#"<>`%{}\n]*:1, 101$/);
      const weight = drawWeight(
        names.join(' '),
        names.map((name) => ({ name, size: 5 })),
      );
      for (const line of weight.split('\n').slice(2, -1)) expect(line).toMatch(/^ {2}"[^:;#"<>`%{}\n]* 5 B" : 5$/);
      expect([...time.matchAll(/```/g), ...weight.matchAll(/```/g)]).toHaveLength(4);
    }),
  );
});
