import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { InputError, InputFaults, PermissionError, RegistryError, ToolError } from '../../../src/errors.ts';
import { parseDigest } from '../../../src/image/digest.ts';
import { nothingDone, type Outcome } from '../../../src/plan/outcome.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import { targetOf } from '../../../src/plan/target.ts';
import { formatSummary as format, mostBytes, type SummaryFacts } from '../../../src/report/job-summary.ts';
import { formatPlan } from '../../../src/report/plan-table.ts';
import { aPlan, aRun, planned } from '../../support/builders.ts';
import { tablesOf, tagsOf, textOf, toHtml } from '../../support/github-markdown.ts';

const digest = parseDigest(`sha256:${'4bc4'.repeat(16)}`);
const layer = parseDigest(`sha256:${'1a7e'.repeat(16)}`);
const release = aRun({ GITHUB_REF: 'refs/tags/v1.4.9' });

const spans: SummaryFacts['spans'] = [
  { stage: 'read', title: 'Read', start: 60, end: 65, isFailed: false },
  { stage: 'plan', title: 'Plan', start: 65, end: 80, isFailed: false },
  { stage: 'prepare', title: 'Prepare', start: 80, end: 420, isFailed: false },
  { stage: 'build', title: 'Build and push', start: 420, end: 9420, isFailed: false },
  { stage: 'tag', title: 'Tag', start: 9420, end: 9600, isFailed: false },
  { stage: 'verify', title: 'Verify', start: 9600, end: 9700, isFailed: false },
];

/** The summary of a step without secrets. */
const formatSummary = (facts: SummaryFacts, room?: number): string => format(facts, (text) => text, room);

const nothing: SummaryFacts = {
  participle: 'published',
  isDryRun: false,
  spans: [],
  buildSteps: [],
  images: [],
  warnings: [],
};

/** What came of a plan that went well. */
function published(plan: Plan, description = plan.description): Outcome {
  return { ...nothingDone(plan, ''), published: true, digest, imageId: digest, description };
}

/** A maintenance release, beside a newer one that is in the registry. */
function aRelease(): SummaryFacts & { readonly plan: Plan } {
  const { plan, describe } = planned({}, release);
  return {
    ...nothing,
    plan,
    outcome: published(plan, describe(['2.0.0'])),
    spans,
    buildSteps: [
      { name: '[1/2] COPY . /app', start: 500, end: 700, state: 'done' },
      { name: '[2/2] RUN npm ci', start: 700, end: 8700, state: 'done' },
    ],
    images: [
      {
        platform: 'linux/amd64',
        digest,
        size: 52_000_100,
        layers: [
          { digest: layer, size: 2_000_000, instruction: 'COPY . /app' },
          { digest: layer, size: 50_000_000, instruction: 'RUN npm ci' },
        ],
      },
    ],
    warnings: ['The base image has no platform.'],
  };
}

const own = ['a href', 'code', 'code class', 'details', 'h2', 'h3', 'li', 'p', 'pre', 'strong', 'summary'];
const ofTables = ['table', 'tbody', 'td', 'th', 'thead', 'tr', 'ul'];

test('where the image came from is told of one that was there already', () => {
  const plan = aPlan({ source: 'docker://ghcr.io/octo-org/app:1.0', referrers: 'true' });
  const text = textOf(toHtml(formatSummary({ ...nothing, plan, outcome: published(plan) })));
  expect(text).toMatch(
    /Source\s+docker:\/\/ghcr\.io\/octo-org\/app:1\.0\s+with the signatures and attestations that refer to it/,
  );
});

