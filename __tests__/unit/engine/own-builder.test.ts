import { describe, expect, test } from '@jest/globals';
import { parseBuilder } from '../../../src/build/builder-choice.ts';
import { createArguments, nodeCertificates } from '../../../src/engine/own-builder.ts';

describe('a builder of the step’s own', () => {
  test('nodes are made one after the other', () => {
    const choice = parseBuilder('tcp://a:1\ntcp://b:2,platforms=linux/arm64');
    const nodes = choice.kind === 'nodes' ? choice.nodes : [];
    expect(
      nodes.map((node, index) =>
        createArguments('bx', 'n', 'remote', node, index, index === 1 ? { cacert: '/c, a' } : {}),
      ),
    ).toEqual([
      ['bx', 'create', '--name', 'n', '--driver', 'remote', '--node', 'n-0', 'tcp://a:1'],
      [
        'bx',
        'create',
        '--name',
        'n',
        '--append',
        '--driver',
        'remote',
        '--node',
        'n-1',
        '--driver-opt',
        '"cacert=/c, a"',
        '--platform',
        'linux/arm64',
        'tcp://b:2',
      ],
    ]);
  });

  test('pods have no endpoint', () => {
    const choice = parseBuilder('kubernetes://,replicas=2,"nodeselector=a=b,c=d"');
    const [node] = choice.kind === 'nodes' ? choice.nodes : [];
    expect(node && createArguments('bx', 'n', 'kubernetes', node, 0, {})).toEqual([
      ...['bx', 'create', '--name', 'n', '--driver', 'kubernetes', '--node', 'n-0'],
      ...['--driver-opt', 'replicas=2,"nodeselector=a=b,c=d"'],
    ]);
  });

  test('a node’s certificates are those of its number', () => {
    const env = {
      BUILDER_NODE_1_AUTH_TLS_CACERT: 'ca',
      BUILDER_NODE_1_AUTH_TLS_KEY: 'key',
      BUILDER_NODE_0_AUTH_TLS_CERT: '',
    };
    expect([...nodeCertificates(0, env)]).toEqual([]);
    expect([...nodeCertificates(1, env)]).toEqual([
      ['cacert', 'ca'],
      ['key', 'key'],
    ]);
  });
});
