import { describe, expect, test } from '@jest/globals';
import type { BuildOutput, BuildRequest } from '../../../src/build/build-request.ts';
import { type BakeCall, bakeArguments, bakeFile } from '../../../src/engine/bake-arguments.ts';
import { aBuild, someInputs } from '../../support/builders.ts';

const call: BakeCall = {
  buildx: '/buildx',
  builder: undefined,
  canAnnotate: true,
  isStored: false,
  secrets: new Map(),
  files: { definition: '/t/bake.json', metadata: '/t/metadata.json' },
  allow: [],
  folders: { read: [], written: [] },
};

const registries: BuildOutput = { kind: 'registries', names: ['ghcr.io/o/a', 'quay.io/o/a'] };

function documentOf(
  raw: Readonly<Record<string, unknown>>,
  request: Partial<BuildRequest> = {},
  { isImage = true, ...how }: Partial<BakeCall> & { isImage?: boolean; output?: BuildOutput | undefined } = {},
): Readonly<Record<string, unknown>> {
  const output = 'output' in how ? how.output : registries;
  const target = {
    name: 'a',
    raw,
    request: aBuild(request),
    isImage,
    references: ['ghcr.io/o/a:1'],
    push: false,
    output,
  };
  return JSON.parse(bakeFile([target], [], { ...call, ...how }, true)).target.a;
}

test('the command line names the written file, the builder, what is allowed, and the targets', () => {
  const argv = bakeArguments(['a', 'b'], {
    ...call,
    builder: 'mine',
    allow: ['network.host'],
    folders: { read: ['/t/secrets'], written: ['/t'] },
  });
  expect(argv.join(' ')).toBe(
    '/buildx bake --file /t/bake.json --progress plain --metadata-file /t/metadata.json --builder mine --allow network.host --allow fs.read=/t/secrets --allow fs.write=/t a b',
  );
});

describe('a target that is published', () => {
  test('has no tag, and goes to its repositories by digest', () => {
    expect(documentOf({ tags: ['x:1'], output: [{ type: 'registry' }], context: '.' })).toEqual({
      context: '.',
      output: [
        {
          type: 'image',
          name: 'ghcr.io/o/a,quay.io/o/a',
          'push-by-digest': 'true',
          'name-canonical': 'true',
          push: 'true',
        },
      ],
    });
  });

  test.each([
    [
      'an archive',
      { kind: 'archive', file: '/t/a.tar' } as const,
      false,
      [{ type: 'oci', dest: '/t/a.tar' }],
      undefined,
    ],
    ['the engine that builds', { kind: 'engine' } as const, true, undefined, undefined],
    ['an engine beside the builder', { kind: 'engine' } as const, false, [{ type: 'docker' }], undefined],
    ['nowhere, where the engine keeps it under its names', undefined, true, undefined, ['ghcr.io/o/a:1']],
    ['nowhere at all', undefined, false, [{ type: 'cacheonly' }], ['ghcr.io/o/a:1']],
  ])('goes to %s', (_where, output, isStored, exported, tags) => {
    const document = documentOf({}, {}, { isStored, output });
    expect([document.output, document.tags]).toEqual([exported, tags]);
  });

  test('keeps files that it writes, and the compression of the image', () => {
    const { outputs } = someInputs({ outputs: 'type=image,compression=zstd\ntype=local,dest=out' }).build.options;
    expect(documentOf({}, { outputs }).output).toEqual([
      expect.objectContaining({ type: 'image', compression: 'zstd' }),
      { type: 'local', dest: 'out' },
    ]);
  });

  test('has labels of the plan over its own, and the annotations that the plan leaves to it', () => {
    const raw = { labels: { x: 'baked', y: 'baked' }, annotations: ['manifest:x=baked', 'index:y=baked'] };
    const annotations = [{ level: 'manifest', name: 'x', value: 'planned' }];
    const document = documentOf(raw, { labels: ['x=planned, "yes"'], annotations });
    expect(document.labels).toEqual({ x: 'planned, "yes"', y: 'baked' });
    expect(document.annotations).toEqual(['index:y=baked', 'manifest:x=planned']);
    expect(documentOf(raw, { annotations }, { canAnnotate: false }).annotations).toBeUndefined();
  });

  test('says by which run it was built, unless the bake file does', () => {
    const plain = [{ type: 'provenance', attributes: [['mode', 'max']] as const }];
    const builderId = 'https://github.com/o/r/actions/runs/1';
    expect(documentOf({}, { attestations: plain, builderId }).attest).toEqual([
      { type: 'provenance', mode: 'max', 'builder-id': builderId },
    ]);
    const own = [{ type: 'provenance', attributes: [['builder-id', 'mine']] as const }];
    expect(documentOf({}, { attestations: own, builderId }).attest).toEqual([
      { type: 'provenance', 'builder-id': 'mine' },
    ]);
  });
});

