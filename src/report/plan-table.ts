/**
 * The plan, as a person reads it.
 */

import { describeProduct } from '../github/product.ts';
import { formatPlatform } from '../image/platform.ts';
import { formatRepository } from '../image/repository.ts';
import { formatSource } from '../image/transport.ts';
import type { Staging } from '../legs/leg-key.ts';
import type { ImageDescription } from '../metadata/describe-image.ts';
import type { Plan, PublicationPlan } from '../plan/plan.ts';
import type { MergePlan } from '../plan/plan-merge.ts';
import { withoutUrlSecrets } from '../text/url-secrets.ts';

/** Aligns the cells of each column; the last one runs free. */
export function formatTable(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = rows.reduce<number[]>(
    (all, row) => row.map((cell, column) => Math.max(all[column] ?? 0, cell.length)),
    [],
  );
  return rows.map((row) =>
    row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0))).join('  '),
  );
}

/** Each tag with the rule that made it, and each rule that made none with the reason. */
export function formatTags({ tags, held, notFired, latest }: ImageDescription): readonly string[] {
  return formatTable([
    ...tags.map(({ tag, rule }) => ['Tag', tag, `from ${rule}`]),
    ...held.map(({ tag, reason }) => ['Held', tag, `not moved, because ${reason}`]),
    ...notFired.map(({ rule, reason }) => ['No tag', rule, reason]),
    ...(latest.isTaken || held.some(({ kind }) => kind === 'latest') ? [] : [['No tag', 'latest', latest.reason]]),
  ]);
}

/** The plan's decisions with their reasons, one a line. */
export function formatPlan(plan: Plan): readonly string[] {
  const { build, source, staging } = plan;
  return formatPublication(plan, [
    ...(staging === undefined ? [] : [['Stage', 'yes', `as a leg of ${describeStaging(staging)}, without a tag`]]),
    source === undefined
      ? ['Context', build.context, build.file === '' ? '' : `with ${build.file}`]
      : ['Source', formatSource(source.spec), source.referrers ? 'with what refers to it' : ''],
    ...(build.platforms.length === 0 ? [] : [['Platforms', build.platforms.map(formatPlatform).join(', '), '']]),
  ]);
}

/** The same of a merge. */
export function formatMerge(plan: MergePlan): readonly string[] {
  const { legs, platforms } = plan;
  return formatPublication(plan, [
    legs.kind === 'staged'
      ? ['Legs', describeStaging(legs.staging), 'because `digests` is empty']
      : ['Legs', legs.digests.join(', '), 'because `digests` names them'],
    ...(platforms.length === 0 ? [] : [['Platforms', platforms.map(formatPlatform).join(', '), '']]),
  ]);
}

function describeStaging({ run, attempt, name }: Staging): string {
  return `run ${run}, attempt ${attempt}${name === '' ? '' : `, image "${name}"`}`;
}

function formatPublication(plan: PublicationPlan, content: readonly (readonly string[])[]): readonly string[] {
  const { description, destinations, ifExists, push } = plan;
  return [
    ...formatTable([
      ['Product', describeProduct(plan.product), ''],
      ...destinations.flatMap(({ registry, repository, credential }) => [
        ['Registry', registry.registry, `${registry.isAssumed ? 'assumed: ' : 'because '}${registry.reason}`],
        ['Repository', formatRepository(repository), ''],
        [
          'Login',
          credential.kind === 'runner' ? 'as the runner is' : credential.username,
          `because ${credential.reason}`,
        ],
      ]),
      ['Push', push.value ? 'yes' : 'no', `because ${push.reason}`],
      ...content,
      ...(ifExists === 'overwrite' ? [] : [['If it exists', ifExists, '']]),
    ]).map((line) => withoutUrlSecrets(line).trimEnd()),
    ...formatTags(description),
  ];
}
