import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  annotationName,
  formatBakeFile,
  makesImage,
  parseBakeDefinition,
  targetsAsked,
} from '../../../src/build/bake-definition.ts';

/** As buildx 0.29.1 prints a file with a group, a matrix, a link and one of each attribute. */
const printed = {
  group: { default: { targets: ['app', 'm', 'worker'] }, m: { targets: ['m-1-0', 'm-2'] } },
  target: {
    app: {
      annotations: ['manifest:a=b,c'],
      attest: [
        { mode: 'max', type: 'provenance' },
        { type: 'sbom', disabled: 'true' },
      ],
      context: '.',
      contexts: { base: 'target:base' },
      dockerfile: 'Dockerfile',
      'dockerfile-inline': 'FROM base\nRUN echo $${HOME}\n',
      args: { V: 'dev' },
      labels: { 'a.b': 'c,d', x: 'two\nlines $${x} %%{y}' },
      tags: ['example/app:dev'],
      'cache-from': [{ type: 'gha' }],
      secret: [{ id: 'x', env: 'FOO' }, { id: 'y' }, { id: 'z', src: 'hello.txt' }],
      ssh: [{ id: 'default' }],
      platforms: ['linux/amd64'],
      output: [{ type: 'docker' }],
      'extra-hosts': { a: '1.2.3.4' },
      entitlements: ['network.host'],
    },
    base: { context: 'sub', dockerfile: 'base.Dockerfile', output: [{ type: 'cacheonly' }] },
    'm-1-0': { context: 'https://github.com/o/r.git', dockerfile: 'Dockerfile.worker' },
    'm-2': { context: '/abs', dockerfile: 'cwd://here/Dockerfile' },
    worker: { context: '.', dockerfile: 'Dockerfile.worker', target: 'last' },
  },
};

const definition = parseBakeDefinition(JSON.stringify(printed));
const target = (name: string) => definition.targets.get(name);

describe('what buildx printed', () => {
  test('is read as values, without the marks that keep HCL from reading them', () => {
    expect(target('app')).toMatchObject({
      context: '.',
      file: '',
      inlineDockerfile: 'FROM base\nRUN echo ${HOME}\n',
      stage: '',
      platforms: [{ os: 'linux', architecture: 'amd64' }],
      args: ['V=dev'],
      contexts: ['base=target:base'],
      annotations: ['manifest:a=b,c'],
      tags: ['example/app:dev'],
      attestations: [{ type: 'provenance', attributes: [['mode', 'max']] }],
      cacheFrom: [{ type: 'gha', attributes: [] }],
      outputs: [{ type: 'docker', attributes: [] }],
      entitlements: ['network.host'],
      secretVariables: ['FOO', 'y'],
      ssh: ['default'],
      call: 'build',
    });
    expect([...(target('app')?.labels ?? [])]).toEqual([
      ['a.b', 'c,d'],
      ['x', 'two\nlines ${x} %{y}'],
    ]);
  });

  test.each([
    ['base', 'sub/base.Dockerfile'],
    ['m-1-0', ''],
    ['m-2', 'here/Dockerfile'],
    ['worker', 'Dockerfile.worker'],
  ])('the Dockerfile of %s is "%s", from the context on', (name, file) => {
    expect(target(name)?.file).toBe(file);
  });

  test.each([
    ['no JSON', ''],
    ['no targets', '{}'],
    ['a list of targets', '{"target": []}'],
    ['a target whose name is an option', '{"target": {"--file=x y": {}}}'],
    ['a target whose name has a line break', '{"target": {"a\\nb": {}}}'],
    ['a target that is no object', '{"target": {"a": 1}}'],
    ['tags that are a text', '{"target": {"a": {"tags": "x"}}}'],
    ['a label that is a number', '{"target": {"a": {"labels": {"x": 1}}}}'],
    ['an output that is a text', '{"target": {"a": {"output": ["type=local"]}}}'],
    ['a secret that is a text', '{"target": {"a": {"secret": ["id=x,env=Y"]}}}'],
    ['an SSH key that is a text', '{"target": {"a": {"ssh": ["default"]}}}'],
    ['a context that is a list', '{"target": {"a": {"context": []}}}'],
    ['a group without targets', '{"group": {"g": {}}, "target": {}}'],
    ['a group of what is no text', '{"group": {"g": {"targets": [{"toString": 1, "valueOf": 1}]}}, "target": {}}'],
    ['groups in a list', '{"group": [], "target": {}}'],
  ])('is refused with %s', (_what, text) => {
    expect(() => parseBakeDefinition(text)).toThrowCode('BAKE_INVALID');
  });
});