describe('a publish', () => {
  const markdown = formatSummary(aRelease());
  const html = toHtml(markdown);
  const text = textOf(html);

  test('is shown whole', () => expect(markdown).toMatchSnapshot());

  test('says what was published, with its digest, and how to pull it', () => {
    expect(text).toContain('Published ghcr.io/octo-org/octo-app:1.4.9 in 9.7 s');
    expect(html).toContain(
      `<pre><code class="language-sh">docker pull ghcr.io/octo-org/octo-app@${digest}\n</code></pre>`,
    );
    expect(html).toContain('<a href="https://github.com/orgs/octo-org/packages/container/package/octo-app">');
  });

  test('gives the rule of each tag, and the reason of each that stays', () => {
    const rows = tablesOf(html)[1]?.map((row) => row.map(textOf));
    expect(rows).toEqual([
      ['Tag', 'Rule', 'Result'],
      ['1.4.9', 'type=semver,pattern={{version}}', 'published'],
      ['1.4', 'type=semver,pattern={{major}}.{{minor}}', 'published'],
      ['1', 'type=semver,pattern={{#if major}}{{major}}{{/if}}', 'published'],
      [
        'latest',
        'type=semver,pattern={{version}}',
        'not moved, because the registry has 2.0.0, which is higher than 1.4.9',
      ],
    ]);
  });

  test('says why this registry', () => {
    expect(tablesOf(html)[3]?.map((row) => row.map(textOf))).toContainEqual([
      'Registry',
      'ghcr.io',
      'because the run is on github.com',
    ]);
  });

  test('draws where the time went and what the layers weigh', () => {
    expect(text).toContain('  9.0 s Build and push :421, 9421\n');
    expect(text).toContain('  8.0 s [2/2] RUN npm ci :701, 8701\n');
    expect(text).toContain('  "1. RUN npm ci 50.0 MB" : 50000000\n');
  });

  test('names the warnings', () => expect(text).toContain('The base image has no platform.'));
});

test('a Docker registry is pulled from by tag', () => {
  const plan = aPlan({ registry: 'docker' }, release);
  expect(formatSummary({ ...nothing, plan, outcome: published(plan) })).toContain(
    'docker pull docker.pkg.github.com/octo-org/octo-app/octo-app:1.4.9\n',
  );
});

test('several registries have a row each', () => {
  const plan = aPlan({ images: 'ghcr.io/octo-org/app\nlocalhost:5000/octo-org/app', 'registry-auth': '' }, release);
  const html = toHtml(formatSummary({ ...nothing, plan, outcome: published(plan) }));
  expect(
    tablesOf(html)[0]
      ?.slice(1)
      .map((row) => textOf(row[0] ?? '')),
  ).toEqual(['ghcr.io/octo-org/app', 'localhost:5000/octo-org/app']);
});

describe('a pull request', () => {
  const plan = aPlan({}, aRun({ GITHUB_EVENT_NAME: 'pull_request', GITHUB_REF: 'refs/pull/15/merge' }));
  const outcome = { ...nothingDone(plan, plan.push.reason), imageId: digest };
  const markdown = formatSummary({ ...nothing, plan, outcome, spans });

  test('is shown whole', () => expect(markdown).toMatchSnapshot());

  test('says that it was built, and why it was not published', () => {
    const text = textOf(toHtml(markdown));
    expect(text).toContain('Built, and not published: ghcr.io/octo-org/octo-app:pr-15');
    expect(text).toContain('Nothing was published, because the run is for pull request 15 and push is auto.');
    expect(text).not.toContain('docker pull');
  });
});

describe('a leg', () => {
  const plan = aPlan({ stage: 'true' }, aRun({ GITHUB_RUN_ID: '7', GITHUB_RUN_ATTEMPT: '1' }));
  const description = { ...plan.description, tags: [] };
  const targets = plan.destinations.map((destination) => targetOf(destination, description));
  const staged = { ...nothingDone(plan, 'it is staged'), digest, imageId: digest, targets, description };

  test('that is staged is named by its digest, without a word of tags', () => {
    const html = toHtml(formatSummary({ ...nothing, plan, outcome: staged, spans: spans.slice(0, 4) }));
    expect(textOf(html)).toContain(`Staged ghcr.io/octo-org/octo-app@${digest} in 9.4 s`);
    expect(tablesOf(html)[0]?.[1]?.map(textOf)).toEqual([
      'ghcr.io/octo-org/octo-app',
      digest,
      expect.stringContaining('page'),
    ]);
    expect(textOf(html)).not.toContain('Result');
  });

  test('that fails after its build moved no tag', () => {
    const failure = new RegistryError('REGISTRY_UNAVAILABLE', { message: 'It failed.', remedy: 'Wait.' });
    const text = textOf(toHtml(formatSummary({ ...nothing, plan, failure, spans: spans.slice(0, 4) })));
    expect(text).toContain('Not published: REGISTRY_UNAVAILABLE');
    expect(text).not.toContain('moved');
  });
});

