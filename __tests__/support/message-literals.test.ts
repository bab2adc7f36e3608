import { expect, test } from '@jest/globals';
import { messagesIn } from './message-literals.ts';

test.each([
  ['a message and a remedy', `fail({ code: 'X', message: 'No.', remedy: 'Go.' });`, ['No.', 'Go.']],
  ['what varies, as …', 'const error = { message: `No ${name} in ${place()}.` };', ['No … in ….']],
  ['texts that are joined', `const message = 'No ' + name + '.';`, ['No ….']],
  ['both alternatives', `const remedy = ok ? 'Go.' : 'Stay.';`, ['Go.', 'Stay.']],
  ['alternatives inside a text', "const remedy = `Go${far ? ' far' : ''}.`;", ['Go far.', 'Go.']],
  ['a text or its default', `const remedy = known ?? 'Go.';`, ['Go.']],
  [
    'what a function gives',
    `const cause = { message: (n: number) => \`No \${n}.\`, remedy() { return 'Go.'; } };`,
    ['No ….', 'Go.'],
  ],
  [
    'what a function with a block gives',
    `const cause = { remedy: () => { if (a) return 'Go.'; return 'Stay.'; } };`,
    ['Go.', 'Stay.'],
  ],
  ['lines that are joined', `const remedy = ['Go', 'on.'].join('\\n');`, ['Go', 'on.']],
  ['the first argument of an error’s constructor', `throw new TypeError('No.', { cause: 'Because.' });`, ['No.']],
  ['a line of the log', 'log.warning(`No ${name}.`); entry.log.info("Yes.");', ['No ….', 'Yes.']],
  ['a text once', `const a = { message: 'No.' }; const b = { message: 'No.' };`, ['No.']],
  ['no code of an error', `throw new PublishError('PUSH_DENIED', { message: 'No.' });`, ['No.']],
  ['nothing that is not known', `const a = { message, remedy: remedyOf(x) }; throw new TypeError(text);`, []],
  ['no other text', `const name = 'Not. Read.'; call('Not. Read.'); type A = { message: 'Not.' };`, []],
])('of a source are read %s', (_what, source, texts) => {
  expect(messagesIn(source)).toEqual(texts);
});

test('a text of very many alternatives is read in some of them', () => {
  const source = `const message = \`${"${a ? 'x' : 'y'}".repeat(20)}\`;`;
  expect(messagesIn(source)).toHaveLength(64);
});
