/** JSON that came from elsewhere: nothing about it is taken for granted. */

export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether a value is an object, and neither a list nor null. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a value is a list of nothing but texts; an empty list is one. */
export function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}

/** @returns the object, or `undefined` for what is no JSON, or another value */
export function parseJsonObject(text: string): JsonObject | undefined {
  const value = parseJson(text);
  return isObject(value) ? value : undefined;
}

/** Lists and objects within each other: more than any document has that this action reads. */
const deepest = 64;

/** Whether lists and objects lie so deep within each other that whatever walks through them would run out of stack. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '"') {
      for (at++; at < text.length && text[at] !== '"'; at++) if (text[at] === '\\') at++;
    } else if (character === '[' || character === '{') {
      depth++;
      if (depth > deepest) return true;
    } else if (character === ']' || character === '}') depth--;
  }
  return false;
}

/** @returns the value, or `undefined` for what is no JSON, or nested deeper than 64 times */
export function parseJson(text: string): unknown {
  if (isTooDeep(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
