import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  comparerOf,
  formatAnnotation,
  formatLabel,
  parseAnnotationLevels,
  parseAnnotations,
  parseLabels,
} from '../../../src/metadata/labels.ts';
import { aDescription, codesOf, type NamingWish, sha } from './naming.ts';
import '../../support/expressions.ts';

/** The workflow's own labels on a run, without the eight that every image gets. */
function ownLabels(wish: NamingWish): readonly string[] {
  return aDescription(wish)
    .labels.map(formatLabel)
    .filter((label) => !label.startsWith('org.opencontainers.'));
}

function annotationsOf(wish: NamingWish): readonly string[] {
  return aDescription(wish)
    .annotations.map(formatAnnotation)
    .filter((annotation) => !annotation.includes(':org.opencontainers.'));
}

describe('labels', () => {
  test('every image gets eight, sorted by name', () => {
    expect(aDescription({ ref: 'refs/tags/v1.2.3' }).labels.map(formatLabel)).toEqual([
      'org.opencontainers.image.created=2026-01-02T04:30:45.000Z',
      'org.opencontainers.image.description=An app of octocat',
      'org.opencontainers.image.licenses=MIT',
      `org.opencontainers.image.revision=${sha}`,
      'org.opencontainers.image.source=https://github.com/octo-org/octo-app',
      'org.opencontainers.image.title=octo-app',
      'org.opencontainers.image.url=https://github.com/octo-org/octo-app',
      'org.opencontainers.image.version=1.2.3',
    ]);
  });

  test('an own label replaces the default of that name', () => {
    expect(aDescription({ labels: 'org.opencontainers.image.title=Mine' }).labels).toContainEqual({
      name: 'org.opencontainers.image.title',
      value: 'Mine',
    });
  });

  test.each([
    ['sorted by name', 'b=1\na=2', ['a=2', 'b=1']],
    ['the later of two with one name holds', 'a=1\na=2', ['a=2']],
    ['commas and = belong to the value', 'a=b,c=d', ['a=b,c=d']],
    ['quotation marks belong to the value', 'a="x" y', ['a="x" y']],
    ['lists of JSON stay', 'a=["b","c","d"]', ['a=["b","c","d"]']],
    ['a mark alone stays', 'a=b,"c\nd=1', ['a=b,"c', 'd=1']],
    ['an empty value stays', 'a=', ['a=']],
    ['line breaks stay in quotes', '"a=one\ntwo ""x"""', ['"a=one\ntwo ""x"""']],
    ['a line of a value may start with #', '"a=one\n# two"', ['"a=one\n# two"']],
    ['# inside of a value stays', 'a=https://x/y#z', ['a=https://x/y#z']],
    ['comments are none', '# a=1\n  # b=1\nc=1', ['c=1']],
    ['what is no NAME=VALUE is left out', 'a\n=b\nc=1', ['c=1']],
    ['expressions are expanded, without HTML escapes', 'a={{branch}}', ['a=a<b&c']],
    ['braces of JSON are no expressions', 'a={"b":{"c":1}}', ['a={"b":{"c":1}}']],
  ])('%s', (_title, labels, expected) => {
    expect(ownLabels({ ref: 'refs/heads/a<b&c', labels })).toEqual(expected);
  });

  test('what a run does not know is no label', () => {
    const { labels } = aDescription({ payload: { repository: {} }, tags: 'type=schedule' });
    expect(labels.map(formatLabel)).toEqual([
      'org.opencontainers.image.created=2026-01-02T04:30:45.000Z',
      `org.opencontainers.image.revision=${sha}`,
      'org.opencontainers.image.source=https://github.com/octo-org/octo-app',
      'org.opencontainers.image.title=octo-app',
      'org.opencontainers.image.url=https://github.com/octo-org/octo-app',
      'org.opencontainers.image.version=',
    ]);
  });

  test('a license that GitHub does not know is none', () => {
    const { labels } = aDescription({ payload: { repository: { license: { spdx_id: 'NOASSERTION' } } } });
    expect(labels.map(({ name }) => name)).not.toContain('org.opencontainers.image.licenses');
  });

  const ofDockerfile = new Map([
    ['org.opencontainers.image.title', 'Mine'],
    ['org.opencontainers.image.version', undefined],
    ['org.opencontainers.image.revision', 'unknown'],
    ['maintainer', 'mona'],
  ]);

  test('the Dockerfile keeps what it says, but for what the run knows better', () => {
    const names = aDescription({ dockerfileLabels: ofDockerfile }).labels.map(({ name }) => name.split('.').at(-1));
    expect(names).toEqual(['created', 'description', 'licenses', 'revision', 'source', 'url']);
  });

  test('the input goes before the Dockerfile', () => {
    const labels = 'org.opencontainers.image.title=Ours';
    expect(aDescription({ dockerfileLabels: ofDockerfile, labels }).labels.map(formatLabel)).toContain(labels);
  });

  test('annotations have the values of the Dockerfile, where they are written out', () => {
    const annotations = aDescription({ dockerfileLabels: ofDockerfile }).annotations.map(formatAnnotation);
    expect(annotations).toContain('manifest:org.opencontainers.image.title=Mine');
    expect(annotations).toContain(`manifest:org.opencontainers.image.revision=${sha}`);
    expect(annotations.join()).not.toContain('image.version');
  });

  test('a line `none` turns the default ones off', () => {
    expect(aDescription({ labels: 'none' }).labels).toEqual([]);
    expect(aDescription({ labels: 'a=1\nnone' }).labels.map(formatLabel)).toEqual(['a=1']);
    expect(aDescription({ annotations: 'none' }).annotations).toEqual([]);
    expect(aDescription({ annotations: 'none\nindex:a=1' }).annotations.map(formatAnnotation)).toEqual(['index:a=1']);
  });

  test('an error is a malformed expression or quotation', () => {
    expect(codesOf(() => parseLabels('a={{'))).toEqual(['EXPRESSION_INVALID']);
    expect(codesOf(() => parseLabels('"a=1'))).toEqual(['LABEL_INVALID']);
  });
});

