import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { PublishError } from '../../../src/errors.ts';
import { imitatedRegistry } from '../../../src/github/imitated-registry.ts';
import { resolveProduct } from '../../../src/github/product.ts';
import { hostOfOwningProduct } from '../../../src/github/product-registries.ts';
import { formatReference, formatTagReference, parseReference } from '../../../src/image/reference.ts';
import { parseRegistry } from '../../../src/image/registry-name.ts';
import { formatRepository } from '../../../src/image/repository.ts';
import { parseTag } from '../../../src/image/tag.ts';
import { resolveRegistry } from '../../../src/plan/registry-decision.ts';
import { type NameParts, resolveRepository } from '../../../src/plan/repository-decision.ts';
import { someRegistry, someText } from '../../support/arbitraries.ts';
import { thrownBy } from '../../support/to-throw-code.ts';

const cloud = resolveProduct(new URL('https://github.com'));
const tenant = resolveProduct(new URL('https://octo-corp.ghe.com'));
const server = resolveProduct(new URL('https://ghes.example'));
const parts: NameParts = { owner: 'octo-org', sourceRepository: 'octo-app', image: 'octo-app' };

describe('product → registry → path', () => {
  test.each([
    ['github.com', 'auto', cloud, 'ghcr.io/octo-org/octo-app', 'container'],
    ['github.com', 'container', cloud, 'ghcr.io/octo-org/octo-app', 'container'],
    ['github.com', 'docker', cloud, 'docker.pkg.github.com/octo-org/octo-app/octo-app', 'docker'],
    ['github.com', 'docker.pkg.github.com', cloud, 'docker.pkg.github.com/octo-org/octo-app/octo-app', 'docker'],
    [
      'github.com',
      'containers.pkg.github.com',
      cloud,
      'containers.pkg.github.com/octo-org/octo-app/octo-app',
      'docker',
    ],
    ['github.com', 'GHCR.IO', cloud, 'ghcr.io/octo-org/octo-app', 'container'],
    ['github.com', 'ghcr.io:443', cloud, 'ghcr.io:443/octo-org/octo-app', 'container'],
    ['github.com', 'localhost:5000', cloud, 'localhost:5000/octo-org/octo-app', 'other'],
    ['github.com', 'docker.io', cloud, 'docker.io/octo-org/octo-app', 'other'],
    ['github.com', 'index.docker.io', cloud, 'docker.io/octo-org/octo-app', 'other'],
    [
      'github.com',
      'containers.octo-corp.ghe.com',
      cloud,
      'containers.octo-corp.ghe.com/octo-org/octo-app',
      'container',
    ],
    ['data residency', 'auto', tenant, 'containers.octo-corp.ghe.com/octo-org/octo-app', 'container'],
    ['data residency', 'container', tenant, 'containers.octo-corp.ghe.com/octo-org/octo-app', 'container'],
    [
      'GHAE, whose hosts are those of data residency',
      'docker',
      tenant,
      'docker.octo-corp.ghe.com/octo-org/octo-app/octo-app',
      'docker',
    ],
    ['data residency', 'ghcr.io', tenant, 'ghcr.io/octo-org/octo-app', 'container'],
    ['GHES', 'container', server, 'containers.ghes.example/octo-org/octo-app', 'container'],
    ['GHES', 'containers.ghes.example', server, 'containers.ghes.example/octo-org/octo-app', 'container'],
    ['GHES', 'docker', server, 'docker.ghes.example/octo-org/octo-app/octo-app', 'docker'],
    ['GHES', 'docker.ghes.example', server, 'docker.ghes.example/octo-org/octo-app/octo-app', 'docker'],
    ['GHES without subdomain isolation', 'ghes.example', server, 'ghes.example/octo-org/octo-app/octo-app', 'docker'],
    ['GHES', 'ghcr.io', server, 'ghcr.io/octo-org/octo-app', 'container'],
    ['GHES', 'registry.example.com', server, 'registry.example.com/octo-org/octo-app', 'other'],
  ] as const)('%s, registry: %s', (_title, input, product, name, kind) => {
    const decision = resolveRegistry(input, product);
    expect(decision.kind).toBe(kind);
    expect(decision.isAssumed).toBe(false);
    expect(formatRepository(resolveRepository(decision, parts).repository)).toBe(name);
  });

  test('a GHES of which nothing was asked is assumed to have the Docker registry, and marked so', () => {
    expect(resolveRegistry('auto', server)).toEqual({
      registry: 'docker.ghes.example',
      kind: 'docker',
      reason: 'the run is on GitHub Enterprise Server at ghes.example, and nothing was asked of its hosts',
      isAssumed: true,
    });
  });

  test.each([
    ['auto', 'the run is on github.com'],
    ['container', 'it is the Container registry of github.com'],
    ['docker', 'it is the Docker registry of github.com'],
    ['ghcr.io', '`registry` names it'],
  ])('registry: %s is chosen because %s', (input, reason) => {
    expect(resolveRegistry(input, cloud).reason).toBe(reason);
  });

  test.each(['', 'Container', 'hub', 'https://ghcr.io', 'ghcr.io/octo-org'])('registry: "%s" is refused', (input) => {
    expect(() => resolveRegistry(input, cloud)).toThrowCode('REGISTRY_INVALID');
  });
});

