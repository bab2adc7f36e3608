/** The job summary: what was published, where and why, or why nothing was; where the time went, and the sizes of the image. */

import type { PublishError } from '../errors.ts';
import { formatDigestReference, formatTagReference } from '../image/reference.ts';
import { formatRepository } from '../image/repository.ts';
import type { BuildStep } from '../log/build-progress.ts';
import { troubleshootingUrl } from '../log/error-message.ts';
import type { Span } from '../log/phases.ts';
import type { CleanupOutcome } from '../plan/cleanup-outcome.ts';
import { type AnyPlan, decisions } from '../plan/list-decisions.ts';
import { isStaged, type Outcome, targetsOf } from '../plan/outcome.ts';
import type { PublicationPlan } from '../plan/plan.ts';
import { formatDuration } from '../text/duration.ts';
import { drawTime } from './charts.ts';
import type { WeighedImage } from './image-sizes.ts';
import { details, link } from './markdown.ts';
import { headOfCleanup, writeVersions } from './summary-cleanup.ts';
import { writeImages } from './summary-images.ts';
import { writeTags } from './summary-tags.ts';
import { createSummaryWriter, type Measure, type SummaryWriter } from './summary-writer.ts';

/** The parts of an error that are shown. */
type ShownFailure = Pick<PublishError, 'code' | 'message' | 'remedy' | 'retryable'>;

/** What is known of a step when it ends; whatever did not come to be is absent or empty. */
export interface SummaryFacts {
  /** What did not happen to the image if the step failed. */
  readonly participle: 'published' | 'pulled' | 'cleaned up';
  readonly plan?: AnyPlan;
  readonly outcome?: Outcome;
  readonly cleanup?: CleanupOutcome;
  readonly failure?: ShownFailure;
  /** Whether this is a dry run. */
  readonly isDryRun: boolean;
  readonly spans: readonly Span[];
  readonly buildSteps: readonly BuildStep[];
  readonly images: readonly WeighedImage[];
  readonly warnings: readonly string[];
}

/**
 * How much all summaries of a step may have
 * (https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#step-isolation-and-limits).
 */
export const mostBytes = 1024 * 1024;

/** Each attempt shows less, and the last always fits. */
const measures: readonly Measure[] = [
  { rows: 5000, characters: 10_000 },
  { rows: 1000, characters: 1000 },
  { rows: 100, characters: 500 },
  { rows: 20, characters: 200 },
];

/**
 * @param mask takes the secrets out of a text
 * @param room in bytes
 * @returns Markdown; with a word about what was left out, if not all fits
 */
export function formatSummary(facts: SummaryFacts, mask: (text: string) => string, room = mostBytes): string {
  for (const measure of measures) {
    const markdown = writeSummary(facts, createSummaryWriter(measure, mask));
    if (Buffer.byteLength(markdown) <= room) return markdown;
  }
  const shortest = createSummaryWriter({ rows: 0, characters: 80 }, mask);
  return `${writeHeading(facts, shortest)}\n\nThe rest of this summary would not fit; see the log.\n`;
}

