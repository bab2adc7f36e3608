import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { knownMessages } from '../../src/diagnosis/known-messages.ts';
import { type ErrorCode, errorCodes, PublishError } from '../../src/errors.ts';
import { formatFailure } from '../../src/log/error-message.ts';
import { readActionManifest } from '../support/step.ts';

const document = readFileSync(new URL('../../docs/TROUBLESHOOTING.md', import.meta.url), 'utf8');

const codes = Object.keys(errorCodes).filter((code): code is ErrorCode => code in errorCodes);

/** Code → what stands below its heading. */
const sections = document.split(/^(?=##)/m).flatMap((part) => {
  const { code, body } = part.match(/^### (?<code>.+)\n(?<body>[\s\S]*)$/)?.groups ?? {};
  return code === undefined || body === undefined ? [] : [{ code, body }];
});

describe('docs/TROUBLESHOOTING.md', () => {
  test('has one heading for each error code, and no other', () => {
    expect(sections.map(({ code }) => code).toSorted()).toEqual(codes.toSorted());
  });

  test.each(sections)('says of $code why it comes about and how to fix it', ({ body }) => {
    expect(body).toMatch(/^[^`*\n]|^`[^`]/m);
    expect(body).toMatch(/^\*\*Fix:\*\*(?: \S|\n\n```)/m);
  });

  test.each(knownMessages)('quotes $message', ({ message }) => {
    const quoted = sections.flatMap(({ body }) => [...body.matchAll(/^```text\n([\s\S]*?)^```$/gm)]);
    expect(quoted.flatMap(([, lines]) => lines?.split('\n') ?? [])).toContain(message);
  });

  test.each(codes)('is where the link of %s leads', (code) => {
    const link = formatFailure(new PublishError(code, { message: 'What.', remedy: 'How.' }))
      .split('\n')
      .at(-1);
    // https://github.com/gjtorikian/html-pipeline: an anchor is the heading in lower case; "_" stays.
    expect(link).toMatch(/\/docs\/TROUBLESHOOTING\.md#[a-z_]+$/);
    expect(sections.map((section) => section.code.toLowerCase())).toContain(link?.split('#')[1]);
  });

  test('links to sections that are there', () => {
    const anchors = [...document.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
      title.toLowerCase().replaceAll(' ', '-'),
    );
    for (const [, anchor] of document.matchAll(/\]\(#([^)]+)\)/g)) expect(anchors).toContain(anchor);
  });

  test('names inputs that there are', () => {
    const inputs = ['.', 'cleanup'].flatMap((folder) => Object.keys(readActionManifest(folder).inputs));
    const named = [...document.matchAll(/`([a-z]+(?:-[a-z]+)*)(?:: [a-z0-9]+)?`/g)].map(([, name = '']) => name);
    const others = new Set(
      [
        'docker',
        'digest',
        'plan',
        'concurrency',
        'permissions',
        'users',
        'orgs',
        'container',
        'auto',
        'username',
        'password',
        'digests',
        'needs',
      ].concat(['packages', 'id-token', 'docker-container', 'ghcr', 'continue-on-error', 'update-ca-certificates']),
    );
    expect(named.filter((name) => !others.has(name) && !inputs.includes(name))).toEqual([]);
  });
});
