/** The command line of `cli.js`: its commands and switches, read into values. */

import { parseArgs } from 'node:util';
import { InputError } from '../errors.ts';
import { parseReference } from '../image/reference.ts';
import { formatRepository } from '../image/repository.ts';
import { cleanupInputDefaults } from '../inputs/cleanup-inputs.ts';
import { mergeInputDefaults } from '../inputs/merge-inputs.ts';
import { type InputName, inputDefaults } from '../inputs/publish-inputs.ts';
import { pullInputDefaults } from '../inputs/pull-inputs.ts';

/** What a command line asks for. */
export interface Arguments<Name extends string = string> {
  readonly command: CommandName;
  readonly help: boolean;
  /** `plan` alone has it: the plan as JSON. */
  readonly json: boolean;
  readonly inputs: ReadonlyMap<Name, string>;
}

export const commands = {
  publish: { defaults: inputDefaults, manifest: 'action.yml', does: 'build an image and publish it (the default)' },
  plan: { defaults: inputDefaults, manifest: 'action.yml', does: 'print what publish would do, with the reasons' },
  promote: {
    defaults: inputDefaults,
    manifest: 'action.yml',
    does: 'publish the image REFERENCE under other names, its digest kept',
  },
  merge: {
    defaults: mergeInputDefaults,
    manifest: 'merge/action.yml',
    does: 'join what was pushed for several platforms',
  },
  cleanup: {
    defaults: cleanupInputDefaults,
    manifest: 'cleanup/action.yml',
    does: 'delete old versions of a package',
  },
  pull: { defaults: pullInputDefaults, manifest: 'pull/action.yml', does: 'pull an image' },
} as const;

export type CommandName = keyof typeof commands;

function isCommandName(name: string): name is CommandName {
  return Object.hasOwn(commands, name);
}

/** Inputs that say where an image goes. */
const placeNames = ['registry', 'owner', 'image', 'images'] as const satisfies readonly InputName[];

/** Inputs that are true when named without a value. */
const switches: readonly string[] = [
  ...[
    'delete-untagged',
    'dry-run',
    'load',
    'no-cache',
    'provenance',
    'pull',
    'push',
    'referrers',
    'sbom',
    'stage',
    'summary',
  ],
];

/**
 * `[command] --input value …` or `--input=value`; an input given twice has two lines.
 * @throws InputError INPUT_INVALID for an unknown command, or an option that is not one of its inputs
 */
export function parseArguments(argv: readonly string[]): Arguments {
  const [first = ''] = argv;
  const isNamed = first !== '' && !first.startsWith('-');
  const command = isNamed ? first : 'publish';
  if (!isCommandName(command)) {
    throw new InputError('INPUT_INVALID', {
      message: `"${command}" is not a command.`,
      remedy: `Commands: ${Object.keys(commands).join(', ')}; options, such as --build-args, come after it.`,
    });
  }
  const names = Object.keys(commands[command].defaults);
  // A switch that no value follows means `true`.
  const args = argv.slice(isNamed ? 1 : 0).flatMap((arg, index, all) => {
    const next = all[index + 1];
    const isSwitch = arg.startsWith('--') && switches.includes(arg.slice(2));
    return isSwitch && (next === undefined || next.startsWith('-')) ? [arg, 'true'] : [arg];
  });
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: command === 'promote',
      options: {
        help: { type: 'boolean', short: 'h' },
        ...(command === 'plan' ? { json: { type: 'boolean' } as const } : {}),
        ...Object.fromEntries(names.map((name) => [name, { type: 'string', multiple: true } as const])),
      },
    });
    const inputs = new Map<string, string>();
    for (const [name, value] of Object.entries(values)) if (Array.isArray(value)) inputs.set(name, value.join('\n'));
    const [reference] = positionals;
    const help = values.help === true;
    if (positionals.length > 1) throw new Error(`One reference is promoted, not ${positionals.length}.`);
    if (command === 'promote' && !help && reference === undefined && !inputs.has('source')) {
      throw new Error('The reference to promote is missing, such as ghcr.io/octo-org/app:1.2.3.');
    }
    if (reference !== undefined) inputs.set('source', `docker://${reference}`);
    // Where nothing else is said, a tag is put on it where it is.
    if (reference !== undefined && !placeNames.some((name) => inputs.has(name))) {
      inputs.set('images', formatRepository(parseReference(reference).repository));
    }
    return { command, help, json: values.json === true, inputs };
  } catch (cause) {
    if (cause instanceof InputError) throw cause;
    throw new InputError('INPUT_INVALID', {
      message: cause instanceof Error ? cause.message : String(cause),
      remedy: `Known options of ${command}: --help, ${names.map((name) => `--${name}`).join(', ')}.`,
      cause,
    });
  }
}
