/**
 * Fan-in: the jobs of a matrix each push one leg of an image, without a tag, and a later job joins them. What tells the
 * legs of one image from all others is decided here.
 */

/** Which image a leg belongs to, and when it was made. */
export interface Staging {
  /** GITHUB_RUN_ID: one number for all attempts of a run, and for no other run of that GitHub. */
  readonly run: string;
  /** GITHUB_RUN_ATTEMPT; a later one replaces the legs of an earlier one. */
  readonly attempt: number;
  /** Tells several images apart that one run stages in one repository; empty for the only one. */
  readonly name: string;
}
