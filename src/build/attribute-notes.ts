/** Attributes that may be typing errors: buildx gets them as they are, and may take no notice of them. */

import { differsByOneEdit } from '../text/one-edit.ts';

/** The name that one typing error turns into this one; `undefined` for a name that is right, or that looks like none. */
export function meantBy(name: string, names: readonly string[]): string | undefined {
  return names.includes(name) ? undefined : names.find((each) => differsByOneEdit(each, name.toLowerCase()));
}

/**
 * @param names of the attributes of an entry
 * @param read the names that this action reads itself
 * @returns a sentence for each name that is one edit away from one that the action reads
 */
export function noteMisspelt(input: string, names: readonly string[], read: readonly string[]): readonly string[] {
  return names.flatMap((name) => {
    const meant = meantBy(name, read);
    return meant === undefined
      ? []
      : [
          `The input \`${input}\` has the attribute "${name}", which goes to buildx as it is. If it is a typing error, write "${meant}".`,
        ];
  });
}
