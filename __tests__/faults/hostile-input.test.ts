/**
 * Whatever the inputs hold, there is a plan that keeps its promises, or a typed error that keeps to its form: some
 * thousand texts for each input that has a grammar of its own.
 */

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { judgeText } from '../../src/engine/tool-output.ts';
import { gatherFaults, InternalError, PublishError } from '../../src/errors.ts';
import { parseChallenges } from '../../src/http/challenge.ts';
import { parseRetryAfter } from '../../src/http/retry.ts';
import { digestOf } from '../../src/image/digest.ts';
import { mediaTypes, parseIndex } from '../../src/image/manifest.ts';
import { parseRepository } from '../../src/image/repository.ts';
import { parseTag } from '../../src/image/tag.ts';
import { cleanupInputDefaults, parseCleanupInputs } from '../../src/inputs/cleanup-inputs.ts';
import { mergeInputDefaults, parseMergeInputs } from '../../src/inputs/merge-inputs.ts';
import { type InputName, inputDefaults } from '../../src/inputs/publish-inputs.ts';
import { parsePullInputs, pullInputDefaults } from '../../src/inputs/pull-inputs.ts';
import { parseRegistryAuth } from '../../src/login/registry-auth.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { planCleanup } from '../../src/plan/plan-cleanup.ts';
import { planMerge } from '../../src/plan/plan-merge.ts';
import { planPull } from '../../src/plan/plan-pull.ts';
import { noRegistryAuth } from '../../src/registry/credential.ts';
import { readRefusal } from '../../src/registry/refusal.ts';
import { formatPlan } from '../../src/report/plan-table.ts';
import { someText } from '../support/arbitraries.ts';
import { aRun, planned } from '../support/builders.ts';

const common = [
  '',
  ' ',
  '\n',
  '\r\n',
  '\t',
  ',',
  ';',
  '=',
  '"',
  "'",
  '#',
  '\\',
  '-',
  '--',
  '.',
  '/',
  '..',
  ':',
  '@',
  '*',
];
const foreign = ['\0', '\u0085', '\u2028', '\u200b', '\ud800', 'é', '🐳', '％', '\u202e', 'x'.repeat(300)];
const injections = [
  '::set-output name=a::b',
  '::add-mask::a',
  '##[error]',
  '$(id)',
  '`id`',
  '; id',
  '&& id',
  '${{ github.token }}',
];

type Name =
  | InputName
  | keyof typeof pullInputDefaults
  | keyof typeof mergeInputDefaults
  | keyof typeof cleanupInputDefaults;

