/** What property tests draw from: texts that are mostly wrong in the ways of real ones, and parts that are valid. */

import fc from 'fast-check';

/** Text from the alphabet of references, with some that is foreign to them, so that valid and nearly valid forms occur. */
export function someText(): fc.Arbitrary<string> {
  const pieces = fc.constantFrom(
    ...['ghcr.io', 'docker.io', 'localhost', 'octo', 'App', 'a', '0', '7f', '-', '_', '.', '/', ':', '@', '[::1]'],
    ...[':5000', 'sha256:', 'f'.repeat(64), ' ', '\n', '\0', 'é', '🐳', '%', '$(id)', 'x'.repeat(64), '..', '__'],
  );
  const joined = fc.array(pieces, { maxLength: 9 }).map((list) => list.join(''));
  return fc.oneof(joined, fc.string({ unit: 'binary', maxLength: 40 }), fc.string({ maxLength: 40 }));
}

/** A valid registry other than Docker Hub, whose short paths are completed. */
export function someRegistry(): fc.Arbitrary<string> {
  const host = fc.oneof(
    fc.constantFrom('ghcr.io', 'localhost', 'containers.octo.ghe.com', '127.0.0.1', '[::1]', '[2001:db8::1]'),
    fc.stringMatching(/^[a-z]([a-z0-9-]{0,8}[a-z])?(\.[a-z]([a-z0-9-]{0,8}[a-z])?){1,3}$/),
  );
  const port = fc.option(fc.integer({ min: 0, max: 65_535 }), { nil: undefined });
  return fc
    .tuple(host, port)
    .map(([name, number]) => (number === undefined ? name : `${name}:${number}`))
    .filter((registry) => URL.canParse(`https://${registry}`));
}

const component = /^[a-z0-9]{1,6}((\.|_|__|-{1,4})[a-z0-9]{1,6}){0,3}$/;

/** A valid path of one to four components. */
export function somePath(): fc.Arbitrary<string> {
  return fc.array(fc.stringMatching(component), { minLength: 1, maxLength: 4 }).map((list) => list.join('/'));
}

export function someTag(): fc.Arbitrary<string> {
  return fc.stringMatching(/^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/);
}

export function someDigest(): fc.Arbitrary<string> {
  return fc.stringMatching(/^(sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})$/);
}
