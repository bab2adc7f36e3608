import { describe, expect, test } from '@jest/globals';
import { chooseImage } from '../../../src/source/choose-image.ts';

const one = { id: 'sha256:1', names: ['docker.io/octo/app:1.0', '1.0'] };
const two = { id: 'sha256:2', names: ['registry.example:5000/app:2.0'] };
const bare = { id: 'sha256:3', names: [] };
const images = [one, two, bare];

describe('one of several images in a file', () => {
  test.each([
    ['the name as it is written', '1.0', one],
    ['a whole reference', 'registry.example:5000/app:2.0', two],
    ['its tag', '2.0', two],
    ['a name that Docker completes', 'octo/app:1.0', one],
    ['its place, from 0', '@0', one],
    ['its place where it has no name', '@2', bare],
    ['its digest', 'sha256:3', bare],
  ])('is chosen by %s', (_title, name, image) => {
    expect(chooseImage(images, name, 'x.tar')).toBe(image);
  });

  test.each([
    ['a name that none has', '3.0'],
    ['a place after the last', '@3'],
    ['a place that is no number', '@first'],
    ['a place that is written otherwise', '@01'],
  ])('is not chosen by %s', (_title, name) => {
    const choose = (): unknown => chooseImage(images, name, 'x.tar');
    expect(choose).toThrowCode('SOURCE_MISSING');
    expect(choose).toThrow(`"x.tar" has no image "${name}".`);
  });

  test.each([
    ['without a name', undefined, images],
    [
      'by a name that two have',
      'app',
      [
        { id: 'a', names: ['docker.io/library/app:latest'] },
        { id: 'b', names: ['app:latest'] },
      ],
    ],
  ])('is ambiguous %s', (_title, name, several) => {
    expect(() => chooseImage(several, name, 'x.tar')).toThrowCode('SOURCE_AMBIGUOUS');
  });

  test('the error lists how each is named, and how one without a name is', () => {
    expect(() => chooseImage(images, undefined, 'x.tar')).toThrow(
      'It holds:\n- docker.io/octo/app:1.0, 1.0\n- registry.example:5000/app:2.0\n- @2 (sha256:3, without a name)',
    );
  });
});

test('the only image needs no name', () => {
  expect(chooseImage([bare], undefined, 'x.tar')).toBe(bare);
});

test('an image that is listed under each of its names is one', () => {
  const again = { id: one.id, names: ['latest'] };
  expect(chooseImage([one, again], undefined, 'x.tar')).toBe(one);
  expect(chooseImage([one, again, two], 'latest', 'x.tar')).toBe(again);
});

test('a list of none is damage', () => {
  expect(() => chooseImage([], undefined, 'x.tar')).toThrowCode('SOURCE_DAMAGED');
  expect(() => chooseImage([], '1.0', 'x.tar')).toThrowCode('SOURCE_MISSING');
});