describe('a registry belongs to the product whose token it takes', () => {
  test.each([
    { registry: 'ghcr.io', product: cloud, host: 'github.com' },
    { registry: 'ghcr.io:443', product: cloud, host: 'github.com' },
    { registry: 'docker.pkg.github.com', product: cloud, host: 'github.com' },
    { registry: 'containers.pkg.github.com', product: cloud, host: 'github.com' },
    { registry: 'ghcr.io', product: server, host: 'github.com' },
    { registry: 'containers.octo-corp.ghe.com', product: tenant, host: 'octo-corp.ghe.com' },
    { registry: 'containers.other.ghe.com', product: tenant, host: 'other.ghe.com' },
    { registry: 'docker.other.ghe.com', product: cloud, host: 'other.ghe.com' },
    { registry: 'containers.ghes.example', product: server, host: 'ghes.example' },
    { registry: 'docker.ghes.example', product: server, host: 'ghes.example' },
    { registry: 'ghes.example', product: server, host: 'ghes.example' },
    { registry: 'ghes.example:5000', product: server, host: 'ghes.example' },
    { registry: 'github.com', product: cloud, host: undefined },
    { registry: 'docker.ghes.example', product: cloud, host: undefined },
    { registry: 'other.ghes.example', product: server, host: undefined },
    { registry: 'ghcr.io.example.com', product: cloud, host: undefined },
    { registry: 'containers.a.b.ghe.com', product: cloud, host: undefined },
    { registry: 'localhost:5000', product: cloud, host: undefined },
    { registry: 'docker.io', product: cloud, host: undefined },
  ])('$registry, seen from $product.host, takes the token of $host', ({ registry, product, host }) => {
    expect(hostOfOwningProduct(parseRegistry(registry), product)).toBe(host);
  });
});

describe('a host that imitates one of GitHub’s is refused', () => {
  test.each([
    ['letters swapped', 'ghrc.io', cloud, 'ghcr.io'],
    ['letters swapped, with a port', 'ghrc.io:443', cloud, 'ghcr.io'],
    ['the end swapped', 'ghcr.oi', cloud, 'ghcr.io'],
    ['a letter missing', 'ghr.io', cloud, 'ghcr.io'],
    ['a letter doubled', 'gghcr.io', cloud, 'ghcr.io'],
    ['another letter', 'chcr.io', cloud, 'ghcr.io'],
    ['another top-level domain', 'ghcr.com', cloud, 'ghcr.io'],
    ['another one', 'ghcr.dev', server, 'ghcr.io'],
    ['the legacy registry with a letter missing', 'docker.pkg.githb.com', cloud, 'docker.pkg.github.com'],
    ['a tenant’s registry in a domain beside', 'containers.octo-corp.ghee.com', tenant, 'containers.octo-corp.ghe.com'],
    ['a GHES’s registry in a domain beside', 'containers.ghes.exampel', server, 'containers.ghes.example'],
    ['upper case does not hide it', 'GHRC.IO', cloud, 'ghcr.io'],
  ] as const)('%s: %s', (_title, input, product, imitated) => {
    expect(() => resolveRegistry(input, product)).toThrowCode('REGISTRY_INVALID');
    expect(thrownBy(() => resolveRegistry(input, product))).toMatchObject({
      message: expect.stringContaining(`looks like "${imitated}"`),
      remedy: `Write \`registry: ${imitated}\`, or \`registry: auto\`.`,
    });
  });

  test.each([
    ['GitHub’s own', 'ghcr.io', cloud],
    ['GitHub’s own with a port', 'ghcr.io:443', cloud],
    ['Google’s, a letter away', 'gcr.io', cloud],
    ['a part of Google’s', 'eu.gcr.io', cloud],
    ['a mirror named after it', 'ghcr.io.example.com', cloud],
    ['a mirror in a domain of one’s own', 'ghcr.example.com', cloud],
    ['a mirror in a domain for private use', 'ghcr.internal', cloud],
    ['a mirror on this machine', 'ghcr.localhost:5000', cloud],
    ['the GHES itself', 'ghes.example', server],
    ['its Docker registry', 'docker.ghes.example', server],
    ['another host of the same GHES’s domain', 'docker2.ghes.example', server],
    ['another tenant', 'containers.octo-corp2.ghe.com', tenant],
    ['Docker Hub', 'docker.io', cloud],
    ['Quay', 'quay.io', cloud],
    ['a short host', 'cr.io', cloud],
  ] as const)('%s is none: %s', (_title, input, product) => {
    expect(resolveRegistry(input, product).registry).toBe(input);
  });

  test('the distance is one error, not two', () => {
    expect(imitatedRegistry('ghrcc.io', cloud)).toBeUndefined();
    expect(imitatedRegistry('', cloud)).toBeUndefined();
  });
});

