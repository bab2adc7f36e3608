/** Parses templates; what reads their expressions is loaded for texts that have one. */

import type { Template } from './template.ts';

let expressions: typeof import('./expression.ts') | undefined;

function hasExpression(text: string): boolean {
  return text.includes('{{');
}

/**
 * Loads what reads expressions, for texts that have one: Handlebars is a fifth of what a step loads before it begins.
 * Whoever parses such a text waits for this first.
 */
export async function loadExpressions(texts: readonly string[]): Promise<void> {
  if (texts.some(hasExpression)) expressions = await import('./expression.ts');
}

/**
 * @param text with or without expressions
 * @throws InputError EXPRESSION_INVALID where the syntax is wrong
 */
export function parseTemplate(text: string): Template {
  if (!hasExpression(text)) return { text, render: () => text };
  if (expressions === undefined) throw new Error(`"${text}" is parsed before what reads its expressions is loaded`);
  return expressions.parseExpressions(text);
}
