/**
 * How a step talks to the runner: workflow commands on standard output, and files
 * (https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands).
 *
 * Written here rather than taken from @actions/core, which loads an HTTP client with it: 65 ms of a step that may cost 70
 * (docs/adr/0002-runner-protocol.md). A test holds the two to the same words.
 */

/** Where in a file an annotation points. */
export interface AnnotationPlace {
  readonly title?: string;
  readonly file?: string;
  readonly line?: number;
}

/** Data of a command may not end its line, nor look encoded. */
function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

/** `::name key=value,…::data`, one line with its end. */
export function formatCommand(name: string, data: string, properties: Readonly<Record<string, string>> = {}): string {
  const list = Object.entries(properties).map(([key, value]) => `${key}=${escapeProperty(value)}`);
  return `::${name}${list.length === 0 ? '' : ` ${list.join(',')}`}::${escapeData(data)}\n`;
}

/** `::notice`, `::warning` or `::error`, shown on the run's page and, with a place, on the line of the file. */
export function formatAnnotation(
  level: 'notice' | 'warning' | 'error',
  message: string,
  place: AnnotationPlace = {},
): string {
  return formatCommand(level, message, {
    ...(place.title === undefined ? {} : { title: place.title }),
    ...(place.file === undefined ? {} : { file: place.file }),
    ...(place.line === undefined ? {} : { line: String(place.line) }),
  });
}

/**
 * One entry of GITHUB_OUTPUT, GITHUB_STATE or GITHUB_ENV. The delimiter is new each time, so that no value can end its
 * entry and begin another.
 */
export function formatFileEntry(
  name: string,
  value: string,
  delimiter = `ghadelimiter_${crypto.randomUUID()}`,
): string {
  return `${name}<<${delimiter}\n${value}\n${delimiter}\n`;
}
