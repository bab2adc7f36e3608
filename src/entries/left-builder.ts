/** The builder that a step made for its job: the post step of that step removes it. */

import { existsSync } from 'node:fs';
import { createCommandRunner } from '../engine/command.ts';
import { isJobBuilder, removeJobBuilder } from '../engine/job-builder.ts';
import type { Environment } from '../text/environment.ts';
import { parseJsonObject } from '../text/json.ts';

/**
 * @param noted by `main`, as JSON: the builder, and the names of the variables that hold no secret
 * @param env of the post step
 * @throws ToolError BUILDER_FAILED where the engine refuses
 */
export async function removeLeftBuilder(noted: string, env: Environment): Promise<void> {
  const { name = '', folder = '', variables } = parseJsonObject(noted) ?? {};
  const builder = { name: String(name), folder: String(folder) };
  // Where its folder is gone, so is the builder: the step itself has removed it.
  if (!isJobBuilder(builder) || !existsSync(builder.folder)) return;
  const names: readonly unknown[] = Array.isArray(variables) ? variables : [];
  const inherited = Object.entries(env).filter(([variable]) => names.includes(variable));
  const { run } = createCommandRunner(AbortSignal.timeout(60_000));
  await removeJobBuilder({ run, env: Object.fromEntries(inherited) }, builder);
}
