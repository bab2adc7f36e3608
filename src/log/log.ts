/**
 * What a person reads while the step runs.
 */

import type { AnnotationPlace } from '../text/source-line.ts';

export interface Log {
  /** A line of our own. */
  info(line: string): void;
  /** What a tool printed, as it came: no line of it can be a command to the runner. */
  tool(text: string): void;
  notice(message: string, place?: AnnotationPlace): void;
  warning(message: string, place?: AnnotationPlace): void;
  error(message: string, place?: AnnotationPlace): void;
  /**
   * Hides each line of a secret from here on.
   * @param shortest lines with fewer characters than this are not hidden
   */
  mask(secret: string, shortest?: number): void;
  /** Runs `work` with all that is logged in one group that can be folded. */
  group<T>(title: string, work: () => Promise<T>): Promise<T>;
}
