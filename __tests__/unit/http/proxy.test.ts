import { describe, expect, test } from '@jest/globals';
import { resolveProxy } from '../../../src/http/proxy.ts';
import { isLoopbackHost } from '../../../src/image/registry-name.ts';

const proxy = 'http://proxy.test:3128';

describe('the proxy of a host', () => {
  test.each([
    ['HTTPS_PROXY', { HTTPS_PROXY: proxy }],
    ['https_proxy', { https_proxy: proxy }],
    ['https_proxy before HTTPS_PROXY', { https_proxy: proxy, HTTPS_PROXY: 'http://other.test' }],
    ['a proxy without a scheme', { HTTPS_PROXY: 'proxy.test:3128' }],
  ])('%s is used', (_, environment) => {
    expect(resolveProxy('ghcr.io', 443, environment)?.host).toBe('proxy.test:3128');
  });

  test('there is none where none is named, nor for plain HTTP alone', () => {
    expect(resolveProxy('ghcr.io', 443, {})).toBeUndefined();
    expect(resolveProxy('ghcr.io', 443, { HTTPS_PROXY: '', HTTP_PROXY: proxy })).toBeUndefined();
  });

  test.each(['localhost', 'app.localhost', '127.0.0.1', '127.8.9.1', '[::1]'])('%s is never proxied', (host) => {
    expect(isLoopbackHost(host)).toBe(true);
    expect(resolveProxy(host, 5000, { HTTPS_PROXY: proxy })).toBeUndefined();
  });

  test.each([
    ['*', 'ghcr.io', 443],
    ['ghcr.io', 'ghcr.io', 443],
    ['GHCR.IO', 'ghcr.io', 443],
    ['ghes.test', 'containers.ghes.test', 443],
    ['.ghes.test', 'containers.ghes.test', 443],
    ['*.ghes.test', 'containers.ghes.test', 443],
    ['a.test, ghes.test', 'ghes.test', 443],
    ['a.test ghes.test', 'ghes.test', 443],
    ['ghes.test:8443', 'ghes.test', 8443],
    ['10.0.0.0/8', '10.1.2.3', 443],
    ['10.1.2.3', '10.1.2.3', 443],
    ['fd00::/8', '[fd00::1]', 443],
    ['fd00::1', '[fd00::1]', 443],
  ])('NO_PROXY "%s" lets %s:%d go directly', (rule, host, port) => {
    expect(resolveProxy(host, port, { HTTPS_PROXY: proxy, NO_PROXY: rule })).toBeUndefined();
    expect(resolveProxy(host, port, { HTTPS_PROXY: proxy, no_proxy: rule })).toBeUndefined();
  });

  test.each([
    ['ghcr.io', 'notghcr.io', 443],
    ['.ghes.test', 'ghes.test', 443],
    ['ghes.test:8443', 'ghes.test', 443],
    ['10.0.0.0/8', '11.1.2.3', 443],
    ['10.0.0.0/8', 'ten.test', 443],
    ['10.0.0.0/99', '10.1.2.3', 443],
    ['nonsense/8', '10.1.2.3', 443],
    ['fd00::/8', '10.1.2.3', 443],
    [',, ,', 'ghcr.io', 443],
  ])('NO_PROXY "%s" does not exempt %s:%d', (rule, host, port) => {
    expect(resolveProxy(host, port, { HTTPS_PROXY: proxy, NO_PROXY: rule })?.host).toBe('proxy.test:3128');
  });
});
