import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { attestationArguments } from '../../../src/build/attestations.ts';
import { gitSecretId, secretValues } from '../../../src/build/build-secrets.ts';
import { parseBuilder } from '../../../src/build/builder-choice.ts';
import { formatCacheEntry } from '../../../src/build/cache.ts';
import { checkOutputs, parseCompression, parseOutputs } from '../../../src/build/exporters.ts';
import { outputArguments } from '../../../src/engine/exporter-arguments.ts';
import { createArguments, nodeCertificates } from '../../../src/engine/own-builder.ts';
import { readSecretFiles, secretArguments } from '../../../src/engine/secret-files.ts';
import { gatherFaults } from '../../../src/errors.ts';
import {
  type BuildInputName,
  type BuildInputs,
  buildInputDefaults,
  engineInputDefaults,
  parseBuildInputs,
} from '../../../src/inputs/build-inputs.ts';
import { withoutBuildSecrets } from '../../../src/text/secret-text.ts';
import { aBuild } from '../../support/builders.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

function parse(texts: Readonly<Partial<Record<BuildInputName, string>>>): BuildInputs {
  const faults = gatherFaults();
  const inputs = parseBuildInputs(
    (name) => texts[name] ?? { ...buildInputDefaults, ...engineInputDefaults }[name],
    faults,
  );
  faults.throwIfAny();
  return inputs;
}

describe('strings become values', () => {
  test.each([
    ['ssh between commas', { ssh: 'default,deploy=key' }, { ssh: ['default', 'deploy=key'] }],
    ['add-hosts between commas', { 'add-hosts': 'a:1.1.1.1,b=2.2.2.2' }, { addHosts: ['a:1.1.1.1', 'b=2.2.2.2'] }],
    [
      'entitlements',
      { allow: 'network.host\nsecurity.insecure,device=x' },
      { allow: ['network.host', 'security.insecure', 'device=x'] },
    ],
    ['a boolean in capitals', { pull: 'TRUE', 'no-cache': 'false' }, { pull: true, noCache: false }],
    ['stages', { 'no-cache-filters': 'a,b' }, { noCacheFilters: ['a', 'b'] }],
    ['limits', { ulimit: 'nofile=1:2\nnproc=-1' }, { ulimits: ['nofile=1:2', 'nproc=-1'] }],
    ['a size', { 'shm-size': '2g' }, { shmSize: '2g' }],
    ['contexts', { 'build-contexts': 'a=b=c\nd=docker-image://x' }, { buildContexts: ['a=b=c', 'd=docker-image://x'] }],
    ['a method', { call: 'outline' }, { call: 'outline' }],
    ['a release', { 'buildx-version': 'v0.30.1' }, { buildxVersion: 'v0.30.1' }],
    ['no provenance', { provenance: 'false' }, { attestations: [] }],
    ['provenance that is switched off', { attests: 'type=provenance,disabled=true' }, { attestations: [] }],
    ['provenance', { provenance: 'true' }, { attestations: [{ type: 'provenance', attributes: [] }] }],
    [
      'attestations with attributes',
      { provenance: 'mode=max,builder-id=x', attests: 'type=sbom,generator=a/b:1,scan=all' },
      {
        attestations: [
          {
            type: 'provenance',
            attributes: [
              ['mode', 'max'],
              ['builder-id', 'x'],
            ],
          },
          {
            type: 'sbom',
            attributes: [
              ['generator', 'a/b:1'],
              ['scan', 'all'],
            ],
          },
        ],
      },
    ],
  ] as const)('%s', (_title, texts, options) => {
    expect(parse(texts).options).toMatchObject(options);
  });

  test.each([
    ['a boolean that is none', { load: 'yes' }],
    ['an empty limit', { ulimit: 'nofile=' }],
    ['a size without a number', { 'shm-size': 'big' }],
    ['a host without an address', { 'add-hosts': 'db' }],
    ['a context without a name', { 'build-contexts': '=x' }],
    ['a method that there is not', { call: 'lint' }],
    ['an attestation without a type', { attests: 'mode=max' }],
    ['a release without its checksum', { 'buildx-version': '1.0' }],
    ['a mode of caching that there is not', { cache: 'redis' }],
  ] as const)('%s is refused', (_title, texts) => {
    expect(() => parse(texts)).toThrowCode('INPUT_INVALID');
  });
});

