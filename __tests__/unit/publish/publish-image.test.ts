import { describe, expect, test } from '@jest/globals';
import { BuildError, PermissionError, RegistryError, ToolError } from '../../../src/errors.ts';
import { digestOf } from '../../../src/image/digest.ts';
import { mediaTypes, type StoredManifest } from '../../../src/image/manifest.ts';
import { publishImage } from '../../../src/publish/publish-image.ts';
import { formatSummary } from '../../../src/report/job-summary.ts';
import { formatOutputs } from '../../../src/report/outputs.ts';
import { aRun, planned } from '../../support/builders.ts';
import { aManifest, aWorld, withSlowPermission } from '../../support/fakes.ts';
import { tablesOf, textOf, toHtml } from '../../support/github-markdown.ts';

const app = 'ghcr.io/octo-org/octo-app';
const release = aRun({ GITHUB_REF: 'refs/tags/v1.2.3' });
const facts = { message: 'It failed.', remedy: 'Mend it.' };
const denied = new RegistryError('REGISTRY_REFUSED', { ...facts, status: 403, ociCodes: ['DENIED'] });
const refused = { answer: 'refused', error: denied } as const;
const engineDown = new ToolError('ENGINE_DOWN', facts);

/** Where in the order of effects one stands. */
function at(effects: readonly string[], effect: string): number {
  const index = effects.findIndex((each) => each.startsWith(effect));
  expect([effect, index]).not.toEqual([effect, -1]);
  return index;
}

describe('a release is published', () => {
  test('in this order: ask, build and push the main tag, move the others, latest last, then ask for each', async () => {
    const world = aWorld();
    await publishImage(planned({}, release), world.ports);
    expect(world.effects.slice(0, 5).toSorted()).toEqual([
      'checkLogins ghcr.io',
      'listTags ghcr.io/octo-org/octo-app',
      'logIn',
      `mayPush ${app}`,
      'readFacts',
    ]);
    expect(world.effects.slice(5)).toEqual([
      `build ${app}:1.2.3 --push`,
      `getManifest ${app}:1.2.3`,
      `putManifest ${app}:1.2`,
      `putManifest ${app}:1`,
      `putManifest ${app}:latest`,
      `headManifest ${app}:1.2`,
      `headManifest ${app}:1`,
      `headManifest ${app}:latest`,
    ]);
  });

  test('under every tag with one digest', async () => {
    const manifest = aManifest('release');
    const world = aWorld({ manifest });
    const outcome = await publishImage(planned({}, release), world.ports);
    expect(outcome).toMatchObject({
      published: true,
      reason: '',
      digest: manifest.digest,
      imageId: 'sha256:image',
      metadata: '{"pushed":true}',
      platforms: { 'linux/amd64': manifest.digest },
    });
    expect([...world.tags].map(([reference, { digest }]) => [reference, digest])).toEqual(
      ['1.2.3', '1.2', '1', 'latest'].map((tag) => [`${app}:${tag}`, manifest.digest]),
    );
  });

  test('and the log says by which builder and under which names', async () => {
    const world = aWorld();
    await publishImage(planned({}, release), world.ports);
    expect(world.lines).toContain('Engine: Docker with buildx, containerd image store, because it is there');
    expect(world.lines).toContain(`Tagged ${app}:latest`);
    expect(world.lines).toContainEqual(
      expect.stringMatching(/^Verified ghcr\.io\/octo-org\/octo-app@sha256:[0-9a-f]{64}: \S+, \S+, \S+, latest$/),
    );
  });

  test('under one tag: nothing further is moved or asked for', async () => {
    const world = aWorld();
    await publishImage(planned({ tags: 'once' }), world.ports);
    expect(world.effects.slice(-2)).toEqual([`build ${app}:once --push`, `getManifest ${app}:once`]);
  });

  test('without asking for each tag where verify is off', async () => {
    const world = aWorld();
    await publishImage(planned({ verify: 'off' }, release), world.ports);
    expect(world.effects.filter((effect) => effect.startsWith('headManifest'))).toEqual([]);
    expect(world.tags.size).toBe(4);
  });

  test('in several repositories with one build', async () => {
    const world = aWorld();
    const outcome = await publishImage(planned({ images: `${app}\nlocalhost:5000/b`, tags: '1\nlatest' }), world.ports);
    expect(world.effects.filter((effect) => effect.startsWith('build'))).toEqual([
      `build ${app}:1 localhost:5000/b:1 --push`,
    ]);
    expect([...world.tags.keys()].toSorted()).toEqual([
      `${app}:1`,
      `${app}:latest`,
      'localhost:5000/b:1',
      'localhost:5000/b:latest',
    ]);
    expect(outcome.published).toBe(true);
  });

  test('with the platforms of its index, and no word of attestations', async () => {
    const [amd64, arm64, attestation] = ['amd64', 'arm64', 'attestation'].map((name) => aManifest(name).digest);
    const mediaType = mediaTypes.ociManifest;
    const bytes = Buffer.from(
      JSON.stringify({
        manifests: [
          { mediaType, size: 1, digest: amd64, platform: { os: 'linux', architecture: 'amd64' } },
          { mediaType, size: 1, digest: arm64, platform: { os: 'linux', architecture: 'arm64' } },
          { mediaType, size: 1, digest: attestation, platform: { os: 'unknown', architecture: 'unknown' } },
          { mediaType, size: 1, digest: attestation },
        ],
      }),
    );
    const manifest: StoredManifest = { mediaType: mediaTypes.ociIndex, bytes, digest: digestOf(bytes) };
    const outcome = await publishImage(planned({ tags: '1' }), aWorld({ manifest }).ports);
    expect(outcome.platforms).toEqual({ 'linux/amd64': amd64, 'linux/arm64': arm64 });
  });

  test('for the one platform that was asked for, whatever the engine’s own is', async () => {
    const outcome = await publishImage(planned({ tags: '1', platforms: 'linux/arm64' }), aWorld().ports);
    expect(Object.keys(outcome.platforms)).toEqual(['linux/arm64']);
  });
});

