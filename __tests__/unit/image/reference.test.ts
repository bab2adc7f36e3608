import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { PublishError } from '../../../src/errors.ts';
import { parseDigest } from '../../../src/image/digest.ts';
import {
  formatDigestReference,
  formatReference,
  formatTagReference,
  parseReference,
  parseRepositoryName,
} from '../../../src/image/reference.ts';
import { formatRepository } from '../../../src/image/repository.ts';
import { parseTag } from '../../../src/image/tag.ts';
import { someDigest, somePath, someRegistry, someTag, someText } from '../../support/arbitraries.ts';

const sha256 = `sha256:${'f'.repeat(64)}`;
const sha512 = `sha512:${'f'.repeat(128)}`;

describe('a reference is completed as Docker completes it', () => {
  test.each([
    ['one name is an official image of Docker Hub', 'alpine', 'docker.io/library/alpine'],
    ['one name that looks like a host is a name', 'test.com:tag', 'docker.io/library/test.com:tag'],
    ['one name with a number is a name with a tag', '192.168.0.1:80', 'docker.io/library/192.168.0.1:80'],
    ['localhost alone is a name', 'localhost', 'docker.io/library/localhost'],
    ['two names are a repository of Docker Hub', 'octo/app', 'docker.io/octo/app'],
    ['a name with an underscore is no host', 'test_com/foo', 'docker.io/test_com/foo'],
    ['a name with a hyphen is no host', 'sub-dom/foo', 'docker.io/sub-dom/foo'],
    ['three names are one, too', 'library/foo/bar', 'docker.io/library/foo/bar'],
    ['Docker Hub with one name', 'docker.io/debian', 'docker.io/library/debian'],
    ['Docker Hub with two', 'docker.io/octo/app', 'docker.io/octo/app'],
    ['Docker Hub by its older name', 'index.docker.io/debian:12', 'docker.io/library/debian:12'],
    ['a dot makes a host', 'test.com/foo', 'test.com/foo'],
    ['a port makes a host', 'test:5000/repo', 'test:5000/repo'],
    ['localhost is a host', 'localhost/foo', 'localhost/foo'],
    ['a path of many components', 'sub-dom1.foo.com/bar/baz/quux', 'sub-dom1.foo.com/bar/baz/quux'],
    ['a component that looks like a host', 'b.gcr.io/test.example.com/my-app:1', 'b.gcr.io/test.example.com/my-app:1'],
    ['a tag after a port', 'test:5000/repo:tag', 'test:5000/repo:tag'],
    ['a tag of digits after a port', '192.168.1.1:5000/repo:5050', '192.168.1.1:5000/repo:5050'],
    ['a tag in upper case', 'lowercase:Uppercase', 'docker.io/library/lowercase:Uppercase'],
    ['a name in Punycode', 'xn--n3h.com/myimage:xn--n3h.com', 'xn--n3h.com/myimage:xn--n3h.com'],
    ['an IPv6 address', '[2001:db8::1]:5000/repo:tag', '[2001:db8::1]:5000/repo:tag'],
    ['a digest', `ghcr.io/octo/app@${sha256}`, `ghcr.io/octo/app@${sha256}`],
    ['a digest of sha512', `xn--7o8h.com/a:b@${sha512}`, `xn--7o8h.com/a:b@${sha512}`],
    ['a tag and a digest', `busybox:latest@${sha256}`, `docker.io/library/busybox:latest@${sha256}`],
    ['a host in upper case', 'GHCR.io/octo/app:V1', 'ghcr.io/octo/app:V1'],
    ['63 hexadecimal characters', 'd'.repeat(63), `docker.io/library/${'d'.repeat(63)}`],
    ['64 of them with their registry', `docker.io/${'d'.repeat(64)}`, `docker.io/library/${'d'.repeat(64)}`],
  ])('%s', (_title, text, full) => {
    expect(formatReference(parseReference(text))).toBe(full);
    expect(formatReference(parseReference(full))).toBe(full);
  });
});

