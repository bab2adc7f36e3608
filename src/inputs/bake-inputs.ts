/** The inputs of a bake file: strings become values here. */

import { readItems, readLines } from '../build/input-lists.ts';
import { type Faults, InputError } from '../errors.ts';

/** The default of each of them. */
export const bakeInputDefaults = { bake: '', 'bake-targets': '', 'bake-set': '' } as const;

export type BakeInputName = keyof typeof bakeInputDefaults;

/** What is baked. */
export interface BakeInputs {
  /** Bake files, in the order in which they are merged. */
  readonly files: readonly string[];
  /** Names of targets and groups, or patterns; none for the group `default`. */
  readonly targets: readonly string[];
  /** `TARGET.KEY=VALUE` */
  readonly overrides: readonly string[];
}

/** Inputs that say of one image what a bake file says of each. */
const ofOneImage = ['context', 'file', 'target', 'outputs', 'cgroup-parent', 'call'] as const;

function checkFile(file: string): string {
  if (file !== '-' && !/^(?!cwd:)[a-z]+:\/\/|^git@|^github\.com\//i.test(file)) return file;
  throw new InputError('INPUT_INVALID', {
    message: `The input \`bake\` has the entry "${file}": expected the path of a file in the checkout.`,
    remedy: 'Check out the repository of the bake file first (actions/checkout), and name the file there.',
  });
}

function checkForm(input: BakeInputName, entry: string, form: RegExp, expected: string): string {
  if (form.test(entry)) return entry;
  throw new InputError('INPUT_INVALID', {
    message: `The input \`${input}\` has the entry "${entry}": expected ${expected}.`,
    remedy: `Write \`${input}\` as ${expected}.`,
  });
}

/**
 * @param defaults of all inputs
 * @param faults gathers INPUT_INVALID and INPUTS_CONTRADICT
 * @returns `undefined` for a step that has no bake file
 */
export function parseBakeInputs(
  read: (name: BakeInputName | (typeof ofOneImage)[number] | 'engine' | 'stage') => string,
  defaults: Readonly<Record<(typeof ofOneImage)[number], string>>,
  { attempt }: Faults,
): BakeInputs | undefined {
  const files = (attempt(() => readItems('bake', read('bake'))) ?? []).flatMap(
    (file) => attempt(() => checkFile(file)) ?? [],
  );
  const targets = (attempt(() => readItems('bake-targets', read('bake-targets'))) ?? []).flatMap(
    (name) => attempt(() => checkForm('bake-targets', name, /^(?!-)[\w.*?[\]-]+$/, 'names of targets or groups')) ?? [],
  );
  const overrides = (attempt(() => readLines('bake-set', read('bake-set'))) ?? []).flatMap(
    (entry) =>
      attempt(() =>
        checkForm('bake-set', entry, /^(?!-)[^\s.=]+\.[^\s=]+(?:=|$)/, 'TARGET.KEY=VALUE, such as *.args.VERSION=1.2'),
      ) ?? [],
  );
  if (read('bake') === '') {
    attempt(() => refuseWithoutFile(read));
    return undefined;
  }
  attempt(() => {
    const isStaged = !/^(?:false|)$/i.test(read('stage'));
    const given = [
      ...ofOneImage.filter((name) => read(name) !== '' && read(name) !== defaults[name]),
      ...(isStaged ? ['stage'] : []),
      ...(read('engine') === 'podman' ? ['engine: podman'] : []),
    ];
    if (given.length === 0) return;
    throw new InputError('INPUTS_CONTRADICT', {
      message: `${given.map((name) => `\`${name}\``).join(', ')} cannot be used with \`bake\`: the bake file says how each target is built, and buildx builds it.`,
      remedy: 'Leave them out. To change a target, use `bake-set`, such as `bake-set: app.target=runtime`.',
    });
  });
  return { files, targets, overrides };
}

/** @throws InputError INPUTS_CONTRADICT */
function refuseWithoutFile(read: (name: BakeInputName) => string): void {
  const given = (['bake-targets', 'bake-set'] as const).filter((name) => read(name) !== '');
  if (given.length === 0) return;
  throw new InputError('INPUTS_CONTRADICT', {
    message: `${given.map((name) => `\`${name}\``).join(' and ')} cannot be used without \`bake\`.`,
    remedy: 'Name the bake file, such as `bake: docker-bake.hcl`.',
  });
}