describe('latest and its like never move backwards', () => {
  const maintenance = aRun({ GITHUB_REF: 'refs/tags/v1.4.9' });

  test('a maintenance release leaves them where they are, and says so', async () => {
    const old = aManifest('old');
    const world = aWorld({ existing: [`${app}:2.0.0`, `${app}:2`, `${app}:1.4.8`, `${app}:latest`] });
    const outcome = await publishImage(planned({}, maintenance), world.ports);
    expect(outcome.description.tags.map(({ tag }) => tag)).toEqual(['1.4.9', '1.4', '1']);
    expect(world.tags.get(`${app}:latest`)?.digest).toBe(old.digest);
    expect(world.tags.get(`${app}:1.4`)?.digest).toBe(outcome.digest);
    expect(world.lines).toContainEqual(
      expect.stringMatching(
        /^notice: ghcr\.io\/octo-org\/octo-app:latest was not moved, because the registry has 2\.0\.0/,
      ),
    );
  });

  test('where all of its tags would move backwards nothing is built, and the reason says so', async () => {
    const world = aWorld({ existing: [`${app}:1.5.0`] });
    const outcome = await publishImage(planned({ tags: 'type=semver,pattern={{major}}' }, maintenance), world.ports);
    expect(outcome).toMatchObject({ published: false, reason: 'each of its tags would move backwards' });
    expect(world.effects.filter((effect) => effect.startsWith('build'))).toEqual([]);
  });

  test('one of several repositories where they all would is left alone', async () => {
    const world = aWorld({ existing: ['localhost:5000/b:1.5.0'] });
    const inputs = { images: `${app}\nlocalhost:5000/b`, tags: 'type=semver,pattern={{major}}' };
    await publishImage(planned(inputs, maintenance), world.ports);
    expect(world.effects).toContain(`build ${app}:1 --push`);
    expect(world.effects.filter((effect) => /(?:build|Manifest) .*localhost/.test(effect))).toEqual([]);
    expect([...world.tags.keys()].filter((reference) => reference.startsWith('localhost'))).toEqual([
      'localhost:5000/b:1.5.0',
    ]);
  });

  test.each([
    ['the first', 'localhost:5000/b:1.5.0', `localhost:5000/b\n${app}`],
    ['the second', 'localhost:5000/b:1.5.0', `${app}\nlocalhost:5000/b`],
  ])(
    'the outputs name only the repository that has it when %s of two was left alone',
    async (_title, there, images) => {
      const world = aWorld({ existing: [there] });
      const inputs = { images, tags: 'type=semver,pattern={{major}}' };
      const thePlan = planned(inputs, maintenance);
      const outputs = formatOutputs(thePlan.plan, await publishImage(thePlan, world.ports));
      expect(outputs).toMatchObject({
        published: 'true',
        image: `${app}:1`,
        tags: `${app}:1\n${app}:latest`,
        registry: 'ghcr.io',
      });
    },
  );

  test('the outputs have the page of the package, also of a plan that was copied', async () => {
    const { plan, describe: again } = planned({}, release);
    const outcome = await publishImage({ plan: JSON.parse(JSON.stringify(plan)), describe: again }, aWorld().ports);
    const page = 'https://github.com/orgs/octo-org/packages/container/package/octo-app';
    expect(formatOutputs(plan, outcome)).toMatchObject({ image: `${app}:1.2.3`, 'package-url': page });
  });

  test('tags that name one publish are moved without a look at those that are there', async () => {
    const world = aWorld();
    await publishImage(planned({ tags: 'once' }), world.ports);
    expect(world.effects.filter((effect) => effect.startsWith('listTags'))).toEqual([]);
  });

  test('a registry that does not list its tags does not stop the publish', async () => {
    const world = aWorld({ failing: { listTags: denied } });
    const outcome = await publishImage(planned({}, release), world.ports);
    expect(outcome.description.tags).toHaveLength(4);
    expect(world.lines).toContain(
      `notice: Could not list the tags of ${app}, so all tags in \`tags\` are moved without a check for newer versions: It failed.`,
    );
  });

  test('any other error there does', async () => {
    const error = new TypeError('a defect');
    await expect(publishImage(planned({}, release), aWorld({ failing: { listTags: error } }).ports)).rejects.toBe(
      error,
    );
  });
});

