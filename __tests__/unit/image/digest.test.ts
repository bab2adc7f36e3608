import { describe, expect, test } from '@jest/globals';
import { digestOf, isDigest, parseDigest } from '../../../src/image/digest.ts';

const sha256 = `sha256:${'f'.repeat(64)}`;
const sha512 = `sha512:${'0'.repeat(128)}`;

describe('a digest', () => {
  test.each([
    ['sha256 with 64 characters', sha256],
    ['sha512 with 128', sha512],
  ])('is %s', (_title, text) => {
    expect(parseDigest(text)).toBe(text);
    expect(isDigest(text)).toBe(true);
  });

  test.each([
    ['empty', ''],
    ['without algorithm', 'f'.repeat(64)],
    ['without hexadecimals', 'sha256:'],
    ['too short', `sha256:${'f'.repeat(34)}`],
    ['too long', `${sha256}0`],
    ['in upper case', `sha256:${'F'.repeat(64)}`],
    ['of an unregistered algorithm', `md5:${'f'.repeat(32)}`],
    ['of an unknown algorithm', `invaliddigest:${'f'.repeat(64)}`],
    ['of one algorithm with the length of the other', `sha512:${'f'.repeat(64)}`],
    ['in other letters', `sha256:${'g'.repeat(64)}`],
    ['ended by a line break', `${sha256}\n`],
  ])('is refused when it is %s', (_title, text) => {
    expect(() => parseDigest(text)).toThrowCode('DIGEST_INVALID');
    expect(isDigest(text)).toBe(false);
  });

  test('of bytes is that of FIPS 180-4', () => {
    expect(digestOf(Buffer.from('abc'))).toBe(
      'sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
    expect(digestOf(new Uint8Array())).toBe('sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  });
});
