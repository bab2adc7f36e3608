import { describe, expect, test } from '@jest/globals';
import { hostOf, isLoopback, parseRegistry } from '../../../src/image/registry-name.ts';

describe('a registry is named by host and, perhaps, port', () => {
  test.each([
    ['a host', 'ghcr.io', 'ghcr.io'],
    ['a host of several labels', 'containers.octo-corp.ghe.com', 'containers.octo-corp.ghe.com'],
    ['a host with a port', 'registry.example.com:5000', 'registry.example.com:5000'],
    ['one label with a port', 'test:5000', 'test:5000'],
    ['a label with a hyphen and a port', 'test-com:8080', 'test-com:8080'],
    ['localhost', 'localhost', 'localhost'],
    ['localhost with a port', 'localhost:5000', 'localhost:5000'],
    ['an IPv4 address', '192.168.0.1', '192.168.0.1'],
    ['an IPv4 address with a port', '127.0.0.1:5000', '127.0.0.1:5000'],
    ['an IPv6 address', '[2001:db8::1]', '[2001:db8::1]'],
    ['an IPv6 address with a port', '[2001:db8::1]:5000', '[2001:db8::1]:5000'],
    ['an IPv6 address written out', '[fc00:1:2:3:4:5:6:7]:5000', '[fc00:1:2:3:4:5:6:7]:5000'],
    ['the IPv6 loopback', '[::1]:5000', '[::1]:5000'],
    ['a name in Punycode', 'xn--n3h.com', 'xn--n3h.com'],
    ['the lowest port', 'example.com:0', 'example.com:0'],
    ['the highest port', 'example.com:65535', 'example.com:65535'],
    ['a host in upper case is lower-cased', 'GHCR.IO', 'ghcr.io'],
    ['an IPv6 address in upper case is lower-cased', '[2001:DB8::1]', '[2001:db8::1]'],
    ['Docker Hub', 'docker.io', 'docker.io'],
    ['Docker Hub by its older name', 'index.docker.io', 'docker.io'],
    ['Docker Hub by the host of its API', 'registry-1.docker.io', 'docker.io'],
    ['Docker Hub by the host of its web page', 'Registry.Hub.Docker.com', 'docker.io'],
    ['a port of Docker Hub, which clients take for another registry', 'docker.io:443', 'docker.io:443'],
  ])('%s: %s', (_title, text, registry) => {
    expect(parseRegistry(text)).toBe(registry);
  });

  test.each([
    ['nothing', ''],
    ['a single label, which clients read as a namespace of Docker Hub', 'registry'],
    ['a scheme', 'https://ghcr.io'],
    ['a path', 'ghcr.io/octo'],
    ['a slash at the end', 'ghcr.io/'],
    ['white space', 'ghcr .io'],
    ['a question mark', 'gcr?com'],
    ['an underscore', 'foo_bar.com'],
    ['a hyphen at the start', '-docker.io'],
    ['a hyphen at the end of a label', 'docker-.io'],
    ['a dot at the start', '.io'],
    ['a dot at the end', 'ghcr.io.'],
    ['an empty label', 'ghcr..io'],
    ['letters beyond ASCII', 'ghcr.iö'],
    ['a user', 'octocat@ghcr.io'],
    ['an empty port', 'ghcr.io:'],
    ['a port in letters', 'ghcr.io:https'],
    ['a port beyond 65535', 'ghcr.io:65536'],
    ['a port of six digits', 'ghcr.io:100000'],
    ['two ports', 'ghcr.io:1:2'],
    ['an IPv6 address without brackets', 'fc00::1:5000'],
    ['an IPv6 address with a zone', '[fe80::1%eth0]:5000'],
    ['an IPv6 address that ends in an IPv4 address', '[2001:db8:3:4::192.0.2.33]:5000'],
    ['an IPv6 address of nothing but colons', '[:::::]'],
    ['an IPv6 address of too many groups', '[1:2:3:4:5:6:7:8:9]'],
    ['an IPv4 address beyond 255', '300.1.1.1'],
    ['the host of a GHES that is an IPv4 address, below docker.', 'docker.10.0.0.1'],
    ['a line break', 'ghcr.io\n'],
  ])('no registry has %s: %s', (_title, text) => {
    expect(() => parseRegistry(text)).toThrowCode('REGISTRY_INVALID');
  });

  test('the error quotes the value and says what was expected', () => {
    expect(() => parseRegistry('https://ghcr.io')).toThrow(
      '"https://ghcr.io" is not a registry: expected host[:port] without scheme or path, such as ghcr.io or localhost:5000.',
    );
  });

  test.each([
    ['https://ghcr.io', '`registry: ghcr.io`.'],
    ['ghcr.io/', '`registry: ghcr.io`.'],
    ['https://index.docker.io/v1/', '`registry: docker.io`.'],
    ['quay.io/octo', '`registry: quay.io`, `owner: octo`.'],
    ['ghcr.io/octo-org/app', '`registry: ghcr.io`, `owner: octo-org`, `image: app`.'],
    ['registry', '`auto`, `container`, `docker`, or a host'],
  ])('what was meant by %s is said', (text, remedy) => {
    expect(() => parseRegistry(text)).toThrow(expect.objectContaining({ remedy: expect.stringContaining(remedy) }));
  });
});

test.each([
  ['ghcr.io', 'ghcr.io'],
  ['ghcr.io:443', 'ghcr.io'],
  ['localhost:5000', 'localhost'],
  ['[::1]', '::1'],
  ['[::1]:5000', '::1'],
  ['127.0.0.1:5000', '127.0.0.1'],
])('the host of %s is %s', (registry, host) => {
  expect(hostOf(parseRegistry(registry))).toBe(host);
});

describe('only a registry on this machine is spoken to without TLS', () => {
  test.each(['localhost', 'localhost:5000', 'registry.localhost:5000', '127.0.0.1', '127.255.0.9:80', '[::1]:5000'])(
    '%s is on this machine',
    (registry) => {
      expect(isLoopback(parseRegistry(registry))).toBe(true);
    },
  );

  test.each([
    'ghcr.io',
    '10.2.3.4:5000',
    '127.0.0.1.example.com',
    'my127.0.0.1registry.io',
    'localhost.example.com',
    'mylocalhost:5000',
    '[2001:db8::1]:5000',
  ])('%s is not', (registry) => {
    expect(isLoopback(parseRegistry(registry))).toBe(false);
  });
});