/** Words of each input's own grammar, so that valid and nearly valid texts occur. */
const words: Readonly<Partial<Record<Name, readonly string[]>>> = {
  registry: ['auto', 'container', 'docker', 'ghcr.io', 'docker.io', 'localhost:5000', '[::1]:5000', 'https://', 'A.B'],
  owner: ['octo-org', 'Octo', '_', '.github'],
  image: ['app', 'App', 'a/b', 'a__b', 'a--b', 'octo/app'],
  images: ['ghcr.io/octo/app', 'name=', 'enable=', 'true', 'false', '{{is_default_branch}}'],
  tags: [
    ...['type=', 'semver', 'pep440', 'raw', 'ref', 'sha', 'schedule', 'edge', 'match', 'pattern=', 'value=', 'event='],
    ...[
      'prefix=',
      'suffix=',
      'enable=',
      'priority=',
      'group=',
      'format=',
      '{{version}}',
      '{{major}}',
      '{{',
      '}}',
      '{{{',
    ],
    ...[
      '{{date "YYYY" tz="Mars"}}',
      '{{#if',
      '{{/if}}',
      '{{__proto__}}',
      '{{constructor}}',
      '{{lookup this "x"}}',
      'v1.2.3',
    ],
    ...['(.*)*$', '(?<a>', '[', '\\d{99999}', '1.0', 'latest'],
  ],
  flavor: ['latest=', 'auto', 'true', 'prefix=', 'suffix=', 'onlatest=', 'v'],
  labels: ['org.opencontainers.image.title', 'com.example', 'a=b', '{{branch}}', '{{', 'key'],
  annotations: ['index:', 'manifest:', 'manifest[linux/amd64]:', 'manifest-descriptor:', 'a=b', 'key'],
  secrets: ['key=', 'key', 'value', '"key=a\nb"', '"', '""'],
  'secret-envs': ['key=', 'KEY', ',', 'other=OTHER'],
  'secret-files': ['key=', 'path/to', '/etc/passwd', '../..'],
  ssh: ['default', 'key=', '.ssh/id', ','],
  'build-contexts': ['name=', 'docker-image://', 'https://', 'oci-layout://', '../..'],
  'add-hosts': ['host:', 'host=', '10.0.0.1', '::1', ','],
  allow: ['network.host', 'security.insecure', 'device=', ','],
  ulimit: ['nofile=1024:2048', 'nproc=512', 'core=0', 'nofile=', '1024', ':2048', 'nproc=', '-1'],
  'no-cache-filters': ['stage', ',', '"a,b"'],
  'cache-from': [
    'type=',
    'gha',
    'registry',
    'local',
    ',ref=',
    ',src=',
    'scope=',
    'secret_access_key=',
    'ghcr.io/octo/app',
  ],
  'cache-to': ['type=', 'inline', 'gha', 'registry', ',ref=', ',mode=max', ',dest=', 'ghcr.io/octo/app', ',token='],
  outputs: ['type=', 'local', 'image', 'oci', 'registry', ',dest=', ',name=', ',push=true', '"', 'out'],
  attests: ['type=provenance', 'type=sbom', 'type=', 'sbom', ',mode=max', ',disabled=true', ',generator='],
  builder: ['name', 'tcp://', '127.0.0.1:1234', 'docker-container://', 'kubernetes://', '--name', ','],
  compression: ['gzip', 'zstd', 'estargz', 'zstd,level=3', ',level=', '3', '99'],
  'build-args': ['NAME=', 'NAME', 'HTTP_PROXY=http://a:b@c', '--output=', 'value'],
  platforms: ['linux/amd64', 'linux/arm64', 'linux/arm/v7', 'linux', 'amd64', 'windows/amd64:10.0', 'local'],
  source: ['oci:', 'oci-archive:', 'docker-archive:', 'docker-daemon:', 'docker://', 'a.tar', 'a:1', 'latest'],
  context: ['https://', 'git@github.com:a/b', '--output=type=local', '-', '.', '~'],
  file: ['Dockerfile', '--file', '-', '/etc/passwd'],
  target: ['release', '--push', '-o'],
  username: ['octocat', '--password', '-u'],
  push: ['auto', 'true', 'FALSE', 'yes'],
  'login-scope': ['step', 'job'],
  verify: ['manifest', 'off'],
  retries: ['0', '1', '5', '100', '101', '1e3', '-1', '0x5', '9'.repeat(40)],
  stage: ['true', 'false', 'app'],
  'if-exists': ['overwrite', 'update', 'skip', 'fail'],
  attest: ['true', 'provenance', 'sbom', ',', 'false', 'slsa'],
  reproducible: ['true', 'false', 'yes'],
  referrers: ['true', 'false', 'yes'],
  'dry-run': ['true', 'false', 'no'],
  'metadata-env': ['true', 'false', 'yes'],
  summary: ['true', 'false', '1'],
  tag: ['v1.2.3', 'latest', '1', '.'],
  digest: ['sha256:', 'a'.repeat(64), '@'],
  digests: ['sha256:', 'a'.repeat(64), 'b'.repeat(64), '@'],
  platform: ['linux/amd64', 'linux', '/', 'arm/v7'],
};

function textFor(name: Name): fc.Arbitrary<string> {
  const own = words[name] ?? [];
  const piece = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...(own.length === 0 ? common : own)) },
    { weight: 3, arbitrary: fc.constantFrom(...common) },
    { weight: 1, arbitrary: fc.constantFrom(...foreign, ...injections) },
  );
  return fc.oneof(
    { weight: 5, arbitrary: fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('')) },
    { weight: 1, arbitrary: someText() },
  );
}

/** distribution-spec, "Pulling manifests". */
const isTag = (text: string): boolean => /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/.test(text);

