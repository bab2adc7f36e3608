import { describe, expect, test } from '@jest/globals';
import { distribution, libraryPath, OLD, parseDeb822, parseOneLine, privateSources, RECENT } from '../../../lab/apt.js';

describe('the distribution of the machine', () => {
  test.each([
    ['Debian', 'ID=debian\nVERSION_CODENAME=bookworm\n', { id: 'debian', suite: 'bookworm' }],
    [
      'Ubuntu, with quotation marks',
      'NAME="Ubuntu"\nID="ubuntu"\nVERSION_CODENAME="noble"\n',
      { id: 'ubuntu', suite: 'noble' },
    ],
    ['another one', 'ID=alpine\nVERSION_CODENAME=x\n', undefined],
    ['one that is only like Debian', 'ID_LIKE=debian\nID=kali\nVERSION_CODENAME=x\n', undefined],
    ['Debian without a suite', 'ID=debian\n', undefined],
    ['none that says so', '', undefined],
  ])('%s', (_title, osRelease, expected) => {
    expect(distribution(osRelease)).toEqual(expected);
  });
});

describe('sources of packages', () => {
  test('in the one-line form', () => {
    const text = `
# deb http://commented.example/debian bookworm main
deb http://deb.example/debian bookworm main contrib # why
deb [ arch=amd64 signed-by=/usr/share/keyrings/d.gpg ] https://deb.example/security bookworm-security main
deb-src http://deb.example/debian bookworm main
`;
    expect(parseOneLine(text)).toEqual([
      { uris: 'http://deb.example/debian', suites: ['bookworm'], components: 'main contrib', signedBy: undefined },
      {
        uris: 'https://deb.example/security',
        suites: ['bookworm-security'],
        components: 'main',
        signedBy: '/usr/share/keyrings/d.gpg',
      },
    ]);
    expect(parseOneLine('')).toEqual([]);
  });

  test('in the deb822 form', () => {
    const text = `# Debian
Types: deb deb-src
URIs: http://deb.example/debian
Suites: bookworm bookworm-updates
# a comment between
Components: main
Signed-By: /usr/share/keyrings/d.gpg

Types: deb
URIs: http://other.example/
  http://another.example/
Suites: noble
Components: main universe
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 -----END PGP PUBLIC KEY BLOCK-----

Types: deb
Enabled: no
URIs: http://off.example/
Suites: x
Components: main

Types: deb-src
URIs: http://source.example/
Suites: x
Components: main
`;
    expect(parseDeb822(text)).toEqual([
      {
        uris: 'http://deb.example/debian',
        suites: ['bookworm', 'bookworm-updates'],
        components: 'main',
        signedBy: '/usr/share/keyrings/d.gpg',
      },
      {
        uris: 'http://other.example/ http://another.example/',
        suites: ['noble'],
        components: 'main universe',
        signedBy: '-----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n -----END PGP PUBLIC KEY BLOCK-----',
      },
    ]);
    expect(parseDeb822('')).toEqual([]);
    expect(parseDeb822('Types: deb\n')).toEqual([{ uris: '', suites: [], components: '', signedBy: undefined }]);
  });

  const debian = { id: 'debian', suite: 'bookworm' } as const;
  const ubuntu = { id: 'ubuntu', suite: 'noble' } as const;
  const mirror = { uris: 'http://deb.example/debian', suites: ['bookworm'], components: 'main', signedBy: '/d.gpg' };
  const security = { ...mirror, uris: 'http://deb.example/security', suites: ['bookworm-security'] };

  test('on Debian are the machine’s mirror with the suites of the lab', () => {
    expect(privateSources(debian, [security, mirror])).toBe(
      `Types: deb\nURIs: http://deb.example/debian\nSuites: bookworm ${RECENT}\nComponents: main\nTargets: Packages\nSigned-By: /d.gpg\n`,
    );
  });

  test('on a newer Debian the older suite is there, too', () => {
    const trixie = { ...mirror, suites: ['trixie'], signedBy: undefined };
    expect(privateSources({ id: 'debian', suite: 'trixie' }, [trixie])).toBe(
      `Types: deb\nURIs: http://deb.example/debian\nSuites: trixie ${OLD} ${RECENT}\nComponents: main\nTargets: Packages\n`,
    );
  });

  test('on Debian without a mirror of its own are the public one', () => {
    expect(privateSources(debian, [])).toContain(`URIs: http://deb.debian.org/debian\nSuites: bookworm ${RECENT}\n`);
  });

  test('on Ubuntu are the machine’s own for its suite, and no others', () => {
    const noble = {
      uris: 'http://ubuntu.example',
      suites: ['noble', 'noble-updates'],
      components: 'main universe',
      signedBy: undefined,
    };
    const sources = privateSources(ubuntu, [{ ...noble, uris: 'http://ppa.example', suites: ['jammy'] }, noble]);
    expect(sources).toBe(
      'Types: deb\nURIs: http://ubuntu.example\nSuites: noble noble-updates\nComponents: main universe\nTargets: Packages\n',
    );
  });

  test('on Ubuntu without any are the public ones', () => {
    expect(privateSources(ubuntu, [])).toContain(
      'URIs: http://archive.ubuntu.com/ubuntu\nSuites: noble\nComponents: main universe\n',
    );
  });
});

test('programs find the libraries beside them', () => {
  expect(libraryPath('/parts/x')).toMatch(
    /^\/parts\/x\/usr\/lib\/(x86_64|aarch64)-linux-gnu:\/parts\/x\/lib\/\1-linux-gnu$/,
  );
});
