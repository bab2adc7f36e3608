import { describe, expect, test } from '@jest/globals';
import { dockerfileLabels } from '../../../src/build/dockerfile-labels.ts';
import { parseDockerfile } from '../../../src/build/dockerfile-stages.ts';

const read = (dockerfile: string, target = ''): Readonly<Record<string, string | undefined>> =>
  Object.fromEntries(dockerfileLabels(parseDockerfile(dockerfile), target));

describe('labels of a Dockerfile', () => {
  test.each([
    ['one', 'FROM a\nLABEL x=1\n', { x: '1' }],
    ['several on a line', "FROM a\nLABEL x=1 y=\"two words\" 'z'='3'\n", { x: '1', y: 'two words', z: '3' }],
    ['over several lines, with a comment between', 'FROM a\nLABEL x=1 \\\n# why\n\n  y=2\n', { x: '1', y: '2' }],
    [
      'in the old form',
      'FROM a\nlabel description  all of this = one value \n',
      { description: 'all of this = one value' },
    ],
    ['with escaped blanks and marks', 'FROM a\nLABEL x=a\\ b y="say \\"hi\\""\n', { x: 'a b', y: 'say "hi"' }],
    [
      'with variables, whose value only the build knows',
      'FROM a\nARG V\nLABEL x=$V y="${V}" $V=3\n',
      { x: undefined, y: undefined },
    ],
    ['with line ends of Windows', 'FROM a\r\nLABEL x=1 \\\r\n  y=2\r\n', { x: '1', y: '2' }],
    ['with another mark of escape', '# escape=`\nFROM a\nLABEL x=1 `\n  y=C:\\dir\n', { x: '1', y: 'C:\\dir' }],
    ['empty', 'FROM a\nLABEL x= y=""\n', { x: '', y: '' }],
    ['a later one holds', 'FROM a\nLABEL x=1\nLABEL x=2\n', { x: '2' }],
    ['none in a here-document', 'FROM a\nRUN <<EOF\nLABEL x=1\nEOF\nLABEL y=2\n', { y: '2' }],
    ['none in an indented here-document with quotation marks', 'FROM a\nCOPY <<-"END" /f\nLABEL x=1\n\tEND\n', {}],
    ['none of a trigger', 'FROM a\nONBUILD LABEL x=1\n', {}],
    ['none before the first stage', 'LABEL x=1\nFROM a\n', {}],
    ['none of text that is no Dockerfile', '\0LABEL', {}],
  ])('%s', (_title, dockerfile, labels) => {
    expect(read(dockerfile)).toEqual(labels);
  });
});

describe('of several stages', () => {
  const dockerfile = `
    FROM --platform=$BUILDPLATFORM golang AS Base
    LABEL base=1 who=base
    FROM base AS build
    LABEL who=build
    FROM scratch
    LABEL last=1
  `;

  test.each([
    ['the last one counts', '', { last: '1' }],
    ['the target counts, with the stages it starts from', 'build', { base: '1', who: 'build' }],
    ['the name of a target has no case', 'BASE', { base: '1', who: 'base' }],
    ['a target may be a number', '1', { base: '1', who: 'build' }],
    ['a stage that is not there has none', 'test', {}],
  ])('%s', (_title, target, labels) => {
    expect(read(dockerfile, target)).toEqual(labels);
  });

  test('one that is named like its own base image ends', () => {
    expect(read('FROM app AS app\nLABEL x=1\n')).toEqual({ x: '1' });
  });
});
