import { describe, expect, test } from '@jest/globals';
import { someInputs } from '../../support/builders.ts';

describe('the inputs of a bake file', () => {
  test('are none without one', () => {
    expect(someInputs().bake).toBeUndefined();
  });

  test.each([
    ['a file', { bake: 'docker-bake.hcl' }, { files: ['docker-bake.hcl'], targets: [], overrides: [] }],
    ['files', { bake: 'a.hcl\nb.json, compose.yml' }, { files: ['a.hcl', 'b.json', 'compose.yml'] }],
    ['targets', { bake: 'a', 'bake-targets': 'app,worker\nm-*' }, { targets: ['app', 'worker', 'm-*'] }],
    [
      'overrides, with commas and quotation marks',
      { bake: 'a', 'bake-set': '*.args.V=1, "2"\napp.tags+=x\n"app.args.L=one\ntwo"\napp.args.E' },
      { overrides: ['*.args.V=1, "2"', 'app.tags+=x', 'app.args.L=one\ntwo', 'app.args.E'] },
    ],
  ])('%s', (_what, texts, values) => {
    expect(someInputs(texts).bake).toMatchObject(values);
  });

  test.each([
    ['a definition elsewhere', { bake: 'https://github.com/octo-org/app.git' }],
    ['standard input', { bake: '-' }],
    ['a target that is an option', { bake: 'a', 'bake-targets': '--push' }],
    ['a target that is a URL', { bake: 'a', 'bake-targets': 'https://x' }],
    ['an override without a key', { bake: 'a', 'bake-set': 'app=1' }],
    ['an override without a value', { bake: 'a', 'bake-set': 'app. x=1' }],
    ['a right that nobody knows', { bake: 'a', allow: 'everything' }],
    ['rights of a bake file without one', { allow: 'fs.read=..' }],
  ])('refuse %s', (_what, texts) => {
    expect(() => someInputs(texts)).toThrowCode('INPUT_INVALID');
  });

  test.each([
    ['`context`', { context: 'sub' }],
    ['`file`', { file: 'Dockerfile' }],
    ['`target`', { target: 'x' }],
    ['`outputs`', { outputs: 'out' }],
    ['`cgroup-parent`', { 'cgroup-parent': 'x' }],
    ['`call`', { call: 'check' }],
    ['`stage`', { stage: 'true' }],
    ['`engine: podman`', { engine: 'podman' }],
  ])('contradict %s', (_what, texts) => {
    expect(() => someInputs({ bake: 'a', ...texts })).toThrowCode('INPUTS_CONTRADICT');
  });

  test.each([[{ 'bake-targets': 'app' }], [{ 'bake-set': 'a.b=c' }]])('%j needs a file', (texts) => {
    expect(() => someInputs(texts)).toThrowCode('INPUTS_CONTRADICT');
  });

  test('contradict an image that exists', () => {
    expect(() => someInputs({ bake: 'a', source: 'docker-daemon:x' })).toThrowCode('INPUT_INVALID');
  });

  test('may allow files', () => {
    const { options } = someInputs({ bake: 'a', allow: 'fs.read=..\nfs=/x,ssh' }).build;
    expect(options.allow).toEqual(['fs.read=..', 'fs=/x', 'ssh']);
  });
});