describe('annotations', () => {
  test('they have the same defaults as labels, on the manifest', () => {
    const { labels, annotations } = aDescription({});
    expect(annotations.map(formatAnnotation)).toEqual(labels.map((label) => `manifest:${formatLabel(label)}`));
  });

  test.each([
    ['one without a level goes to the level of all', 'a=1', undefined, ['manifest:a=1']],
    ['one without a level goes to every level of all', 'a=1', 'manifest,index', ['manifest:a=1', 'index:a=1']],
    ['one with a level goes there alone', 'index:a=1\nb=1', undefined, ['manifest:b=1', 'index:a=1']],
    ['one may name several levels', 'manifest,index:a=1', undefined, ['manifest:a=1', 'index:a=1']],
    ['a level may name a platform', 'manifest[linux/amd64]:a=1', undefined, ['manifest[linux/amd64]:a=1']],
    ['a colon of the value makes no level', 'a=b:c=d', undefined, ['manifest:a=b:c=d']],
  ])('%s', (_title, annotations, levels, expected) => {
    const annotationLevels = parseAnnotationLevels(levels ?? '');
    expect(annotationsOf({ annotations, annotationLevels })).toEqual(expected);
  });

  test('a level that no default has gets none of the defaults', () => {
    const { annotations } = aDescription({ annotations: 'index:a=1' });
    expect(annotations.filter(({ level }) => level === 'index')).toEqual([{ level: 'index', name: 'a', value: '1' }]);
  });

  test.each([
    ['an annotation names an unknown level', () => parseAnnotations('manifests:a=1'), 'ANNOTATION_INVALID'],
    ['the level of all is unknown', () => parseAnnotationLevels('manifest,image'), 'ANNOTATION_INVALID'],
    ['an expression is malformed', () => parseAnnotations('a={{'), 'EXPRESSION_INVALID'],
    ['quotation marks do not pair', () => parseAnnotations('"a=1'), 'ANNOTATION_INVALID'],
  ])('an error is when %s', (_title, parse, code) => {
    expect(codesOf(parse)).toEqual([code]);
  });
});

describe('the order of names', () => {
  const collated = new Intl.Collator('en').compare;
  const plainName = fc.stringMatching(/^[a-z0-9.-]{1,12}$/);
  const anyName = fc.stringMatching(/^[A-Za-z0-9._/-]{1,12}$/);

  test.each([
    ['of small letters, digits, "." and "-"', plainName],
    ['of any characters', anyName],
  ])('is that of English, for names %s', (_what, aName) => {
    fc.assert(
      fc.property(fc.array(aName), (names) => {
        expect(names.toSorted(comparerOf(names))).toEqual(names.toSorted(collated));
      }),
    );
  });
});
