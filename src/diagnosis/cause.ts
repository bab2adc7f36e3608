/**
 * A cause: from the facts of a failure to its code, why it happened in this run, and what to do. Where the same words
 * have several causes, the run decides between them.
 */

import type { ErrorCode } from '../errors.ts';
import type { Facts } from './failure-facts.ts';

export interface Diagnosis {
  readonly code: ErrorCode;
  /** Why, in this run: one sentence or two. */
  readonly cause: string;
  readonly remedy: string;
  /** Where the failure may pass by itself although the tool did not say so. */
  readonly retryable?: boolean;
}

/** @returns `undefined` where the words mean something else in this run */
export type Cause = (facts: Facts) => Diagnosis | undefined;

/** The entry of `registry-auth` for a registry. */
export function registryAuthFor(registry: string): string {
  return `registry-auth: |\n  - registry: ${registry}\n    username: octocat\n    password: \${{ secrets.REGISTRY_PASSWORD }}`;
}

export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
