// @ts-check
// Tells V8 which functions of a bundle it may compile at once.
import { parse } from '@swc/core';

/**
 * A chunk of the bundle, with the function of each of its modules in parentheses. V8 takes a function in parentheses for
 * one that is called at once, and compiles it while it reads the file (https://v8.dev/blog/preparser#pife). Without them it
 * reads each module twice: once to find its end, and again when the module is loaded, which nearly all of a chunk is.
 * @param {string} code of a chunk: `export const modules = { 1: (module) => { … } }` among its statements
 * @returns {Promise<string>}
 * @throws where it has no modules
 */
export async function compiledAtOnce(code) {
  const { body, span } = await parse(code, { syntax: 'ecmascript' });
  const declared = body.flatMap((each) => (each.type === 'ExportDeclaration' ? [each.declaration] : []));
  const variables = declared.flatMap((each) => (each.type === 'VariableDeclaration' ? each.declarations : []));
  const modules = variables.find(({ id }) => id.type === 'Identifier' && id.value === 'modules')?.init;
  const properties = modules?.type === 'ObjectExpression' ? modules.properties : [];
  const spans = properties.flatMap((each) =>
    each.type === 'KeyValueProperty' && 'span' in each.value ? [each.value.span] : [],
  );
  if (spans.length === 0) throw new Error('The bundler wrote a chunk without modules.');
  // Spans are of bytes, and begin where the first statement does.
  const bytes = Buffer.from(code);
  let [at, text] = [0, ''];
  for (const { start, end } of spans) {
    text += `${bytes.subarray(at, start - span.start)}(${bytes.subarray(start - span.start, end - span.start)})`;
    at = end - span.start;
  }
  return text + bytes.subarray(at);
}
