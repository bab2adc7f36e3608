import { describe, expect, test } from '@jest/globals';
import { parseRegistry } from '../../../src/image/registry-name.ts';
import { faultOfComponent, formatRepository, parseRepository } from '../../../src/image/repository.ts';

const ghcr = parseRegistry('ghcr.io');

describe('a component is letters and digits with separators between them', () => {
  test.each([
    ['a single letter', 'd'],
    ['a single digit', '0'],
    ['one dot', 'a.b'],
    ['one underscore', 'octocat_corp'],
    ['two underscores', 'dock__er'],
    ['one hyphen', 'my-app'],
    ['two hyphens', 'a--b'],
    ['many hyphens', 'docker---rules'],
    ['several separators, apart', 'ubuntu-12.04_base'],
    ['64 characters that are no hexadecimal', 'thisisthesongthatneverendsitgoesonandonandonthisisthesongthatnev'],
  ])('%s: %s', (_title, component) => {
    expect(faultOfComponent(component)).toBeUndefined();
  });

  const separators = 'may not stand between letters; one ".", one or two "_", or any number of "-" may';
  test.each([
    ['is empty', '', 'it is empty'],
    ['has upper case', 'My-Repo', 'it must be lower-case'],
    ['starts with a dot', '.github', 'it starts with "."'],
    ['starts with an underscore', '_x', 'it starts with "_"'],
    ['starts with a hyphen', '-x', 'it starts with "-"'],
    ['ends with a dot', 'x.', 'it ends with "."'],
    ['ends with an underscore', 'x_', 'it ends with "_"'],
    ['ends with a hyphen, as old accounts may', 'guigz-', 'it ends with "-"'],
    ['is all underscores', '____', 'it starts with "_"'],
    ['has two dots', 'a..b', `".." ${separators}`],
    ['has a dot and an underscore', 'a._b', `"._" ${separators}`],
    ['has an underscore and a dot', 'dock_.er', `"_." ${separators}`],
    ['has a hyphen and a dot', 'dock-.er', `"-." ${separators}`],
    ['has a hyphen and an underscore', 'a-_b', `"-_" ${separators}`],
    ['has three underscores', 'a___b', `"___" ${separators}`],
    ['has its fault after a valid run', 'a--b__c..d', `".." ${separators}`],
    ['has a slash', 'a/b', 'it contains "/"'],
    ['has a space', 'my app', 'it contains " "'],
    ['has an accent', 'é', 'it contains "é"'],
    ['has an emoji', 'a🐳', 'it contains "🐳"'],
    ['has what a shell would read', 'asdf$$^', 'it contains "$"'],
  ])('no component %s: "%s"', (_title, component, fault) => {
    expect(faultOfComponent(component)).toBe(fault);
  });
});

describe('a repository is a path of components in a registry', () => {
  test.each([
    ['one component', 'debian'],
    ['two', 'octo/app'],
    ['many', 'bar/baz/quux/a/b'],
    ['64 hexadecimal characters, since the registry stands before them', 'd'.repeat(64)],
  ])('%s', (_title, path) => {
    expect(formatRepository(parseRepository(ghcr, path))).toBe(`ghcr.io/${path}`);
  });

  test.each([
    ['nothing', ''],
    ['an empty component', 'docker//docker'],
    ['a slash at the start', '/docker'],
    ['a slash at the end', 'docker/'],
    ['upper case', 'octo/App'],
    ['a tag', 'octo/app:1'],
  ])('no path is %s: "%s"', (_title, path) => {
    expect(() => parseRepository(ghcr, path)).toThrowCode('REPOSITORY_INVALID');
  });

  test('the error names the component, the whole and why', () => {
    expect(() => parseRepository(ghcr, 'octo/a..b')).toThrow(/^"a\.\.b" in the repository "ghcr\.io\/octo\/a\.\.b" is/);
  });

  test('255 characters with the host are allowed', () => {
    const path = 'a'.repeat(255 - 'ghcr.io/'.length);
    expect(formatRepository(parseRepository(ghcr, path))).toHaveLength(255);
  });

  test('256 are one too many', () => {
    const path = `octo/${'a'.repeat(256 - 'ghcr.io/octo/'.length)}`;
    expect(() => parseRepository(ghcr, path)).toThrowCode('REPOSITORY_INVALID');
    expect(() => parseRepository(ghcr, path)).toThrow('has 256 characters; at most 255 are allowed');
  });
});
