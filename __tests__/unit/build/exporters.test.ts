import { describe, expect, test } from '@jest/globals';
import { checkOutputs, parseCompression, parseOutputs } from '../../../src/build/exporters.ts';

describe('an entry of `outputs`', () => {
  test.each([
    ['out', { type: 'local', attributes: [['dest', 'out']] }],
    ['-', { type: 'tar', attributes: [['dest', '-']] }],
    ['Type=oci, Dest=a b.tar', { type: 'oci', attributes: [['dest', 'a b.tar']] }],
    ['type=image,force-layers=true', { type: 'image', attributes: [['force-layers', 'true']] }],
    ['type=new,annotation.A=b', { type: 'new', attributes: [['annotation.A', 'b']] }],
  ])('%s', (text, output) => {
    expect(parseOutputs(text)).toEqual([output]);
  });

  test.each(['dest=out', 'type=,dest=out', 'type=local,out'])('%j is none', (text) => {
    expect(() => parseOutputs(text)).toThrowCode('INPUT_INVALID');
  });
});

describe('what `outputs` says of the image', () => {
  test.each([
    ['what pushes where nothing is pushed', 'type=image,push=true', false],
    ['what pushes by its type', 'type=registry', false],
    ['what does not push what is pushed', 'type=image,push=false', true],
    ['a name of its own', 'type=image,name=a/b', true],
    ['a push by digest', 'type=image,push-by-digest=true', true],
    ['two images', 'type=image\ntype=image', true],
  ])('%s contradicts the rest', (_title, outputs, value) => {
    const check = (): void => checkOutputs(parseOutputs(outputs), false, { value, reason: 'so it is' });
    expect(check).toThrowCode('INPUTS_CONTRADICT');
  });

  test('the recipe of docker/build-push-action for several runners is answered with `stage`', () => {
    const recipe = parseOutputs('type=image,name=ghcr.io/o/a,push-by-digest=true,name-canonical=true,push=true');
    expect(() => checkOutputs(recipe, false, { value: true, reason: 'so it is' })).toThrow(
      expect.objectContaining({ remedy: expect.stringContaining('use `stage: true`, whose legs `merge` joins') }),
    );
  });

  test.each(['gzip', 'gzip,level=9', 'zstd,level=22', 'estargz'])('%s is a compression', (text) => {
    expect(parseCompression(text)).toBeDefined();
  });

  test.each(['gzip,level=10', 'zstd,level=-1', 'zstd,speed=1', 'brotli', 'level=3'])('%s is none', (text) => {
    expect(() => parseCompression(text)).toThrowCode('INPUT_INVALID');
  });
});
