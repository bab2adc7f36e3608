/** What the step writes to the job summary, and how its log reads. */

import { beforeAll, describe, expect, test } from '@jest/globals';
import { branchPush, pullRequest, type RunEvent } from '../support/event.ts';
import { tablesOf, textOf, toHtml } from '../support/github-markdown.ts';
import { lab } from '../support/lab.ts';
import { type StepResult, uniqueName } from '../support/step.ts';
import { openSuite } from '../support/suite.ts';

const suite = openSuite('engine', 'registry');

const dockerfile = 'FROM scratch\nCOPY hello.txt /hello.txt\nCOPY Dockerfile /\n';

async function publish(
  inputs: Readonly<Record<string, string>>,
  { event = branchPush('main'), text = dockerfile }: { event?: RunEvent; text?: string } = {},
): Promise<{ step: StepResult; name: string }> {
  const image = uniqueName('summary');
  const runner = suite.action.newRunner({ engine: suite.engine, event, repository: `octo-org/${image}` });
  runner.write('Dockerfile', text);
  runner.write('hello.txt', `Hello from ${image}\n`);
  return {
    step: await runner.main({ registry: suite.registry, ...inputs }),
    name: `${suite.registry}/octo-org/${image}`,
  };
}

/** The titles of the groups, and for each the last line in it. */
function groupsOf(log: string): readonly (readonly [title: string, last: string])[] {
  return [...log.matchAll(/^::group::(.*)\n([\s\S]*?)^::endgroup::$/gm)].map(([, title = '', lines = '']) => [
    title,
    lines.trimEnd().split('\n').at(-1) ?? '',
  ]);
}

describe('the sizes', () => {
  const publishOf = async (image: string, tags: string, text = dockerfile): Promise<readonly (readonly string[])[]> => {
    const runner = suite.action.newRunner({ engine: suite.engine, repository: `octo-org/${image}` });
    runner.write('Dockerfile', text);
    runner.write('hello.txt', 'Hello\n');
    const { summary, exitCode } = await runner.main({ registry: suite.registry, tags });
    expect(exitCode).toBe(0);
    const tables = tablesOf(toHtml(summary)).map((table) => table.map((row) => row.map(textOf)));
    return tables.find(([heading]) => heading?.[0] === 'Platform') ?? [];
  };

  test('say what has changed since the version before it, or since the tag pointed elsewhere, and nothing at first', async () => {
    const image = uniqueName('grown');
    expect((await publishOf(image, '1.0.0'))[0]).toEqual(['Platform', 'Size', 'Layers', 'Digest']);
    const larger = `${dockerfile}COPY Dockerfile /again\n`;
    const [heading, row] = await publishOf(image, '1.1.0\nmain', larger);
    expect(heading).toEqual(['Platform', 'Size', 'Since 1.0.0', 'Layers', 'Digest']);
    expect(row?.[2]).toMatch(/^\+[0-9.]+ (?:B|kB), [12] new layers?$/);
    const again = await publishOf(image, 'main', larger);
    expect(again[0]?.[2]).toBe('Since main');
    expect(again[1]?.[2]).toMatch(/^(?:same size|[+\u2212]\d+ B), 0 new layers$/);
  });
});

describe('a publish', () => {
  let step: StepResult;
  let name: string;
  let html: string;
  beforeAll(async () => {
    ({ step, name } = await publish({ tags: '1.0\nstable' }));
    html = toHtml(step.summary);
  });

  test('is summed up: the reference, the tags with their rules, the sizes that the registry has', () => {
    expect(step.exitCode).toBe(0);
    expect(textOf(html)).toContain(`Published ${name}:1.0 in `);
    expect(textOf(html)).toContain(`docker pull ${step.outputs.reference}\n`);
    const [destinations, tags, , , images, layers] = tablesOf(html).map((table) => table.map((row) => row.map(textOf)));
    expect(destinations?.[1]).toEqual([name, step.outputs.digest]);
    expect(tags?.slice(1)).toEqual([
      ['1.0', '1.0', 'published'],
      ['stable', 'stable', 'published'],
    ]);
    expect(images?.[1]).toEqual([
      expect.stringMatching(/^linux\//),
      expect.stringMatching(/ (?:B|kB)$/),
      '2',
      step.outputs.digest,
    ]);
    expect(layers?.slice(1).map(([, instruction]) => instruction)).toEqual([
      'COPY hello.txt /hello.txt',
      'COPY Dockerfile /',
    ]);
  });

  test('is a group of the log for each stage, which ends with its time; the last line is the reference', () => {
    expect(groupsOf(step.log)).toEqual(
      ['Plan', 'Prepare', 'Build and push', 'Tag', 'Verify'].map((title) => [
        title,
        expect.stringMatching(new RegExp(`^${title} took (?:\\d+ ms|[\\d.]+ s)$`)),
      ]),
    );
    expect(step.log.trimEnd().split('\n').at(-1)).toBe(`Published ${step.outputs.reference} as 1.0, stable`);
  });

  test('has a bar for each stage', () => {
    for (const title of ['Read', 'Plan', 'Prepare', 'Build and push', 'Tag', 'Verify', 'Report'])
      expect(step.summary).toMatch(new RegExp(`^ {2}[^:]+ ${title} :\\d+, \\d+$`, 'm'));
  });
});

test('`summary: false` writes none', async () => {
  const { step } = await publish({ tags: '1.0', summary: 'false' });
  expect(step).toMatchObject({ exitCode: 0, summary: '' });
});

test('a pull request is summed up as built, with the reason why it is not published', async () => {
  const { step, name } = await publish({}, { event: pullRequest(15) });
  expect(step).toMatchObject({ exitCode: 0, outputs: { published: 'false' } });
  const text = textOf(toHtml(step.summary));
  expect(text).toContain(`Built, and not published: ${name}:pr-`);
  expect(text).toMatch(/Nothing was published, because .*pull request/);
});

test('a dry run is summed up as its plan', async () => {
  const { step, name } = await publish({ tags: '1.0', 'dry-run': 'true' });
  expect(textOf(toHtml(step.summary))).toContain(`Plan for ${name}:1.0`);
});

test('a failed build is summed up with its code, its stage and its remedy, and without what the build knew', async () => {
  const { busybox } = await lab.images();
  const text = `FROM ${busybox}\nARG KEY\nRUN test "$KEY" = hunter2-canary\n`;
  const { step } = await publish({ tags: '1.0', token: 'hunter2-canary', 'build-args': 'KEY=no' }, { text });
  expect(step).toMatchObject({ exitCode: 1, code: 'BUILD_FAILED' });
  const summary = textOf(toHtml(step.summary));
  expect(summary).toContain('Not published: BUILD_FAILED (Build and push)');
  expect(summary).toContain('What to do:');
  expect(step.summary).toMatch(/^ {2}[^:]+ Build and push :crit, /m);
  expect(step.summary).not.toContain('hunter2-canary');
  expect(groupsOf(step.log)).toContainEqual(['Build and push', expect.stringMatching(/^Build and push failed after /)]);
});

test('invalid inputs are summed up with every fault', async () => {
  const { step } = await publish({ tags: 'a/b', push: 'maybe' });
  const text = textOf(toHtml(step.summary));
  for (const part of ['INPUTS_INVALID', 'TAG_INVALID', 'push']) expect(text).toContain(part);
});