describe('secrets', () => {
  const { options, secretValues: values } = parse({
    secrets: 'plain=a=b, c \n"json={""k"": 1,\n ""l"": 2}"',
    'secret-envs': 'token=MY_TOKEN,other=OTHER',
    'secret-files': 'file=path/to, it',
  });

  test('are known to the plan by where they come from, not by what they are', () => {
    expect(options.secrets).toEqual([
      { id: 'plain', kind: 'input' },
      { id: 'json', kind: 'input' },
      { id: 'token', kind: 'environment', variable: 'MY_TOKEN' },
      { id: 'other', kind: 'environment', variable: 'OTHER' },
      { id: 'file', kind: 'file', path: 'path/to, it' },
    ]);
  });

  test('keep their blanks, commas and line breaks', () => {
    expect([...secretValues(options.secrets, values, { MY_TOKEN: 't', OTHER: 'o' })]).toEqual([
      ['plain', 'a=b, c '],
      ['json', '{"k": 1,\n "l": 2}'],
      ['token', 't'],
      ['other', 'o'],
    ]);
  });

  test('are named to the builder by files alone', () => {
    const files = new Map([
      ['plain', '/private/0'],
      ['json', '/private/1'],
    ]);
    expect(secretArguments(options.secrets, files)).toEqual([
      ...['--secret', 'id=plain,src=/private/0', '--secret', 'id=json,src=/private/1'],
      ...['--secret', '"id=file","src=path/to, it"'.replace('"id=file"', 'id=file')],
    ]);
  });
});

describe('a secret of the build', () => {
  const env = {
    PATH: '/home/runner/bin:/bin',
    TOKEN: 'npm_0123456789abcdef',
    NPM_CONFIG: '//registry.npmjs.org/:_authToken=npm_0123456789abcdef',
    PASSWORD: 'hunter22\n',
    KEY: '-----BEGIN KEY-----\nAAAA\n',
    CI: 'true',
    ABSENT: undefined,
  };

  test.each([
    ['is it', ['npm_0123456789abcdef'], ['TOKEN', 'NPM_CONFIG']],
    ['is it, but for white space', ['hunter22'], ['PASSWORD']],
    ['is it, in several lines', ['-----BEGIN KEY-----\nAAAA'], ['KEY']],
    ['is it, if it is long enough to be a secret', ['true'], []],
    ['has it in it, if it is too long for a part of a name', ['runner'], []],
    ['has it in it; an empty one is in none', [''], []],
  ])('is in the environment of no child: a variable goes that %s', (_title, secrets, gone) => {
    const kept = Object.keys(withoutBuildSecrets(env, secrets));
    expect(Object.keys(env).filter((name) => !kept.includes(name))).toEqual(gone);
  });

  test('that stands in a file is read from there, if it is a text that BuildKit takes', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'text'), 'a text');
    writeFileSync(join(folder, 'binary'), Buffer.from([0xff, 0xfe, 0x00]));
    writeFileSync(join(folder, 'large'), 'x'.repeat(500 * 1024 + 1));
    const paths = ['text', 'binary', 'large', 'missing', '.'].map((name) => join(folder, name));
    const contents = await readSecretFiles(paths.map((path) => ({ id: path, kind: 'file', path })));
    expect(contents).toEqual(['a text', '', '', '', '']);
  });
});

