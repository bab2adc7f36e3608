import { writeFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { type BuildxPorts, buildWithBuildx } from '../../../src/engine/buildx-build.ts';
import type { CommandResult } from '../../../src/engine/command.ts';
import {
  type BuildTarget,
  type Built,
  buildWithDocker,
  type DockerPorts,
  logIn,
  pull,
} from '../../../src/engine/docker.ts';
import { parsePlatform } from '../../../src/image/platform.ts';
import { parseRegistry } from '../../../src/image/registry-name.ts';
import { aBuild, aDecision } from '../../support/builders.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const digest = `sha256:${'a1'.repeat(32)}`;
const plain = aBuild();

/** Ports whose commands answer as told; a test reads what was run. */
function ports(answer: (argv: readonly string[]) => Partial<CommandResult>): BuildxPorts & { ran: string[] } {
  const ran: string[] = [];
  return {
    ran,
    run: (argv) => {
      ran.push(argv.slice(0, 3).join(' '));
      return Promise.resolve({ exitCode: 0, stdout: '', stderr: '', ...answer(argv) });
    },
    env: {},
    temp: temporaryFolder(),
    signal: new AbortController().signal,
    onOutput: () => undefined,
    warn: () => undefined,
    onWarnings: () => undefined,
    retry: (_what, attempt) => attempt(),
  };
}

/** Where a build writes, and what it is for. */
function target(docker: DockerPorts, references: readonly string[], push: boolean): BuildTarget {
  return { references, push, folder: docker.temp, secrets: new Map() };
}

describe('a login that was refused', () => {
  const registry = parseRegistry('ghcr.io');

  test.each([
    [
      'in the words of the CLI',
      'Error response from daemon: Get "https://ghcr.io/v2/": denied: denied\n',
      'refused the login: Error response from daemon: Get "https://ghcr.io/v2/": denied: denied.',
      false,
    ],
    ['without a word', '', 'refused the login: docker login ended with exit code 1.', false],
    [
      'by a registry that is busy, and may take it later',
      'Error response from daemon: 503 Service Unavailable',
      '503 Service Unavailable.',
      true,
    ],
  ])('%s', async (_title, stderr, message, retryable) => {
    const login = logIn(
      ports(() => ({ exitCode: 1, stderr })),
      registry,
      'octocat',
      'ghs_secret',
    );
    await expect(login).rejects.toThrowCode('LOGIN_REFUSED');
    await expect(login).rejects.toThrow(message);
    await expect(login).rejects.toMatchObject({ retryable, detail: stderr });
    await expect(login).rejects.not.toThrow('ghs_secret');
  });
});

describe('what buildx tells of its result', () => {
  const builder = { buildx: 'buildx', builder: undefined, endpoints: [] };
  const build = (docker: BuildxPorts, references: readonly string[], push: boolean): Promise<Built> =>
    buildWithBuildx(docker, aDecision(), builder, plain, target(docker, references, push));

  /** A buildx that writes its result files. */
  function writing(metadata: string | undefined, imageId: string | undefined): ReturnType<typeof ports> {
    return ports((argv) => {
      const fileOf = (option: string): string => argv[argv.indexOf(option) + 1] ?? '';
      if (metadata !== undefined) writeFileSync(fileOf('--metadata-file'), metadata);
      if (imageId !== undefined) writeFileSync(fileOf('--iidfile'), imageId);
      return {};
    });
  }

  test('the image and, where it was pushed, its digest', async () => {
    const metadata = JSON.stringify({ 'containerimage.digest': digest });
    const docker = writing(metadata, `${digest}\n`);
    expect(await build(docker, ['ghcr.io/octo/app:1'], true)).toMatchObject({
      imageId: digest,
      digest,
      metadata,
    });
  });

  test('nothing, where it wrote nothing and nothing was pushed', async () => {
    const built = await build(writing(undefined, undefined), [], false);
    expect(built).toEqual({ imageId: '', digest: undefined, metadata: '' });
  });

  test.each([
    ['no file', undefined],
    ['no digest', '{}'],
    ['a digest that is none', '{"containerimage.digest":"latest"}'],
    ['a digest that is a number', '{"containerimage.digest":7}'],
    ['no object', 'null'],
  ])('after a push %s is an error', async (_title, metadata) => {
    const built = build(writing(metadata, ''), [], true);
    await expect(built).rejects.toThrowCode('DIGEST_MISSING');
  });
});

describe('the classic builder', () => {
  const build = (docker: DockerPorts): Promise<Built> =>
    buildWithDocker(docker, false, plain, target(docker, references, true));
  const references = ['docker.io/octo/app:1', 'ghcr.io/octo/app:1'];

  function classic(answer: (command: string) => Partial<CommandResult>): ReturnType<typeof ports> {
    return ports((argv) => {
      if (argv.includes('--iidfile')) writeFileSync(argv[argv.indexOf('--iidfile') + 1] ?? '', `${digest}\n`);
      return answer(argv.slice(1).join(' '));
    });
  }

  const told = `The push refers to repository [ghcr.io/octo/app]\n5f70: Pushed\n1: digest: ${digest} size: 528\n`;

  test('tags, pushes each reference, and takes the digest from what the push tells', async () => {
    const docker = classic((command) => (command.startsWith('push ') ? { stdout: told } : {}));
    expect(await build(docker)).toMatchObject({ digest, imageId: digest });
    expect(docker.ran).toEqual([
      'docker build --tag',
      `docker tag ${digest}`,
      'docker push docker.io/octo/app:1',
      'docker push ghcr.io/octo/app:1',
    ]);
  });

  test.each(['', '1: Pushed\n', '1: digest: sha256:x size: 528\n'])(
    'a push that tells no digest (%j) is an error',
    async (stdout) => {
      const docker = classic(() => ({ stdout }));
      await expect(build(docker)).rejects.toThrowCode('DIGEST_MISSING');
    },
  );

  test.each([
    ['a push that is refused', 'push', 'denied: permission_denied: write_package', 'PUSH_DENIED', false],
    [
      'a push that may succeed later',
      'push',
      'received unexpected HTTP status: 503 Service Unavailable',
      'PUSH_FAILED',
      true,
    ],
    ['a push that says nothing', 'push', '', 'PUSH_FAILED', false],
    ['a build that fails', 'build', 'COPY failed: file not found in build context', 'BUILD_FAILED', false],
  ] as const)('%s is an error', async (_title, verb, stderr, code, retryable) => {
    const docker = classic((command) => (command.startsWith(`${verb} `) ? { exitCode: 1, stderr } : {}));
    const built = build(docker);
    await expect(built).rejects.toThrowCode(code);
    await expect(built).rejects.toMatchObject({ retryable });
  });
});

describe('a pull', () => {
  const reference = 'docker.io/octo/app:1';
  const told = `1: Pulling from octo/app\nDigest: ${digest}\nStatus: Image is up to date for octo/app:1\n${reference}\n`;

  test('gives the image, and the digest that the reference has in the registry', async () => {
    const docker = ports((argv) => ({ stdout: argv[1] === 'pull' ? told : 'sha256:1\n' }));
    expect(await pull(docker, reference, parsePlatform('linux/arm64'))).toEqual({ imageId: 'sha256:1', digest });
    expect(docker.ran).toEqual(['docker pull --platform', 'docker image inspect']);
  });

  test.each(['', reference, 'Digest: sha256:1'])('that tells no digest (%j) is an error', async (stdout) => {
    await expect(
      pull(
        ports(() => ({ stdout })),
        reference,
        undefined,
      ),
    ).rejects.toThrowCode('DIGEST_MISSING');
  });

  test('of which the engine knows nothing is an error', async () => {
    const docker = ports((argv) => ({ stdout: told, exitCode: argv[1] === 'image' ? 1 : 0 }));
    await expect(pull(docker, reference, undefined)).rejects.toThrowCode('PULL_FAILED');
  });

  test.each([
    ['is refused', 'Error response from daemon: denied: denied', 'PULL_DENIED', false],
    ['is refused for want of a login', 'unauthorized: authentication required', 'PULL_DENIED', false],
    ['finds nothing', 'Error response from daemon: manifest unknown', 'PULL_FAILED', false],
    ['may succeed later', 'Get "https://x/v2/": net/http: TLS handshake timeout', 'PULL_FAILED', true],
    ['says nothing', '', 'PULL_FAILED', false],
  ] as const)('that %s is an error', async (_title, stderr, code, retryable) => {
    const pulled = pull(
      ports(() => ({ exitCode: 1, stderr })),
      reference,
      undefined,
    );
    await expect(pulled).rejects.toThrowCode(code);
    await expect(pulled).rejects.toMatchObject({ retryable });
  });
});
