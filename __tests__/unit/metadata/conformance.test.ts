import { describe, expect, test } from '@jest/globals';
import { parseRun } from '../../../src/github/workflow-run.ts';
import { formatTagReference } from '../../../src/image/reference.ts';
import { describeImage } from '../../../src/metadata/describe-image.ts';
import { parseFlavor } from '../../../src/metadata/flavor.ts';
import { parseImages } from '../../../src/metadata/image-names.ts';
import { formatAnnotation, formatLabel, parseAnnotations, parseLabels } from '../../../src/metadata/labels.ts';
import { parseTagRules } from '../../../src/metadata/tag-rules.ts';
import { contextOf } from '../../../src/plan/run-metadata.ts';
import { type RecordedCase, recording } from './cases.ts';
import '../../support/expressions.ts';

const now = new Date(recording.source_date_epoch * 1000);

function answer({ env, event, inputs }: RecordedCase): RecordedCase['expect'] {
  const context = contextOf(parseRun(env, JSON.stringify(event)), { now });
  const image = describeImage(
    {
      rules: parseTagRules(inputs.tags ?? ''),
      flavor: parseFlavor(inputs.flavor ?? ''),
      labels: parseLabels(inputs.labels ?? ''),
      annotations: parseAnnotations(inputs.annotations ?? ''),
    },
    context,
  );
  return {
    version: image.version,
    tags: parseImages(inputs.images ?? '').flatMap((repository) =>
      image.tags.map(({ tag }) => formatTagReference(repository, tag).replace(/^docker\.io\//, '')),
    ),
    labels: image.labels.map(formatLabel),
    annotations: image.annotations.map(formatAnnotation),
  };
}

function withoutWarnings({ version, tags, labels, annotations }: RecordedCase['expect']): RecordedCase['expect'] {
  return { version, tags, labels, annotations };
}

describe('what docker/metadata-action answered to recorded runs', () => {
  test('every recorded run agrees in version, tags, labels and annotations', () => {
    const agreeing = recording.cases.filter(
      (each) => JSON.stringify(answer(each)) === JSON.stringify(withoutWarnings(each.expect)),
    );
    console.log(`${agreeing.length} of ${recording.cases.length} recorded runs agree`);
    const different = recording.cases.filter((each) => !agreeing.includes(each));
    expect(different.map((each) => ({ id: each.id, answer: answer(each) }))).toEqual(
      different.map((each) => ({ id: each.id, answer: withoutWarnings(each.expect) })),
    );
    expect(agreeing).toHaveLength(recording.cases.length);
  });
});
