/**
 * What a workflow can ask of a build, one case for each feature of the capability table: a checkout, inputs, and a look at
 * the published image by a client that shares no code with us.
 */

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import type { FeatureName } from '../../src/build/capabilities.ts';
import type { IndependentClient } from './lab.ts';
import type { Runner, StepResult } from './step.ts';

/** What a case has to work with. */
export interface CaseWorld {
  readonly runner: Runner;
  readonly client: IndependentClient;
  /** A base image whose commands run. */
  readonly busybox: string;
  /** `registry/path` that the case publishes to. */
  readonly name: string;
  /** A text that no other run has. */
  readonly nonce: string;
  /** The program that shows images of the engine. */
  readonly engineProgram: string;
  /** Another run of the step. */
  again(inputs: Readonly<Record<string, string>>): Promise<StepResult>;
}

export interface BuildCase {
  readonly dockerfile: (world: CaseWorld) => string;
  readonly files?: Readonly<Record<string, string>>;
  readonly inputs?: (world: CaseWorld) => Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  /** The code that the step ends with. Default: it succeeds. */
  readonly code?: string;
  /** The code of a refusal by an engine. Default: ENGINE_CANNOT. */
  readonly refusal?: string;
  /** Looks at what came of it. */
  readonly check: (step: StepResult, world: CaseWorld) => Promise<void>;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Two lines, a comma and quotation marks. */
const multiLine = '{"user": "octo, cat",\n "key": "canary-two-lines"}';

async function content(world: CaseWorld, step: StepResult, path: string, platform?: string): Promise<string> {
  return (await world.client.contentOf(step.outputs.reference ?? '', path, platform)).trim();
}

type Json = Readonly<Record<string, unknown>>;

function list(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

const scratch = (): string => 'FROM scratch\nCOPY hello.txt /hello.txt\n';

export const buildCases: Readonly<Record<FeatureName, BuildCase>> = {
  build: {
    dockerfile: ({ busybox, nonce }) =>
      [
        `FROM ${busybox} AS wanted`,
        'ARG VERSION',
        `ENV GREETING="hello ${nonce}"`,
        'LABEL from-argument=$VERSION',
        'RUN cat /etc/hosts > /hosts.txt; echo $GREETING $VERSION > /said.txt',
        'ENTRYPOINT ["/bin/cat", "/said.txt"]',
        'FROM scratch',
        'COPY missing.txt /',
      ].join('\n'),
    inputs: ({ engineProgram }) => ({
      target: 'wanted',
      'build-args': '"VERSION=1, 2=""3"""\n',
      labels: 'com.example.team=octo, cat',
      'add-hosts': 'db.test:10.0.0.7,cache.test=10.0.0.8',
      // Podman writes no /etc/hosts where there is no network.
      network: engineProgram === 'podman' ? 'default' : 'none',
      'no-cache': 'true',
    }),
    async check(step, world) {
      const { config } = await world.client.configOf(step.outputs.reference ?? '');
      expect(config).toMatchObject({
        Labels: { 'from-argument': '1, 2="3"', 'com.example.team': 'octo, cat' },
        Env: expect.arrayContaining([`GREETING=hello ${world.nonce}`]),
        Entrypoint: ['/bin/cat', '/said.txt'],
      });
      expect(await content(world, step, 'said.txt')).toBe(`hello ${world.nonce} 1, 2="3"`);
      const hosts = await content(world, step, 'hosts.txt');
      expect(hosts).toMatch(/10\.0\.0\.7\s+db\.test/);
      expect(hosts).toMatch(/10\.0\.0\.8\s+cache\.test/);
      expect(JSON.parse(step.outputs.platforms ?? '')).toEqual({ 'linux/amd64': step.outputs.digest });
      expect(step.outputs.imageid).toMatch(/^sha256:[0-9a-f]{64}$/);
    },
  },
  platform: {
    dockerfile: scratch,
    inputs: () => ({ platforms: 'linux/amd64' }),
    async check(step, { client }) {
      const config = await client.configOf(step.outputs.reference ?? '');
      expect(config).toMatchObject({ os: 'linux', architecture: 'amd64' });
      expect(JSON.parse(step.outputs.platforms ?? '')).toEqual({ 'linux/amd64': step.outputs.digest });
    },
  },
  platforms: {
    dockerfile: scratch,
    inputs: () => ({ platforms: 'linux/amd64,linux/arm64' }),
    async check(step, world) {
      const { manifests } = await world.client.manifestOf(step.outputs.reference ?? '');
      const found = list(manifests).map(({ digest, platform }) => {
        const { os, architecture } = Object(platform);
        return [`${os}/${architecture}`, digest];
      });
      expect(found.map(([platform]) => platform).sort()).toEqual(['linux/amd64', 'linux/arm64']);
      expect(JSON.parse(step.outputs.platforms ?? '')).toEqual(Object.fromEntries(found));
      expect(step.outputs.imageid).toMatch(/^sha256:[0-9a-f]{64}$/);
      expect(await content(world, step, 'hello.txt', 'linux/arm64')).toBe('Hello');
    },
  },
  'load-platforms': {
    dockerfile: scratch,
    inputs: () => ({ platforms: 'linux/amd64,linux/arm64', load: 'true' }),
    async check(step, { runner, engineProgram }) {
      expect((await runner.run([engineProgram, 'image', 'inspect', step.outputs.image ?? ''])).exitCode).toBe(0);
    },
  },
  load: {
    dockerfile: scratch,
    inputs: () => ({ load: 'true' }),
    async check(step, { runner, engineProgram }) {
      expect((await runner.run([engineProgram, 'image', 'inspect', step.outputs.image ?? ''])).exitCode).toBe(0);
    },
  },
  secrets: {
    dockerfile: ({ busybox }) => {
      const ids = ['plain', 'lines', 'from-env', 'from-file'];
      const mounts = ids.map((id) => `--mount=type=secret,id=${id}`).join(' ');
      return `FROM ${busybox}\nRUN ${mounts} for id in ${ids.join(' ')}; do sha256sum < /run/secrets/$id; done > /sums.txt\n`;
    },
    files: { 'secret.txt': 'canary-in-a-file' },
    env: { FROM_ENVIRONMENT: 'canary-in-the-environment' },
    inputs: ({ nonce }) => ({
      secrets: `plain=canary=${nonce}\n"lines=${multiLine.replaceAll('"', '""')}"`,
      'secret-envs': 'from-env=FROM_ENVIRONMENT',
      'secret-files': 'from-file=secret.txt',
      'no-cache': 'true',
    }),
    async check(step, world) {
      const sums = (await content(world, step, 'sums.txt')).split('\n').map((line) => line.split(' ')[0]);
      const values = [`canary=${world.nonce}`, multiLine, 'canary-in-the-environment', 'canary-in-a-file'];
      expect(sums).toEqual(values.map(sha256));
    },
  },
  ssh: {
    dockerfile: ({ busybox, nonce }) =>
      `FROM ${busybox}\nRUN --mount=type=ssh echo ${nonce}; test -S $SSH_AUTH_SOCK && echo yes > /agent.txt\n`,
    inputs: () => ({ ssh: 'default=id_test' }),
    check: async (step, world) => expect(await content(world, step, 'agent.txt')).toBe('yes'),
  },
  'git-token': {
    dockerfile: scratch,
    inputs: () => ({}),
    check: async (step, world) =>
      expect(await content(world, step, 'hello.txt')).toBe('Hello from a private repository'),
  },
  'build-contexts': {
    dockerfile: () => 'FROM scratch\nCOPY --from=extra more.txt /more.txt\n',
    files: { 'elsewhere/more.txt': 'More' },
    inputs: () => ({ 'build-contexts': 'extra=elsewhere' }),
    check: async (step, world) => expect(await content(world, step, 'more.txt')).toBe('More'),
  },
  ulimit: {
    dockerfile: ({ busybox, nonce }) => `FROM ${busybox}\nRUN echo ${nonce}; ulimit -n > /limit.txt\n`,
    inputs: () => ({ ulimit: 'nofile=1234:1234', 'shm-size': '128m' }),
    check: async (step, world) => expect(await content(world, step, 'limit.txt')).toBe('1234'),
  },
  allow: {
    dockerfile: ({ busybox, nonce }) => `FROM ${busybox}\nRUN echo ${nonce}; ls /sys/class/net > /links.txt\n`,
    inputs: () => ({ allow: 'network.host', network: 'host' }),
    check: async (step, world) => expect(await content(world, step, 'links.txt')).toContain('lo'),
  },
  insecure: {
    // Without a sandbox a process has every capability of the daemon: CAP_SYS_ADMIN is bit 21.
    dockerfile: ({ busybox, nonce }) =>
      `FROM ${busybox}\nRUN --security=insecure echo ${nonce}; grep CapEff /proc/self/status > /capabilities.txt\n`,
    inputs: () => ({ allow: 'security.insecure' }),
    async check(step, world) {
      const [, mask = '0'] = /CapEff:\s*([0-9a-f]+)/.exec(await content(world, step, 'capabilities.txt')) ?? [];
      expect((BigInt(`0x${mask}`) >> 21n) & 1n).toBe(1n);
    },
  },
  'no-cache-filters': {
    dockerfile: ({ busybox }) =>
      `FROM ${busybox} AS stale\nRUN head -c 16 /dev/urandom | sha256sum > /once.txt\nFROM stale AS fresh\nRUN head -c 16 /dev/urandom | sha256sum > /again.txt\n`,
    inputs: () => ({ 'no-cache-filters': 'fresh' }),
    async check(step, world) {
      const second = await world.again({ 'no-cache-filters': 'fresh' });
      expect(await content(world, second, 'once.txt')).toBe(await content(world, step, 'once.txt'));
      expect(await content(world, second, 'again.txt')).not.toBe(await content(world, step, 'again.txt'));
    },
  },
  'cache-inline': {
    dockerfile: ({ busybox, nonce }) => `FROM ${busybox}\nRUN echo ${nonce} > /nonce.txt\n`,
    inputs: () => ({ cache: 'inline' }),
    async check(step, { client }) {
      const config = await client.configOf(step.outputs.reference ?? '');
      expect(Object.keys(config)).toContain('moby.buildkit.cache.v0');
      expect(step.log).toContain('Cache: ');
    },
  },
  'cache-from': {
    dockerfile: ({ busybox, nonce }) => `FROM ${busybox}\nRUN echo ${nonce} > /nonce.txt\n`,
    inputs: ({ name }) => ({
      'cache-from': `type=registry,ref=${name}:1.0\n${name}:absent`,
      'cache-to': 'type=inline',
    }),
    async check(_step, world) {
      const second = await world.again({ 'cache-from': `${world.name}:1.0` });
      expect(second.log).toContain(`importing cache manifest from ${world.name}:1.0`);
      expect(second.log).toContain('CACHED');
    },
  },
  'cache-to': {
    dockerfile: ({ busybox, nonce }) => `FROM ${busybox}\nRUN echo ${nonce} > /nonce.txt\n`,
    // In a repository of its own: BuildKit writes all caches at once, and Distribution 2.8 does not take one manifest twice at
    // the same time.
    inputs: ({ name }) => ({ 'cache-to': `type=registry,ref=${name}/more:cache,mode=max`, cache: 'registry' }),
    async check(_step, { client, name }) {
      expect(await client.tagsOf(name)).toEqual(['1.0', 'buildcache-main']);
      expect(await client.tagsOf(`${name}/more`)).toEqual(['cache']);
    },
  },
  outputs: {
    dockerfile: scratch,
    inputs: () => ({ outputs: 'type=local,dest=out' }),
    async check(step, world) {
      expect(readFileSync(join(world.runner.workspace, 'out/hello.txt'), 'utf8')).toBe('Hello\n');
      expect(await content(world, step, 'hello.txt')).toBe('Hello');
    },
  },
  archives: {
    dockerfile: scratch,
    inputs: () => ({ outputs: 'type=oci,dest=image.tar\ntype=docker,dest=docker.tar' }),
    async check(step, world) {
      const names = ['image.tar', 'docker.tar'].map((file) =>
        execFileSync('tar', ['--list', '--file', join(world.runner.workspace, file)], { encoding: 'utf8' }),
      );
      expect(names).toEqual([expect.stringMatching(/^oci-layout$/m), expect.stringMatching(/^manifest\.json$/m)]);
      expect(await content(world, step, 'hello.txt')).toBe('Hello');
    },
  },
  annotations: {
    dockerfile: scratch,
    inputs: () => ({ annotations: 'com.example.team=octo, cat\nmanifest:com.example.level=manifest' }),
    async check(step, { client }) {
      const { annotations } = await client.manifestOf(step.outputs.reference ?? '');
      expect(annotations).toMatchObject({
        'com.example.team': 'octo, cat',
        'com.example.level': 'manifest',
        'org.opencontainers.image.licenses': 'MIT',
        'org.opencontainers.image.version': '1.0',
      });
    },
  },
  compression: {
    dockerfile: scratch,
    inputs: () => ({ compression: 'zstd,level=3' }),
    async check(step, { client }) {
      const { layers } = await client.manifestOf(step.outputs.reference ?? '');
      expect(list(layers).map(({ mediaType }) => mediaType)).toEqual(['application/vnd.oci.image.layer.v1.tar+zstd']);
    },
  },
  reproducible: {
    dockerfile: ({ busybox }) => `FROM ${busybox}\nRUN echo made > /made.txt\nCOPY hello.txt /hello.txt\n`,
    inputs: () => ({ reproducible: 'true' }),
    env: { SOURCE_DATE_EPOCH: '1767323045' },
    async check(step, { client, again }) {
      const { created } = await client.configOf(step.outputs.reference ?? '');
      expect(created).toBe('2026-01-02T03:04:05Z');
      const { outputs } = await again({ reproducible: 'true', 'no-cache': 'true' });
      expect(outputs.digest).toBe(step.outputs.digest);
    },
  },
  attestations: {
    dockerfile: scratch,
    inputs: () => ({ provenance: 'mode=max' }),
    async check(step, { client, name }) {
      const { manifests } = await client.manifestOf(step.outputs.reference ?? '');
      const kinds = list(manifests).map(({ annotations }) => Object(annotations)['vnd.docker.reference.type']);
      expect(kinds).toEqual([undefined, 'attestation-manifest']);
      const attestation = await client.manifestOf(`${name}@${list(manifests)[1]?.digest}`);
      const statement = await client.blobOf(`${name}@${list(attestation.layers)[0]?.digest}`);
      expect(JSON.stringify(statement)).toContain(
        `https://github.com/${name.split('/').slice(1).join('/')}/actions/runs/1658821493/attempts/1`,
      );
      expect(JSON.parse(step.outputs.platforms ?? '')).toEqual({ 'linux/amd64': list(manifests)[0]?.digest });
    },
  },
  bake: {
    dockerfile: ({ busybox, nonce }) => `FROM ${busybox}\nARG SAID\nRUN echo ${nonce} $SAID > /said.txt\n`,
    files: {
      'docker-bake.hcl': [
        'variable "SAID" { default = "nothing" }',
        'target "default" {',
        '  args = { SAID = SAID }',
        '  labels = { "from.bake" = "a, \\"b\\"" }',
        '}',
      ].join('\n'),
    },
    inputs: () => ({ bake: 'docker-bake.hcl' }),
    // Podman is named by an input, and buildx builds a bake file.
    refusal: 'INPUTS_CONTRADICT',
    env: { SAID: 'by a variable' },
    async check(step, world) {
      expect(await content(world, step, 'said.txt')).toBe(`${world.nonce} by a variable`);
      expect(await world.client.labelsOf(step.outputs.reference ?? '')).toMatchObject({ 'from.bake': 'a, "b"' });
    },
  },
  call: {
    dockerfile: () => 'from scratch\nCOPY hello.txt /hello.txt\nARG API_TOKEN\n',
    inputs: () => ({ call: 'check' }),
    code: 'CHECK_FAILED',
    async check(step) {
      const warnings = step.commands.filter(({ name }) => name === 'warning');
      expect(warnings.map(({ properties }) => [properties.file, properties.line])).toEqual([
        ['Dockerfile', '1'],
        ['Dockerfile', '3'],
      ]);
      expect(warnings[0]?.data).toContain('ConsistentInstructionCasing');
    },
  },
};
