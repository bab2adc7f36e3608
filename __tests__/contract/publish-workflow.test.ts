/** The reusable workflow that ships: its inputs and outputs are those of the actions, and each job has the least permissions. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { readActionManifest } from '../support/step.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const text = readFileSync(join(root, '.github/workflows/publish.yml'), 'utf8');
const { on, jobs } = parse(text);
const { inputs, outputs, secrets } = on.workflow_call;
const [, build] = jobs.build.steps;
const [merge] = jobs.merge.steps;

/** Inputs that a workflow of several jobs cannot have, each with its reason. */
const withoutInput: Readonly<Record<string, string>> = {
  source: 'it builds',
  referrers: 'it builds',
  bake: 'a bake file has several images, and each leg is of one',
  'bake-targets': 'as `bake`',
  'bake-set': 'as `bake`',
  outputs: 'the runner of a build goes with its job',
  load: 'the runner of a build goes with its job',
  call: 'it publishes',
  'login-scope': 'no step of the caller comes after',
  'metadata-env': 'no step of the caller comes after',
  'secret-envs': 'a caller passes secrets only',
  'secret-files': 'a caller passes secrets only',
  digests: 'the legs are its own',
};

/** What has another name among the secrets. */
const asSecret: Readonly<Record<string, string>> = { secrets: 'build-secrets' };

describe('publish.yml', () => {
  test.each(['.', 'merge'])(
    'takes each input of %s/action.yml, as an input or a secret, or cannot have it',
    (folder) => {
      const names = Object.keys(readActionManifest(folder).inputs);
      const taken = names.filter((name) => name in inputs || (asSecret[name] ?? name) in secrets);
      expect(names.filter((name) => !taken.includes(name)).sort()).toEqual(
        Object.keys(withoutInput)
          .filter((name) => names.includes(name))
          .sort(),
      );
    },
  );

  test('has no input that the actions do not have, except for the runners', () => {
    const known = ['.', 'merge'].flatMap((folder) => Object.keys(readActionManifest(folder).inputs));
    expect(Object.keys(inputs).filter((name) => !known.includes(name))).toEqual(['runners']);
  });

  test.each([
    { what: 'builds', step: build, folder: '.', without: ['attest'] },
    { what: 'merges', step: merge, folder: 'merge', without: [] },
  ])('hands every input that the step which $what has to that step', ({ step, folder, without }) => {
    const names = Object.keys(readActionManifest(folder).inputs).filter((name) => !(name in withoutInput));
    expect(Object.keys(step.with).sort()).toEqual(names.filter((name) => !without.includes(name)).sort());
  });

  test('hands out every output of the merge that means something in another job', () => {
    const names = Object.keys(readActionManifest('merge').outputs).filter(
      (name) => !['bundle-path', 'plan'].includes(name),
    );
    expect(Object.keys(outputs)).toEqual(names);
    expect(Object.keys(jobs.merge.outputs)).toEqual(names);
  });

  test('takes the actions of its own commit', () => {
    expect([build.uses, merge.uses]).toEqual(['$/', '$/merge']);
  });

  test('gives each job the least', () => {
    const permissions = Object.entries(jobs).map(([name, job]) => [name, Object(job).permissions]);
    expect(Object.fromEntries(permissions)).toEqual({
      plan: undefined,
      build: { contents: 'read', packages: 'write' },
      merge: { packages: 'write', 'id-token': 'write', attestations: 'write', 'artifact-metadata': 'write' },
    });
    expect(parse(text).permissions).toEqual({});
  });
});