function writeSummary(facts: SummaryFacts, writer: SummaryWriter): string {
  const { plan, cleanup, failure, spans, buildSteps, images, warnings } = facts;
  const steps = buildSteps.map((step) => ({ ...step, name: writer.plain(step.name) }));
  const parts = [
    writeHeading(facts, writer),
    failure === undefined ? '' : writeFailure(failure, writer),
    ...(cleanup === undefined ? [] : writeVersions(cleanup, writer)),
    ...(plan === undefined ? [] : writePlans(plan, facts, writer)),
    ...writeImages(images, writer),
    spans.length === 0 ? '' : `### Where the time went\n\n${drawTime(spans, steps)}`,
    warnings.length === 0 ? '' : `### Warnings\n\n${writer.list(warnings)}`,
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

/** The main image by its main tag, with the names that it has in the end. */
function nameOf(
  { destinations }: PublicationPlan,
  { tags: [tag] }: Outcome['description'],
  writer: SummaryWriter,
): string {
  const [main] = destinations;
  if (main === undefined) return 'no image';
  return writer.code(
    tag === undefined ? formatRepository(main.repository) : formatTagReference(main.repository, tag.tag),
  );
}

function writeHeading(
  { participle, plan, outcome, cleanup, failure, isDryRun, spans }: SummaryFacts,
  writer: SummaryWriter,
): string {
  const end = Math.max(0, ...spans.map((span) => span.end));
  const time = end === 0 ? '' : ` in ${formatDuration(end)}`;
  if (failure !== undefined) {
    const stage = spans.findLast(({ isFailed }) => isFailed);
    const where = stage === undefined ? '' : ` (${writer.prose(stage.title)})`;
    return `## Not ${participle}: ${writer.code(failure.code)}${where}`;
  }
  if (cleanup !== undefined && plan !== undefined) {
    const name = plan.destinations.map(({ repository }) => writer.code(formatRepository(repository))).join(', ');
    return `## ${headOfCleanup(cleanup)} of ${name}${time}`;
  }
  if (plan === undefined || !('description' in plan)) return '## Nothing was done';
  const several = 'bake' in plan && (plan.bake?.targets.length ?? 0) > 1 ? plan.bake?.targets.length : undefined;
  if (several !== undefined) return headOfSeveral(several, outcome, isDryRun, time);
  const name = nameOf(plan, outcome?.published === true ? outcome.description : plan.description, writer);
  if (isDryRun) return `## Plan for ${name}`;
  if (outcome?.published === true) return `## Published ${name}${time}`;
  const staged = stagedAs(plan, outcome);
  if (staged !== '') {
    return `## Staged ${writer.code(staged)}${time}\n\nThis image has no tag yet: ${writer.code('merge')} joins it with the other images of the run, and sets the tags.`;
  }
  const reason = outcome === undefined ? '' : `, because ${writer.prose(outcome.reason)}`;
  return `## ${outcome?.imageId ? 'Built, and not published' : 'Not published'}: ${name}\n\nNothing was published${reason}.`;
}

function headOfSeveral(count: number, outcome: Outcome | undefined, isDryRun: boolean, time: string): string {
  if (isDryRun) return `## Plan for ${count} images`;
  const published = (outcome?.ofTargets ?? []).filter((each) => each.published).length;
  if (published > 0) return `## Published ${published === count ? count : `${published} of ${count}`} images${time}`;
  const isBuilt = (outcome?.ofTargets ?? []).some(({ metadata }) => metadata !== '');
  return `## ${isBuilt ? 'Built, and not published' : 'Not published'}: ${count} images`;
}

/** The main reference of a leg that is staged; empty if none is, also because the version exists already. */
function stagedAs(plan: AnyPlan, outcome: Outcome | undefined): string {
  if (outcome?.digest === undefined || !('staging' in plan) || !isStaged(plan, outcome)) return '';
  const [main] = outcome.targets;
  return main === undefined ? '' : formatDigestReference(main.destination.repository, outcome.digest);
}

function writeFailure(failure: ShownFailure, writer: SummaryWriter): string {
  return [
    `> [!CAUTION]\n> ${writer.paragraphs(failure.message).replaceAll('\n', '\n> ')}`,
    `**What to do:** ${writer.paragraphs(failure.remedy)}`,
    ...(failure.retryable ? ['The failure may be temporary: run the job again.'] : []),
    link(`More about ${failure.code}`, troubleshootingUrl(failure.code)),
  ].join('\n\n');
}

/** One plan, or one a target of a bake file. */
function writePlans(plan: AnyPlan, facts: SummaryFacts, writer: SummaryWriter): readonly string[] {
  const { outcome } = facts;
  const targets = 'bake' in plan ? (plan.bake?.targets ?? []) : [];
  if (targets.length < 2) return writePlan(plan, outcome, facts, writer);
  return targets.flatMap(({ target, plan: own }, index) => {
    const one = outcome?.ofTargets?.[index];
    const isLeft = one !== undefined && !one.published && !facts.isDryRun;
    return [
      `### ${writer.code(target)}`,
      ...(isLeft ? [`Not published, because ${writer.prose(one.reason)}.`] : []),
      ...writePlan(
        own,
        one,
        { ...facts, plan: { ...own, bake: { targets: [], others: [] } }, ...(one && { outcome: one }) },
        writer,
      ),
    ];
  });
}

function writePlan(
  plan: AnyPlan,
  outcome: Outcome | undefined,
  facts: SummaryFacts,
  writer: SummaryWriter,
): readonly string[] {
  const isPublication = 'description' in plan;
  const isThere = outcome?.published === true || stagedAs(plan, outcome) !== '';
  const rows = decisions(outcome === undefined ? plan : { ...plan, push: outcome.push }).map(({ what, which, why }) => [
    what,
    writer.code(which),
    writer.prose(why),
  ]);
  return [
    ...(isPublication && outcome !== undefined && isThere ? [writePublished(plan, outcome, writer)] : []),
    // The merge sets the tags of a leg.
    isPublication && !('staging' in plan)
      ? writeTags(outcome?.description ?? plan.description, stateOf(facts), writer)
      : '',
    writer.list(outcome?.remarks ?? []),
    details('Why there, and how', writer.table(['What', 'Decision', 'Why'], rows)),
    writer.list(plan.notes),
  ];
}

function writePublished(plan: PublicationPlan, outcome: Outcome, writer: SummaryWriter): string {
  const { digest, description } = outcome;
  const destinations = targetsOf(plan, outcome).map(({ destination }) => destination);
  const [main] = destinations;
  if (digest === undefined || main === undefined) return '';
  // A Docker registry finds images by tag only.
  const [tag] = description.tags;
  const reference =
    main.registry.kind === 'docker' && tag !== undefined
      ? formatTagReference(main.repository, tag.tag)
      : formatDigestReference(main.repository, digest);
  const hasPages = destinations.some(({ packageUrl }) => packageUrl !== '');
  const rows = destinations.map(({ repository, packageUrl }) => [
    writer.code(formatRepository(repository)),
    writer.code(digest),
    ...(hasPages ? [packageUrl === '' ? '' : link('its page', packageUrl)] : []),
  ]);
  return [
    `\`\`\`sh\ndocker pull ${reference}\n\`\`\``,
    writer.table(['Repository', 'Digest', ...(hasPages ? ['Package'] : [])], rows),
    ...writeAttested(plan, outcome, reference),
  ].join('\n\n');
}

/** How anybody verifies the image, and what is said of it. */
function writeAttested(plan: PublicationPlan, { attested = [] }: Outcome, reference: string): readonly string[] {
  const [first] = attested;
  if (first === undefined) return [];
  const [owner = ''] = new URL(first.url).pathname.slice(1).split('/');
  const host = plan.product.kind === 'github.com' ? [] : ['--hostname', plan.product.host];
  const command = ['gh', 'attestation', 'verify', `oci://${reference}`, '--owner', owner, ...host].join(' ');
  const pages = attested.map(({ id, url }) => link(id, url)).join(', ');
  return [`Attested: ${pages}. To verify:`, `\`\`\`sh\n${command}\n\`\`\``];
}

/** What happened to the tags that were to move. */
function stateOf({ plan, outcome, failure, isDryRun, spans }: SummaryFacts): string {
  if (isDryRun) return 'planned';
  if (outcome?.published === true) return 'published';
  // The push of an engine moves the main tag; all other tags move after a push.
  const isOfEngine = plan !== undefined && 'source' in plan && plan.source?.spec.kind === 'docker-daemon';
  // No tag moves before the image is attested, nor before all targets of a bake file are whole.
  const isAttested =
    plan !== undefined &&
    (('attested' in plan && plan.attested !== undefined) || ('bake' in plan && plan.bake !== undefined));
  const pushing = isAttested ? [] : isOfEngine ? ['build', 'push'] : ['build'];
  if (failure === undefined || (plan !== undefined && 'push' in plan && !plan.push.value)) return 'not published';
  // A push that is refused moves nothing. One that is cancelled, or whose answer is lost, may have come to its end.
  const isUnclear = failure.code === 'CANCELLED' || failure.retryable;
  const hasPushed = ({ stage, isFailed }: Span): boolean => pushing.includes(stage) && (!isFailed || isUnclear);
  return spans.some((span) => span.stage === 'tag' || hasPushed(span)) ? 'may have moved' : 'not published';
}
