import { describe, expect, test } from '@jest/globals';
import { parseArguments } from '../../../src/entries/command-line.ts';

describe('each input is an option of the same name', () => {
  test.each([
    ['a value', ['--registry', 'localhost:5000'], { registry: 'localhost:5000' }],
    ['a value after "="', ['--build-args=A=1'], { 'build-args': 'A=1' }],
    ['an empty value', ['--token', ''], { token: '' }],
    ['an option given twice has two lines', ['--tags', '1.0', '--tags', 'latest'], { tags: '1.0\nlatest' }],
    ['a switch alone', ['--dry-run'], { 'dry-run': 'true' }],
    ['the summary switched off', ['--summary', 'false'], { summary: 'false' }],
    ['a switch before another option', ['--dry-run', '--tags', '1'], { 'dry-run': 'true', tags: '1' }],
    ['a switch with a value', ['--push', 'false'], { push: 'false' }],
    ['a switch with a value after "="', ['--push=false'], { push: 'false' }],
    ['a value that is the name of a switch', ['--target', 'push'], { target: 'push' }],
    [
      'a value that is the name of a switch, before others',
      ['--target', 'push', '--image', 'a'],
      { target: 'push', image: 'a' },
    ],
    ['nothing', [], {}],
  ])('%s', (_title, argv, inputs) => {
    expect(parseArguments(argv)).toEqual({
      command: 'publish',
      help: false,
      json: false,
      inputs: new Map(Object.entries(inputs)),
    });
  });

  test.each([['--help'], ['-h'], ['--dry-run', '-h']])('help is asked for by %s', (...argv) => {
    expect(parseArguments(argv).help).toBe(true);
  });

  test.each([
    ['an option that is no input', ['--label', 'a=b']],
    ['an option without its value', ['--registry']],
    ['an option whose value is another option', ['--registry', '--tags', '1']],
    ['an argument without option', ['localhost:5000']],
    ['help with a value', ['--help=yes']],
  ])('%s is refused, with the options there are', (_title, argv) => {
    expect(() => parseArguments(argv)).toThrowCode('INPUT_INVALID');
    expect(() => parseArguments(argv)).toThrow(
      expect.objectContaining({ remedy: expect.stringContaining('--build-args') }),
    );
  });
});

describe('the first word is the command', () => {
  test.each([
    ['publish', ['publish', '--tags', '1'], { command: 'publish', inputs: new Map([['tags', '1']]) }],
    ['plan', ['plan', '--tags', '1'], { command: 'plan', json: false, inputs: new Map([['tags', '1']]) }],
    ['plan as JSON', ['plan', '--json'], { command: 'plan', json: true, inputs: new Map() }],
    [
      'pull, with its own inputs',
      ['pull', '--digest', 'sha256:1'],
      { command: 'pull', inputs: new Map([['digest', 'sha256:1']]) },
    ],
    [
      'promote, with a reference',
      ['promote', 'ghcr.io/octo-org/app:1.0', '--tags', 'stable'],
      {
        command: 'promote',
        inputs: new Map([
          ['tags', 'stable'],
          ['source', 'docker://ghcr.io/octo-org/app:1.0'],
          ['images', 'ghcr.io/octo-org/app'],
        ]),
      },
    ],
    [
      'promote to elsewhere',
      ['promote', 'ghcr.io/octo-org/app:1.0', '--image', 'copy'],
      {
        command: 'promote',
        inputs: new Map([
          ['image', 'copy'],
          ['source', 'docker://ghcr.io/octo-org/app:1.0'],
        ]),
      },
    ],
    ['promote, for its help', ['promote', '--help'], { command: 'promote', help: true, inputs: new Map() }],
    ['help of a command', ['pull', '--help'], { command: 'pull', help: true }],
  ])('%s', (_title, argv, expected) => {
    expect(parseArguments(argv)).toMatchObject(expected);
  });

  test.each([
    ['a word that is no command', ['push'], 'Commands: publish, plan, promote, merge, cleanup, pull'],
    ['an input of another command', ['pull', '--tags', '1'], 'Known options of pull: --help, --registry'],
    ['a second reference', ['promote', 'a/b:1', 'a/b:2'], 'Known options of promote'],
    ['no reference to promote', ['promote', '--tags', '1'], 'Known options of promote'],
    ['JSON of what is no plan', ['publish', '--json'], 'Known options of publish'],
    ['a name of every object', ['constructor'], 'Commands: '],
  ])('%s is refused, with what there is', (_title, argv, remedy) => {
    expect(() => parseArguments(argv)).toThrowCode('INPUT_INVALID');
    expect(() => parseArguments(argv)).toThrow(expect.objectContaining({ remedy: expect.stringContaining(remedy) }));
  });

  test('a reference that is none is told as such', () => {
    expect(() => parseArguments(['promote', 'ghcr.io/Octo/app:1'])).toThrowCode('REPOSITORY_INVALID');
  });
});
