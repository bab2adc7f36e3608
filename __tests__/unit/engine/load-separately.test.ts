import { describe, expect, test } from '@jest/globals';
import { parseOutputs } from '../../../src/build/exporters.ts';
import { buildParts } from '../../../src/engine/load-separately.ts';
import { aBuild } from '../../support/builders.ts';

const attestations = [{ type: 'provenance', attributes: [] }] as const;

describe('an image that is loaded', () => {
  test.each([
    ['is built once where nothing attests it', aBuild({ load: true }), 'builder', true, [[true, 0, 0]]],
    [
      'is built once where the engine builds',
      aBuild({ load: true, attestations }),
      'docker-containerd',
      true,
      [[true, 0, 1]],
    ],
    ['is built once where it is only attested', aBuild({ attestations }), 'builder', true, [[false, 0, 1]]],
    [
      'is published with what attests it, and loaded without',
      aBuild({ load: true, attestations, outputs: parseOutputs('type=image,oci-mediatypes=true') }),
      'builder',
      true,
      [
        [false, 1, 1],
        [true, 0, 0],
      ],
    ],
    [
      'may be one of `outputs`, beside files',
      aBuild({ attestations, outputs: parseOutputs('type=docker\ntype=local,dest=out') }),
      'builder',
      false,
      [
        [false, 1, 1],
        [false, 1, 0],
      ],
    ],
    [
      'is built once where it is nothing but loaded',
      aBuild({ load: true, attestations }),
      'builder',
      false,
      [[true, 0, 0]],
    ],
    [
      'is none that goes to a file',
      aBuild({ attestations, outputs: parseOutputs('type=docker,dest=a.tar') }),
      'builder',
      false,
      [[false, 1, 1]],
    ],
  ] as const)('%s', (_title, request, kind, isPublished, expected) => {
    const parts = buildParts(request, kind, isPublished).flatMap((part) =>
      part === undefined ? [] : [[part.request.load, part.request.outputs.length, part.request.attestations.length]],
    );
    expect(parts).toEqual(expected);
  });
});
