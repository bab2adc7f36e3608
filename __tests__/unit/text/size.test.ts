import { expect, test } from '@jest/globals';
import { formatSize } from '../../../src/text/size.ts';

test.each([
  [0, '0 B'],
  [812, '812 B'],
  [1000, '1.0 kB'],
  [12_345_678, '12.3 MB'],
  [999_600, '1.0 MB'],
  [99_000_000, '99.0 MB'],
  [123_400_000, '123 MB'],
  [150_000_000, '150 MB'],
  [4_500_000_000, '4.5 GB'],
  [5e15, '5000 TB'],
])('%d bytes are %s', (bytes, text) => {
  expect(formatSize(bytes)).toBe(text);
});
