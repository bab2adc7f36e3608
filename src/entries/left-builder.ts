/** The builder that a step made for its job: the post step of that step removes it. */

import { existsSync } from 'node:fs';
import { createCommandRunner } from '../engine/command.ts';
import { forgetJobBuilder, isJobBuilder, removeJobBuilder } from '../engine/job-builder.ts';
import { PublishError } from '../errors.ts';
import type { Environment } from '../text/environment.ts';
import { parseJsonObject } from '../text/json.ts';

/**
 * @param noted by `main`, as JSON: the builder, and the names of the variables that hold no secret
 * @param env of the post step
 * @returns what is left, as a warning; empty if nothing is
 */
export async function removeLeftBuilder(noted: string, env: Environment): Promise<string> {
  const { name = '', folder = '', variables } = parseJsonObject(noted) ?? {};
  const builder = { name: String(name), folder: String(folder) };
  // Where its folder is gone, so is the builder: the step itself has removed it.
  if (!isJobBuilder(builder) || !existsSync(builder.folder)) return '';
  const names: readonly unknown[] = Array.isArray(variables) ? variables : [];
  const inherited = Object.entries(env).filter(([variable]) => names.includes(variable));
  const { run } = createCommandRunner(AbortSignal.timeout(60_000));
  try {
    await removeJobBuilder({ run, env: Object.fromEntries(inherited) }, builder);
    return '';
  } catch (error) {
    // Nobody comes after this step, and the folder may hold the password of a proxy.
    await forgetJobBuilder(builder);
    return error instanceof PublishError ? `${error.message} ${error.remedy}` : String(error);
  }
}
