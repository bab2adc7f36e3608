import { expect, test } from '@jest/globals';
import { describeProduct, resolveProduct } from '../../../src/github/product.ts';

test.each([
  ['https://github.com', 'github.com', 'github.com', 'github.com'],
  ['https://GitHub.com/', 'github.com', 'github.com', 'github.com'],
  ['https://www.github.com', 'github.com', 'github.com', 'github.com'],
  ['http://github.localhost', 'github.com', 'github.com', 'github.com'],
  [
    'https://octo-corp.ghe.com',
    'ghe.com',
    'octo-corp.ghe.com',
    'GitHub Enterprise Cloud with data residency at octo-corp.ghe.com',
  ],
  ['https://ghes.example', 'ghes', 'ghes.example', 'GitHub Enterprise Server at ghes.example'],
  ['http://GHES.example:8443/', 'ghes', 'ghes.example', 'GitHub Enterprise Server at ghes.example'],
  ['https://10.0.0.1', 'ghes', '10.0.0.1', 'GitHub Enterprise Server at 10.0.0.1'],
  [
    'https://github.com.example.org',
    'ghes',
    'github.com.example.org',
    'GitHub Enterprise Server at github.com.example.org',
  ],
  [
    'https://octo-corp.ghe.com.example.org',
    'ghes',
    'octo-corp.ghe.com.example.org',
    'GitHub Enterprise Server at octo-corp.ghe.com.example.org',
  ],
  ['https://notghe.com', 'ghes', 'notghe.com', 'GitHub Enterprise Server at notghe.com'],
])('%s is the product %s at %s', (serverUrl, kind, host, words) => {
  const product = resolveProduct(new URL(serverUrl));
  expect(product).toEqual({ kind, host });
  expect(describeProduct(product)).toBe(words);
});