describe('a dry run', () => {
  const plan = aPlan({ 'dry-run': 'true' }, release);
  const markdown = formatSummary({ ...nothing, plan, isDryRun: true });

  test('is the plan, with the rule of each tag', () => {
    const html = toHtml(markdown);
    expect(textOf(html)).toContain('Plan for ghcr.io/octo-org/octo-app:1.4.9');
    expect(tablesOf(html)[0]?.[1]?.map(textOf)).toEqual(['1.4.9', 'type=semver,pattern={{version}}', 'planned']);
  });
});

describe('a failure', () => {
  const failure = new PermissionError('PACKAGES_WRITE_MISSING', {
    message:
      'This run may not push to ghcr.io/octo-org/app: denied: installation not allowed to Write organization package.',
    remedy: 'Give the job this permission:\npermissions:\n  contents: read\n  packages: write',
  });
  const failed = [
    ...spans.slice(0, 2),
    { stage: 'prepare', title: 'Prepare', start: 80, end: 420, isFailed: true } as const,
  ];
  const markdown = formatSummary({ ...nothing, plan: aPlan(), failure, spans: failed });

  test.each([
    ['tags that were being moved may have', {}, 'tag', true, 'may have moved'],
    ['what a build pushed may have moved', {}, 'build', false, 'may have moved'],
    ['what an engine pushed may have moved', { source: 'docker-daemon:app' }, 'push', false, 'may have moved'],
    ['what this action pushed has no tag yet', { source: 'oci:app' }, 'push', false, 'not published'],
    ['what is not attested yet has no tag', { attest: 'true' }, 'build', false, 'not published'],
    ['a build that failed moved nothing', {}, 'build', true, 'not published'],
    ['what a build does not push moves nothing', { push: 'false' }, 'build', false, 'not published'],
  ] as const)('tells of each tag that %s', (_, inputs, stage, isFailed, state) => {
    const span = { stage, title: 'That', start: 420, end: 500, isFailed };
    const summary = formatSummary({ ...nothing, plan: aPlan({ ...inputs, tags: '1.0' }), failure, spans: [span] });
    expect(summary).toContain(`| <code>1.0</code> | <code>1.0</code> | ${state} |`);
  });

  const unclear = [
    new ToolError('CANCELLED', { message: 'The run was cancelled.', remedy: 'Run it again.' }),
    new RegistryError('REGISTRY_UNREACHABLE', { message: 'It was cut.', remedy: 'Run it again.', retryable: true }),
  ];
  const stages = [
    ['the push of a build may have come to its end', {}, 'build', 'may have moved'],
    ['the push of an engine may have come to its end', { source: 'docker-daemon:app' }, 'push', 'may have moved'],
    ['the push of this action moves no tag', { source: 'oci:app' }, 'push', 'not published'],
    ['what is not attested yet has no tag', { attest: 'true' }, 'build', 'not published'],
    ['what a build does not push moves nothing', { push: 'false' }, 'build', 'not published'],
    ['nothing has moved before the build', {}, 'prepare', 'not published'],
  ] as const;
  test.each(unclear.flatMap((failure) => stages.map((each) => [failure.code, ...each, failure] as const)))(
    'of a stage that ended in %s tells that %s',
    (_code, _title, inputs, stage, state, failure) => {
      const span = { stage, title: 'That', start: 420, end: 500, isFailed: true };
      const summary = formatSummary({ ...nothing, plan: aPlan({ ...inputs, tags: '1.0' }), failure, spans: [span] });
      expect(summary).toContain(`| <code>1.0</code> | <code>1.0</code> | ${state} |`);
    },
  );

  test('is shown whole', () => expect(markdown).toMatchSnapshot());

  test('has its code, its stage, its remedy and where more about it is', () => {
    const html = toHtml(markdown);
    expect(textOf(html)).toContain('Not published: PACKAGES_WRITE_MISSING (Prepare)');
    expect(html).toContain('<pre>permissions:\n  contents: read\n  packages: write</pre>');
    expect(html).toMatch(/<a href="https:[^"]*TROUBLESHOOTING\.md#packages_write_missing">/);
    expect(markdown).toContain('  340 ms Prepare :crit, 81, 421\n');
  });

  test.each([
    { when: 'while tags move', stage: 'tag', isFailed: true, state: 'may have moved' },
    { when: 'once tags have moved', stage: 'tag', isFailed: false, state: 'may have moved' },
    { when: 'after the push of a build', stage: 'build', isFailed: false, state: 'may have moved' },
    { when: 'before any tag moves', stage: 'push', isFailed: false, state: 'not published' },
  ] as const)('$when says of the tags: $state', ({ stage, isFailed, state }) => {
    const spans = [{ stage, title: 'It', start: 80, end: 420, isFailed }];
    const html = toHtml(formatSummary({ ...nothing, plan: aPlan({ tags: '1' }), failure, spans }));
    expect(tablesOf(html)[0]?.[1]?.map(textOf)).toEqual(['1', '1', state]);
  });

  test('before there is a plan is shown without one', () => {
    const faults = [
      new InputError('INPUT_INVALID', { message: 'The input `push` is "maybe".', remedy: 'Set `push: auto`.' }),
      new InputError('TAG_INVALID', { message: '"a/b" is no tag.', remedy: 'Write `a-b`.' }),
    ];
    const text = textOf(toHtml(formatSummary({ ...nothing, failure: new InputFaults(faults) })));
    for (const part of ['INPUTS_INVALID', 'INPUT_INVALID: The input', '"a/b" is no tag.', 'Write `a-b`.'])
      expect(text).toContain(part);
  });

  test('that may pass says so', () => {
    const passing = new RegistryError('RATE_LIMITED', { message: 'Too many.', remedy: 'Wait.', retryable: true });
    expect(formatSummary({ ...nothing, failure: passing })).toContain(
      'The failure may be temporary: run the job again.',
    );
  });
});

