/** Fields of CSV, as buildx reads them. */

/** A field as CSV, quoted where it needs to be. */
function formatField(field: string): string {
  return /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}

/** A record as CSV. */
export function formatFields(fields: readonly string[]): string {
  return fields.map(formatField).join(',');
}
