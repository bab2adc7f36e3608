import { describe, expect, test } from '@jest/globals';
import { formatPlatform, parsePlatform } from '../../../src/image/platform.ts';

describe('a platform is os/arch[/variant], in the words of containerd', () => {
  test.each([
    ['linux/amd64', 'linux/amd64'],
    ['linux/x86_64', 'linux/amd64'],
    ['linux/x86-64', 'linux/amd64'],
    ['linux/amd64/v1', 'linux/amd64'],
    ['linux/amd64/v3', 'linux/amd64/v3'],
    ['linux/i386', 'linux/386'],
    ['linux/arm64', 'linux/arm64'],
    ['linux/aarch64', 'linux/arm64'],
    ['linux/arm64/v8', 'linux/arm64'],
    ['linux/arm64/8', 'linux/arm64'],
    ['linux/arm64/v8.2', 'linux/arm64/v8.2'],
    ['linux/arm', 'linux/arm/v7'],
    ['linux/arm/7', 'linux/arm/v7'],
    ['linux/armhf', 'linux/arm/v7'],
    ['linux/armel', 'linux/arm/v6'],
    ['linux/arm/v6', 'linux/arm/v6'],
    ['linux/riscv64', 'linux/riscv64'],
    ['Linux/AMD64', 'linux/amd64'],
    ['windows/amd64', 'windows/amd64'],
    ['wasip1/wasm', 'wasip1/wasm'],
    ['amd64', 'linux/amd64'],
    ['aarch64', 'linux/arm64'],
  ])('%s is %s', (text, formatted) => {
    const platform = parsePlatform(text);
    expect(formatPlatform(platform)).toBe(formatted);
    expect(formatPlatform(parsePlatform(formatted))).toBe(formatted);
  });

  test.each([
    ['nothing', ''],
    ['a system alone', 'linux'],
    ['a variant without its system', 'arm/v7'],
    ['an unknown system', 'plan9/amd64'],
    ['an unknown architecture', 'linux/vax'],
    ['the name of a property of every object', 'linux/constructor'],
    ['four parts', 'linux/arm/v7/x'],
    ['an empty variant', 'linux/arm/'],
    ['a variant in words', 'linux/arm/seven'],
    ['two of them', 'linux/amd64,linux/arm64'],
    ['white space', 'linux / amd64'],
  ])('%s is none: "%s"', (_title, text) => {
    expect(() => parsePlatform(text)).toThrowCode('PLATFORM_INVALID');
  });
});
