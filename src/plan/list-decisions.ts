/** The decisions of a plan in the order in which people read them. The log and the job summary show the same list. */

import { describeMissing } from '../build/capabilities.ts';
import { describeProduct } from '../github/product.ts';
import { formatPlatform, type Platform } from '../image/platform.ts';
import { formatRepository } from '../image/repository.ts';
import type { Tag } from '../image/tag.ts';
import { formatSource } from '../image/transport.ts';
import type { Staging } from '../legs/leg-key.ts';
import type { ImageDescription } from '../metadata/describe-image.ts';
import { withoutUrlSecrets } from '../text/url-secrets.ts';
import type { CredentialDecision } from './credential-decision.ts';
import type { BuilderNeed, PlanDocument } from './plan.ts';
import type { CleanupPlan } from './plan-cleanup.ts';
import type { MergePlan } from './plan-merge.ts';
import type { PullPlan } from './plan-pull.ts';
import { describeRules } from './retention-rules.ts';

/** A plan of a publish, of a merge, of a pull or of a clean-up. */
export type AnyPlan = PlanDocument | MergePlan | PullPlan | CleanupPlan;

export interface DecisionLine {
  readonly what: string;
  /** What was decided, as a value that a person may copy; without credentials. */
  readonly which: string;
  /** `because …`, or another phrase that follows the value; empty if there is nothing to say. */
  readonly why: string;
}

/** The decisions of a plan, except those about tags. */
export function decisions(plan: AnyPlan): readonly DecisionLine[] {
  const lines = [
    line('Product', describeProduct(plan.product)),
    ...plan.destinations.flatMap(({ registry, repository, credential }) => [
      line('Registry', registry.registry, `${registry.isAssumed ? 'assumed: ' : 'because '}${registry.reason}`),
      line('Repository', formatRepository(repository)),
      line('Login', describeCredential(credential), `because ${credential.reason}`),
    ]),
    ...('push' in plan ? [line('Push', plan.push.value ? 'yes' : 'no', `because ${plan.push.reason}`)] : []),
    ...linesOfContent(plan),
    ...('attested' in plan && plan.attested !== undefined
      ? [line('Attest', plan.attested.join(', '), 'because `attest` is set; before a tag moves')]
      : []),
    ...('ifExists' in plan && plan.ifExists !== 'overwrite' ? [line('If it exists', plan.ifExists)] : []),
  ];
  return lines.map(({ what, which, why }) => ({
    what,
    which: withoutUrlSecrets(which),
    why: withoutUrlSecrets(why),
  }));
}

function describeCredential(credential: CredentialDecision): string {
  if (credential.kind === 'runner') return 'the login of the runner';
  return credential.kind === 'identity' ? 'the identity of this job' : credential.username;
}

function line(what: string, which: string, why = ''): DecisionLine {
  return { what, which, why };
}

function linesOfContent(plan: AnyPlan): readonly DecisionLine[] {
  if ('rules' in plan) return linesOfCleanup(plan);
  if ('reference' in plan) return [line('Image', plan.reference)];
  if ('legs' in plan) return [lineOfLegs(plan), ...lineOfPlatforms(plan.platforms)];
  const { build, source, staging, builderNeeds = [] } = plan;
  const staged = staging && line('Stage', formatStaging(staging), 'because `stage` is set; the merge sets the tags');
  const content =
    build !== undefined
      ? [
          ...(build.bakeTarget === undefined ? [] : [line('Target', build.bakeTarget, 'of the bake file')]),
          line('Context', build.context),
          ...(build.file === '' ? [] : [line('Dockerfile', build.file)]),
          ...lineOfPlatforms(build.platforms),
          ...(build.cache.mode === 'off' ? [] : [line('Cache', build.cache.mode)]),
          ...lineOfBuilder(builderNeeds),
        ]
      : source === undefined
        ? []
        : [
            line(
              'Source',
              formatSource(source.spec),
              source.referrers ? 'with the signatures and attestations that refer to it' : '',
            ),
          ];
  return [...(staged ? [staged] : []), ...content];
}

/** Only the engine of the runner tells whether it does all of that itself. */
function lineOfBuilder(needs: readonly BuilderNeed[]): readonly DecisionLine[] {
  if (needs.length === 0) return [];
  return [line('Builder', 'if needed', `because not every Docker engine can ${describeMissing(needs)}`)];
}

function linesOfCleanup({ rules, way, dryRun }: CleanupPlan): readonly DecisionLine[] {
  const { mayGo, stays } = describeRules(rules);
  return [
    line('May go', mayGo),
    line('Stays', stays, 'whatever else is said'),
    line('Deletes by', way.value === 'registry' ? 'the registry' : 'the packages API', `because ${way.reason}`),
    line('Dry run', dryRun ? 'yes' : 'no'),
  ];
}

function lineOfLegs({ legs }: MergePlan): DecisionLine {
  return legs.kind === 'staged'
    ? line('Legs', formatStaging(legs.staging), 'because `digests` is empty')
    : line('Legs', legs.digests.join(', '), 'because `digests` names them');
}

function lineOfPlatforms(platforms: readonly Platform[]): readonly DecisionLine[] {
  return platforms.length === 0 ? [] : [line('Platforms', platforms.map(formatPlatform).join(', '))];
}

function formatStaging({ run, attempt, name }: Staging): string {
  return `run ${run}, attempt ${attempt}${name === '' ? '' : `, image "${name}"`}`;
}

/** What the rules gave: a tag, a tag that stays where it is, or no tag. */
type TagDecision =
  | { readonly kind: 'given'; readonly tag: Tag; readonly rule: string }
  | { readonly kind: 'held'; readonly tag: Tag; readonly rule: string; readonly reason: string }
  | { readonly kind: 'none'; readonly rule: string; readonly reason: string };

/** Every tag with its rule, then every rule that gave no tag; `latest` is among the latter if nothing else is said of it. */
export function tagDecisions({ tags, held, notFired, latest }: ImageDescription): readonly TagDecision[] {
  const hasLatest = latest.isTaken || held.some(({ kind }) => kind === 'latest');
  return [
    ...tags.map(({ tag, rule }) => ({ kind: 'given', tag, rule }) as const),
    ...held.map(({ tag, rule, reason }) => ({ kind: 'held', tag, rule, reason }) as const),
    ...notFired.map(({ rule, reason }) => ({ kind: 'none', rule, reason }) as const),
    ...(hasLatest ? [] : [{ kind: 'none', rule: 'latest', reason: latest.reason } as const]),
  ];
}
