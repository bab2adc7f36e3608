import { expect, test } from '@jest/globals';
import { packageSettingsUrl, packageUrl } from '../../../src/github/package-page.ts';
import { resolveProduct } from '../../../src/github/product.ts';
import { parseRepositoryName } from '../../../src/image/reference.ts';
import { resolveRegistry } from '../../../src/plan/registry-decision.ts';

const owners = { sourceOwner: 'Octo-Org', sourceRepository: 'Octo-App' } as const;

test.each([
  [
    'an organisation’s package',
    'https://github.com',
    'ghcr.io/octo-org/octo-app',
    'Organization',
    'https://github.com/orgs/Octo-Org/packages/container/package/octo-app',
  ],
  [
    'a user’s package',
    'https://github.com',
    'ghcr.io/octo-org/octo-app',
    'User',
    'https://github.com/users/Octo-Org/packages/container/package/octo-app',
  ],
  [
    'a name of several components, which is one word of the address',
    'https://github.com',
    'ghcr.io/octo-org/services/api',
    'Organization',
    'https://github.com/orgs/Octo-Org/packages/container/package/services%2Fapi',
  ],
  [
    'an owner of unknown kind: the page below the repository',
    'https://github.com',
    'ghcr.io/octo-org/octo-app',
    undefined,
    'https://github.com/Octo-Org/Octo-App/pkgs/container/octo-app',
  ],
  [
    'another owner: the list of its packages',
    'https://github.com',
    'ghcr.io/other/octo-app',
    'Organization',
    'https://github.com/other?tab=packages',
  ],
  [
    'another product’s owner of the same name',
    'https://ghes.example',
    'ghcr.io/octo-org/octo-app',
    'Organization',
    'https://github.com/octo-org?tab=packages',
  ],
  [
    'a tenant with data residency',
    'https://octo-corp.ghe.com',
    'containers.octo-corp.ghe.com/octo-org/octo-app',
    'Organization',
    'https://octo-corp.ghe.com/orgs/Octo-Org/packages/container/package/octo-app',
  ],
  [
    'a GHES',
    'https://ghes.example',
    'containers.ghes.example/octo-org/octo-app',
    'Organization',
    'https://ghes.example/orgs/Octo-Org/packages/container/package/octo-app',
  ],
  [
    'the Docker registry, whose pages hang on numbers',
    'https://github.com',
    'docker.pkg.github.com/octo-org/octo-app/x',
    'User',
    '',
  ],
  ['a registry that is not GitHub’s', 'https://github.com', 'localhost:5000/octo-org/octo-app', 'User', ''],
] as const)('%s', (_title, serverUrl, name, sourceOwnerType, url) => {
  const product = resolveProduct(new URL(serverUrl));
  const repository = parseRepositoryName(name);
  const registry = resolveRegistry(repository.registry, product);
  expect(packageUrl(registry, repository, product, { ...owners, sourceOwnerType })).toBe(url);
});

test.each([
  [
    'https://github.com/orgs/octo/packages/container/package/app',
    'https://github.com/orgs/octo/packages/container/app/settings',
  ],
  [
    'https://github.com/users/octo/packages/container/package/a%2Fb',
    'https://github.com/users/octo/packages/container/a%2Fb/settings',
  ],
  ['https://github.com/octo?tab=packages', 'https://github.com/octo?tab=packages'],
])('the settings of %s', (page, settings) => {
  expect(packageSettingsUrl(page)).toBe(settings);
});