/** Plain, because it is asked some hundred thousand times. */
function holds(isSo: boolean, what: string): void {
  if (!isSo) throw new Error(`This must not be in a plan: ${JSON.stringify(what)}`);
}

/** What a plan may hold, whatever the inputs were. */
function expectSound(plan: Plan): void {
  for (const { repository } of plan.destinations) {
    const { registry, path } = parseRepository(repository.registry, repository.path);
    holds(registry === repository.registry && path === repository.path, path);
    holds(!/[\s\p{Cc}]/u.test(`${registry}/${path}`), `${registry}/${path}`);
  }
  for (const { tag } of plan.description.tags) holds(isTag(tag), tag);
  if (plan.build === undefined) return;
  const { context, buildArgs, labels, platforms } = plan.build;
  // The one text that stands on the command line without an option before it.
  holds(context === '-' || !context.startsWith('-'), context);
  for (const each of [...buildArgs, ...labels]) holds(/^[^=]/.test(each), each);
  for (const { os, architecture } of platforms)
    holds(/^[\w.-]+\/[\w.-]+$/.test(`${os}/${architecture}`), `${os}/${architecture}`);
}

/** Runs what must succeed or throw one of our errors; gives whether it succeeded. */
function isDone(work: () => unknown): boolean {
  try {
    work();
    return true;
  } catch (error) {
    if (!(error instanceof PublishError) || error instanceof InternalError) throw error;
    if (error.message === '' || error.remedy === '') throw new Error(`${error.code} says nothing`);
    return false;
  }
}

const run = aRun({ GITHUB_REF: 'refs/tags/v1.2.3' });
/** Names, tags, rules, lists and what stands on a command line. */
const withGrammar: readonly InputName[] = [
  ...(['registry', 'owner', 'image', 'images'] as const),
  ...(['tags', 'flavor', 'labels', 'annotations', 'build-args'] as const),
];

/** Lists of CSV records, each with fields or pairs of its own. */
const lists: readonly InputName[] = [
  ...(['secrets', 'secret-envs', 'secret-files', 'ssh', 'build-contexts', 'add-hosts', 'allow', 'ulimit'] as const),
  ...(['no-cache-filters', 'cache-from', 'cache-to', 'outputs', 'attests', 'builder', 'compression'] as const),
];

/** `registry-auth` has a test of its own, and a token is never read. */
const others = namesOf(inputDefaults).filter(
  (name) => ![...withGrammar, ...lists, 'registry-auth', 'token'].includes(name),
);

function namesOf<Each extends string>(defaults: Readonly<Record<Each, string>>): readonly Each[] {
  const names: Each[] = [];
  for (const name in defaults) names.push(name);
  return names;
}

/** Some of the inputs, each any text. */
function textsFor<Each extends Name>(
  names: readonly Each[],
  maxLength = names.length,
): fc.Arbitrary<Readonly<Partial<Record<Name, string>>>> {
  return fc
    .subarray([...names], { maxLength })
    .chain((chosen) => fc.record(Object.fromEntries(chosen.map((name) => [name, textFor(name)]))));
}

/** `FUZZ_RUNS` has them try longer: see __tests__/README.md. */
const mostRuns = 10 * Number(process.env.FUZZ_RUNS ?? 300);