describe('the token for a Git context', () => {
  test.each([
    ['is for the run’s own server', 'https://github.com/o/r.git', 'GIT_AUTH_TOKEN.github.com'],
    ['with a ref, too', 'https://github.com/o/r.git#main:app', 'GIT_AUTH_TOKEN.github.com'],
    ['in the short form, too', 'github.com/o/r', 'GIT_AUTH_TOKEN.github.com'],
    ['is for no other server', 'https://gitlab.example/o/r.git', ''],
    ['is for no server that only looks alike', 'https://github.com.example/o/r.git', ''],
    ['is for no archive', 'https://github.com/o/r/archive/main.tar.gz', ''],
    ['is for no SSH remote', 'git@github.com:o/r.git', ''],
    ['is for no folder', '.', ''],
  ])('%s: %s', (_title, context, id) => {
    expect(gitSecretId(context, 'github.com', [])).toBe(id);
  });

  test.each(['GIT_AUTH_TOKEN', 'GIT_AUTH_TOKEN.github.com'])('yields to a secret %s of the workflow', (id) => {
    expect(gitSecretId('https://github.com/o/r.git', 'github.com', [{ id, kind: 'input' }])).toBe('');
  });
});

describe('cache entries', () => {
  test.each([
    ['a name alone is a registry’s', 'ghcr.io/o/app:cache', 'type=registry,ref=ghcr.io/o/app:cache'],
    ['attributes stay', 'type=local,src=a', 'type=local,src=a'],
  ])('%s', (_title, text, formatted) => {
    expect(parse({ 'cache-from': text }).options.cacheFrom.map(formatCacheEntry)).toEqual([formatted]);
  });

  test.each([
    ['is tolerant', 'type=gha,mode=max', 'type=gha,mode=max,ignore-error=true'],
    ['unless the workflow says how', 'type=gha,ignore-error=false', 'type=gha,ignore-error=false'],
    ['except for one in the image', 'type=inline', 'type=inline'],
  ])('an export %s', (_title, text, formatted) => {
    expect(parse({ 'cache-to': text }).options.cacheTo.map(formatCacheEntry)).toEqual([formatted]);
  });

  test('a credential goes to the environment of the builder’s client', () => {
    const { options, variables } = parse({ 'cache-to': 'type=gha,token=canary,scope=x' });
    expect(JSON.stringify(options)).not.toContain('canary');
    expect([...variables]).toEqual([['ACTIONS_RUNTIME_TOKEN', 'canary']]);
  });
});