describe('the targets that are published', () => {
  test.each([
    ['the group `default`, if nothing is named', [], ['app', 'm-1-0', 'm-2', 'worker']],
    ['a target', ['worker'], ['worker']],
    ['in the order of the input, each once', ['worker', 'm', 'worker', 'm-2'], ['worker', 'm-1-0', 'm-2']],
    ['those that a pattern has found', ['*'], ['app', 'm-1-0', 'm-2', 'worker']],
    ['a name with a dot, which buildx replaces', ['m-1.0', 'app'], ['app', 'm-1-0', 'm-2', 'worker']],
  ])('%s', (_what, asked, names) => {
    expect(targetsAsked(definition, asked).map(({ name }) => name)).toEqual(names);
  });

  test('groups that name each other come to an end', () => {
    const group = { a: { targets: ['b', 'x'] }, b: { targets: ['a'] } };
    const circular = parseBakeDefinition(JSON.stringify({ group, target: { x: {} } }));
    expect(targetsAsked(circular, ['a']).map(({ name }) => name)).toEqual(['x']);
  });

  test.each([
    ['nothing said', [], true],
    ['an image', [{ type: 'image', attributes: [] }], true],
    ['a push', [{ type: 'registry', attributes: [] }], true],
    ['a load', [{ type: 'docker', attributes: [] }], true],
    ['a file with the image', [{ type: 'docker', attributes: [['dest', 'x.tar']] as const }], false],
    ['files', [{ type: 'local', attributes: [] }], false],
    ['nothing', [{ type: 'cacheonly', attributes: [] }], false],
    [
      'files and an image',
      [
        { type: 'local', attributes: [] },
        { type: 'image', attributes: [] },
      ],
      true,
    ],
  ])('of %s an image comes, as with `bake --push`: %s', (_what, outputs, isImage) => {
    expect(makesImage({ outputs })).toBe(isImage);
  });
});

describe('a bake file that is written', () => {
  test('has no expression', () => {
    const text = formatBakeFile(new Map([['a', { labels: { 'x${y}': '${z} %{if a} $${b}' }, tags: ['${c}'] }]]));
    expect(JSON.parse(text).target.a).toEqual({
      labels: { 'x$${y}': '$${z} %%{if a} $$${b}' },
      tags: ['$${c}'],
    });
  });

  test('keeps every text of what buildx escapes', () => {
    const piece = fc.constantFrom('$', '%', '{', '}', 'a', '$${', '%%{', '${', '\n');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const value = pieces.join('');
        const written = formatBakeFile(new Map([['a', { labels: { x: value } }]]));
        const [label] = parseBakeDefinition(written).targets.get('a')?.labels.values() ?? [];
        expect(label).toBe(value);
      }),
    );
  });
});

test.each([
  ['org.example=a:b', 'org.example'],
  ['manifest:org.example=a', 'org.example'],
  ['index,manifest[linux/amd64]:org.example=a=b', 'org.example'],
  ['manifest.name=a:b', 'manifest.name'],
  ['name', 'name'],
])('the annotation "%s" is named %s', (text, name) => {
  expect(annotationName(text)).toBe(name);
});
