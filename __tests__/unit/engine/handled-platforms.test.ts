import { expect, test } from '@jest/globals';
import { readHandled } from '../../../src/engine/handled-platforms.ts';
import { formatPlatform, parsePlatform } from '../../../src/image/platform.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { toolPorts } from '../../support/tool-ports.ts';

const platform = parsePlatform('linux/amd64');
const engine = { id: 'one', platform };
const lists = { stdout: 'Name: default\nPlatforms: linux/amd64, linux/arm64\n' };
const formatted = ({ platforms }: Awaited<ReturnType<typeof readHandled>>): readonly string[] =>
  platforms.map(formatPlatform);

test('buildx is asked once, if the answer was kept', async () => {
  const folder = temporaryFolder();
  const ports = toolPorts(() => lists);
  const first = await readHandled(ports, engine, '/buildx', folder);
  expect(formatted(first)).toEqual(['linux/amd64', 'linux/arm64']);
  await readHandled(ports, engine, '/buildx', folder);
  expect(ports.ran).toHaveLength(2);
  await first.keep();
  const again = await readHandled(ports, engine, '/buildx', folder);
  await again.keep();
  expect(formatted(again)).toEqual(['linux/amd64', 'linux/arm64']);
  expect(ports.ran).toEqual(['/buildx inspect default', '/buildx inspect default']);
});

test.each([
  ['of another engine', { ...engine, id: 'other' }],
  ['of an engine that does not say which it is', { ...engine, id: '' }],
])('the answer %s is not used', async (_title, other) => {
  const folder = temporaryFolder();
  const ports = toolPorts(() => lists);
  await (await readHandled(ports, other, '/buildx', folder)).keep();
  await readHandled(ports, other.id === '' ? other : engine, '/buildx', folder);
  expect(ports.ran).toHaveLength(2);
});

test.each([
  ['an engine that lists nothing', '/buildx'],
  ['a runner without buildx', undefined],
])('%s runs its own platform, and nothing is kept', async (_title, buildx) => {
  const folder = temporaryFolder();
  const ports = toolPorts(() => ({ exitCode: 1, stderr: 'no' }));
  const handled = await readHandled(ports, engine, buildx, folder);
  await handled.keep();
  expect(formatted(handled)).toEqual(['linux/amd64']);
  const later = toolPorts(() => lists);
  expect(formatted(await readHandled(later, engine, '/buildx', folder))).toContain('linux/arm64');
});
