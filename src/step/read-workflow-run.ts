/** Reads the workflow run and its event. */

import { readFileSync } from 'node:fs';
import { InputError } from '../errors.ts';
import { parseRun, type Run } from '../github/workflow-run.ts';
import type { Environment } from '../text/environment.ts';

/** @throws InputError RUN_UNKNOWN */
export function readRun(env: Environment): Run {
  return parseRun(env, env.GITHUB_EVENT_PATH ? readEvent(env.GITHUB_EVENT_PATH) : '');
}

function readEvent(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new InputError('RUN_UNKNOWN', {
      message: `The event payload ${path} (GITHUB_EVENT_PATH) cannot be read: ${cause instanceof Error ? cause.message : cause}.`,
      remedy: 'Run the action on a GitHub Actions runner, or unset GITHUB_EVENT_PATH.',
      cause,
    });
  }
}
