import { expect, test } from '@jest/globals';
import { lookup } from '../../../src/http/loopback-lookup.ts';

function addressesOf(host: string, options: Parameters<typeof lookup>[1]): Promise<unknown> {
  return new Promise((resolve) => lookup(host, options, (error, address) => resolve(error ?? address)));
}

test.each(['localhost', 'registry.localhost', 'evil.localhost'])(
  '%s is this machine, and nobody is asked',
  async (host) => {
    const both = [
      { address: '127.0.0.1', family: 4 },
      { address: '::1', family: 6 },
    ];
    expect(await addressesOf(host, { all: true })).toEqual(both);
    expect(await addressesOf(host, {})).toBe('127.0.0.1');
    expect(await addressesOf(host, { family: 6 })).toBe('::1');
  },
);

test.each(['notlocalhost.invalid', 'localhost.invalid'])('%s is looked up', async (host) => {
  expect(await addressesOf(host, {})).toMatchObject({ syscall: 'getaddrinfo', hostname: host });
});
