/** Where in a file a message is about something, such as an instruction of a Dockerfile. */

/** A line of a file. */
export interface SourceLine {
  /** A path in the workspace. */
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
}

/** Where an annotation of the run points, and its headline; without a file it belongs to the whole run. */
export interface AnnotationPlace extends Partial<SourceLine> {
  readonly title?: string;
}
