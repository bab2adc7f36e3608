import { describe, expect, test } from '@jest/globals';
import { resolveProxy } from '../../../src/http/proxy.ts';
import { isLoopbackHost } from '../../../src/image/registry-name.ts';

const proxy = 'http://proxy.test:3128';

const resolve = (host: string, port: number, environment: Readonly<Record<string, string>>): URL | undefined =>
  resolveProxy(new URL(`https://${host}:${port}/`), environment);

describe('the proxy of a host', () => {
  test.each([
    ['HTTPS_PROXY', { HTTPS_PROXY: proxy }],
    ['https_proxy', { https_proxy: proxy }],
    ['https_proxy before HTTPS_PROXY', { https_proxy: proxy, HTTPS_PROXY: 'http://other.test' }],
    ['a proxy without a scheme', { HTTPS_PROXY: 'proxy.test:3128' }],
  ])('%s is used', (_, environment) => {
    expect(resolve('ghcr.io', 443, environment)?.host).toBe('proxy.test:3128');
  });

  test('there is none where none is named, nor for plain HTTP alone', () => {
    expect(resolve('ghcr.io', 443, {})).toBeUndefined();
    expect(resolve('ghcr.io', 443, { HTTPS_PROXY: '', HTTP_PROXY: proxy })).toBeUndefined();
  });

  test.each(['localhost', 'app.localhost', '127.0.0.1', '127.8.9.1', '[::1]'])('%s is never proxied', (host) => {
    expect(isLoopbackHost(host)).toBe(true);
    expect(resolve(host, 5000, { HTTPS_PROXY: proxy })).toBeUndefined();
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
    ['fd00:0:0::01', '[fd00::1]', 443],
    ['[fd00::1]:8443', '[fd00::1]', 8443],
    ['10.1.2.3:8443', '10.1.2.3', 8443],
  ])('NO_PROXY "%s" lets %s:%d go directly', (rule, host, port) => {
    expect(resolve(host, port, { HTTPS_PROXY: proxy, NO_PROXY: rule })).toBeUndefined();
    expect(resolve(host, port, { HTTPS_PROXY: proxy, no_proxy: rule })).toBeUndefined();
  });

  test.each([
    ['ghcr.io', 'notghcr.io', 443],
    ['.ghes.test', 'ghes.test', 443],
    ['ghes.test:8443', 'ghes.test', 443],
    ['10.1.2.3:8443', '10.1.2.3', 443],
    ['[fd00::1]:8443', '[fd00::1]', 443],
    ['2.3', '10.1.2.3', 443],
    ['10.0.0.0/8', '11.1.2.3', 443],
    ['10.0.0.0/8', 'ten.test', 443],
    ['10.0.0.0/99', '10.1.2.3', 443],
    ['nonsense/8', '10.1.2.3', 443],
    ['fd00::/8', '10.1.2.3', 443],
    [',, ,', 'ghcr.io', 443],
  ])('NO_PROXY "%s" does not exempt %s:%d', (rule, host, port) => {
    expect(resolve(host, port, { HTTPS_PROXY: proxy, NO_PROXY: rule })?.host).toBe('proxy.test:3128');
  });
});

describe('plain HTTP', () => {
  const resolvePlain = (url: string, environment: Readonly<Record<string, string>>): URL | undefined =>
    resolveProxy(new URL(url), environment);

  test.each([{ HTTP_PROXY: proxy }, { http_proxy: proxy, HTTP_PROXY: 'http://other.test' }])(
    'goes by HTTP_PROXY',
    (environment) => {
      expect(resolvePlain('http://registry.test:5000/v2/', environment)?.host).toBe('proxy.test:3128');
    },
  );

  test('has its own proxy, exceptions with its own port, and none on this machine', () => {
    expect(resolvePlain('http://registry.test/', { HTTPS_PROXY: proxy })).toBeUndefined();
    expect(resolvePlain('http://registry.test/', { HTTP_PROXY: proxy, NO_PROXY: 'registry.test:80' })).toBeUndefined();
    expect(resolvePlain('http://registry.test/', { HTTP_PROXY: proxy, NO_PROXY: 'registry.test:443' })).toBeDefined();
    expect(resolvePlain('http://localhost:5000/', { HTTP_PROXY: proxy })).toBeUndefined();
  });
});