test('the decisions are those that the log shows', () => {
  const plan = aPlan(
    { cache: 'gha', platforms: 'linux/arm64', 'if-exists': 'skip', registry: 'localhost:5000' },
    release,
  );
  const rows = tablesOf(toHtml(formatSummary({ ...nothing, plan })))
    .at(-1)
    ?.map((row) => row.map(textOf));
  const inLog = formatPlan(plan).map((line) => line.replaceAll('`', ''));
  const exactly = (text: string): string => text.replace(/[.()]/g, '\\$&');
  expect(rows?.length).toBeGreaterThan(8);
  for (const [what = '', which = '', why = ''] of rows?.slice(1) ?? []) {
    const said = expect.stringMatching(new RegExp(`^${what} .*${exactly(which)}.*${exactly(why)}$`));
    expect(inLog).toContainEqual(said);
  }
});

test('no text of the summary has a secret, whatever it comes from', () => {
  const secret = 'canary$1';
  const { plan, ...rest } = aRelease();
  const { description } = plan;
  const told = {
    ...rest,
    plan: {
      ...plan,
      push: { ...plan.push, reason: `of ${secret}` },
      notes: [`of ${secret}`],
      description: { ...description, notFired: [{ rule: `of ${secret}`, reason: `of ${secret}` }] },
    },
    failure: new InputError('TAG_INVALID', { message: `of ${secret}`, remedy: `of ${secret}` }),
    warnings: [`of ${secret}`],
    buildSteps: [{ name: `RUN ${secret}`, start: 0, end: 9000, state: 'done' as const }],
    images: rest.images.map((image) => ({ ...image, layers: [{ digest: layer, size: 1, instruction: secret }] })),
  };
  const { outcome: _, ...failed } = told;
  const text = textOf(toHtml(format(failed, (text) => text.replaceAll(secret, '***'))));
  expect(text).not.toContain('canary');
  // The reason of the push, a note, a rule and its reason, the message, the remedy, a warning, and a layer.
  expect(text.match(/\*\*\*/g)).toHaveLength(8);
});

