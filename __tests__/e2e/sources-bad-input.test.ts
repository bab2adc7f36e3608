/** A source that is missing, ambiguous, damaged or incomplete: a typed error, and nothing is tagged. */

import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { digestOf } from '../../src/image/digest.ts';
import { copyFolder, type MadeImages, makeImages, runTool } from '../support/images.ts';
import { lab } from '../support/lab.ts';
import { uniqueName } from '../support/step.ts';
import { openSuite } from '../support/suite.ts';
import { aLayout, named, tarOf, writeTree } from '../support/tar.ts';

const suite = openSuite('engine', 'podman', 'registry', 'client');
const folder = mkdtempSync(join(tmpdir(), 'publish-bad-'));
const at = (name: string): string => join(folder, name);
let images: MadeImages;
let engine: Record<string, string>;

beforeAll(async () => {
  engine = { ...suite.engine, PATH: `${suite.engine.PATH}:${suite.podman.PATH}` };
  images = await makeImages();
});
afterAll(() => {
  images?.[Symbol.dispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** A layout of two images with names. */
function twoImages(): string {
  const layout = aLayout();
  layout.list(named(layout.image('one'), '1.0'), named(layout.image('two'), '2.0'));
  return writeTree(at(uniqueName('two')), layout.files);
}

/** A layout of one image, of which something is spoilt. */
function spoilt(spoil: (files: Record<string, string | Buffer>, layer: string) => void, media = {}): string {
  const layout = aLayout();
  const image = layout.image('spoilt', media);
  layout.list(image);
  spoil(layout.files, `blobs/${digestOf(Buffer.from('layer of spoilt')).replace(':', '/')}`);
  return writeTree(at(uniqueName('spoilt')), layout.files);
}

/** A layout of two platforms, of which one is not there. */
function lackingPlatform(beside: Readonly<Record<string, string>>): string {
  const layout = aLayout();
  const [one, other] = [layout.image('one'), layout.image('other')];
  const platform = { os: 'linux', architecture: 'arm64' };
  layout.list(layout.index([one, { ...other, platform }]));
  delete layout.files[`blobs/${other.digest.replace(':', '/')}`];
  return writeTree(at(uniqueName('gap')), { ...layout.files, ...beside });
}

/** A docker-archive with something else in place of what a change says. */
async function rewritten(change: (tree: string) => void): Promise<string> {
  const tree = at(uniqueName('rewritten'));
  mkdirSync(tree);
  await runTool(['tar', '--extract', '--file', images.oldDockerArchive, '--directory', tree], {});
  change(tree);
  return tarOf(tree, at(uniqueName('archive')));
}

function manifestOf(tree: string): { Config: string; RepoTags: string[]; Layers: string[] }[] {
  return JSON.parse(readFileSync(join(tree, 'manifest.json'), 'utf8'));
}

interface Case {
  readonly what: string;
  readonly source: () => string | Promise<string>;
  readonly code: string;
  /** Parts of the message. */
  readonly says: readonly string[];
}

const cases: readonly Case[] = [
  {
    what: 'a kind that is none',
    source: () => 'tarball:x.tar',
    code: 'SOURCE_INVALID',
    says: ['"tarball:"', 'oci-archive:FILE[:TAG]'],
  },
  {
    what: 'a file that is not there',
    source: () => 'oci-archive:no/such.tar',
    code: 'SOURCE_MISSING',
    says: ['"no/such.tar"', 'is not there: expected a file'],
  },
  {
    what: 'a folder that is a file',
    source: () => `oci:${images.ociArchive}`,
    code: 'SOURCE_MISSING',
    says: ['oci.tar", which `source` names, is a file: expected a folder', '`oci-archive:`, or `docker-archive:`'],
  },
  {
    what: 'a file that is a folder',
    source: () => `docker-archive:${images.ociFolder}`,
    code: 'SOURCE_MISSING',
    says: ['oci", which `source` names, is a folder: expected a file', '`oci:`'],
  },
  {
    what: 'a path with a colon',
    source: () => 'oci:build:x/image',
    code: 'SOURCE_MISSING',
    says: ['"build", which `source` names, is not there', 'The path ends at its first colon'],
  },
  {
    what: 'an image that Docker does not have',
    source: () => 'docker-daemon:no-such-image:1',
    code: 'SOURCE_MISSING',
    says: ['"no-such-image:1"', 'docker images'],
  },
  {
    what: 'an image that Podman does not have',
    source: () => 'containers-storage:no-such-image:1',
    code: 'SOURCE_MISSING',
    says: ['"no-such-image:1"', 'podman images', 'sudo podman save --format oci-archive'],
  },
  {
    what: 'a tag that the registry does not have',
    source: () => `docker://${images.remote}-not`,
    code: 'MANIFEST_UNKNOWN',
    says: ['404'],
  },
  {
    what: 'a repository that the registry does not have',
    source: () => `docker://${suite.registry}/octo-org/nothing:1`,
    code: 'MANIFEST_UNKNOWN',
    says: ['404'],
  },
  {
    what: 'an index of a registry, of which one platform was deleted',
    source: async () => {
      const { crane = 'crane' } = await lab.tools();
      const copy = `${suite.registry}/octo-org/${uniqueName('gap')}:1.0`;
      await runTool([crane, 'copy', images.remote, copy], {});
      const arm64 = await runTool([crane, 'digest', '--platform=linux/arm64', copy], {});
      await runTool([crane, 'delete', copy.replace(':1.0', `@${arm64}`)], {});
      return `docker://${copy}`;
    },
    code: 'SOURCE_INCOMPLETE',
    says: ['(linux/arm64)', 'a cleanup of untagged versions', 'all its platforms'],
  },
  {
    what: 'several images and no tag',
    source: () => `oci:${twoImages()}`,
    code: 'SOURCE_AMBIGUOUS',
    says: ['2 images', '- 1.0', '- 2.0'],
  },
  {
    what: 'a tag that a layout does not have',
    source: () => `oci:${twoImages()}:3.0`,
    code: 'SOURCE_MISSING',
    says: ['no image "3.0"', '- 1.0', '- 2.0'],
  },
  {
    what: 'a place that a layout does not have',
    source: () => `oci:${twoImages()}:@2`,
    code: 'SOURCE_MISSING',
    says: ['no image "@2"', '- 1.0', '- 2.0'],
  },
  {
    what: 'a name that a docker-archive does not have',
    source: () => `docker-archive:${images.dockerArchive}:other:1`,
    code: 'SOURCE_MISSING',
    says: ['no image "other:1"'],
  },
  {
    what: 'a layout in a folder of its archive',
    source: () => {
      const tree = at(uniqueName('deeper'));
      copyFolder(images.ociFolder, join(tree, 'image'));
      return `oci-archive:${tarOf(tree, at(uniqueName('deep')))}`;
    },
    code: 'SOURCE_DAMAGED',
    says: ['has the files "oci-layout" and "index.json" at its top'],
  },
  {
    what: 'an oci-archive that is a docker-archive',
    source: () => `oci-archive:${images.oldDockerArchive}`,
    code: 'SOURCE_DAMAGED',
    says: ['it is a docker-archive'],
  },
  {
    what: 'a docker-archive that is an oci-archive',
    source: async () => {
      const layout = aLayout();
      layout.list(layout.image('x'));
      return `docker-archive:${tarOf(writeTree(at(uniqueName('oci')), layout.files), at(uniqueName('oci')))}`;
    },
    code: 'SOURCE_DAMAGED',
    says: ['it is an oci-archive'],
  },
  {
    what: 'a text in place of an archive',
    source: () => {
      writeFileSync(at('text'), 'This is no archive.\n'.repeat(100));
      return `oci-archive:${at('text')}`;
    },
    code: 'SOURCE_DAMAGED',
    says: ['it is no tar archive'],
  },
  {
    what: 'an archive compressed with xz',
    source: () => {
      writeFileSync(at('xz'), Buffer.concat([Buffer.from('fd377a585a00', 'hex'), Buffer.alloc(1000)]));
      return `oci-archive:${at('xz')}`;
    },
    code: 'SOURCE_DAMAGED',
    says: ['compressed with xz'],
  },
  {
    what: 'an archive compressed with pzstd',
    source: () => {
      writeFileSync(at('pzstd'), Buffer.concat([Buffer.from('502a4d1804000000', 'hex'), Buffer.alloc(1000)]));
      return `oci-archive:${at('pzstd')}`;
    },
    code: 'SOURCE_DAMAGED',
    says: ['compressed with zstd in several frames, as pzstd writes it'],
  },
  {
    what: 'an archive that is cut off',
    source: () => {
      const file = at(uniqueName('cut'));
      writeFileSync(file, readFileSync(images.ociArchive));
      truncateSync(file, Math.floor(statSync(file).size * 0.6));
      return `oci-archive:${file}`;
    },
    code: 'SOURCE_DAMAGED',
    says: ['it is truncated'],
  },
  {
    what: 'a compressed archive that is cut off',
    source: () => {
      const file = at(uniqueName('cut'));
      const whole = gzipSync(readFileSync(images.ociArchive));
      writeFileSync(file, whole.subarray(0, whole.length / 2));
      return `oci-archive:${file}`;
    },
    code: 'SOURCE_DAMAGED',
    says: ['cannot be decompressed'],
  },
  {
    what: 'an archive that holds no image',
    source: () => `docker-archive:${tarOf(writeTree(at(uniqueName('tree')), { 'a.txt': 'a' }), at(uniqueName('tar')))}`,
    code: 'SOURCE_DAMAGED',
    says: ['no "manifest.json" at its top'],
  },
  {
    what: 'an index.json that is none',
    source: () =>
      `oci:${spoilt((files) => {
        files['index.json'] = '{';
      })}`,
    code: 'SOURCE_DAMAGED',
    says: ['"index.json" is not an index'],
  },
  {
    what: 'an empty index.json',
    source: () =>
      `oci:${spoilt((files) => {
        files['index.json'] = '{"manifests":[]}';
      })}`,
    code: 'SOURCE_DAMAGED',
    says: ['lists no image'],
  },
  {
    what: 'a layer that is not what its digest says',
    source: () =>
      `oci:${spoilt((files, layer) => {
        files[layer] = 'LAYER of spoilt';
      })}`,
    code: 'DIGEST_MISMATCH',
    says: ['expected sha256:', 'found sha256:'],
  },
  {
    what: 'a layer of another size',
    source: () =>
      `oci:${spoilt((files, layer) => {
        files[layer] = 'short';
      })}`,
    code: 'SOURCE_INCOMPLETE',
    says: ['has 5 bytes', 'expected 15 bytes'],
  },
  {
    what: 'a layer that is missing',
    source: () =>
      `oci:${spoilt((files, layer) => {
        delete files[layer];
      })}`,
    code: 'SOURCE_INCOMPLETE',
    says: ['is not there'],
  },
  {
    what: 'an index of which one platform is missing',
    source: () => `oci:${lackingPlatform({})}`,
    code: 'SOURCE_INCOMPLETE',
    says: [' (linux/arm64) in "', 'is not there', 'Write the whole image again'],
  },
  {
    what: 'a `docker save` of which one platform is missing, as an oci-archive',
    source: () => `oci-archive:${tarOf(lackingPlatform({ 'manifest.json': '[]' }), at(uniqueName('saved')))}`,
    code: 'SOURCE_INCOMPLETE',
    says: [' (linux/arm64) in "', 'is not there', 'Named `docker-archive:`, it is published for the one platform'],
  },
  {
    what: 'a manifest that is none',
    source: () => {
      const layout = aLayout();
      layout.list(layout.blob('application/vnd.oci.image.manifest.v1+json', '{"schemaVersion":2}'));
      return `oci:${writeTree(at(uniqueName('none')), layout.files)}`;
    },
    code: 'MANIFEST_INVALID',
    says: ['expected a config and layers'],
  },
  {
    what: 'a folder of which the manifest was changed',
    source: () => {
      const copy = copyFolder(images.ociFolder, at(uniqueName('changed')));
      const blobs = join(copy, 'blobs/sha256');
      for (const name of readdirSync(blobs)) {
        const text = readFileSync(join(blobs, name));
        if (text.length < 5000 && text.includes('"layers"'))
          writeFileSync(join(blobs, name), text.toString().replace('"size"', '"SIZE"'));
      }
      return `oci:${copy}`;
    },
    code: 'DIGEST_MISMATCH',
    says: ['is not what it is named after'],
  },
  {
    what: 'a docker-archive whose layer was changed',
    source: async () =>
      `docker-archive:${await rewritten((tree) => {
        const [layer = ''] = manifestOf(tree)[0]?.Layers ?? [];
        const bytes = readFileSync(join(tree, layer));
        bytes.write('J', 600);
        writeFileSync(join(tree, layer), bytes);
      })}`,
    code: 'SOURCE_DAMAGED',
    says: ['is not the layer that the image’s config names'],
  },
  ...(['changed', 'another'] as const).map((spoilt) => ({
    what: `a docker-archive whose compressed layer is ${spoilt}`,
    source: async () =>
      `docker-archive:${await rewritten((tree) => {
        const [image] = manifestOf(tree);
        const [first = '', ...others] = image?.Layers ?? [];
        const content = readFileSync(join(tree, spoilt === 'another' ? (others[0] ?? '') : first));
        const layer = gzipSync(content);
        if (spoilt === 'changed') layer.writeUInt32LE(0, layer.length - 8);
        writeFileSync(join(tree, 'layer.tar.gz'), layer);
        writeFileSync(join(tree, 'manifest.json'), JSON.stringify([{ ...image, Layers: ['layer.tar.gz', ...others] }]));
      })}`,
    code: 'SOURCE_DAMAGED',
    says: [
      '"layer.tar.gz"',
      spoilt === 'another' ? 'is not the layer that the image’s config names' : 'cannot be decompressed',
    ],
  })),
  {
    what: 'a docker-archive whose config was changed',
    source: async () =>
      `docker-archive:${await rewritten((tree) => {
        const config = join(tree, manifestOf(tree)[0]?.Config ?? '');
        writeFileSync(config, readFileSync(config, 'utf8').replace('amd64', 'arm64'));
      })}`,
    code: 'DIGEST_MISMATCH',
    says: ['is not what it is named after'],
  },
  {
    what: 'a docker-archive whose config is none',
    source: async () =>
      `docker-archive:${await rewritten((tree) =>
        writeFileSync(join(tree, 'manifest.json'), '[{"Config":"manifest.json","Layers":[]}]'),
      )}`,
    code: 'SOURCE_DAMAGED',
    says: ['"manifest.json" is no config of an image'],
  },
  {
    what: 'a docker-archive that lacks a layer',
    source: async () =>
      `docker-archive:${await rewritten((tree) => rmSync(join(tree, manifestOf(tree)[0]?.Layers.at(-1) ?? '')))}`,
    code: 'SOURCE_INCOMPLETE',
    says: ['which the image in it needs'],
  },
  {
    what: 'a docker-archive whose list of layers is too short',
    source: async () =>
      `docker-archive:${await rewritten((tree) => {
        const [image] = manifestOf(tree);
        writeFileSync(join(tree, 'manifest.json'), JSON.stringify([{ ...image, Layers: image?.Layers.slice(1) }]));
      })}`,
    code: 'SOURCE_DAMAGED',
    says: ['layers, but'],
  },
  {
    what: 'a docker-archive of two images and no name',
    source: async () =>
      `docker-archive:${await rewritten((tree) => {
        const [image] = manifestOf(tree);
        writeFileSync(
          join(tree, 'manifest.json'),
          JSON.stringify([image, { ...image, Config: 'other.json', RepoTags: null }]),
        );
      })}`,
    code: 'SOURCE_AMBIGUOUS',
    says: ['2 images', '- @1 (other.json, without a name)'],
  },
];

test.each(cases)('$what: $code', async ({ source, code, says }) => {
  const image = uniqueName('bad');
  const runner = suite.action.newRunner({ engine, repository: `octo-org/${image}` });
  const step = await runner.main({ registry: suite.registry, source: await source(), tags: '1.0\nlatest' });
  expect({ exitCode: step.exitCode, code: step.code, failure: step.failure }).toEqual({
    exitCode: 1,
    code,
    failure: expect.any(String),
  });
  for (const part of says) expect(step.failure).toContain(part);
  expect(step.outputs).toEqual({});
  expect(await suite.client.tagsOf(`${suite.registry}/octo-org/${image}`).catch(() => [])).toEqual([]);
  expect(runner.filesIn(runner.temp)).toEqual([]);
});

test('an engine that does not answer: ENGINE_DOWN', async () => {
  const noEngine = { ...engine, DOCKER_HOST: `unix://${at('no.sock')}` };
  const runner = suite.action.newRunner({ engine: noEngine, repository: `octo-org/${uniqueName('bad')}` });
  const step = await runner.main({ registry: suite.registry, source: 'docker-daemon:app:1.0', tags: '1.0' });
  expect(step).toMatchObject({ exitCode: 1, code: 'ENGINE_DOWN' });
  expect(step.failure).toContain('no.sock');
  expect(step.failure).toContain('Start the Docker daemon');
});

test('an ID that two images begin with is refused', async () => {
  // Of seventeen images two begin with the same digit.
  const ids: string[] = [];
  for (let index = 0; index < 17; index++) {
    const tree = writeTree(at(uniqueName('id')), { Dockerfile: 'FROM scratch\nCOPY x /\n', x: `${index} ${folder}` });
    ids.push(await runTool(['docker', 'build', '--quiet', tree], engine));
  }
  const first = ids.map((id) => id.replace('sha256:', '').slice(0, 1));
  const shared = first.find((digit, index) => first.indexOf(digit) !== index) ?? '';
  const runner = suite.action.newRunner({ engine, repository: `octo-org/${uniqueName('bad')}` });
  const step = await runner.main({ registry: suite.registry, source: `docker-daemon:${shared}`, tags: '1.0' });
  expect(step).toMatchObject({ exitCode: 1, code: 'SOURCE_AMBIGUOUS' });
  expect(step.failure).toContain(`"${shared}" is the beginning of `);
  expect(step.failure).toContain('image IDs');
});

test('what only a build knows is refused beside a source, all of it at once', async () => {
  const runner = suite.action.newRunner({ engine, repository: `octo-org/${uniqueName('bad')}` });
  const step = await runner.main({
    registry: suite.registry,
    source: `docker-daemon:${images.name}`,
    platforms: 'linux/amd64',
    labels: 'a=b',
    'if-exists': 'perhaps',
  });
  expect(step).toMatchObject({ exitCode: 1, code: 'INPUTS_INVALID' });
  expect(step.failure).toContain('`platforms`, `labels` cannot be used with');
  expect(step.failure).toContain('`if-exists` is "perhaps"');
});
