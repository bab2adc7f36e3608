/** Reads the sizes of an image, and writes the job summary; neither is a reason for a step to fail. */

import { existsSync, statSync } from 'node:fs';
import { toPublishError } from '../log/error-message.ts';
import type { RecordingLog } from '../log/recording-log.ts';
import type { Outcome } from '../plan/outcome.ts';
import type { RegistryClient } from '../registry/client.ts';
import { appendSummary } from '../runner/runner-files.ts';
import type { StepProcess } from '../step/process.ts';
import type { WeighedImage } from './image-sizes.ts';
import type { SummaryFacts } from './job-summary.ts';

/**
 * @param targets of a bake file that has several, in the order of their outcomes; none: there is one image
 * @returns no image if there is no summary that would show its size, or if the registry does not tell it
 */
export async function readSizes(
  outcome: Outcome,
  targets: readonly string[],
  registry: RegistryClient,
  process: StepProcess,
): Promise<readonly WeighedImage[]> {
  const { ofTargets = [] } = outcome;
  if (targets.length < 2) return sizesOf(outcome, registry, process);
  const all = await Promise.all(
    ofTargets.map(async (each, index) => {
      const target = targets[index] ?? '';
      return (await sizesOf(each, registry, process)).map((image) => ({ ...image, target }));
    }),
  );
  return all.flat();
}

async function sizesOf(
  { manifest, platforms, config, targets, previous }: Outcome,
  registry: RegistryClient,
  { env, log }: StepProcess,
): Promise<readonly WeighedImage[]> {
  const [main] = targets;
  if (!env.GITHUB_STEP_SUMMARY || main === undefined || manifest === undefined) return [];
  const { compare, weigh } = await import('./image-sizes.ts');
  const { repository } = main.destination;
  try {
    const images = await weigh(registry, repository, manifest, {
      platform: Object.keys(platforms)[0] ?? '',
      ...(config && { config }),
    });
    if (previous === undefined) return images;
    // What came before may be gone by now.
    return await compare(registry, repository, images, previous).catch(() => images);
  } catch (error) {
    log.info(`The job summary has no sizes: ${toPublishError(error).message}`);
    return [];
  }
}

/** Without a runner there is no summary. */
export async function writeSummary(
  facts: Omit<SummaryFacts, 'spans' | 'buildSteps' | 'warnings'>,
  recording: RecordingLog,
  { env, log, masker }: StepProcess,
): Promise<void> {
  const file = env.GITHUB_STEP_SUMMARY;
  if (!file) return;
  try {
    const { formatSummary, mostBytes } = await import('./job-summary.ts');
    const room = mostBytes - (existsSync(file) ? statSync(file).size : 0);
    const recorded = {
      spans: recording.spans.ended(),
      buildSteps: recording.buildSteps(),
      warnings: recording.warnings(),
    };
    await appendSummary(env, formatSummary({ ...facts, ...recorded }, masker.mask, room));
  } catch (error) {
    log.info(`The job summary could not be written: ${toPublishError(error).message}`);
  }
}