describe('names of GitHub as names of a registry', () => {
  const container = resolveRegistry('auto', cloud);
  const docker = resolveRegistry('docker', cloud);
  const other = resolveRegistry('localhost:5000', cloud);
  const named = (decision: typeof container, given: Partial<NameParts>) =>
    resolveRepository(decision, { ...parts, ...given });

  test('upper case is mended, and said', () => {
    const { repository, notes } = named(container, { owner: 'MyOrg', image: 'My-Repo' });
    expect(repository.path).toBe('myorg/my-repo');
    expect(notes).toEqual([
      'The owner "MyOrg" is written "myorg": repositories of a registry are lower-case.',
      'The image "My-Repo" is written "my-repo": repositories of a registry are lower-case.',
    ]);
  });

  test('so it is in the middle segment of a Docker registry', () => {
    const { repository, notes } = named(docker, { sourceRepository: 'Octo-App' });
    expect(repository.path).toBe('octo-org/octo-app/octo-app');
    expect(notes).toEqual([
      'The repository "Octo-App" is written "octo-app": repositories of a registry are lower-case.',
    ]);
  });

  test('valid names stay, without a word', () => {
    expect(named(container, {})).toEqual({ repository: { registry: 'ghcr.io', path: 'octo-org/octo-app' }, notes: [] });
  });

  test.each([
    ['an EMU name', { owner: 'octocat_corp' }, 'octocat_corp/octo-app'],
    ['hyphens side by side', { image: 'a---b' }, 'octo-org/a---b'],
    ['two underscores', { image: 'a__b' }, 'octo-org/a__b'],
    ['an image of several components', { image: 'Services/api/v1' }, 'octo-org/services/api/v1'],
    ['64 hexadecimal characters', { image: 'f'.repeat(64) }, `octo-org/${'f'.repeat(64)}`],
    ['255 characters in all', { image: 'a'.repeat(255 - 'ghcr.io/octo-org/'.length) }, `octo-org/${'a'.repeat(238)}`],
  ])('%s is valid', (_title, given, path) => {
    expect(named(container, given).repository.path).toBe(path);
  });

  test.each([
    ['an owner ending in a hyphen', { owner: 'guigz-' }, 'The owner "guigz-"', 'it ends with "-"'],
    ['a repository named .github', { image: '.github' }, 'The image ".github"', 'it starts with "."'],
    ['a leading underscore', { image: '_x' }, 'The image "_x"', 'it starts with "_"'],
    ['a leading hyphen', { image: '-x' }, 'The image "-x"', 'it starts with "-"'],
    ['a dot at the end', { image: 'x.' }, 'The image "x."', 'it ends with "."'],
    ['a hyphen at the end', { image: 'x-' }, 'The image "x-"', 'it ends with "-"'],
    ['two dots', { image: 'a..b' }, 'The image "a..b"', '".." may not stand between letters'],
    ['a dot and an underscore', { image: 'a._b' }, 'The image "a._b"', '"._" may not'],
    ['a hyphen and an underscore', { image: 'a-_b' }, 'The image "a-_b"', '"-_" may not'],
    ['three underscores', { image: 'a___b' }, 'The image "a___b"', '"___" may not'],
    ['an empty component', { image: 'a//b' }, 'The image "a//b"', 'it is empty'],
    ['a fault in the second component', { image: 'a/.b' }, 'The image "a/.b"', 'it starts with "."'],
    ['an owner with a slash', { owner: 'a/b' }, 'The owner "a/b"', 'it contains "/"'],
    ['a tag', { image: 'app:1' }, 'The image "app:1"', 'it contains ":"'],
    ['a registry without a dot', { image: 'local/app:1' }, 'The image "local/app:1"', 'it contains ":"'],
    ['a letter that grows when lower-cased', { image: 'İ' }, 'The image "İ"', 'it contains "\u0307"'],
  ])('%s is refused, and the part named', (_title, given, part, fault) => {
    const error = thrownBy(() => named(container, given));
    expect(error).toMatchObject({ code: 'REPOSITORY_INVALID', message: expect.stringContaining(fault) });
    expect(error).toMatchObject({
      message: expect.stringMatching(new RegExp(`^${part.replaceAll(/[.\\]/g, '\\$&')} cannot`)),
    });
  });

  test.each([
    ['an image: `image` is offered', container, { image: '.github' }, 'for example `image: my-app`'],
    [
      'an owner that no registry has a name for: another one',
      container,
      { owner: 'guigz-' },
      'Set `owner` to an organisation',
    ],
    [
      'the middle segment, which only a full name can say: `images`',
      docker,
      { sourceRepository: '.github' },
      'for example `images: docker.pkg.github.com/octo-org/my-repository/my-app`',
    ],
    ['an owner that is not known', container, { owner: '' }, 'for example `owner: octo-org`'],
    ['an image that is not known', container, { image: '' }, 'for example `image: my-app`'],
  ] as const)('the remedy for %s', (_title, decision, given, remedy) => {
    expect(thrownBy(() => named(decision, given))).toMatchObject({
      code: 'REPOSITORY_INVALID',
      remedy: expect.stringContaining(remedy),
    });
  });

  test.each([
    ['ghcr.io/octo-org/app', '"ghcr.io"', '`registry: ghcr.io`, `owner: octo-org` and `image: app`'],
    ['localhost:5000/app:1.0', '"localhost:5000"', '`registry: localhost:5000` and `image: app`'],
    ['Quay.io/octo/app', '"Quay.io"', '`registry: quay.io`, `owner: octo` and `image: app`'],
  ])('an image that is a whole name is refused: %s', (image, message, remedy) => {
    for (const decision of [container, docker, other]) {
      expect(thrownBy(() => named(decision, { image }))).toMatchObject({
        code: 'REPOSITORY_INVALID',
        message: expect.stringContaining(`begins with a registry, ${message}`),
        remedy: expect.stringContaining(remedy),
      });
    }
  });

  test('an image that begins with the owner has it twice, and that is said', () => {
    const { repository, notes } = named(container, { image: 'Octo-Org/app' });
    expect(repository.path).toBe('octo-org/octo-org/app');
    expect(notes.at(-1)).toBe(
      'The image "Octo-Org/app" goes to octo-org/octo-org/app, because the owner stands before it; for octo-org/app write `image: app`.',
    );
  });

  test('256 characters in all are refused', () => {
    expect(() => named(container, { image: 'a'.repeat(239) })).toThrowCode('REPOSITORY_INVALID');
  });

  test('a Docker registry has no image of several components', () => {
    expect(thrownBy(() => named(docker, { image: 'services/api' }))).toMatchObject({
      code: 'REPOSITORY_INVALID',
      message: expect.stringContaining('exactly three segments, OWNER/REPOSITORY/IMAGE'),
      remedy: 'Set `image: api`.',
    });
  });

  test('a registry that is not GitHub’s has repositories without owner', () => {
    expect(formatRepository(named(other, { owner: '' }).repository)).toBe('localhost:5000/octo-app');
  });

  test('except Docker Hub, where those are Docker’s own', () => {
    expect(() => named(resolveRegistry('docker.io', cloud), { owner: '' })).toThrowCode('REPOSITORY_INVALID');
  });
});

