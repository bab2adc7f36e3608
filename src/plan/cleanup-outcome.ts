/** What came of a clean-up, as a value. */

import type { VersionDecision } from './retention.ts';

export interface CleanupOutcome {
  readonly isDryRun: boolean;
  /** Those that went, or would go, first. */
  readonly decisions: readonly VersionDecision[];
  /** What happened beside the decisions, as sentences: a version that was put back, one that GitHub keeps. */
  readonly remarks: readonly string[];
}

/** Those that went, or would go. */
export function leaving({ decisions }: CleanupOutcome): readonly VersionDecision[] {
  return decisions.filter(({ stays }) => !stays);
}