describe('nothing is published', () => {
  test('and nothing asked of a registry but whether it takes the login, where the run does not push', async () => {
    const world = aWorld();
    const outcome = await publishImage(planned({ push: 'false' }, release), world.ports);
    expect(world.effects.toSorted()).toEqual([`build ${app}:1.2.3`, 'checkLogins', 'logIn', 'readFacts']);
    expect(outcome).toMatchObject({
      published: false,
      reason: '`push` is false',
      digest: undefined,
      metadata: '{}',
      platforms: {},
    });
  });

  test('and nothing built, where images enables none', async () => {
    const world = aWorld();
    const outcome = await publishImage(planned({ images: 'name=ghcr.io/a/b,enable=false' }), world.ports);
    expect(outcome).toMatchObject({ published: false, reason: '`images` enables no repository' });
    expect(world.effects.toSorted()).toEqual(['checkLogins', 'logIn', 'readFacts']);
  });

  test('and nothing built, where no rule gives a tag', async () => {
    const world = aWorld();
    const outcome = await publishImage(planned({ tags: 'type=ref,event=tag' }), world.ports);
    expect(outcome).toMatchObject({ published: false, reason: 'no tag came out of `tags`' });
    expect(world.effects.filter((effect) => effect.startsWith('build'))).toEqual([]);
  });
});