test('whatever owner, repository, image, tag and registry go in, a reference that reads as itself comes out, or a typed error', () => {
  const name = fc.oneof(someText(), fc.stringMatching(/^[A-Za-z0-9._-]{1,20}$/), fc.constant('Octo-Org'));
  const registry = fc.oneof(
    fc.constantFrom('auto', 'container', 'docker', 'docker.io', 'ghrc.io', 'index.docker.io'),
    someRegistry(),
    someText(),
  );
  const host = fc.oneof(
    fc.constantFrom('github.com', 'octo-corp.ghe.com', 'ghes.example', '10.0.0.1', 'ghes', '[::1]'),
    fc.domain(),
  );
  const given = fc.record({ owner: name, sourceRepository: name, image: name, tag: name, registry, host });
  const outcomes = { references: 0, errors: 0 };
  fc.assert(
    fc.property(given, ({ tag, registry: input, host: serverHost, ...names }) => {
      try {
        const decision = resolveRegistry(input, resolveProduct(new URL(`https://${serverHost}`)));
        const { repository } = resolveRepository(decision, names);
        const reference = formatTagReference(repository, parseTag(tag));
        expect(formatReference(parseReference(reference))).toBe(reference);
        expect(repository.path).toBe(repository.path.toLowerCase());
        if (decision.kind === 'docker') expect(repository.path.split('/')).toHaveLength(3);
        if (decision.kind === 'container') expect(repository.path).toContain('/');
        outcomes.references += 1;
      } catch (error) {
        if (!(error instanceof PublishError)) throw error;
        outcomes.errors += 1;
      }
    }),
    { numRuns: 10_000 },
  );
  // Both ends must have been reached, or nothing was shown.
  expect(outcomes.references).toBeGreaterThan(100);
  expect(outcomes.errors).toBeGreaterThan(100);
});
