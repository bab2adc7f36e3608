// @ts-check
// Tells V8 which functions of a bundle it may compile at once.
import { parse } from '@swc/core';

/**
 * A chunk of the bundle, with the function of each of its modules in parentheses. V8 takes a function in parentheses for
 * one that is called at once, and compiles it while it reads the file (https://v8.dev/blog/preparser#pife). Without them it
 * reads each module twice: once to find its end, and again when the module is loaded, which nearly all of a chunk is.
 * @param {string} code of a chunk: `export const modules = { 1: (module) => { … } }` among its statements
 * @returns {Promise<string>}
 * @throws where it is no chunk
 */
export async function compiledAtOnce(code) {
  const { body, span } = await parse(code, { syntax: 'ecmascript' });
  const declared = body.flatMap((each) => (each.type === 'ExportDeclaration' ? [each.declaration] : []));
  const variables = declared.flatMap((each) => (each.type === 'VariableDeclaration' ? each.declarations : []));
  const modules = variables.find(({ id }) => id.type === 'Identifier' && id.value === 'modules')?.init;
  if (modules?.type !== 'ObjectExpression') throw new Error('The bundler wrote a chunk without modules.');
  const functions = modules.properties.flatMap((each) => (each.type === 'KeyValueProperty' ? [each.value] : []));
  // Bytes, from where the first statement begins.
  const bytes = Buffer.from(code);
  let [at, text] = [0, ''];
  for (const each of functions) {
    if (!('span' in each)) continue;
    const [start, end] = [each.span.start - span.start, each.span.end - span.start];
    text += `${bytes.subarray(at, start)}(${bytes.subarray(start, end)})`;
    at = end;
  }
  return text + bytes.subarray(at);
}
