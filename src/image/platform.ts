/**
 * A platform: `os/arch[/variant]` (image-spec, image-index.md, "platform").
 *
 * Written forms are normalised as containerd does (https://pkg.go.dev/github.com/containerd/platforms):
 * `x86_64` is `amd64`, `aarch64` is `arm64`, `arm` and `arm/7` are `arm/v7`, `arm64/v8` is `arm64`; an architecture alone is
 * that of Linux.
 */

import { InputError } from '../errors.ts';

export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
}

const architectures: Readonly<Record<string, Readonly<{ architecture: string; variant?: string }>>> = {
  '386': { architecture: '386' },
  i386: { architecture: '386' },
  amd64: { architecture: 'amd64' },
  x86_64: { architecture: 'amd64' },
  'x86-64': { architecture: 'amd64' },
  arm: { architecture: 'arm', variant: 'v7' },
  armhf: { architecture: 'arm', variant: 'v7' },
  armel: { architecture: 'arm', variant: 'v6' },
  arm64: { architecture: 'arm64' },
  aarch64: { architecture: 'arm64' },
  loong64: { architecture: 'loong64' },
  mips: { architecture: 'mips' },
  mipsle: { architecture: 'mipsle' },
  mips64: { architecture: 'mips64' },
  mips64le: { architecture: 'mips64le' },
  ppc64: { architecture: 'ppc64' },
  ppc64le: { architecture: 'ppc64le' },
  riscv64: { architecture: 'riscv64' },
  s390x: { architecture: 's390x' },
  wasm: { architecture: 'wasm' },
};

const operatingSystems: readonly string[] = ['linux', 'windows', 'darwin', 'freebsd', 'wasi', 'wasip1'];

/** The variant that an architecture has without being named, so that both spellings are one platform. */
const impliedVariant: Readonly<Record<string, string>> = { arm64: 'v8', amd64: 'v1' };

/**
 * @param text `os/arch[/variant]`, such as `linux/amd64` or `linux/arm/v7`
 * @throws InputError PLATFORM_INVALID
 */
export function parsePlatform(text: string): Platform {
  const lower = text.toLowerCase();
  const [os = '', arch = '', variant, ...rest] = (Object.hasOwn(architectures, lower) ? `linux/${lower}` : lower).split(
    '/',
  );
  const known = Object.hasOwn(architectures, arch) ? architectures[arch] : undefined;
  const isVariant = variant === undefined || /^v?[0-9]+(?:\.[0-9]+)?$/.test(variant);
  if (known === undefined || !operatingSystems.includes(os) || !isVariant || rest.length > 0) {
    throw new InputError('PLATFORM_INVALID', {
      message: `"${text}" is not a platform: expected os/arch[/variant], such as linux/amd64 or linux/arm/v7.`,
      remedy: `Correct \`platforms\`, one a line or separated by commas. Known systems: ${operatingSystems.join(', ')}; architectures: ${Object.keys(architectures).join(', ')}.`,
    });
  }
  const given = variant?.replace(/^v?/, 'v') ?? known.variant;
  const named = given === impliedVariant[known.architecture] ? undefined : given;
  return { os, architecture: known.architecture, ...(named === undefined ? {} : { variant: named }) };
}

/** `os/arch[/variant]` */
export function formatPlatform({ os, architecture, variant }: Platform): string {
  return [os, architecture, ...(variant === undefined ? [] : [variant])].join('/');
}
