/**
 * The job summary: what was published where and why, or why nothing was; where the time went and what the image weighs.
 */

import type { PublishError } from '../errors.ts';
import { describeProduct } from '../github/product.ts';
import { formatDigestReference, formatTagReference } from '../image/reference.ts';
import { formatRepository } from '../image/repository.ts';
import { formatSource } from '../image/transport.ts';
import type { BuildStep } from '../log/build-progress.ts';
import { troubleshootingUrl } from '../log/error-message.ts';
import type { Span } from '../log/phases.ts';
import type { ImageDescription } from '../metadata/describe-image.ts';
import { isStaged, type Outcome, targetsOf } from '../plan/outcome.ts';
import type { Plan, PublicationPlan } from '../plan/plan.ts';
import { formatDuration } from '../text/duration.ts';
import { formatSize } from '../text/size.ts';
import { drawTime, drawWeight } from './charts.ts';
import type { WeighedImage, WeighedLayer } from './image-sizes.ts';
import { code, cut, details, link, paragraphs, prose, table } from './markdown.ts';

/** Of an error what is shown. */
export type Failure = Pick<PublishError, 'code' | 'message' | 'remedy' | 'retryable'>;

/** A plan, of a publish, of a leg or of a merge. */
export type DescribedPlan = PublicationPlan & Pick<Plan, 'source' | 'staging'>;

/** What is known of a step when it ends; whatever did not come to be is absent or empty. */
export interface SummaryFacts {
  readonly plan?: DescribedPlan;
  readonly outcome?: Outcome;
  readonly failure?: Failure;
  /** Whether only the plan was asked for. */
  readonly isDryRun: boolean;
  readonly spans: readonly Span[];
  readonly buildSteps: readonly BuildStep[];
  readonly images: readonly WeighedImage[];
  readonly warnings: readonly string[];
}

/** How much a step may write (https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#step-isolation-and-limits). */
export const mostBytes = 1024 * 1024;

/** How much of the lists and texts a summary shows; each attempt shows less, and the last always fits. */
const measures: readonly Measure[] = [
  { rows: 5000, characters: 10_000 },
  { rows: 1000, characters: 1000 },
  { rows: 100, characters: 500 },
  { rows: 20, characters: 200 },
];

interface Measure {
  /** Of one table or list. */
  readonly rows: number;
  /** Of one text. */
  readonly characters: number;
}

/**
 * @param room in bytes
 * @returns Markdown; with a word about what was left out where not all fits
 */
export function formatSummary(facts: SummaryFacts, room = mostBytes): string {
  const texts = measures.map((measure) => () => write(facts, measure));
  for (const text of texts) {
    const markdown = text();
    if (Buffer.byteLength(markdown) <= room) return markdown;
  }
  return `${heading(facts, { rows: 0, characters: 80 })}\n\nThe rest of this summary would not fit; see the log.\n`;
}

