/**
 * What becomes known of a step while it goes on, and the job summary that is made of it in the end.
 */

import { existsSync, statSync } from 'node:fs';
import type { PublishError } from '../errors.ts';
import { toPublishError } from '../log/error-message.ts';
import type { Journal } from '../log/recording-log.ts';
import type { Outcome } from '../plan/outcome.ts';
import type { RegistryClient } from '../registry/client.ts';
import { appendSummary } from '../runner/runner-files.ts';
import type { Entry } from '../step/process.ts';
import type { WeighedImage } from './image-sizes.ts';
import type { SummaryFacts } from './job-summary.ts';

export interface Account {
  wantsSummary: boolean;
  isDryRun: boolean;
  images: readonly WeighedImage[];
  plan?: NonNullable<SummaryFacts['plan']>;
  outcome?: Outcome;
  failure?: PublishError;
}

/** Sizes are for the summary alone: without one nobody is asked, and where they cannot be had, it goes without. */
export async function weighFor(
  account: Account,
  { manifest, platforms, config, targets }: Outcome,
  registry: RegistryClient,
  { env, log }: Entry,
): Promise<void> {
  const [main] = targets;
  if (!account.wantsSummary || !env.GITHUB_STEP_SUMMARY || main === undefined || manifest === undefined) return;
  const { weigh } = await import('./image-sizes.ts');
  try {
    account.images = await weigh(registry, main.destination.repository, manifest, {
      platform: Object.keys(platforms)[0] ?? '',
      ...(config && { config }),
    });
  } catch (error) {
    log.info(`The job summary has no sizes: ${toPublishError(error).message}`);
  }
}

/** A summary that cannot be written is no reason to fail, whatever came of the step. */
export async function writeSummary(account: Account, journal: Journal, { env, log, masker }: Entry): Promise<void> {
  const file = env.GITHUB_STEP_SUMMARY;
  if (!file || !account.wantsSummary) return;
  try {
    const { formatSummary, mostBytes } = await import('./job-summary.ts');
    const room = mostBytes - (existsSync(file) ? statSync(file).size : 0);
    const facts = {
      ...account,
      spans: journal.spans.ended(),
      buildSteps: journal.buildSteps(),
      warnings: journal.warnings(),
    };
    await appendSummary(env, formatSummary(facts, masker.mask, room));
  } catch (error) {
    log.info(`The job summary could not be written: ${toPublishError(error).message}`);
  }
}
