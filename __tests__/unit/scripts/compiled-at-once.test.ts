import { expect, test } from '@jest/globals';
import { compiledAtOnce } from '../../../scripts/compiled-at-once.js';

test.each([
  [
    'arrow functions and others',
    'export const id=1;export const modules={7:(e)=>{e.exports=()=>1},"a/b":function(e){e.exports=2},9:e=>{}};',
    'export const id=1;export const modules={7:((e)=>{e.exports=()=>1}),"a/b":(function(e){e.exports=2}),9:(e=>{})};',
  ],
  [
    'text that has more bytes than characters',
    'export const modules={1:e=>{e.exports="é🐳"},2:e=>{e.exports="–"}};"é";',
    'export const modules={1:(e=>{e.exports="é🐳"}),2:(e=>{e.exports="–"})};"é";',
  ],
])('the function of each module is in parentheses, and nothing else changes: %s', async (_title, chunk, compiled) => {
  expect(await compiledAtOnce(chunk)).toBe(compiled);
  // The parser goes on counting from one text to the next.
  expect(await compiledAtOnce(chunk)).toBe(compiled);
});

test.each(['export const id=1;', 'export const modules=[];', 'export const modules={};'])(
  'what is no chunk with modules is refused: %s',
  async (code) => {
    await expect(compiledAtOnce(code)).rejects.toThrow('without modules');
  },
);
