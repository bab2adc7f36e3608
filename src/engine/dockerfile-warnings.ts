/**
 * What BuildKit finds odd about a Dockerfile (https://docs.docker.com/build/checks/), from the reports of buildx.
 */

import { isObject, type JsonObject } from '../text/json.ts';

/** One finding. */
export interface DockerfileWarning {
  /** As a sentence, with the rule's name at its head. */
  readonly message: string;
  /** As BuildKit names it. */
  readonly file: string;
  readonly line: number | undefined;
}

function listOf(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function textAt(value: unknown, key: string): string {
  const text = isObject(value) ? value[key] : undefined;
  return typeof text === 'string' ? text : '';
}

function lineOf(ranges: unknown): number | undefined {
  const start = listOf(ranges)[0]?.start;
  return isObject(start) && typeof start.line === 'number' && start.line > 0 ? start.line : undefined;
}

function decode(base64: string): string {
  return Buffer.from(base64, 'base64').toString('utf8');
}

/**
 * @param metadata buildx's report of a build (`buildx.build.warnings`, with BUILDX_METADATA_WARNINGS=1) or of a check
 *   (`result.json`)
 */
export function parseWarnings(metadata: JsonObject): readonly DockerfileWarning[] {
  const built = listOf(metadata['buildx.build.warnings']).map((warning) => ({
    message: [decode(textAt(warning, 'short')).replace(/ \(line \d+\)$/, ''), textAt(warning, 'url')]
      .filter(Boolean)
      .join('\n'),
    file: textAt(warning.sourceInfo, 'filename') || 'Dockerfile',
    line: lineOf(warning.range),
  }));
  const result = metadata['result.json'];
  const file = isObject(result) ? textAt(listOf(result.sources)[0], 'filename') || 'Dockerfile' : 'Dockerfile';
  const checked = listOf(isObject(result) ? result.warnings : undefined).map((warning) => ({
    message: [
      `${textAt(warning, 'ruleName')}: ${textAt(warning, 'detail') || textAt(warning, 'description')}`,
      textAt(warning, 'url'),
    ]
      .filter(Boolean)
      .join('\n'),
    file,
    line: lineOf(isObject(warning.location) ? warning.location.ranges : undefined),
  }));
  return [...built, ...checked];
}