describe('every target', () => {
  const { options } = someInputs({
    bake: 'a',
    'secret-files': 'file=/home/x',
    ssh: 'default,deploy=/key',
    'add-hosts': 'a:1.1.1.1,b=::1',
    network: 'none',
    'no-cache': 'true',
    pull: 'true',
    'shm-size': '2g',
    ulimit: 'nofile=1:2',
    'no-cache-filters': 'x',
  }).build;

  test.each([true, false])('gets what the inputs say, whether it is published (%s) or not', (isImage) => {
    const raw = {
      secret: [
        { id: 'own', env: 'X' },
        { id: 'word', env: 'Y' },
      ],
      'extra-hosts': { c: '2.2.2.2' },
      unknown: { a: [1] },
    };
    const secrets = new Map([['word', '/t/secrets/0']]);
    const request = {
      ...options,
      secrets: [...options.secrets, { id: 'word', kind: 'input' } as const],
      buildArgs: ['A=1', 'A=2=3'],
      buildContexts: ['base=target:base', 'b=docker-image://x'],
      sourceDate: 17,
    };
    expect(documentOf(raw, request, { isImage, secrets })).toMatchObject({
      unknown: { a: [1] },
      args: { A: '2=3', SOURCE_DATE_EPOCH: '17' },
      contexts: { base: 'target:base', b: 'docker-image://x' },
      secret: [
        { id: 'own', env: 'X' },
        { id: 'word', src: '/t/secrets/0' },
        { id: 'file', src: '/home/x' },
      ],
      ssh: [{ id: 'default' }, { id: 'deploy', paths: ['/key'] }],
      'extra-hosts': { a: '1.1.1.1', b: '::1', c: '2.2.2.2' },
      network: 'none',
      'no-cache': true,
      pull: true,
      'shm-size': '2g',
      ulimits: ['nofile=1:2'],
      'no-cache-filter': ['x'],
    });
  });

  test('that makes no image keeps its names, labels and outputs', () => {
    const raw = { tags: ['x:1'], labels: { a: 'b' }, output: [{ type: 'local', dest: 'out' }], attest: [] };
    expect(documentOf(raw, { labels: ['a=c'] }, { isImage: false })).toEqual(raw);
  });

  test('writes no cache once that has failed', () => {
    const request = aBuild({ cacheTo: [{ type: 'registry', attributes: [['ref', 'x']], variables: [] }] });
    const target = { name: 'a', raw: {}, request, isImage: true, references: [], push: false, output: registries };
    const read = (uses: boolean) => JSON.parse(bakeFile([target], [], call, uses)).target.a['cache-to'];
    expect(read(true)).toEqual([{ type: 'registry', ref: 'x' }]);
    expect(read(false)).toBeUndefined();
  });

  test('has no text that is an expression', () => {
    const document = documentOf({ labels: { '${a}': '${b}' } }, { buildArgs: ['A=%{if x}'], labels: ['c=${d}'] });
    expect(document).toMatchObject({ labels: { '$${a}': '$${b}', c: '$${d}' }, args: { A: '%%{if x}' } });
  });
});
