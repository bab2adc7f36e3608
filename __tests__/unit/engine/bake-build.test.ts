import { writeFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import type { BakedTarget } from '../../../src/engine/bake-arguments.ts';
import { bakeWithBuildx } from '../../../src/engine/bake-build.ts';
import type { CommandResult } from '../../../src/engine/command.ts';
import { aBuild, aDecision } from '../../support/builders.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { toolPorts } from '../../support/tool-ports.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const cacheTo = [{ type: 'registry', attributes: [['ref', 'x']] as const, variables: [] }];

function targetOf(name: string, overrides: Parameters<typeof aBuild>[0] = {}): BakedTarget {
  const output = { kind: 'registries', names: [`ghcr.io/o/${name}`] } as const;
  const request = aBuild({ bakeTarget: name, ...overrides });
  return { name, raw: {}, request, isImage: true, references: [], push: false, output };
}

/** @param answer what buildx does, told its arguments */
function bake(answer: (argv: readonly string[]) => Partial<CommandResult>, targets = [targetOf('app'), targetOf('b')]) {
  const ports = toolPorts(answer);
  const warnings: string[] = [];
  const baked = bakeWithBuildx(
    { ...ports, warn: (message) => void warnings.push(message) },
    aDecision({ kind: 'builder' }),
    { buildx: '/buildx', builder: undefined, endpoints: [] },
    { targets, linked: [], allow: [] },
    { folder: temporaryFolder(), secrets: new Map() },
  );
  return { baked, ran: ports.ran, warnings };
}

const failing = (stderr: string) => bake(() => ({ exitCode: 1, stderr })).baked;

test('the report tells the digest of each target', async () => {
  const { baked } = bake((argv) => {
    const report = { app: { 'containerimage.digest': digest, 'containerimage.config.digest': 'sha256:c' }, b: {} };
    writeFileSync(argv[argv.indexOf('--metadata-file') + 1] ?? '', JSON.stringify(report));
    return {};
  });
  const { images } = await baked;
  expect([...images]).toEqual([
    ['app', { imageId: 'sha256:c', digest }],
    ['b', { imageId: '', digest: undefined }],
  ]);
});

describe('a bake that fails', () => {
  test('names the target, and the place in its Dockerfile', async () => {
    const stderr = [
      '#11 [app 3/3] RUN sh -c "exit 3"',
      '#11 ERROR: process "/bin/sh -c exit 3" did not complete successfully: exit code: 3',
      '------',
      ' > [app 3/3] RUN exit 3:',
      '------',
      'Dockerfile:3',
      '--------------------',
      '   2 |     RUN true',
      '   3 | >>> RUN exit 3',
      '   4 |     ',
      '--------------------',
      'ERROR: target app: failed to solve: process "/bin/sh -c exit 3" did not complete successfully: exit code: 3',
    ].join('\n');
    await expect(failing(stderr)).rejects.toMatchObject({
      code: 'BUILD_FAILED',
      message:
        'Target app: The build failed at Dockerfile:3 in `RUN exit 3`: process "/bin/sh -c exit 3" did not complete successfully: exit code: 3.',
      remedy: expect.stringContaining('docker buildx bake app'),
      place: { file: 'Dockerfile', line: 3 },
    });
  });

  test('by a push that a registry refuses says so', async () => {
    const stderr = [
      '#9 [b] exporting to image',
      '#9 ERROR: failed to push ghcr.io/o/b: denied: permission_denied: write_package',
      '------',
      ' > [b] exporting to image:',
      '------',
      'ERROR: target b: failed to solve: failed to push ghcr.io/o/b: denied: permission_denied: write_package',
    ].join('\n');
    await expect(failing(stderr)).rejects.toMatchObject({
      code: 'PUSH_DENIED',
      message: expect.stringMatching(/^Target b: The registry refused the push: failed to push ghcr\.io\/o\/b: denied/),
    });
  });

  test('for want of a right says which to allow', async () => {
    const stderr = [
      'Your build is requesting privileges for following possibly insecure capabilities:',
      '',
      ' - Running build containers that can access host network',
      ' - Read access to path ../home',
      '',
      'Pass "--allow=network.host --allow=fs.read=../home" to grant requested privileges.',
      '',
      'ERROR: additional privileges requested',
    ].join('\n');
    await expect(failing(stderr)).rejects.toMatchObject({
      code: 'BAKE_REFUSED',
      message: 'The bake file asks for more than buildx allows: network.host, fs.read=../home.',
      remedy: expect.stringContaining('allow: |\n  network.host\n  fs.read=../home'),
    });
  });

  test('by its cache alone goes on without', async () => {
    const stderr = [
      '------',
      ' > [app] exporting cache to registry:',
      '------',
      'ERROR: target app: failed to solve: error writing layer blob: denied',
    ].join('\n');
    let count = 0;
    const { baked, warnings } = bake(() => {
      count += 1;
      return count === 1 ? { exitCode: 1, stderr } : {};
    }, [targetOf('app', { cacheTo }), targetOf('b')]);
    await expect(baked).resolves.toBeDefined();
    expect(count).toBe(2);
    expect(warnings).toEqual([expect.stringContaining('The cache could not be written, so the image goes without')]);
  });
});
