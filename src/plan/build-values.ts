/** Values of the plan inside of the inputs of a build: the version that an image gets is often an argument of its build, too. */

import type { BuildOptions } from '../build/build-request.ts';
import type { ImageDescription } from '../metadata/describe-image.ts';
import { fillMetaValues } from '../metadata/meta-values.ts';
import type { Scope } from '../metadata/template.ts';
import { metadataTexts, metadataVariables } from './metadata-variables.ts';
import type { Target } from './target.ts';

/**
 * Fills `{{meta.NAME}}` in `build-args` and `build-contexts`, and gives DOCKER_METADATA_OUTPUT_* in `build-args` the value that
 * docker/metadata-action would have left, unless that action has left one.
 * @param isSet whether a variable is set
 * @throws InputError EXPRESSION_INVALID
 */
export function fillBuildValues(
  options: BuildOptions,
  description: ImageDescription,
  targets: readonly Target[],
  scope: Scope,
  isSet: (variable: string) => boolean,
): BuildOptions {
  const fill = (text: string): string => fillMetaValues(text, scope, description.version);
  const withValue = (arg: string): string => {
    if (!arg.startsWith('DOCKER_METADATA_OUTPUT_') || isSet(arg)) return fill(arg);
    const value = metadataVariables(metadataTexts(targets, description))[arg];
    return value === undefined ? fill(arg) : `${arg}=${value}`;
  };
  return {
    ...options,
    buildArgs: options.buildArgs.map(withValue),
    buildContexts: options.buildContexts.map(fill),
  };
}
