import { describe, expect, test } from '@jest/globals';
import { nothingDone } from '../../../src/plan/outcome.ts';
import { formatOutputs, outputNames } from '../../../src/report/outputs.ts';
import { aPlan, aRun } from '../../support/builders.ts';
import { aManifest } from '../../support/fakes.ts';

const { digest } = aManifest('x');

describe('the outputs', () => {
  test('of a publish', () => {
    const plan = aPlan({ tags: '1.0\nlatest', labels: 'a=b', annotations: 'c=d' });
    const { description } = plan;
    const platforms = { 'linux/amd64': digest };
    const outcome = {
      push: plan.push,
      published: true,
      reason: '',
      description,
      targets: [],
      digest,
      imageId: 'sha256:i',
      platforms,
      metadata: '{}',
      attested: ['1', '2'].map((id) => ({ id, url: `https://github.com/o/r/attestations/${id}`, bundlePath: '/t/a' })),
    };
    expect(formatOutputs(plan, outcome)).toEqual({
      image: 'ghcr.io/octo-org/octo-app:1.0',
      reference: `ghcr.io/octo-org/octo-app@${digest}`,
      digest,
      tags: 'ghcr.io/octo-org/octo-app:1.0\nghcr.io/octo-org/octo-app:latest',
      'tag-names': '1.0\nlatest',
      version: '1.0',
      registry: 'ghcr.io',
      repository: 'octo-org/octo-app',
      'package-url': 'https://github.com/orgs/octo-org/packages/container/package/octo-app',
      published: 'true',
      reason: '',
      imageid: 'sha256:i',
      platforms: JSON.stringify(platforms),
      labels: expect.stringMatching(/^a=b\norg\.opencontainers\.image\.created=/),
      annotations: expect.stringMatching(/^manifest:c=d\nmanifest:org\.opencontainers\.image\.created=/),
      json: expect.stringMatching(/^\{"tag-names":\["1\.0","latest"\],"tags":.*"labels":\{"a":"b"/),
      metadata: '{}',
      'attestation-id': '1\n2',
      'attestation-url': 'https://github.com/o/r/attestations/1\nhttps://github.com/o/r/attestations/2',
      'bundle-path': '/t/a',
      bake: '',
      plan: JSON.stringify(plan),
    });
  });

  test('of several repositories name the first as the main one', () => {
    const plan = aPlan({ images: 'ghcr.io/octo-org/a\nlocalhost:5000/b', tags: '1' });
    const outputs = formatOutputs(plan, { ...nothingDone(plan, ''), published: true, digest });
    expect(outputs).toMatchObject({
      image: 'ghcr.io/octo-org/a:1',
      tags: 'ghcr.io/octo-org/a:1\nlocalhost:5000/b:1',
      reference: `ghcr.io/octo-org/a@${digest}`,
    });
  });

  test('where nothing was done say what would have been, and why it was not', () => {
    const plan = aPlan({ tags: '1', 'dry-run': 'true' });
    expect(formatOutputs(plan, nothingDone(plan, '`dry-run` is true'))).toMatchObject({
      image: 'ghcr.io/octo-org/octo-app:1',
      reference: '',
      digest: '',
      published: 'false',
      reason: '`dry-run` is true',
      platforms: '{}',
    });
  });

  test('where no repository is enabled are empty', () => {
    const plan = aPlan({ images: 'name=ghcr.io/a/b,enable=false', tags: '1' });
    const outcome = { ...nothingDone(plan, 'none'), digest };
    expect(formatOutputs(plan, outcome)).toMatchObject({
      image: '',
      reference: '',
      tags: '',
      registry: '',
      repository: '',
      'package-url': '',
    });
  });

  test('are those that are declared, and never hold a secret', () => {
    const plan = aPlan({ token: 'ghs_canary' }, aRun({ GITHUB_REF: 'refs/tags/v1.2.3' }));
    const outputs = formatOutputs(plan, nothingDone(plan, ''));
    expect(Object.keys(outputs)).toEqual([...outputNames]);
    expect(JSON.stringify(outputs)).not.toContain('canary');
  });
});
