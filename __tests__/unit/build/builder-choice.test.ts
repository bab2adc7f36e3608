import { describe, expect, test } from '@jest/globals';
import { parseBuilder } from '../../../src/build/builder-choice.ts';

describe('builders', () => {
  test.each([
    ['', { kind: 'auto' }],
    ['my-builder_1.x', { kind: 'named', name: 'my-builder_1.x' }],
    [
      'tcp://a:1\ntcp://b:2,"platforms=linux/arm64,linux/arm/v7",servername=b',
      {
        kind: 'nodes',
        driver: 'remote',
        nodes: [
          { endpoint: 'tcp://a:1', platforms: [], driverOptions: [] },
          {
            endpoint: 'tcp://b:2',
            platforms: [
              { os: 'linux', architecture: 'arm64' },
              { os: 'linux', architecture: 'arm', variant: 'v7' },
            ],
            driverOptions: ['servername=b'],
          },
        ],
      },
    ],
    [
      'kubernetes://,namespace=ci,"nodeselector=a=b,c=d"',
      {
        kind: 'nodes',
        driver: 'kubernetes',
        nodes: [{ endpoint: 'kubernetes://', platforms: [], driverOptions: ['namespace=ci', 'nodeselector=a=b,c=d'] }],
      },
    ],
    [
      'kubernetes://,image-pull-policy=Always,env.HTTP_PROXY=http://p:1',
      {
        kind: 'nodes',
        driver: 'kubernetes',
        nodes: [expect.objectContaining({ driverOptions: ['image-pull-policy=Always', 'env.HTTP_PROXY=http://p:1'] })],
      },
    ],
    [
      'docker-container://buildkitd',
      {
        kind: 'nodes',
        driver: 'remote',
        nodes: [expect.objectContaining({ endpoint: 'docker-container://buildkitd' })],
      },
    ],
  ])('%j', (text, choice) => {
    expect(parseBuilder(text)).toEqual(choice);
  });

  test.each([
    '1builder',
    'a b',
    'tcp://host',
    'tcp://host:1/path',
    'ftp://x',
    'docker-container://',
    'tcp://a:1\nb',
    'tcp://a:1\nkubernetes://',
    'tcp://a:1,color',
  ])('%j is none', (text) => {
    expect(() => parseBuilder(text)).toThrowCode('INPUT_INVALID');
  });
});