describe('where the result goes', () => {
  const args = (texts: Parameters<typeof parse>[0], push: boolean, isStored: boolean): readonly string[] =>
    outputArguments(parse(texts).options, { push, isStored });

  test.each([
    ['a push', {}, true, true, ['--push']],
    ['a build', {}, false, true, []],
    ['a build that is loaded', { load: 'true' }, false, false, ['--load']],
    ['a build that the engine keeps anyway', { load: 'true' }, false, true, []],
    ['a push that is loaded', { load: 'true' }, true, false, ['--push', '--load']],
    [
      'a push with a compression',
      { compression: 'zstd,level=3' },
      true,
      true,
      [
        '--output',
        'type=image,compression=zstd,compression-level=3,force-compression=true,oci-mediatypes=true,push=true',
      ],
    ],
    ['a push and files', { outputs: 'type=local,dest=out' }, true, true, ['--push', '--output', 'type=local,dest=out']],
    [
      'a push with attributes',
      { outputs: 'type=image,oci-mediatypes=true' },
      true,
      true,
      ['--output', 'type=image,oci-mediatypes=true,push=true'],
    ],
    ['files alone', { outputs: 'out' }, false, true, ['--output', 'type=local,dest=out']],
    ['an archive with a comma', { outputs: 'type=oci,"dest=a,b"' }, false, true, ['--output', 'type=oci,"dest=a,b"']],
  ] as const)('%s', (_title, texts, push, isStored, expected) => {
    expect(args(texts, push, isStored)).toEqual(expected);
  });

  const engine = { kind: 'engine' } as const;
  const archive = { kind: 'archive', file: 'a,b.tar' } as const;
  const registries = { kind: 'registries', names: ['ghcr.io/o/a', 'ghcr.io/o/b'] } as const;
  const byDigest = 'type=image,"name=ghcr.io/o/a,ghcr.io/o/b",push-by-digest=true,name-canonical=true,push=true';
  test.each([
    ['for the engine that keeps it', engine, {}, true, []],
    ['for the engine that a builder fills', engine, {}, false, ['--load']],
    [
      'for the engine, and files',
      engine,
      { outputs: 'type=local,dest=out' },
      true,
      ['--output', 'type=image,push=false', '--output', 'type=local,dest=out'],
    ],
    [
      'for the engine, compressed',
      engine,
      { compression: 'zstd' },
      true,
      ['--output', 'type=image,compression=zstd,force-compression=true,oci-mediatypes=true,push=false'],
    ],
    ['by digest', registries, {}, false, ['--output', byDigest]],
    [
      'by digest, loaded, and files',
      registries,
      { load: 'true', outputs: 'type=local,dest=out' },
      false,
      ['--output', byDigest, '--load', '--output', 'type=local,dest=out'],
    ],
    [
      'by digest, with attributes of the image',
      registries,
      { outputs: 'type=image,rewrite-timestamp=true' },
      false,
      ['--output', `${byDigest},rewrite-timestamp=true`],
    ],
    ['in an archive', archive, {}, true, ['--output', 'type=oci,"dest=a,b.tar"']],
    [
      'in an archive, with those attributes of the image that it has',
      archive,
      { outputs: 'type=image,rewrite-timestamp=true,unpack=true', compression: 'zstd' },
      true,
      [
        '--output',
        'type=oci,"dest=a,b.tar",compression=zstd,force-compression=true,oci-mediatypes=true,rewrite-timestamp=true',
      ],
    ],
    ['in an archive, and loaded', archive, { load: 'true' }, true, ['--output', 'type=oci,"dest=a,b.tar"', '--load']],
  ] as const)('an image to be published later: %s', (_title, output, texts, isStored, expected) => {
    expect(outputArguments(parse(texts).options, { push: false, output, isStored })).toEqual(expected);
  });

  test.each([
    ['what pushes where nothing is pushed', 'type=image,push=true', false],
    ['what pushes by its type', 'type=registry', false],
    ['what does not push what is pushed', 'type=image,push=false', true],
    ['a name of its own', 'type=image,name=a/b', true],
    ['a push by digest', 'type=image,push-by-digest=true', true],
    ['two images', 'type=image\ntype=image', true],
  ])('%s contradicts the rest', (_title, outputs, value) => {
    const check = (): void => checkOutputs(parseOutputs(outputs), false, { value, reason: 'so it is' });
    expect(check).toThrowCode('INPUTS_CONTRADICT');
  });

  test('the recipe of docker/build-push-action for several runners is answered with `stage`', () => {
    const recipe = parseOutputs('type=image,name=ghcr.io/o/a,push-by-digest=true,name-canonical=true,push=true');
    expect(() => checkOutputs(recipe, false, { value: true, reason: 'so it is' })).toThrow(
      expect.objectContaining({ remedy: expect.stringContaining('use `stage: true`, whose legs `merge` joins') }),
    );
  });

  test.each(['gzip', 'gzip,level=9', 'zstd,level=22', 'estargz'])('%s is a compression', (text) => {
    expect(parseCompression(text)).toBeDefined();
  });

  test.each(['gzip,level=10', 'zstd,level=-1', 'zstd,speed=1', 'brotli', 'level=3'])('%s is none', (text) => {
    expect(() => parseCompression(text)).toThrowCode('INPUT_INVALID');
  });
});

