/**
 * The `flavor` input: what holds for all tags (https://github.com/docker/metadata-action#flavor-input).
 */

import { gatherFaults, InputError } from '../errors.ts';
import { parseTemplate } from './parse-template.ts';
import { fieldsOf, formatRecord, readRecords, splitAttribute } from './records.ts';
import type { Template } from './template.ts';

/** A text before or after a tag's value. */
export interface Affix {
  readonly template: Template;
  /** Whether `latest` gets it, too. */
  readonly isOnLatest: boolean;
}

export interface Flavor {
  readonly latest: 'auto' | 'true' | 'false';
  readonly prefix: Affix | undefined;
  readonly suffix: Affix | undefined;
}

const input = { name: 'flavor', code: 'FLAVOR_INVALID' } as const;

function invalid(record: readonly string[], fault: string): InputError {
  return new InputError('FLAVOR_INVALID', {
    message: `"${formatRecord(record)}" in \`flavor\` is invalid: ${fault}.`,
    remedy: 'Expected lines such as latest=auto, prefix=v or suffix=-alpine,onlatest=true.',
  });
}

/**
 * @param text one setting a line: `latest=auto|true|false`, `prefix=TEXT`, `suffix=TEXT`, the last two also with
 *   `,onlatest=true|false`, which belongs to the prefix or suffix before it
 * @throws InputError FLAVOR_INVALID, EXPRESSION_INVALID; all faults together
 */
export function parseFlavor(text: string): Flavor {
  const faults = gatherFaults();
  let latest: Flavor['latest'] = 'auto';
  const affixes: { prefix?: Affix; suffix?: Affix } = {};
  for (const record of readRecords(text, input)) {
    faults.attempt(() => {
      let previous: 'prefix' | 'suffix' | undefined;
      for (const field of fieldsOf(record, input)) {
        const { name, value } = splitAttribute(field);
        switch (name) {
          case 'latest': {
            const wanted = (['auto', 'true', 'false'] as const).find((each) => each === value);
            if (wanted === undefined) throw invalid(record, `latest is "${value}", not auto, true or false`);
            latest = wanted;
            break;
          }
          case 'prefix':
          case 'suffix':
            affixes[name] = { template: parseTemplate(value), isOnLatest: false };
            previous = name;
            break;
          case 'onlatest': {
            const wanted = (['true', 'false'] as const).find((each) => each === value);
            if (wanted === undefined) throw invalid(record, `onlatest is "${value}", not true or false`);
            const affix = previous === undefined ? undefined : affixes[previous];
            if (previous === undefined || affix === undefined) {
              throw invalid(record, 'onlatest stands before the prefix or suffix that it belongs to');
            }
            affixes[previous] = { ...affix, isOnLatest: wanted === 'true' };
            break;
          }
          case undefined:
            throw invalid(record, `"${field}" has no name`);
          default:
            throw invalid(record, `"${name}" is unknown; known are latest, prefix, suffix, onlatest`);
        }
      }
    });
  }
  faults.throwIfAny();
  return { latest, prefix: affixes.prefix, suffix: affixes.suffix };
}