describe('a refusal ends the step before the build', () => {
  test('with the registry’s words and the remedy', async () => {
    const world = aWorld({ permission: refused });
    const outcome = publishImage(planned({}, release), world.ports);
    await expect(outcome).rejects.toThrowCode('PUSH_DENIED');
    await expect(outcome).rejects.toThrow(`This run may not push to ${app}: It failed.`);
    await expect(outcome).rejects.toMatchObject({
      remedy: 'Mend it.',
      status: 403,
      ociCodes: ['DENIED'],
      cause: denied,
    });
    expect(world.effects.filter((effect) => effect.startsWith('build'))).toEqual([]);
    expect(world.tags.size).toBe(0);
  });

  test('a token that is not accepted is told apart', async () => {
    const error = new RegistryError('TOKEN_REJECTED', { ...facts, status: 401 });
    const world = aWorld({ permission: { answer: 'refused', error } });
    await expect(publishImage(planned({}, release), world.ports)).rejects.toThrowCode('TOKEN_REJECTED');
  });

  test.each([
    ['a registry that the engine does not reach either', new RegistryError('CA_UNKNOWN', facts), 'PUSH_DENIED'],
    ['a login that the engine was refused, too', new PermissionError('LOGIN_REFUSED', facts), 'PUSH_DENIED'],
    ['an engine that is not there, which is its own fault', engineDown, engineDown.code],
  ])('of two that fail, our own request is told, though the engine was faster: %s', async (_what, logIn, code) => {
    const ports = withSlowPermission(aWorld({ permission: refused, failing: { logIn } }));
    await expect(publishImage(planned({}, release), ports)).rejects.toMatchObject({ code });
  });

  test('the engine’s is told where ours found nothing', async () => {
    const world = aWorld({ failing: { logIn: new RegistryError('CA_UNKNOWN', facts) } });
    await expect(publishImage(planned({}, release), world.ports)).rejects.toMatchObject({ code: 'CA_UNKNOWN' });
    expect(world.effects.filter((effect) => effect.startsWith('build'))).toEqual([]);
  });

  test('but where the run is one that only reads, it builds and does not push', async () => {
    const dependabot = aRun({ GITHUB_ACTOR: 'dependabot[bot]' });
    const world = aWorld({ permission: refused });
    const outcome = await publishImage(planned({}, dependabot), world.ports);
    expect(outcome).toMatchObject({ published: false, digest: undefined });
    expect(outcome.reason).toContain('Dependabot');
    expect(world.effects.filter((effect) => effect.startsWith('build'))).toEqual([`build ${app}:main`]);
    expect(world.tags.size).toBe(0);
  });

  test('and then the output plan and the summary say that it did not push, and why', async () => {
    const thePlan = planned({}, aRun({ GITHUB_ACTOR: 'dependabot[bot]' }));
    const outcome = await publishImage(thePlan, aWorld({ permission: refused }).ports);
    expect(JSON.parse(formatOutputs(thePlan.plan, outcome).plan).push).toMatchObject({
      value: false,
      reason: 'Dependabot started the run, and its token only reads',
    });
    const facts = {
      participle: 'published' as const,
      isDryRun: false,
      spans: [],
      buildSteps: [],
      images: [],
      warnings: [],
    };
    const summary = formatSummary({ ...facts, plan: thePlan.plan, outcome }, (text) => text);
    expect(
      tablesOf(toHtml(summary))
        .flat()
        .map((row) => row.map(textOf)),
    ).toContainEqual(['Push', 'no', 'because Dependabot started the run, and its token only reads']);
  });

  test('what cannot be told lets the build go on, with a notice', async () => {
    const world = aWorld({ permission: { answer: 'unknown', reason: 'the registry answered 503.' } });
    expect(await publishImage(planned({ tags: '1' }), world.ports)).toMatchObject({ published: true });
    expect(world.lines).toContain(
      `notice: Could not check in advance whether this run may push to ${app}: the registry answered 503.`,
    );
    expect(at(world.effects, 'checkLogin ghcr.io')).toBeLessThan(at(world.effects, 'build'));
  });
});

test('a registry that does not tell whether the run may push, and refuses its login, is not built for', async () => {
  const world = aWorld({
    permission: { answer: 'unknown', reason: 'the registry answered 503.' },
    failing: { 'checkLogin ghcr.io': new RegistryError('LOGIN_REFUSED', facts) },
  });
  await expect(publishImage(planned({ tags: '1' }), world.ports)).rejects.toThrowCode('LOGIN_REFUSED');
  expect(world.effects.filter((effect) => effect.startsWith('build'))).toEqual([]);
});

