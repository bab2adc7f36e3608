/** Attributes that may be typing errors: buildx gets them as they are, and may take no notice of them. */

import { differsByOneEdit } from '../text/one-edit.ts';

/**
 * @param names of the attributes of an entry
 * @param read the names that this action reads itself
 * @returns a sentence for each name that is one edit away from one that the action reads
 */
export function noteMisspelt(input: string, names: readonly string[], read: readonly string[]): readonly string[] {
  return names.flatMap((name) => {
    const meant = read.includes(name) ? undefined : read.find((each) => differsByOneEdit(each, name.toLowerCase()));
    return meant === undefined
      ? []
      : [
          `The input \`${input}\` has the attribute "${name}", which goes to buildx as it is. If it is a typing error, write "${meant}".`,
        ];
  });
}
