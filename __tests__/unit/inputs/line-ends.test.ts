import { expect, test } from '@jest/globals';
import type { InputName } from '../../../src/inputs/publish-inputs.ts';
import { aPlan, someInputs } from '../../support/builders.ts';

const lists: readonly (readonly [InputName, readonly [string, string, string]])[] = [
  ['images', ['ghcr.io/a/b', 'ghcr.io/c/d', 'ghcr.io/e/f']],
  ['tags', ['type=raw,one', '# a comment', 'type=raw,two']],
  ['flavor', ['latest=false', 'prefix=a', 'suffix=b']],
  ['labels', ['a=1', 'b=2', 'c=3']],
  ['annotations', ['a=1', 'index:b=2', 'c=3']],
  ['platforms', ['linux/amd64', 'linux/arm64', 'linux/386']],
  ['build-args', ['A=1', 'B=2', 'C=3']],
  ['build-contexts', ['a=docker-image://alpine', 'b=../b', 'c=../c']],
  ['secrets', ['a=1', 'b=2', 'c=3']],
  ['secret-envs', ['a=A', 'b=B', 'c=C']],
  ['secret-files', ['a=a.txt', 'b=b.txt', 'c=c.txt']],
  ['ssh', ['default', 'a=key', 'b=key']],
  ['add-hosts', ['a:1.1.1.1', 'b:2.2.2.2', 'c:3.3.3.3']],
  ['allow', ['network.host', 'security.insecure', 'device']],
  ['no-cache-filters', ['one', 'two', 'three']],
  ['ulimit', ['nofile=1:2', 'nproc=3', 'core=0']],
  ['cache-from', ['type=gha', 'type=local,src=a', 'type=registry,ref=x/y']],
  ['cache-to', ['type=gha', 'type=local,dest=a', 'type=inline']],
  ['outputs', ['type=local,dest=a', 'type=tar,dest=b.tar', 'type=oci,dest=c.tar']],
  ['attests', ['type=sbom', 'type=provenance', 'type=other']],
  ['builder', ['tcp://a:1', 'tcp://b:2', 'tcp://c:3']],
];

test.each(lists)('the lines of `%s` may end in any way, also in one text', (name, [first, second, third]) => {
  const read = (text: string): string => JSON.stringify([someInputs({ [name]: text }).build, aPlan({ [name]: text })]);
  const plain = read(`${first}\n${second}\n${third}`);
  expect(plain === read(first)).toBe(false);
  expect(read(`${first}\r\n${second}\n${third}\r\n`) === plain).toBe(true);
  expect(read(`${first}\r${second}\r\n${third}`) === plain).toBe(true);
});
