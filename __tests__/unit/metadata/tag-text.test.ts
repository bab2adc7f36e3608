import { expect, test } from '@jest/globals';
import { parseWrittenTag } from '../../../src/metadata/tag-text.ts';
import { thrownBy } from '../../support/to-throw-code.ts';

const lines = 'Write one tag a line, and nothing around it:\ntags: |\n  ';

test.each([
  ['two tags on one line', 'latest stable', `${lines}latest\n  stable`],
  ['a list of YAML', '["1.2", "latest"]', `${lines}1.2\n  latest`],
  ['an entry of a YAML list', '- latest', `${lines}latest`],
  ['nothing that could be a tag', '-', `${lines}1.2.3\n  latest`],
  [
    'another character',
    'feature/x',
    'Correct it in `tags`; a branch name becomes a valid tag with `type=ref,event=branch`.',
  ],
])('%s: the remedy is what to write', (_, text, remedy) => {
  expect(thrownBy(() => parseWrittenTag(text))).toMatchObject({ code: 'TAG_INVALID', remedy });
});
