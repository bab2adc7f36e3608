import { writeFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import type { CommandResult } from '../../../src/engine/command.ts';
import {
  type Built,
  buildWithDocker,
  type DockerPorts,
  pull,
  pullFailure,
  pushFailure,
} from '../../../src/engine/docker.ts';
import { parsePlatform } from '../../../src/image/platform.ts';
import { aBuild } from '../../support/builders.ts';
import { aTarget, toolPorts } from '../../support/tool-ports.ts';

const digest = `sha256:${'a1'.repeat(32)}`;

describe('the classic builder', () => {
  const build = (docker: DockerPorts): Promise<Built> =>
    buildWithDocker(docker, false, aBuild(), aTarget(docker, references, true));
  const references = ['docker.io/octo/app:1', 'ghcr.io/octo/app:1'];

  function classic(answer: (command: string) => Partial<CommandResult>): ReturnType<typeof toolPorts> {
    return toolPorts((argv) => {
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

describe('a failure with DOCKER_CONTENT_TRUST on', () => {
  const page = { exitCode: 1, stdout: '', stderr: 'received unexpected HTTP status: 200 OK\n' };

  test.each(['1', 'true', 'T'])('has this for its reason (%s)', (DOCKER_CONTENT_TRUST) => {
    expect(pushFailure('docker push a:1', page, { DOCKER_CONTENT_TRUST })).toMatchObject({
      code: 'CONTENT_TRUST_FAILED',
      remedy: expect.stringContaining('`DOCKER_CONTENT_TRUST: 0`'),
    });
    expect(pullFailure('docker', 'a:1', page, { DOCKER_CONTENT_TRUST }).code).toBe('CONTENT_TRUST_FAILED');
  });

  test.each(['0', '', 'false'])('does not, if it is off (%s)', (DOCKER_CONTENT_TRUST) => {
    expect(pushFailure('docker push a:1', page, { DOCKER_CONTENT_TRUST }).code).toBe('PUSH_FAILED');
  });

  test('is still a refusal, if the registry refuses', () => {
    const denied = { ...page, stderr: 'denied: permission_denied: write_package' };
    expect(pushFailure('docker push a:1', denied, { DOCKER_CONTENT_TRUST: '1' }).code).toBe('PUSH_DENIED');
  });
});

describe('a pull', () => {
  const reference = 'docker.io/octo/app:1';
  const told = `1: Pulling from octo/app\nDigest: ${digest}\nStatus: Image is up to date for octo/app:1\n${reference}\n`;

  test('gives the image, and the digest that the reference has in the registry', async () => {
    const docker = toolPorts((argv) => ({ stdout: argv[1] === 'pull' ? told : 'sha256:1\n' }));
    expect(await pull(docker, reference, parsePlatform('linux/arm64'))).toEqual({ imageId: 'sha256:1', digest });
    expect(docker.ran).toEqual(['docker pull --platform', 'docker image inspect']);
  });

  test.each(['', reference, 'Digest: sha256:1'])('that tells no digest (%j) is an error', async (stdout) => {
    await expect(
      pull(
        toolPorts(() => ({ stdout })),
        reference,
        undefined,
      ),
    ).rejects.toThrowCode('DIGEST_MISSING');
  });

  test('of which the engine knows nothing is an error', async () => {
    const docker = toolPorts((argv) => ({ stdout: told, exitCode: argv[1] === 'image' ? 1 : 0 }));
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
      toolPorts(() => ({ exitCode: 1, stderr })),
      reference,
      undefined,
    );
    await expect(pulled).rejects.toThrowCode(code);
    await expect(pulled).rejects.toMatchObject({ retryable });
  });
});
