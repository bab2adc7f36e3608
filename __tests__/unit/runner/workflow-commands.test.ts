import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  annotate,
  endGroup,
  mask,
  printLine,
  resumeCommands,
  startGroup,
  stopCommands,
} from '../../../src/runner/workflow-commands.ts';
import { captureStdout } from '../../support/captured-stdout.ts';

function printed(work: () => void): string {
  using stdout = captureStdout();
  work();
  return stdout.text();
}

test.each<[string, () => void, string]>([
  ['a group', () => startGroup('Build: 100%'), '::group::Build: 100%25\n'],
  ['the end of a group', endGroup, '::endgroup::\n'],
  ['a line', () => printLine('a line'), 'a line\n'],
  ['a notice', () => annotate('notice', 'Nothing to do.'), '::notice::Nothing to do.\n'],
  ['line breaks', () => annotate('warning', 'a\r\nb'), '::warning::a%0D%0Ab\n'],
  ['what is encoded already', () => annotate('warning', '%0A'), '::warning::%250A\n'],
  [
    'an error on a line of a file',
    () => annotate('error', 'm', { title: 'T: a, b', file: 'a/Dockerfile', line: 3 }),
    '::error title=T%3A a%2C b,file=a/Dockerfile,line=3::m\n',
  ],
  ['a secret', () => mask('s3cret'), '::add-mask::s3cret\n'],
  ['no secret for an empty text, of which the runner would warn', () => mask(''), ''],
])('%s', (_title, work, expected) => {
  expect(printed(work)).toBe(expected);
});

test('commands are off from one token to its end, and each token is new', () => {
  const tokens: string[] = [];
  const text = printed(() => {
    for (let count = 0; count < 2; count++) {
      const token = stopCommands();
      tokens.push(token);
      resumeCommands(token);
    }
  });
  const [first, second] = tokens;
  expect(text).toBe(`::stop-commands::${first}\n::${first}::\n::stop-commands::${second}\n::${second}::\n`);
  expect(first).not.toBe(second);
});

describe('whatever a value is', () => {
  const hostile = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc
      .array(fc.constantFrom('\n', '\r', '%', '::', '##[', ',', ':', '=', 'error', '%0A', ' '))
      .map((pieces) => pieces.join('')),
  );

  test('a command stays one line, and one command', () => {
    fc.assert(
      fc.property(hostile, hostile, (data, property) => {
        const text = printed(() => annotate('warning', data, { file: property }));
        expect(text.slice(0, -1)).not.toMatch(/[\r\n]/);
        const [, file = '', encoded] = text.match(/^::warning (?:file=([^,:]*))?::(.*)\n$/s) ?? [];
        const decode = (part: string | undefined) =>
          part
            ?.replaceAll('%0D', '\r')
            .replaceAll('%0A', '\n')
            .replaceAll('%3A', ':')
            .replaceAll('%2C', ',')
            .replaceAll('%25', '%');
        expect(decode(file)).toBe(property);
        expect(decode(encoded?.replaceAll(':', '%3A').replaceAll(',', '%2C'))).toBe(data);
      }),
      { numRuns: 10_000 },
    );
  });
});
