/**
 * What a step tells the runner on standard output, through @actions/core: annotations, masks, groups
 * (https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands).
 */

import { type AnnotationProperties, error, info, notice, setSecret, warning } from '@actions/core';
import type { AnnotationPlace } from '../text/source-line.ts';

export { endGroup, startGroup } from '@actions/core';

const levels = { notice, warning, error } as const;

/** A notice, warning or error: the runner shows it on the run's page and, with a place, on the line of the file. */
export function annotate(level: keyof typeof levels, message: string, place: AnnotationPlace = {}): void {
  const { line, ...named } = place;
  const properties: AnnotationProperties = { ...named, ...(line === undefined ? {} : { startLine: line }) };
  levels[level](message, properties);
}

/** A line of the log. A line that begins with `::` is a command. */
export function printLine(line: string): void {
  info(line);
}

/** The runner shows *** in place of this text from here on; it warns of an empty one. */
export function mask(secret: string): void {
  if (secret !== '') setSecret(secret);
}

/**
 * Lets the runner read no command until `resumeCommands`; @actions/core has no function for that.
 * @returns the token that resumes
 */
export function stopCommands(): string {
  const token = crypto.randomUUID();
  info(`::stop-commands::${token}`);
  return token;
}

export function resumeCommands(token: string): void {
  info(`::${token}::`);
}