describe('a failure moves no further tag', () => {
  test.each([
    ['an engine that is down', { readFacts: engineDown }, 'ENGINE_DOWN'],
    ['an engine that cannot', { resolveBuilder: new ToolError('ENGINE_CANNOT', facts) }, 'ENGINE_CANNOT'],
    ['a login that is refused', { checkLogins: new RegistryError('LOGIN_REFUSED', facts) }, 'LOGIN_REFUSED'],
    [
      'a registry that does not answer',
      { mayPush: new RegistryError('REGISTRY_UNREACHABLE', facts) },
      'REGISTRY_UNREACHABLE',
    ],
  ] as const)('%s: nothing is built', async (_title, failing, code) => {
    const world = aWorld({ failing });
    await expect(publishImage(planned({}, release), world.ports)).rejects.toThrowCode(code);
    expect(world.effects.filter((effect) => effect.startsWith('build'))).toEqual([]);
    expect(world.tags.size).toBe(0);
  });

  test('of the build: no tag moves', async () => {
    const world = aWorld({ failing: { build: new BuildError('BUILD_FAILED', facts) } });
    await expect(publishImage(planned({}, release), world.ports)).rejects.toThrowCode('BUILD_FAILED');
    expect(world.effects.at(-1)).toBe(`build ${app}:1.2.3 --push`);
    expect(world.tags.size).toBe(0);
  });

  test('of the main tag’s manifest: no other moves', async () => {
    const world = aWorld({ failing: { getManifest: denied } });
    await expect(publishImage(planned({}, release), world.ports)).rejects.toThrowCode('REGISTRY_REFUSED');
    expect([...world.tags.keys()]).toEqual([`${app}:1.2.3`]);
  });

  test('of one tag: those after it stay, and so does latest', async () => {
    const world = aWorld({ failing: { [`putManifest ${app}:1`]: denied } });
    await expect(publishImage(planned({}, release), world.ports)).rejects.toThrowCode('REGISTRY_REFUSED');
    expect([...world.tags.keys()]).toEqual([`${app}:1.2.3`, `${app}:1.2`]);
  });

  test.each([
    [`${app}:latest`, ` In localhost:5000/b moved: 1.`],
    ['localhost:5000/b:latest', ` In ${app} moved: 1, latest.`],
  ])('of %s, in one of two repositories: the error says what has moved in the other', async (tag, says) => {
    const world = aWorld({ failing: { [`putManifest ${tag}`]: denied } });
    const outcome = publishImage(planned({ images: `${app}\nlocalhost:5000/b`, tags: '1\nlatest' }), world.ports);
    await expect(outcome).rejects.toThrow(`moved to it: 1; not moved: latest.${says}`);
    expect(denied.message).toBe('It failed.');
  });

  test('side by side with another failure: both are heard of, one is thrown', async () => {
    const world = aWorld({
      permission: refused,
      failing: { readFacts: engineDown, checkLogins: new RegistryError('LOGIN_REFUSED', facts) },
    });
    await expect(publishImage(planned({}, release), world.ports)).rejects.toBeInstanceOf(Error);
    // Nothing is left that rejects when nobody listens: Jest would fail the run.
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(at(world.effects, 'mayPush')).toBeLessThan(5);
  });
});

describe('what was pushed is read back', () => {
  test('another image under the main tag is an error, and no further tag moves', async () => {
    const other = aManifest('of another run');
    const world = aWorld({
      meddle: (effect, { tags }) => {
        if (effect.startsWith('getManifest')) tags.set(`${app}:1.2.3`, other);
      },
    });
    const outcome = publishImage(planned({}, release), world.ports);
    await expect(outcome).rejects.toThrowCode('DIGEST_MISMATCH');
    await expect(outcome).rejects.toThrow(
      `${app}:1.2.3 is ${other.digest} after the push of ${aManifest('new').digest}.`,
    );
    expect([...world.tags.keys()]).toEqual([`${app}:1.2.3`]);
  });

  test.each([
    ['another image', aManifest('of another run'), aManifest('of another run').digest],
    ['nothing', undefined, 'not there'],
  ])('%s under a further tag is an error', async (_title, found, words) => {
    const world = aWorld({
      meddle: (effect, { tags }) => {
        if (effect !== `headManifest ${app}:1`) return;
        if (found === undefined) tags.delete(`${app}:1`);
        else tags.set(`${app}:1`, found);
      },
    });
    const outcome = publishImage(planned({}, release), world.ports);
    await expect(outcome).rejects.toThrowCode('DIGEST_MISMATCH');
    await expect(outcome).rejects.toThrow(`${app}:1 is ${words} after the push of`);
  });
});