describe('any text gives a sound plan or a typed error', () => {
  test.each([
    ...withGrammar.map((name) => ({ name, runs: mostRuns })),
    ...others.map((name) => ({ name, runs: mostRuns / 10 })),
  ])('in `$name` ($runs texts)', ({ name, runs }) => {
    let done = 0;
    fc.assert(
      fc.property(textFor(name), (text) => {
        if (
          isDone(() => {
            const { plan } = planned({ tags: 'type=raw,value=1.0', [name]: text }, run);
            expectSound(plan);
            formatPlan(plan);
          })
        ) {
          done++;
        }
      }),
      { numRuns: runs },
    );
    // Both happen: neither is everything refused, nor is nothing looked at.
    expect(done).toBeGreaterThan(0);
  });

  test('in the lists of a build', () => {
    const done = new Set<string>();
    const given = fc.constantFrom(...lists).chain((name) => textFor(name).map((text) => ({ name, text })));
    fc.assert(
      fc.property(given, ({ name, text }) => {
        const isPlanned = isDone(() => {
          const { plan } = planned({ tags: 'type=raw,value=1.0', [name]: text }, run);
          expectSound(plan);
          formatPlan(plan);
        });
        if (isPlanned && text.trim() !== '') done.add(name);
      }),
      { numRuns: mostRuns },
    );
    expect([...done].toSorted()).toEqual(lists.toSorted());
  });

  test('in `registry-auth`', () => {
    const piece = fc.constantFrom(
      ...[
        '- ',
        'registry: ',
        'username: ',
        'password: ',
        'ghcr.io',
        'octocat',
        '\n',
        '  ',
        '{',
        '}',
        '[',
        ']',
        '&a',
        '*a',
      ],
      ...[
        '!!binary ',
        '!!js/function ',
        '<<: ',
        '"',
        "'",
        '|\n',
        '? ',
        ': ',
        '#',
        '\t',
        '%YAML 9.9\n',
        '---\n',
        'null',
        '\0',
      ],
    );
    const text = fc.oneof(
      fc.array(piece, { maxLength: 16 }).map((pieces) => pieces.join('')),
      fc.json(),
      fc.string({ unit: 'binary' }),
    );
    fc.assert(
      fc.property(text, (each) => {
        isDone(() => {
          const faults = gatherFaults();
          const { logins } = parseRegistryAuth(each, faults);
          faults.throwIfAny();
          for (const { registry, username } of logins) {
            expect(registry).not.toMatch(/\s/);
            expect(username).not.toBe('');
          }
        });
      }),
      { numRuns: mostRuns },
    );
  });

  test('in all inputs at once, on a run whose event and ref are hostile too (2,000 runs)', () => {
    const texts = textsFor([...withGrammar, ...others]);
    const ref = fc
      .constantFrom('refs/heads/', 'refs/tags/', 'refs/pull/', 'refs/', '')
      .chain((prefix) => someText().map((name) => `${prefix}${name}`));
    fc.assert(
      fc.property(texts, ref, someText(), fc.object({ maxDepth: 2 }), (inputs, GITHUB_REF, message, payload) => {
        isDone(() => {
          const env = { GITHUB_REF, GITHUB_EVENT_NAME: 'push' };
          expectSound(planned(inputs, aRun(env, { ...payload, head_commit: { message, timestamp: message } })).plan);
        });
      }),
      { numRuns: 2_000 },
    );
  });

  test('in the inputs of `cleanup/` (2,000 runs)', () => {
    let done = 0;
    fc.assert(
      fc.property(textsFor(namesOf(cleanupInputDefaults), 2), (texts) => {
        const isPlanned = isDone(() => {
          const faults = gatherFaults();
          const given: typeof texts = { token: 'ghs_canary', ...texts };
          const inputs = parseCleanupInputs((name) => given[name] ?? cleanupInputDefaults[name], faults);
          faults.throwIfAny();
          const { rules, dryRun } = planCleanup(inputs, run, noRegistryAuth);
          holds(dryRun || /^(?:false|False|FALSE)$/.test(given['dry-run'] ?? ''), 'nothing else than `false` deletes');
          holds(
            rules.deleteTags.every((pattern) => /^[\w.*?-]+$/.test(pattern)),
            rules.deleteTags.join(),
          );
        });
        if (isPlanned) done++;
      }),
      { numRuns: 2_000 },
    );
    expect(done).toBeGreaterThan(20);
  });

  test('in the inputs of `pull/` and of `merge/` (2,000 runs each)', () => {
    const done = { pull: 0, merge: 0 };
    fc.assert(
      fc.property(textsFor(namesOf(pullInputDefaults), 2), (texts) => {
        const isPlanned = isDone(() => {
          const faults = gatherFaults();
          const inputs = parsePullInputs((name) => texts[name] ?? pullInputDefaults[name], faults);
          faults.throwIfAny();
          const { reference } = planPull(inputs, run, noRegistryAuth);
          holds(!/[\s\p{Cc}]/u.test(reference), reference);
        });
        if (isPlanned) done.pull++;
      }),
      { numRuns: 2_000 },
    );
    fc.assert(
      fc.property(textsFor(namesOf(mergeInputDefaults), 2), (texts) => {
        const isPlanned = isDone(() => {
          const faults = gatherFaults();
          const inputs = parseMergeInputs((name) => texts[name] ?? mergeInputDefaults[name], faults);
          faults.throwIfAny();
          const metadata = { now: new Date('2026-01-02T03:04:05Z') };
          const { plan } = planMerge(inputs, aRun({ GITHUB_RUN_ID: '1' }), {
            metadata,
            registryAuth: noRegistryAuth,
            server: undefined,
          });
          for (const { tag } of plan.description.tags) holds(isTag(tag), tag);
        });
        if (isPlanned) done.merge++;
      }),
      { numRuns: 2_000 },
    );
    expect(Math.min(done.pull, done.merge)).toBeGreaterThan(0);
  });
});