describe('a hundred tags', () => {
  const names = Array.from({ length: 100 }, (_, index) => `tag-${index}`);
  const plan = aPlan({ tags: names.join('\n') });
  const markdown = formatSummary({ ...nothing, plan, outcome: published(plan) });

  test('are shown whole', () => expect(markdown).toMatchSnapshot());

  test('are all there, folded', () => {
    const html = toHtml(markdown);
    expect(html).toContain('<details><summary>100 tags</summary>');
    expect(
      tablesOf(html)[1]
        ?.slice(1)
        .map((row) => textOf(row[0] ?? '')),
    ).toEqual(names);
  });
});

describe('what is too much', () => {
  const names = Array.from({ length: 20_000 }, (_, index) => `${index}-${'x'.repeat(100)}`);
  const plan = aPlan({ tags: names.join('\n') });

  test('is left out with a word about it, and the rest fits', () => {
    const markdown = formatSummary({ ...nothing, plan, outcome: published(plan) });
    expect(Buffer.byteLength(markdown)).toBeLessThanOrEqual(mostBytes);
    expect(markdown).toMatch(/… and 1[59]000 more, left out for room\./);
    expect(textOf(toHtml(markdown))).toContain(`docker pull ghcr.io/octo-org/octo-app@${digest}`);
  });

  test('is left out down to the heading, where an earlier step of the file took the room', () => {
    const markdown = formatSummary({ ...nothing, plan, outcome: published(plan) }, 1000);
    expect(Buffer.byteLength(markdown)).toBeLessThanOrEqual(1000);
    expect(markdown).toContain('Published');
    expect(markdown).toContain('see the log');
  });
});

test('whatever names, reasons and errors hold, the page is made of our own tags', () => {
  const nasty = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc
      .array(
        fc.constantFrom(
          '|',
          '`',
          '<b>',
          '</details>',
          '\n',
          '\n\n',
          '# ',
          '- ',
          '@octo',
          '[a](b)',
          '```',
          '\\',
          'x',
          ' ',
        ),
        { maxLength: 12 },
      )
      .map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(nasty, nasty, nasty, (name, reason, message) => {
      const { plan, ...rest } = aRelease();
      const [described] = plan.description.tags;
      if (described === undefined) throw new Error('a release has a tag');
      const held = [{ ...described, rule: name, reason }];
      const description = { ...plan.description, held, notFired: [{ rule: name, reason }] };
      const hostile = {
        ...rest,
        plan: { ...plan, description, push: { ...plan.push, reason }, notes: [message, name] },
        outcome: published(plan, description),
        warnings: [message],
        buildSteps: [{ name, start: 0, end: 9000, state: 'done' as const }],
        images: rest.images.map((image) => ({ ...image, layers: [{ digest: layer, size: 1, instruction: name }] })),
        failure: new InputError('TAG_INVALID', { message, remedy: `${reason}\n${name}` }),
      };
      const html = toHtml(formatSummary(hostile));
      const allowed = [...own, ...ofTables, 'blockquote'];
      expect(tagsOf(html).filter((tag) => !allowed.includes(tag))).toEqual([]);
      for (const table of tablesOf(html)) expect(new Set(table.map((row) => row.length)).size).toBe(1);
      expect(html.match(/<details>/g)?.length).toBe(html.match(/<\/details>/g)?.length);
    }),
    { numRuns: 150 },
  );
});
