/**
 * The releases of buildx that this action can install, with the SHA-256 of each binary, as the release's own checksums.txt
 * has them (https://github.com/docker/buildx/releases).
 */

import { InputError } from '../errors.ts';

/** The one that is installed where a runner has none. */
export const defaultRelease = '0.30.1';

/** version → `OS-ARCHITECTURE` → SHA-256 */
const checksums: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  '0.30.1': {
    'linux-amd64': 'c37114fcd034025ec68e224657c8a5a850df472ded3ddcbca75ad3a7ebb9710d',
    'linux-arm64': '31d012d52d6df68aef4b55db62330967b562811f0de30cdfaa4505f314797c76',
    'linux-arm-v7': '32646cb57c43640a71c81f206897b78a8f1abe6b6db62bab115b5940fc5be884',
    'linux-ppc64le': '13523e8d1820019f404df31c7ec17c7a76c16f638dd04acc33f5d141f683247c',
    'linux-riscv64': '86af30811ceaad9fc34a6bc02e5d093d1460ec24f125c47e639ed1fac9effe83',
    'linux-s390x': 'b752c6824bcc355b012d6f595987706fef15243792fe755f50de76c979bc592d',
    'darwin-amd64': '76c2369b8deb98ef96207075080f8eb8779567e4ba653310b732ab26a357b75a',
    'darwin-arm64': '48567264b45ee810e26fc805e5628a98ba27ddaf44506ea3c266544f68a30b2b',
    'windows-amd64': '3c48e2da717c55518cf22a5b372f48f54cf3a58c9fae675b818a3311775e1b71',
  },
};

/** A release to install. */
export interface BuildxRelease {
  readonly version: string;
  /** The workflow's own checksum, for a version that is not known here; empty for those that are. */
  readonly sha256: string;
  /** As the input has it. */
  readonly text: string;
}

/**
 * @param text `VERSION` of those known here, or `VERSION@sha256:HEX` for any other; empty for none
 * @throws InputError INPUT_INVALID
 */
export function parseRelease(text: string): BuildxRelease | undefined {
  if (text === '') return undefined;
  const match = /^v?(?<version>[0-9]+\.[0-9]+\.[0-9]+(?:-[0-9A-Za-z.]+)?)(?:@sha256:(?<sha256>[0-9a-f]{64}))?$/.exec(
    text,
  );
  const { version, sha256 = '' } = match?.groups ?? {};
  const isKnown = version !== undefined && (sha256 !== '' || Object.hasOwn(checksums, version));
  if (isKnown) return { version, sha256, text };
  const list = Object.keys(checksums).join(', ');
  throw new InputError('INPUT_INVALID', {
    message: `The input \`buildx-version\` is "${text}": expected ${list}, whose checksums this action knows, or VERSION@sha256:HEX.`,
    remedy: `Set \`buildx-version: ${defaultRelease}\`, or add the checksum of the binary for the runner’s platform from the release’s checksums.txt.`,
  });
}

/** The names that Node has for a platform, as buildx has them. */
export function releasePlatform(platform: NodeJS.Platform, arch: string): string {
  const os = platform === 'win32' ? 'windows' : platform;
  const architectures: Readonly<Record<string, string>> = { x64: 'amd64', arm: 'arm-v7', ppc64: 'ppc64le' };
  return `${os}-${architectures[arch] ?? arch}`;
}

/** @returns the checksum of a release's binary, or `undefined` for a platform that it has none for */
export function checksumOf({ version, sha256 }: BuildxRelease, platform: string): string | undefined {
  return sha256 || checksums[version]?.[platform];
}

/** `buildx-v0.30.1.linux-amd64` */
export function assetName({ version }: BuildxRelease, platform: string): string {
  return `buildx-v${version}.${platform}${platform.startsWith('windows') ? '.exe' : ''}`;
}

/** Whether a version, as `buildx version` prints it, is at least another. */
export function isAtLeast(version: string, wanted: string): boolean {
  const numbers = (text: string): number[] =>
    (/(?<!\d)(\d{1,9})\.(\d{1,9})\.(\d{1,9})/.exec(text) ?? []).slice(1).map(Number);
  const [have, want] = [numbers(version), numbers(wanted)];
  for (const [index, number] of want.entries()) {
    if ((have[index] ?? 0) !== number) return (have[index] ?? 0) > number;
  }
  return true;
}