describe('any answer of a registry is read, or refused with a typed error', () => {
  const body = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.json(),
    fc.record({ errors: fc.anything() }).map((value) => JSON.stringify(value) ?? ''),
    fc
      .array(
        fc.record({
          code: fc.oneof(fc.string(), fc.integer()),
          message: fc.constantFrom(...injections, '\n', '\r::error::x'),
        }),
      )
      .map((errors) => JSON.stringify({ errors })),
  );

  test('its words are one line that holds no control character', () => {
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 599 }), body, (status, text) => {
        const { words: said, ociCodes } = readRefusal(status, text);
        if (/\p{Cc}/u.test(said) || said.length > 501) throw new Error(`"${said}" is no line`);
        if (ociCodes.some((code) => typeof code !== 'string')) throw new Error('a code that is none');
      }),
      { numRuns: mostRuns },
    );
  });

  test('its challenges and its delays', () => {
    const header = fc.oneof(
      fc.string(),
      fc
        .array(
          fc.constantFrom('Bearer ', 'Basic ', 'realm=', '"', '\\', ',', ' ', '=', 'https://a', 'scope', ':', '\t'),
        )
        .map((all) => all.join('')),
    );
    const delay = fc.oneof(
      fc.string(),
      fc
        .array(fc.constantFrom('1', '.', 'ms', 's', 'h', '-', '9'.repeat(30), 'Mon, ', ' GMT'))
        .map((all) => all.join('')),
    );
    fc.assert(
      fc.property(header, delay, (challenge, after) => {
        for (const { scheme } of parseChallenges(challenge)) expect(scheme).toBe(scheme.toLowerCase());
        const milliseconds = parseRetryAfter(after, 0);
        if (milliseconds !== undefined) expect(milliseconds).toBeGreaterThanOrEqual(0);
        judgeText(`${challenge}\nretry-after: ${after} 429 Too Many Requests`, 0);
      }),
      { numRuns: mostRuns },
    );
  });

  test('its indexes', () => {
    const descriptor = fc.oneof(
      fc.anything(),
      fc.record({
        mediaType: fc.oneof(fc.constantFrom(mediaTypes.ociManifest, mediaTypes.ociIndex), fc.anything()),
        digest: fc.oneof(fc.constant(digestOf(Buffer.from('x'))), fc.string()),
        size: fc.oneof(fc.integer(), fc.anything()),
        platform: fc.oneof(fc.record({ os: fc.anything(), architecture: fc.string() }), fc.anything()),
      }),
    );
    const index = fc.oneof(fc.anything(), fc.record({ manifests: fc.oneof(fc.array(descriptor), fc.anything()) }));
    fc.assert(
      fc.property(
        fc.oneof(
          index.map((value) => JSON.stringify(value) ?? ''),
          fc.string(),
        ),
        (text) => {
          const bytes = Buffer.from(text);
          isDone(() => parseIndex({ bytes }));
        },
      ),
      { numRuns: mostRuns },
    );
  });

  test('and its tags: those that are none are refused', () => {
    fc.assert(
      fc.property(someText(), (text) => {
        expect(isDone(() => parseTag(text))).toBe(isTag(text));
      }),
      { numRuns: mostRuns },
    );
  });
});
