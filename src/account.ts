/**
 * What becomes known of a step while it goes on, and the job summary that is made of it in the end.
 */

import { appendFileSync, existsSync, statSync } from 'node:fs';
import type { Entry } from './entry.ts';
import type { PublishError } from './errors.ts';
import { toPublishError } from './log/error-message.ts';
import { type Journal, openJournal } from './log/recording-log.ts';
import type { Outcome } from './plan/outcome.ts';
import type { RegistryClient } from './registry/client.ts';
import type { DescribedPlan } from './report/summary.ts';
import type { WeighedImage } from './report/weight.ts';

export interface Account {
  wantsSummary: boolean;
  isDryRun: boolean;
  images: readonly WeighedImage[];
  plan?: DescribedPlan;
  outcome?: Outcome;
  failure?: PublishError;
}

/**
 * Does the work of a step, and sums it up, whatever comes of it.
 * @throws what the work throws
 */
export async function accountFor<Result>(
  entry: Entry,
  work: (entry: Entry, journal: Journal, account: Account) => Promise<Result>,
): Promise<Result> {
  const journal = openJournal(entry.log, entry.now);
  const account: Account = { wantsSummary: true, isDryRun: false, images: [] };
  try {
    return await work({ ...entry, log: journal.log }, journal, account);
  } catch (error) {
    account.failure = toPublishError(error);
    throw error;
  } finally {
    await writeSummary(account, journal, entry);
  }
}

/** Sizes are for the summary alone: without one nobody is asked, and where they cannot be had, it goes without. */
export async function weighFor(
  account: Account,
  { manifest, platforms, config, places = [] }: Outcome,
  registry: RegistryClient,
  { env, log }: Entry,
): Promise<void> {
  const [main] = places;
  if (!account.wantsSummary || !env.GITHUB_STEP_SUMMARY || main === undefined || manifest === undefined) return;
  const { weigh } = await import('./report/weight.ts');
  try {
    account.images = await weigh(registry, main.repository, manifest, {
      platform: Object.keys(platforms)[0] ?? '',
      ...(config && { config }),
    });
  } catch (error) {
    log.info(`The summary does without sizes: ${toPublishError(error).message}`);
  }
}

/** A summary that cannot be written is no reason to fail, whatever came of the step. */
async function writeSummary(account: Account, journal: Journal, { env, log }: Entry): Promise<void> {
  const file = env.GITHUB_STEP_SUMMARY;
  if (!file || !account.wantsSummary) return;
  try {
    const { formatSummary, mostBytes } = await import('./report/summary.ts');
    const room = mostBytes - (existsSync(file) ? statSync(file).size : 0);
    const { failure, images, ...rest } = account;
    const { hide } = journal;
    const facts = {
      ...rest,
      ...(failure && {
        failure: {
          code: failure.code,
          message: hide(failure.message),
          remedy: hide(failure.remedy),
          retryable: failure.retryable,
        },
      }),
      images: images.map((image) => ({
        ...image,
        layers: image.layers.map((layer) => ({ ...layer, instruction: hide(layer.instruction) })),
      })),
      spans: journal.spans.ended(),
      buildSteps: journal.buildSteps(),
      warnings: journal.warnings(),
    };
    appendFileSync(file, formatSummary(facts, room));
  } catch (error) {
    log.info(`The job summary could not be written: ${toPublishError(error).message}`);
  }
}
