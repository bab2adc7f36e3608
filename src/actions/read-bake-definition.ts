/** Reads a bake file before anything is decided: buildx prints what it comes to. */

import { type BakeDefinition, parseBakeDefinition } from '../build/bake-definition.ts';
import { installBuildx } from '../engine/buildx-install.ts';
import { findBuildx } from '../engine/buildx-plugin.ts';
import { printBake, releaseForBake } from '../engine/print-bake.ts';
import { ToolError } from '../errors.ts';
import { resolveProduct } from '../github/product.ts';
import type { Run } from '../github/workflow-run.ts';
import type { BakeInputs } from '../inputs/bake-inputs.ts';
import type { Inputs } from '../inputs/publish-inputs.ts';
import { planBake } from '../plan/plan-bake.ts';
import { withBareStep } from '../step/bare-step.ts';
import type { StepProcess } from '../step/process.ts';
import type { StepSecrets } from '../step/step-secrets.ts';

/** What a bake file comes to. */
export interface ReadBake {
  readonly definition: BakeDefinition;
  /** The release of buildx that the step needs, as `buildx-version` has it; empty: that of the runner is new enough. */
  readonly buildxVersion: string;
  /** Only a step that has a bake file loads it. */
  readonly planBake: typeof planBake;
}

/**
 * Works in a folder of its own, without any login: a bake file is no reason for one.
 * @throws InputError BAKE_INVALID, PLATFORM_INVALID; ToolError BUILDX_MISSING, ENGINE_CANNOT
 */
export async function readBakeDefinition(
  bake: BakeInputs,
  { build: { options }, dryRun }: Inputs,
  run: Run,
  secrets: StepSecrets,
  process: StepProcess,
): Promise<ReadBake> {
  const { env, log } = process;
  return withBareStep(resolveProduct(run.serverUrl), process, secrets, async ({ docker, config }) => {
    const found = await findBuildx(config.folder, config.pluginFolders, env);
    const release = await releaseForBake(docker, found, options.buildxVersion);
    const buildx =
      release === undefined
        ? found
        : dryRun
          ? undefined
          : await installBuildx(release, { ...docker, env, say: log.info });
    if (buildx === undefined) {
      throw new ToolError('BUILDX_MISSING', {
        message:
          'A bake file is read by buildx, which this runner lacks, or has in too old a release. A dry run installs nothing.',
        remedy: 'Install buildx 0.23.0 or newer on the runner, or leave `dry-run` out.',
      });
    }
    const text = await printBake(docker, buildx, bake);
    return { planBake, definition: parseBakeDefinition(text), buildxVersion: release?.text ?? '' };
  });
}