describe('what the grammar refuses is an error that names the part', () => {
  test.each([
    ['nothing', '', 'REFERENCE_INVALID'],
    ['a tag alone', ':justtag', 'REPOSITORY_INVALID'],
    ['a digest alone', `@${sha256}`, 'REPOSITORY_INVALID'],
    ['a short digest', 'repo@sha256:ffff', 'DIGEST_INVALID'],
    ['an unknown algorithm', `validname@invaliddigest:${'f'.repeat(64)}`, 'DIGEST_INVALID'],
    ['two digests', `repo@${sha256}@${sha256}`, 'DIGEST_INVALID'],
    ['upper case in one name', 'Uppercase:tag', 'REPOSITORY_INVALID'],
    ['upper case in the namespace', 'Docker/docker', 'REPOSITORY_INVALID'],
    ['upper case in the path', 'test:5000/Uppercase/lowercase:tag', 'REPOSITORY_INVALID'],
    ['an empty tag', 'repo:', 'TAG_INVALID'],
    ['a tag with a hyphen at its start', 'repo:-foo', 'TAG_INVALID'],
    ['a tag of 129 characters', `repo:${'x'.repeat(129)}`, 'TAG_INVALID'],
    ['foreign characters', 'aa/asdf$$^/aa', 'REPOSITORY_INVALID'],
    ['a URL', 'https://github.com/docker/docker', 'REGISTRY_INVALID'],
    ['a hyphen at the start', '-docker/docker', 'REPOSITORY_INVALID'],
    ['a hyphen at the end of the namespace', 'docker-/docker', 'REPOSITORY_INVALID'],
    ['a host with a hyphen at its start', '-docker.io/docker/docker', 'REGISTRY_INVALID'],
    ['a host with an underscore', 'foo_bar.com:8080/x', 'REGISTRY_INVALID'],
    ['empty components', 'docker.io/docker///docker', 'REPOSITORY_INVALID'],
    ['a slash at the end', 'docker/', 'REPOSITORY_INVALID'],
    ['an IPv6 address without a path', '[2001:db8::1]', 'TAG_INVALID'],
    ['an IPv6 address with a port and without a path', '[2001:db8::1]:5000', 'REPOSITORY_INVALID'],
    ['an IPv6 address without brackets', 'fc00::1:5000/debian', 'REGISTRY_INVALID'],
    ['an IPv6 address with a zone', '[fe80::1%eth0]:5000/repo', 'REGISTRY_INVALID'],
    ['a zone with an @', '[fe80::1%@invalidzone]:5000/repo', 'DIGEST_INVALID'],
    ['64 hexadecimal characters, which are an image ID', '1a3f5e7d'.repeat(8), 'REPOSITORY_INVALID'],
    ['the same with a tag', `${'1a3f5e7d'.repeat(8)}:1`, 'REPOSITORY_INVALID'],
    ['a path of 257 characters', `${'a/'.repeat(128)}a:tag`, 'REPOSITORY_INVALID'],
    ['white space', 'ghcr.io/octo/app:1 ', 'TAG_INVALID'],
  ] as const)('%s', (_title, text, code) => {
    expect(() => parseReference(text)).toThrowCode(code);
  });
});

test('references are written in the forms of the clients', () => {
  const repository = parseRepositoryName('ghcr.io/octo/app');
  expect(formatTagReference(repository, parseTag('1.0'))).toBe('ghcr.io/octo/app:1.0');
  expect(formatDigestReference(repository, parseDigest(sha256))).toBe(`ghcr.io/octo/app@${sha256}`);
  expect(formatReference({ repository })).toBe('ghcr.io/octo/app');
});

test.each([
  ['docker.io/library/alpine', 'alpine'],
  ['docker.io/octo/app', 'octo/app'],
  ['docker.io/library/a/b', 'library/a/b'],
  ['ghcr.io/library/app', 'ghcr.io/library/app'],
])('%s is meant by %s', (name, familiar) => {
  expect(formatRepository(parseRepositoryName(familiar))).toBe(name);
});

/**
 * The grammar of https://pkg.go.dev/github.com/distribution/reference for a reference that names its registry, written a
 * second time as one expression, so that the parsers are held against something other than themselves.
 */
const label = '[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?';
const component = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const grammar = new RegExp(
  `^(?:${label}(?:\\.${label})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?/${component}(?:/${component})*` +
    '(?::[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127})?(?:@[a-z0-9]+:[a-f0-9]{32,})?$',
);

describe('for any text', () => {
  test('a reference that the grammar accepts comes out and reads as itself, or a typed error', () => {
    fc.assert(
      fc.property(someText(), (text) => {
        try {
          const written = formatReference(parseReference(text));
          expect(written).toMatch(grammar);
          expect(formatReference(parseReference(written))).toBe(written);
        } catch (error) {
          if (!(error instanceof PublishError)) throw error;
        }
      }),
      { numRuns: 10_000 },
    );
  });

  test('what is put together from valid parts reads as those parts', () => {
    const parts = fc.record({
      registry: someRegistry(),
      path: somePath(),
      tag: fc.option(someTag(), { nil: undefined }),
      digest: fc.option(someDigest(), { nil: undefined }),
    });
    fc.assert(
      fc.property(parts, ({ registry, path, tag, digest }) => {
        const text = `${registry}/${path}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
        const reference = parseReference(text);
        expect(text).toMatch(grammar);
        expect(formatReference(reference)).toBe(text);
        expect(formatRepository(reference.repository)).toBe(`${registry}/${path}`);
        expect([reference.tag, reference.digest]).toEqual([tag, digest]);
      }),
      { numRuns: 10_000 },
    );
  });
});
