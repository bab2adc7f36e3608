import { describe, expect, test } from '@jest/globals';
import { outputArguments } from '../../../src/engine/exporter-arguments.ts';
import { someInputs } from '../../support/builders.ts';

describe('where the result goes', () => {
  const args = (texts: Parameters<typeof someInputs>[0], push: boolean, isStored: boolean): readonly string[] =>
    outputArguments(someInputs(texts).build.options, { push, isStored });

  test.each([
    ['a push', {}, true, true, ['--push']],
    ['a build', {}, false, true, []],
    ['a build that is loaded', { load: 'true' }, false, false, ['--load']],
    ['a build that the engine keeps anyway', { load: 'true' }, false, true, []],
    ['a push that is loaded', { load: 'true' }, true, false, ['--push', '--load']],
    [
      'a push with a compression',
      { compression: 'zstd,level=3' },
      true,
      true,
      [
        '--output',
        'type=image,compression=zstd,compression-level=3,force-compression=true,oci-mediatypes=true,push=true',
      ],
    ],
    ['a push and files', { outputs: 'type=local,dest=out' }, true, true, ['--push', '--output', 'type=local,dest=out']],
    [
      'a push with attributes',
      { outputs: 'type=image,oci-mediatypes=true' },
      true,
      true,
      ['--output', 'type=image,oci-mediatypes=true,push=true'],
    ],
    ['files alone', { outputs: 'out' }, false, true, ['--output', 'type=local,dest=out']],
    ['an archive with a comma', { outputs: 'type=oci,"dest=a,b"' }, false, true, ['--output', 'type=oci,"dest=a,b"']],
  ] as const)('%s', (_title, texts, push, isStored, expected) => {
    expect(args(texts, push, isStored)).toEqual(expected);
  });

  test.each([
    { what: 'a push', push: true, output: undefined, expected: 'type=image,rewrite-timestamp=true,push=true' },
    {
      what: 'an archive for our own client',
      push: false,
      output: { kind: 'archive', file: 'a.tar' } as const,
      expected: 'type=oci,dest=a.tar,rewrite-timestamp=true',
    },
  ])('$what of a reproducible image has one time', ({ push, output, expected }) => {
    const options = { ...someInputs().build.options, sourceDate: 1 };
    expect(outputArguments(options, { push, output, isStored: true })).toEqual(['--output', expected]);
  });

  test('a reproducible image that stays with the engine keeps the times of its files, which the engine cannot write anew', () => {
    expect(outputArguments({ ...someInputs().build.options, sourceDate: 1 }, { push: false, isStored: true })).toEqual(
      [],
    );
  });

  const engine = { kind: 'engine' } as const;
  const archive = { kind: 'archive', file: 'a,b.tar' } as const;
  const registries = { kind: 'registries', names: ['ghcr.io/o/a', 'ghcr.io/o/b'] } as const;
  const byDigest = 'type=image,"name=ghcr.io/o/a,ghcr.io/o/b",push-by-digest=true,name-canonical=true,push=true';
  test.each([
    ['for the engine that keeps it', engine, {}, true, []],
    ['for the engine that a builder fills', engine, {}, false, ['--load']],
    [
      'for the engine, and files',
      engine,
      { outputs: 'type=local,dest=out' },
      true,
      ['--output', 'type=image,push=false', '--output', 'type=local,dest=out'],
    ],
    [
      'for the engine, compressed',
      engine,
      { compression: 'zstd' },
      true,
      ['--output', 'type=image,compression=zstd,force-compression=true,oci-mediatypes=true,push=false'],
    ],
    ['by digest', registries, {}, false, ['--output', byDigest]],
    [
      'by digest, loaded, and files',
      registries,
      { load: 'true', outputs: 'type=local,dest=out' },
      false,
      ['--output', byDigest, '--load', '--output', 'type=local,dest=out'],
    ],
    [
      'by digest, with attributes of the image',
      registries,
      { outputs: 'type=image,rewrite-timestamp=true' },
      false,
      ['--output', `${byDigest},rewrite-timestamp=true`],
    ],
    ['in an archive', archive, {}, true, ['--output', 'type=oci,"dest=a,b.tar"']],
    [
      'in an archive, with the attributes of the image',
      archive,
      { outputs: 'type=image,rewrite-timestamp=true,unpack=true', compression: 'zstd' },
      true,
      [
        '--output',
        'type=oci,"dest=a,b.tar",compression=zstd,force-compression=true,oci-mediatypes=true,rewrite-timestamp=true,unpack=true',
      ],
    ],
    ['in an archive, and loaded', archive, { load: 'true' }, true, ['--output', 'type=oci,"dest=a,b.tar"', '--load']],
  ] as const)('an image to be published later: %s', (_title, output, texts, isStored, expected) => {
    expect(outputArguments(someInputs(texts).build.options, { push: false, output, isStored })).toEqual(expected);
  });
});
