/** What may be a mistake in `build-args`, and what to write instead. */

import type { Environment } from '../text/environment.ts';

/**
 * A name alone passes the variable of that name on, as with `docker build --build-arg NAME`. If there is no such variable, docker
 * leaves the argument out and says nothing; often the line is the rest of the value before it.
 * @param args `NAME=value` or `NAME`, in order
 * @returns a sentence for each name without a variable
 */
export function noteUnsetArguments(args: readonly string[], env: Environment): readonly string[] {
  return args.flatMap((arg, index) => {
    if (arg.includes('=') || env[arg] !== undefined) return [];
    const before = args.slice(0, index).findLast((each) => each.includes('='));
    const name = before?.slice(0, before.indexOf('='));
    const remedy =
      name === undefined
        ? `Write \`${arg}=value\`, or set ${arg} in the \`env\` of the step.`
        : `If this line belongs to the value of ${name}, put the whole value in quotation marks: "${name}=first line⏎second line".`;
    return [
      `\`build-args\` has the line "${arg}", but no variable has that name, so the build does not get it. ${remedy}`,
    ];
  });
}
