/** JSON that came from elsewhere: nothing about it is taken for granted. */

export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether a value is an object, and neither a list nor null. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