describe('builders', () => {
  test.each([
    ['', { kind: 'auto' }],
    ['my-builder_1.x', { kind: 'named', name: 'my-builder_1.x' }],
    [
      'tcp://a:1\ntcp://b:2,"platforms=linux/arm64,linux/arm/v7",servername=b',
      {
        kind: 'nodes',
        driver: 'remote',
        nodes: [
          { endpoint: 'tcp://a:1', platforms: [], driverOptions: [] },
          {
            endpoint: 'tcp://b:2',
            platforms: [
              { os: 'linux', architecture: 'arm64' },
              { os: 'linux', architecture: 'arm', variant: 'v7' },
            ],
            driverOptions: ['servername=b'],
          },
        ],
      },
    ],
    [
      'kubernetes://,namespace=ci,"nodeselector=a=b,c=d"',
      {
        kind: 'nodes',
        driver: 'kubernetes',
        nodes: [{ endpoint: 'kubernetes://', platforms: [], driverOptions: ['namespace=ci', 'nodeselector=a=b,c=d'] }],
      },
    ],
    [
      'docker-container://buildkitd',
      {
        kind: 'nodes',
        driver: 'remote',
        nodes: [expect.objectContaining({ endpoint: 'docker-container://buildkitd' })],
      },
    ],
  ])('%j', (text, choice) => {
    expect(parseBuilder(text)).toEqual(choice);
  });

  test.each([
    '1builder',
    'a b',
    'tcp://host',
    'tcp://host:1/path',
    'ftp://x',
    'docker-container://',
    'tcp://a:1\nb',
    'tcp://a:1\nkubernetes://',
    'tcp://a:1,color=red',
  ])('%j is none', (text) => {
    expect(() => parseBuilder(text)).toThrowCode('INPUT_INVALID');
  });

  test('nodes are made one after the other', () => {
    const choice = parseBuilder('tcp://a:1\ntcp://b:2,platforms=linux/arm64');
    const nodes = choice.kind === 'nodes' ? choice.nodes : [];
    expect(
      nodes.map((node, index) =>
        createArguments('bx', 'n', 'remote', node, index, index === 1 ? { cacert: '/c, a' } : {}),
      ),
    ).toEqual([
      ['bx', 'create', '--name', 'n', '--driver', 'remote', '--node', 'node0', 'tcp://a:1'],
      [
        'bx',
        'create',
        '--name',
        'n',
        '--append',
        '--driver',
        'remote',
        '--node',
        'node1',
        '--driver-opt',
        '"cacert=/c, a"',
        '--platform',
        'linux/arm64',
        'tcp://b:2',
      ],
    ]);
  });

  test('pods have no endpoint', () => {
    const choice = parseBuilder('kubernetes://,replicas=2,"nodeselector=a=b,c=d"');
    const [node] = choice.kind === 'nodes' ? choice.nodes : [];
    expect(node && createArguments('bx', 'n', 'kubernetes', node, 0, {})).toEqual([
      ...['bx', 'create', '--name', 'n', '--driver', 'kubernetes', '--node', 'node0'],
      ...['--driver-opt', 'replicas=2,"nodeselector=a=b,c=d"'],
    ]);
  });

  test('a node’s certificates are those of its number', () => {
    const env = {
      BUILDER_NODE_1_AUTH_TLS_CACERT: 'ca',
      BUILDER_NODE_1_AUTH_TLS_KEY: 'key',
      BUILDER_NODE_0_AUTH_TLS_CERT: '',
    };
    expect([...nodeCertificates(0, env)]).toEqual([]);
    expect([...nodeCertificates(1, env)]).toEqual([
      ['cacert', 'ca'],
      ['key', 'key'],
    ]);
  });
});

test('provenance names the run, unless the workflow names another', () => {
  const { attestations } = parse({ provenance: 'mode=max', sbom: 'true' }).options;
  expect(attestationArguments(attestations, 'https://x/1')).toEqual([
    ...['--attest', 'type=provenance,mode=max,builder-id=https://x/1', '--attest', 'type=sbom'],
  ]);
  const own = parse({ provenance: 'builder-id=mine' }).options.attestations;
  expect(attestationArguments(own, 'https://x/1')).toEqual(['--attest', 'type=provenance,builder-id=mine']);
  expect(aBuild().builderId).toBe('');
});
