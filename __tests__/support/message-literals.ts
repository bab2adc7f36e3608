/** The texts of a TypeScript source that a person reads when it runs: messages and remedies of errors, and lines of the log. */

import { parseSync } from '@swc/core';

type Node = Readonly<Record<string, unknown>>;

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && !Array.isArray(value);
const nodesIn = (value: unknown): readonly Node[] => (Array.isArray(value) ? value : [value]).filter(isNode);
const children = (node: Node): readonly Node[] => Object.values(node).flatMap(nodesIn);

/** What stands for a value that is known only when the source runs. */
const varies = '…';
/** A text of many alternatives is read in this many of them. */
const mostAlternatives = 64;

const together = (parts: readonly (readonly string[])[]): readonly string[] =>
  parts.reduce<readonly string[]>(
    (before, part) => before.flatMap((head) => part.map((tail) => head + tail)).slice(0, mostAlternatives),
    [''],
  );

/** The expressions that a function gives back: those of its own `return`, not of functions inside it. */
function returned(node: Node): readonly Node[] {
  if (node.type === 'ReturnStatement') return nodesIn(node.argument);
  if (/^(?:Arrow)?Function(?:Expression|Declaration)$|^Class|^MethodProperty$/.test(String(node.type))) return [];
  return children(node).flatMap(returned);
}

/** Each text that an expression may be, with `…` for what varies; empty where it holds no text of its own. */
function textsOf(node: Node): readonly string[] {
  const of = (key: string): readonly string[] => nodesIn(node[key]).flatMap(textsOf);
  const orVaries = (texts: readonly string[]): readonly string[] => (texts.length === 0 ? [varies] : texts);
  switch (node.type) {
    case 'StringLiteral':
      return [String(node.value)];
    case 'TemplateLiteral': {
      const values = nodesIn(node.expressions).map((each) => orVaries(textsOf(each)));
      const parts = nodesIn(node.quasis).flatMap(({ cooked }, index) => [[String(cooked)], values[index] ?? ['']]);
      return together(parts);
    }
    case 'BinaryExpression': {
      const [left, right] = [of('left'), of('right')];
      if (node.operator === '+' && left.length + right.length > 0) return together([orVaries(left), orVaries(right)]);
      return node.operator === '??' || node.operator === '||' ? [...left, ...right] : right;
    }
    case 'ConditionalExpression':
      return [...of('consequent'), ...of('alternate')];
    case 'ParenthesisExpression':
    case 'TsAsExpression':
    case 'TsConstAssertion':
    case 'TsSatisfiesExpression':
      return of('expression');
    case 'ArrowFunctionExpression': {
      const [body] = nodesIn(node.body);
      return body !== undefined && 'stmts' in body ? returned(body).flatMap(textsOf) : of('body');
    }
    case 'ArrayExpression':
      return nodesIn(node.elements).flatMap(({ expression }) => nodesIn(expression).flatMap(textsOf));
    case 'CallExpression': {
      // `[…].join('\n')`, `'…'.trim()`: the text is what the method is called on.
      const [callee] = nodesIn(node.callee);
      return callee?.type === 'MemberExpression' ? nodesIn(callee.object).flatMap(textsOf) : [];
    }
    default:
      return [];
  }
}

const nameOf = (value: unknown): string =>
  isNode(value) ? String(value.type === 'MemberExpression' ? nameOf(value.property) : (value.value ?? '')) : '';

const isText = (name: string): boolean => name === 'message' || name === 'remedy';
const isLogLine = (callee: Node): boolean =>
  callee.type === 'MemberExpression' && ['info', 'notice', 'warning', 'error'].includes(nameOf(callee));

/** The expressions of a node that people read. */
function readIn(node: Node): readonly Node[] {
  const [first] = nodesIn(node.arguments).flatMap(({ expression }) => nodesIn(expression));
  const [callee] = nodesIn(node.callee);
  switch (node.type) {
    case 'KeyValueProperty':
      return isText(nameOf(node.key)) ? nodesIn(node.value) : [];
    case 'MethodProperty':
      return isText(nameOf(node.key)) ? nodesIn(node.body).flatMap(returned) : [];
    case 'VariableDeclarator':
      return isText(nameOf(node.id)) ? nodesIn(node.init) : [];
    case 'NewExpression':
      return callee !== undefined && nameOf(callee).endsWith('Error') ? nodesIn(first) : [];
    case 'CallExpression':
      return callee !== undefined && isLogLine(callee) ? nodesIn(first) : [];
    default:
      return [];
  }
}

/** `PUSH_DENIED`: what a program reads. */
const isCode = (text: string): boolean => /^[A-Z][A-Z_]*$/.test(text);

/**
 * @param source TypeScript
 * @returns each literal of a `message`, a `remedy`, the first argument of an error's constructor, or a line of the log, once and in
 *   order, with `…` for what varies; every alternative of one that depends on something
 */
export function messagesIn(source: string): readonly string[] {
  const visit = (node: Node): readonly string[] => [...readIn(node).flatMap(textsOf), ...children(node).flatMap(visit)];
  const [module] = nodesIn(parseSync(source, { syntax: 'typescript', target: 'es2023' }));
  const texts = module === undefined ? [] : visit(module);
  return [...new Set(texts)].filter((text) => !isCode(text) && /\p{L}/u.test(text));
}
