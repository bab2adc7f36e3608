import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseChallenges } from '../../../src/http/challenge.ts';

const parsed = (header: string): readonly (readonly [string, Record<string, string>])[] =>
  parseChallenges(header).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]);

describe('the WWW-Authenticate header', () => {
  test.each([
    [
      'the one of ghcr.io',
      'Bearer realm="https://ghcr.io/token",service="ghcr.io",scope="repository:user/image:pull"',
      [['bearer', { realm: 'https://ghcr.io/token', service: 'ghcr.io', scope: 'repository:user/image:pull' }]],
    ],
    [
      'the one of docker.pkg.github.com',
      'Basic realm="GitHub Package Registry"',
      [['basic', { realm: 'GitHub Package Registry' }]],
    ],
    [
      'two challenges in one field (RFC 9110 11.6.1)',
      'Basic realm="simple", Newauth realm="apps", type=1, title="Login to \\"apps\\""',
      [
        ['basic', { realm: 'simple' }],
        ['newauth', { realm: 'apps', type: '1', title: 'Login to "apps"' }],
      ],
    ],
    [
      'a scheme with a token68 before another',
      'Negotiate oYG2MIGzoAMKAQChCwYJ==, Bearer realm="https://a.test/t"',
      [
        ['negotiate', {}],
        ['bearer', { realm: 'https://a.test/t' }],
      ],
    ],
    [
      'names without regard to case, and space around =',
      'BEARER Realm = "x" , Service=y',
      [['bearer', { realm: 'x', service: 'y' }]],
    ],
    ['a scheme alone', 'Basic', [['basic', {}]]],
    [
      'a comma inside quotes',
      'Bearer realm="a,b", scope="repository:a:pull,push"',
      [['bearer', { realm: 'a,b', scope: 'repository:a:pull,push' }]],
    ],
    ['empty elements', ', ,Basic realm="x",,', [['basic', { realm: 'x' }]]],
    ['nothing', '', []],
    ['a value that does not end', 'Bearer realm="https://evil.test', [['bearer', {}]]],
  ])('%s is read', (_, header, challenges) => {
    expect(parsed(header)).toEqual(challenges);
  });

  test('whatever is quoted comes out as it went in', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'ab ,="\\:/?%') }), (value) => {
        const quoted = value.replace(/["\\]/g, '\\$&');
        expect(parsed(`Bearer realm="${quoted}",service=s`)).toEqual([['bearer', { realm: value, service: 's' }]]);
      }),
    );
  });

  test('no header keeps the reader busy for long', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 2_000 }), (header) => {
        parseChallenges(header);
      }),
    );
    const begun = performance.now();
    parseChallenges('Bearer '.repeat(10_000) + '"'.repeat(10_000) + 'a='.repeat(10_000));
    expect(performance.now() - begun).toBeLessThan(1_000);
  });
});