function write(facts: SummaryFacts, measure: Measure): string {
  const { plan, outcome, failure, spans, buildSteps, images, warnings } = facts;
  const parts = [
    heading(facts, measure),
    failure === undefined ? '' : explainFailure(failure, measure),
    ...(plan === undefined ? [] : writePlan(plan, outcome, facts, measure)),
    ...writeImages(images, measure),
    spans.length === 0 ? '' : `### Where the time went\n\n${drawTime(spans, buildSteps)}`,
    warnings.length === 0
      ? ''
      : `### Warnings\n\n${listed(warnings, measure, (each) => `- ${prose(cut(each, measure.characters))}`).join('\n')}`,
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

/** As many items as there is room for, and a word about the others. */
function listed<Item>(items: readonly Item[], { rows }: Measure, format: (item: Item) => string): readonly string[] {
  const left = items.length - rows;
  return [...items.slice(0, rows).map(format), ...(left > 0 ? [`- … and ${left} more, left out for room.`] : [])];
}

function limitedTable<Item>(
  head: readonly string[],
  items: readonly Item[],
  { rows }: Measure,
  format: (item: Item) => readonly string[],
): string {
  const left = items.length - rows;
  const more = left > 0 ? `\n\n… and ${left} more, left out for room.` : '';
  return `${table(head, items.slice(0, rows).map(format))}${more}`;
}

function nameOf({ destinations, description }: PublicationPlan, measure: Measure): string {
  const [main] = destinations;
  if (main === undefined) return 'no image';
  const [tag] = description.tags;
  const name = tag === undefined ? formatRepository(main.repository) : formatTagReference(main.repository, tag.tag);
  return code(cut(name, measure.characters));
}

function heading({ plan, outcome, failure, isDryRun, spans }: SummaryFacts, measure: Measure): string {
  const end = Math.max(0, ...spans.map((span) => span.end));
  const time = end === 0 ? '' : ` in ${formatDuration(end)}`;
  if (failure !== undefined) {
    const stage = spans.findLast(({ isFailed }) => isFailed);
    const where = stage === undefined ? '' : ` (${prose(stage.title)})`;
    return `## Not published: ${code(failure.code)}${where}`;
  }
  if (plan === undefined) return '## Nothing was done';
  if (isDryRun) return `## Plan for ${nameOf(plan, measure)}`;
  if (outcome?.published === true)
    return `## Published ${nameOf({ ...plan, description: outcome.description }, measure)}${time}`;
  const staged = stagedAs(plan, outcome);
  if (staged !== '') {
    return `## Staged ${code(cut(staged, measure.characters))}${time}\n\nA leg has no tag; ${code('merge')} publishes it, with the others of the run.`;
  }
  const reason = outcome === undefined ? '' : `, because ${prose(cut(outcome.reason, measure.characters))}`;
  return `## ${outcome?.imageId ? 'Built, and not published' : 'Not published'}: ${nameOf(plan, measure)}\n\nNothing was published${reason}.`;
}

/** The main reference of a leg that is staged; empty where none is, as where the version is there already. */
function stagedAs(plan: DescribedPlan, outcome: Outcome | undefined): string {
  if (outcome?.digest === undefined || !isStaged(plan, outcome)) return '';
  const [main] = outcome.targets;
  return main === undefined ? '' : formatDigestReference(main.destination.repository, outcome.digest);
}

function explainFailure(failure: Failure, measure: Measure): string {
  const short = (text: string): string => paragraphs(cut(text, measure.characters));
  return [
    `> [!CAUTION]\n> ${short(failure.message).replaceAll('\n', '\n> ')}`,
    `**What to do:** ${short(failure.remedy)}`,
    ...(failure.retryable ? ['The failure may pass: run the job again.'] : []),
    link(`More about ${failure.code}`, troubleshootingUrl(failure.code)),
  ].join('\n\n');
}

function writePlan(
  plan: DescribedPlan,
  outcome: Outcome | undefined,
  facts: SummaryFacts,
  measure: Measure,
): readonly string[] {
  const description = outcome?.description ?? plan.description;
  const isThere = outcome?.published === true || stagedAs(plan, outcome) !== '';
  return [
    ...(outcome !== undefined && isThere ? [writePublished(plan, outcome, measure)] : []),
    // The tags of a leg are the merge's.
    plan.staging === undefined ? writeTags(description, facts, measure) : '',
    details(
      'Why there, and how',
      table(
        ['What', 'Decision', 'Why'],
        decisions({ ...plan, push: outcome?.push ?? plan.push }).map(([what, decision, why]) => [
          what,
          decision === '' ? '' : code(cut(decision, measure.characters)),
          prose(cut(why, measure.characters)),
        ]),
      ),
    ),
    plan.notes.length === 0
      ? ''
      : listed(plan.notes, measure, (note) => `- ${prose(cut(note, measure.characters))}`).join('\n'),
  ];
}

function writePublished(plan: PublicationPlan, outcome: Outcome, measure: Measure): string {
  const { digest, description } = outcome;
  const destinations = targetsOf(plan, outcome).map(({ destination }) => destination);
  const [main] = destinations;
  if (digest === undefined || main === undefined) return '';
  // A Docker registry knows images by tag only.
  const [tag] = description.tags;
  const reference =
    main.registry.kind === 'docker' && tag !== undefined
      ? formatTagReference(main.repository, tag.tag)
      : formatDigestReference(main.repository, digest);
  const hasPages = destinations.some(({ packageUrl }) => packageUrl !== '');
  return [
    `\`\`\`sh\ndocker pull ${reference}\n\`\`\``,
    limitedTable(
      ['Repository', 'Digest', ...(hasPages ? ['Package'] : [])],
      destinations,
      measure,
      ({ repository, packageUrl }) => [
        code(formatRepository(repository)),
        code(digest),
        ...(hasPages ? [packageUrl === '' ? '' : link('its page', packageUrl)] : []),
      ],
    ),
  ].join('\n\n');
}

/** What became of the tags that were to move. */
function stateOf({ plan, outcome, failure, isDryRun, spans }: SummaryFacts): string {
  if (isDryRun) return 'planned';
  if (outcome?.published === true) return 'published';
  // The main tag moves with a push by an engine, all others after it.
  const pushing = plan?.source?.spec.kind === 'docker-daemon' ? ['build', 'push'] : ['build'];
  const isTagging = spans.some(({ stage, isFailed }) => stage === 'tag' || (pushing.includes(stage) && !isFailed));
  return failure !== undefined && isTagging ? 'may have moved' : 'not published';
}

/** More tags than these are folded. */
const fewTags = 12;

function writeTags(description: ImageDescription, facts: SummaryFacts, measure: Measure): string {
  const { tags, held, notFired, latest } = description;
  const short = (text: string): string => cut(text, measure.characters);
  const state = stateOf(facts);
  const rows = [
    ...tags.map(({ tag, rule }) => [code(tag), code(short(rule)), state]),
    ...held.map(({ tag, rule, reason }) => [
      code(tag),
      code(short(rule)),
      `**stays** where it is, because ${prose(short(reason))}`,
    ]),
  ];
  const none = [
    ...notFired.map(({ rule, reason }) => [code(short(rule)), prose(short(reason))]),
    ...(latest.isTaken || held.some(({ kind }) => kind === 'latest')
      ? []
      : [[code('latest'), prose(short(latest.reason))]]),
  ];
  const same = (row: readonly string[]): readonly string[] => row;
  const list = limitedTable(['Tag', 'Rule', 'What became of it'], rows, measure, same);
  const title = `${rows.length} ${rows.length === 1 ? 'tag' : 'tags'}`;
  return [
    ...(rows.length === 0 ? [] : [rows.length <= fewTags ? list : details(title, list)]),
    ...(none.length === 0 ? [] : [details('What gave no tag', limitedTable(['Rule', 'Why not'], none, measure, same))]),
  ].join('\n\n');
}

/** What, which, and why. */
function decisions(plan: DescribedPlan): readonly (readonly [string, string, string])[] {
  return [
    ['Product', describeProduct(plan.product), ''],
    ...plan.destinations.flatMap(({ registry, repository, credential }): (readonly [string, string, string])[] => [
      ['Registry', registry.registry, `${registry.isAssumed ? 'assumed: ' : ''}${registry.reason}`],
      ['Repository', formatRepository(repository), ''],
      ['Login', credential.kind === 'runner' ? '' : credential.username, credential.reason],
    ]),
    ['Push', plan.push.value ? 'yes' : 'no', plan.push.reason],
    ...(plan.source === undefined
      ? []
      : [['Source', formatSource(plan.source.spec), plan.source.referrers ? 'with what refers to it' : ''] as const]),
  ];
}

function nameOfLayer({ instruction, digest }: WeighedLayer): string {
  return instruction === '' ? digest.slice(0, 'sha256:'.length + 12) : instruction;
}

function writeImages(images: readonly WeighedImage[], measure: Measure): readonly string[] {
  const [first] = images;
  if (first === undefined) return [];
  const chart = drawWeight(
    `${first.platform} ${formatSize(first.size)}`,
    first.layers.map((layer) => ({ name: nameOfLayer(layer), size: layer.size })),
  );
  return [
    `### What it weighs\n\n${limitedTable(['Platform', 'Size', 'Layers', 'Digest'], images, measure, (image) => [
      code(image.platform),
      formatSize(image.size),
      String(image.layers.length),
      code(image.digest),
    ])}`,
    chart,
    details(
      `Layers of ${code(first.platform)}`,
      limitedTable(['Size', 'Instruction', 'Digest'], first.layers, measure, (layer) => [
        formatSize(layer.size),
        code(cut(layer.instruction, Math.min(measure.characters, 300))),
        code(layer.digest),
      ]),
    ),
  ];
}
