import { describe, expect, test } from '@jest/globals';
import { aDescription, codesOf, type NamingWish, pullRequestHead, sha, tagsOf } from './naming.ts';

type Row = readonly [title: string, wish: NamingWish, tags: string];

const tag = (name: string): NamingWish => ({ ref: `refs/tags/${name}` });
const branch = (name: string): NamingWish => ({ ref: `refs/heads/${name}` });
const pullRequest: NamingWish = { event: 'pull_request' };
const schedule: NamingWish = { event: 'schedule' };

function rows(table: readonly Row[]): void {
  test.each(table)('%s', (_title, wish, tags) => {
    expect(tagsOf(wish)).toBe(tags);
  });
}

describe('rules that depend on the event', () => {
  rows([
    ['schedule gives nightly on a schedule', { ...schedule, tags: 'type=schedule' }, 'nightly'],
    ['schedule gives nothing on a push', { tags: 'type=schedule' }, ''],
    ['pattern of a schedule is the tag', { ...schedule, tags: 'type=schedule,pattern=weekly' }, 'weekly'],
    [
      'pattern of a schedule formats the date',
      { ...schedule, tags: "type=schedule,pattern={{date 'YYYYMMDD'}}" },
      '20260102',
    ],
    ['pattern of a schedule knows no branch', { ...schedule, tags: 'type=schedule,pattern=n{{branch}}' }, 'n'],
    ['edge gives edge on the default branch', { tags: 'type=edge' }, 'edge'],
    [
      'edge gives edge on a schedule, whose branch is the default one, though nobody says so',
      { ...schedule, ref: 'refs/heads/trunk', payload: { repository: {} }, tags: 'type=edge' },
      'edge',
    ],
    [
      'a new branch is judged by its own name',
      {
        ...branch('dev'),
        event: 'create',
        tags: 'type=raw,value=default,enable={{is_default_branch}}\ntype=ref,event=branch',
      },
      'dev',
    ],
    ['edge gives nothing on another branch', { ...branch('dev'), tags: 'type=edge' }, ''],
    ['branch of edge names another branch', { ...branch('dev'), tags: 'type=edge,branch=dev' }, 'edge'],
    ['edge gives nothing for a git tag of that name', { ...tag('main'), tags: 'type=edge' }, ''],
    ['event=branch gives the branch', { ...branch('dev'), tags: 'type=ref,event=branch' }, 'dev'],
    ['event=branch gives nothing for a git tag', { ...tag('v1'), tags: 'type=ref,event=branch' }, ''],
    [
      'event=tag gives the git tag as it is, and latest',
      { ...tag('v1.2.3'), tags: 'type=ref,event=tag' },
      'v1.2.3 latest',
    ],
    ['event=tag gives nothing for a branch', { tags: 'type=ref,event=tag' }, ''],
    ['event=pr gives the number after pr-', { ...pullRequest, tags: 'type=ref,event=pr' }, 'pr-15'],
    [
      'event=pr gives the number on pull_request_target',
      { event: 'pull_request_target', tags: 'type=ref,event=pr' },
      'pr-15',
    ],
    ['event=pr gives nothing on a push', { tags: 'type=ref,event=pr' }, ''],
    ['sha gives the first seven characters after sha-', { tags: 'type=sha' }, 'sha-860c190'],
    ['format=long gives the whole commit', { tags: 'type=sha,format=long' }, `sha-${sha}`],
    ['the length of a short commit can be set', { tags: 'type=sha', shortShaLength: 10 }, 'sha-860c1904a1'],
    [
      'a pull request is described by its head commit if asked',
      { ...pullRequest, tags: 'type=sha', usesPullRequestHead: true },
      `sha-${pullRequestHead.slice(0, 7)}`,
    ],
    ['raw gives its value on any event', { tags: 'type=raw,value=mytag' }, 'mytag'],
    ['a plain tag is a raw rule', { tags: 'mytag' }, 'mytag'],
    ['type=raw takes its value without a name', { tags: 'type=raw,mytag' }, 'mytag'],
  ]);
});

describe('events without a rule of their own', () => {
  rows([
    ['release is for a git tag', { ...tag('v1.2.3'), event: 'release' }, '1.2.3 1.2 1 latest'],
    ['workflow_dispatch is for the branch it was started on', { ...branch('dev'), event: 'workflow_dispatch' }, 'dev'],
    [
      'workflow_dispatch on a git tag is for that tag',
      { ...tag('v1.2.3'), event: 'workflow_dispatch' },
      '1.2.3 1.2 1 latest',
    ],
    ['create of a branch is for that branch', { ...branch('dev'), event: 'create' }, 'dev'],
    ['create of a git tag is for that tag', { ...tag('v0.1.0'), event: 'create' }, '0.1.0 0.1 latest'],
    [
      'merge_group is for the branch of the queue',
      { ref: 'refs/heads/gh-readonly-queue/main/pr-15-abc', event: 'merge_group' },
      'gh-readonly-queue-main-pr-15-abc',
    ],
    ['workflow_run is for the default branch', { event: 'workflow_run' }, 'main'],
    ['a schedule has the branch after nightly', schedule, 'nightly main'],
    ['pull_request gives its number', pullRequest, 'pr-15'],
  ]);
});

describe('semver', () => {
  rows([
    [
      'pattern is written from the version of the git tag',
      { ...tag('v1.2.3'), tags: 'type=semver,pattern={{major}}.{{minor}}' },
      '1.2 latest',
    ],
    [
      '{{raw}} keeps the git tag, with + as -',
      { ...tag('v1.2.3+b.5'), tags: 'type=semver,pattern={{raw}}' },
      'v1.2.3-b.5 latest',
    ],
    [
      '{{version}} drops build metadata',
      { ...tag('v1.2.3+b.5'), tags: 'type=semver,pattern={{version}}' },
      '1.2.3 latest',
    ],
    [
      'a prerelease gives its own name whatever the pattern, and no latest',
      { ...tag('v2.0.0-rc.1'), tags: 'type=semver,pattern={{major}}' },
      '2.0.0-rc.1',
    ],
    [
      'a prerelease gives its raw name for {{raw}}',
      { ...tag('v2.0.0-rc.1'), tags: 'type=semver,pattern={{ raw }}' },
      'v2.0.0-rc.1',
    ],
    ['a git tag of two numbers is no version', { ...tag('1.2'), tags: 'type=semver,pattern={{version}}' }, ''],
    ['a branch gives nothing', { ...branch('1.2.3'), tags: 'type=semver,pattern={{version}}' }, ''],
    [
      'value is read in place of the git tag, also on a branch',
      { tags: 'type=semver,pattern={{major}},value=v4.5.6' },
      '4 latest',
    ],
    [
      'value may be an expression',
      { ...tag('v1.2.3'), tags: 'type=semver,pattern={{version}},value={{tag}}' },
      '1.2.3 latest',
    ],
    [
      'match picks the version by its first group',
      { ...tag('app-v1.2.3'), tags: 'type=semver,pattern={{version}},match=^app-v(.*)$' },
      '1.2.3 latest',
    ],
    [
      'match without a group picks all that it matches',
      { ...tag('app-1.2.3'), tags: 'type=semver,pattern={{version}},match=\\d.*' },
      '1.2.3 latest',
    ],
    [
      'match that does not match leaves the git tag whole',
      { ...tag('v1.2.3'), tags: 'type=semver,pattern={{version}},match=^x-(.*)$' },
      '1.2.3 latest',
    ],
    [
      'strip removes what the git tag starts with',
      { ...tag('api-v1.2.3'), tags: 'type=semver,pattern={{version}},strip=api-' },
      '1.2.3 latest',
    ],
    [
      'strip lets other git tags alone',
      { ...tag('web-v1.2.3'), tags: 'type=semver,pattern={{version}},strip=api-' },
      '',
    ],
    [
      'strip goes before match',
      { ...tag('api/v1.2.3'), tags: 'type=semver,pattern={{version}},strip=api/,match=^v(.*)$' },
      '1.2.3 latest',
    ],
    [
      'strip may hold a slash',
      { ...tag('pkg/api/v1.2.3'), tags: 'type=semver,pattern={{version}},strip=pkg/api/' },
      '1.2.3 latest',
    ],
  ]);
});

describe('pep440', () => {
  rows([
    [
      'pattern is written from the version',
      { ...tag('v1.2'), tags: 'type=pep440,pattern={{major}}.{{minor}}.{{patch}}' },
      '1.2.0 latest',
    ],
    [
      'a prerelease gives its own name, and no latest',
      { ...tag('1.2.3rc2'), tags: 'type=pep440,pattern={{major}}' },
      '1.2.3rc2',
    ],
    [
      'a post-release gives its own name, and no latest',
      { ...tag('1.0.post1'), tags: 'type=pep440,pattern={{major}}' },
      '1.0.post1',
    ],
    [
      'a development release gives its own name',
      { ...tag('2.0.dev1'), tags: 'type=pep440,pattern={{version}}' },
      '2.0.dev1',
    ],
    [
      '{{raw}} of a prerelease is as written',
      { ...tag('v1.2.3-RC2'), tags: 'type=pep440,pattern={{raw}}' },
      'v1.2.3-RC2',
    ],
    [
      'an epoch stays before the version',
      { ...tag('1!2.0'), tags: 'type=pep440,pattern={{version}}\ntype=pep440,pattern={{major}}' },
      '1-2.0 2 latest',
    ],
    ['four numbers are a version', { ...tag('v1.2.3.4'), tags: 'type=pep440,pattern={{version}}' }, '1.2.3.4 latest'],
    [
      'strip and match apply',
      { ...tag('py-r1.5'), tags: 'type=pep440,pattern={{version}},strip=py-,match=r(.*)' },
      '1.5 latest',
    ],
  ]);
});

describe('match', () => {
  rows([
    [
      'pattern gives what it matches, and latest',
      { ...tag('v1.2.3'), tags: 'type=match,pattern=\\d.\\d' },
      '1.2 latest',
    ],
    ['group picks a part', { ...tag('v1.2.3'), tags: 'type=match,pattern=v(\\d+)\\.(\\d+),group=2' }, '2 latest'],
    [
      'a group that the pattern lacks gives nothing',
      { ...tag('v1.2.3'), tags: 'type=match,pattern=v(\\d+),group=2' },
      '',
    ],
    ['a pattern that does not match gives nothing', { ...tag('v1.2.3'), tags: 'type=match,pattern=^x' }, ''],
    [
      'a pattern between slashes has flags',
      { ...tag('V1.2.3'), tags: 'type=match,pattern=/v(.*)/i,group=1' },
      '1.2.3 latest',
    ],
    ['value is matched in place of the git tag', { tags: 'type=match,pattern=\\d,value=v9.8' }, '9 latest'],
    ['a quoted pattern keeps its comma', { ...tag('v20.1'), tags: 'type=match,"pattern=\\d{1,2}"' }, '20 latest'],
    [
      'a pattern in doubled quotes keeps its comma',
      { ...tag('v20.1'), tags: 'type=match,"""pattern=\\d{1,2}"""' },
      '20 latest',
    ],
    [
      'strip removes what the git tag starts with',
      { ...tag('api-2.3'), tags: 'type=match,pattern=^\\d,strip=api-' },
      '2 latest',
    ],
    [
      'a prerelease, too, takes latest',
      { ...tag('v2.0.0-rc.1'), tags: 'type=match,pattern=v(.*),group=1' },
      '2.0.0-rc.1 latest',
    ],
  ]);
});

describe('attributes that every rule has', () => {
  rows([
    ['enable=false switches a rule off', { tags: 'type=raw,value=a,enable=false\nb' }, 'b'],
    ['enable takes an expression', { ...branch('dev'), tags: 'type=raw,value=a,enable={{is_default_branch}}\nb' }, 'b'],
    [
      'enable takes a condition',
      { tags: 'type=raw,value=a,enable={{#if is_default_branch}}true{{else}}false{{/if}}' },
      'a',
    ],
    [
      'priority puts a rule first',
      { ...tag('v1.2.3'), tags: 'type=semver,pattern={{version}}\ntype=sha,priority=950' },
      'sha-860c190 1.2.3',
    ],
    ['rules of one priority stay in order', { tags: 'b\na\nc' }, 'b a c'],
    ['prefix and suffix stand around the value', { tags: 'type=raw,value=x,prefix=a-,suffix=-b' }, 'a-x-b'],
    ['prefix takes an expression', { tags: 'type=raw,value=x,prefix={{branch}}-' }, 'main-x'],
    [
      'the prefix of a rule replaces that of flavor',
      { tags: 'type=raw,value=x,prefix=a-', flavor: 'prefix=f-' },
      'a-x',
    ],
    ['an empty prefix replaces that of flavor, too', { tags: 'type=raw,value=x,prefix=', flavor: 'prefix=f-' }, 'x'],
    [
      'pr and sha keep their own prefix beside flavor',
      { ...pullRequest, tags: 'type=ref,event=pr\ntype=sha', flavor: 'prefix=f-' },
      'pr-15 sha-860c190',
    ],
    ['a tag that two rules give appears once', { tags: 'a\ntype=raw,value=a\nb\nb' }, 'a b'],
    [
      'a rule whose value is empty on this run gives nothing',
      { ...pullRequest, tags: 'type=raw,value={{branch}}\na' },
      'a',
    ],
  ]);
});

describe('flavor', () => {
  rows([
    [
      'prefix and suffix stand around each tag, but not around latest',
      { ...tag('v1.2.3'), tags: 'type=semver,pattern={{version}}', flavor: 'prefix=p-\nsuffix=-s' },
      'p-1.2.3-s latest',
    ],
    [
      'onlatest puts the suffix on latest, too',
      { ...tag('v1.2.3'), tags: 'type=semver,pattern={{version}}', flavor: 'suffix=-alpine,onlatest=true' },
      '1.2.3-alpine latest-alpine',
    ],
    [
      'onlatest belongs to the affix before it',
      { ...tag('v1.2.3'), tags: 'type=semver,pattern={{version}}', flavor: 'prefix=p-,onlatest=true,suffix=-s' },
      'p-1.2.3-s p-latest',
    ],
    [
      'expressions on latest are expanded',
      { ...tag('v1.2.3'), tags: 'type=semver,pattern={{version}}', flavor: 'suffix=-{{sha}},onlatest=true' },
      '1.2.3-860c190 latest-860c190',
    ],
    [
      'latest=false leaves latest out',
      { ...tag('v1.2.3'), tags: 'type=semver,pattern={{version}}', flavor: 'latest=false' },
      '1.2.3',
    ],
    ['latest=true adds latest to any tag', { tags: 'a', flavor: 'latest=true' }, 'a latest'],
    ['latest=true adds nothing where no rule gives a tag', { tags: 'type=schedule', flavor: 'latest=true' }, ''],
    [
      'latest=auto goes by the first tag alone',
      { ...tag('v1.2.3'), tags: 'type=raw,value=a,priority=2000\ntype=semver,pattern={{version}}' },
      'a 1.2.3',
    ],
    ['latest appears once where a rule gives it, too', { tags: 'a\nlatest\nb', flavor: 'latest=true' }, 'a latest b'],
  ]);
});

describe('expressions', () => {
  rows([
    ['branch is empty on pull requests', { ...pullRequest, tags: 'type=raw,value=a{{branch}}' }, 'a'],
    [
      'branch is the branch, with its slashes as -',
      { ...branch('feature/x'), tags: 'type=raw,value={{branch}}' },
      'feature-x',
    ],
    ['tag is the git tag', { ...tag('v1'), tags: 'type=raw,value={{tag}}' }, 'v1'],
    ['sha is the short commit', { tags: 'type=raw,value={{sha}}' }, '860c190'],
    ['base_ref is where a pull request goes', { ...pullRequest, tags: 'type=raw,value={{base_ref}}' }, 'main'],
    [
      'base_ref is the branch that a pushed git tag names',
      { ...tag('v1'), payload: { base_ref: 'refs/heads/dev' }, tags: 'type=raw,value={{base_ref}}' },
      'dev',
    ],
    ['base_ref is empty on a push to a branch', { tags: 'type=raw,value=a{{base_ref}}' }, 'a'],
    ['is_default_branch is true on the default branch', { tags: 'type=raw,value={{is_default_branch}}' }, 'true'],
    [
      'is_default_branch is true on every schedule',
      { ...schedule, ...branch('dev'), tags: 'type=raw,value={{is_default_branch}}' },
      'true',
    ],
    [
      'is_default_branch is false for a git tag',
      { ...tag('main'), tags: 'type=raw,value={{is_default_branch}}' },
      'false',
    ],
    [
      'is_not_default_branch is the contrary',
      { ...branch('dev'), tags: 'type=raw,value={{is_not_default_branch}}' },
      'true',
    ],
    [
      'is_semver is true for a git tag that is a version',
      { ...tag('v1.2.3'), tags: 'type=raw,value={{is_semver}}{{is_not_semver}}' },
      'truefalse',
    ],
    [
      'date takes a format and a time zone',
      { tags: "type=raw,value={{date 'YYYYMMDD-HHmm' tz='Asia/Tokyo'}}" },
      '20260102-1330',
    ],
    ['date is in UTC where the zone is unknown', { tags: "type=raw,value={{date 'HHmm' tz='Mars/Base'}}" }, '0430'],
    ['date without a format is ISO 8601', { tags: 'type=raw,value={{date YYYYMMDD}}' }, '2026-01-02T04-30-45Z'],
    [
      'commit_date is the time of the commit',
      {
        payload: { commits: [{ id: sha, timestamp: '2025-05-06T07:08:09+02:00' }] },
        tags: "type=raw,value={{commit_date 'YYYYMMDDHHmm'}}",
      },
      '202505060508',
    ],
    ['commit_date is now where the commit is unknown', { tags: "type=raw,value={{commit_date 'YYYY'}}" }, '2026'],
    [
      'numbers stand side by side',
      { ...tag('v1.2.0'), tags: 'type=semver,pattern={{major}}{{minor}}{{#if major}}{{patch}}{{minor}}{{/if}}' },
      '1202 latest',
    ],
    ['an unknown name is empty', { tags: 'type=raw,value=a{{nothing}}' }, 'a'],
    ['values are not HTML-escaped', { ...branch('a=b&c'), tags: 'type=raw,value={{branch}}' }, 'a-b-c'],
  ]);
});

describe('the tag grammar', () => {
  rows([
    ['other characters become one -', { ...branch('a/#/b c'), tags: 'type=ref,event=branch' }, 'a-b-c'],
    ['leading . and - go', { tags: 'type=raw,value=.-a' }, 'a'],
    ['a suffix alone loses its leading -', { tags: 'type=raw,value={{tag}},suffix=-alpine' }, 'alpine'],
    [
      'a long value is cut to 128 characters',
      { ...branch('x'.repeat(200)), tags: 'type=ref,event=branch' },
      'x'.repeat(128),
    ],
    [
      'a cut spares the suffix, so that variants keep apart',
      { ...branch('x'.repeat(200)), tags: 'type=ref,event=branch,suffix=-alpine' },
      `${'x'.repeat(121)}-alpine`,
    ],
    ['upper case stays', { tags: 'Custom_Tag' }, 'Custom_Tag'],
  ]);

  test('a tag of which nothing can stand is an error', () => {
    expect(codesOf(() => aDescription({ ...branch('日本'), tags: 'type=ref,event=branch' }))).toEqual(['TAG_INVALID']);
  });

  test('a cut is said', () => {
    expect(aDescription({ ...branch('x'.repeat(200)), tags: 'type=ref,event=branch' }).warnings).toHaveLength(1);
  });
});

describe('no tags asked for', () => {
  rows([
    ['a release gives itself, its minor and major line, and latest', tag('v1.4.9'), '1.4.9 1.4 1 latest'],
    ['a release 0.x gives no major line', tag('v0.3.0'), '0.3.0 0.3 latest'],
    ['a prerelease gives itself alone', tag('v2.1.0-rc.1'), '2.1.0-rc.1'],
    ['a git tag that is no version gives itself and latest', tag('stable/one'), 'stable-one latest'],
    ['a branch gives itself', branch('feature/x'), 'feature-x'],
    [
      'flavor applies',
      { ...tag('v0.3.0'), flavor: 'prefix=v\nsuffix=-alpine,onlatest=true' },
      'v0.3.0-alpine v0.3-alpine latest-alpine',
    ],
    ['comments alone ask for nothing', { ...branch('dev'), tags: '# later\n  # more' }, 'dev'],
  ]);
});

describe('a prerelease gets no latest by default', () => {
  const release = (prerelease: boolean): NamingWish => ({
    event: 'release',
    payload: { release: { tag_name: 'v1.2.3', prerelease } },
  });

  rows([
    ['after a prefix', tag('app-v1.2.3-rc.1'), 'app-v1.2.3-rc.1'],
    ['of PEP 440', tag('1.0.0rc1'), '1.0.0rc1'],
    ['of PEP 440 with one letter', tag('1.0b2'), '1.0b2'],
    ['of Maven', tag('2.0-M3'), '2.0-M3'],
    ['of two numbers', tag('v1.2-rc1'), 'v1.2-rc1'],
    ['of a night', tag('nightly-2026-01-02'), 'nightly-2026-01-02'],
    ['in capitals', tag('V2-BETA'), 'V2-BETA'],
    ['a word that only looks like one is none', tag('v1.2-arch'), 'v1.2-arch latest'],
    ['nor is one inside of another', tag('prebuilt-7'), 'prebuilt-7 latest'],
    ['a release that is marked so moves nothing else', { ...tag('v1.2.3'), ...release(true) }, '1.2.3'],
    ['one of two numbers neither', { ...tag('v1.2'), ...release(true) }, 'v1.2'],
    ['a release without the mark takes all', { ...tag('v1.2.3'), ...release(false) }, '1.2.3 1.2 1 latest'],
    [
      'a rule that someone wrote gives what docker/metadata-action gives',
      { ...tag('v2.0.8-beta.67'), ...release(true), tags: 'type=ref,event=tag' },
      'v2.0.8-beta.67 latest',
    ],
  ]);

  test('says why', () => {
    const reasonOf = (wish: NamingWish): string => aDescription(wish).latest.reason;
    expect(reasonOf(tag('v1.2-rc1'))).toBe('the first tag, v1.2-rc1, is no final release');
    expect(reasonOf({ ...tag('v1.2.3'), ...release(true) })).toBe(
      'the first tag, 1.2.3, belongs to a release that is marked as a prerelease',
    );
    expect(reasonOf({ ...tag('stable'), existing: ['latest'] })).toMatch(/^stable is no version/);
  });
});

describe('tags that never move backwards', () => {
  const published = ['1.4.8', '1.4', '1', '2.0.0', '2.0', '2', 'latest'];

  rows([
    ['a maintenance release moves its own line only', { ...tag('v1.4.9'), existing: published }, '1.4.9 1.4 1'],
    ['the newest release moves all', { ...tag('v2.0.1'), existing: published }, '2.0.1 2.0 2 latest'],
    ['the same release again moves all', { ...tag('v2.0.0'), existing: published }, '2.0.0 2.0 2 latest'],
    [
      'a late patch of an older minor line leaves the major line',
      { ...tag('v1.3.7'), existing: published },
      '1.3.7 1.3',
    ],
    ['a prerelease moves nothing', { ...tag('v2.1.0-rc.1'), existing: published }, '2.1.0-rc.1'],
    [
      'a prerelease in the registry holds nothing',
      { ...tag('v2.0.1'), existing: ['3.0.0-rc.1'] },
      '2.0.1 2.0 2 latest',
    ],
    ['an empty registry holds nothing', { ...tag('v1.0.0'), existing: [] }, '1.0.0 1.0 1 latest'],
    ['a registry that was not asked holds nothing', tag('v1.0.0'), '1.0.0 1.0 1 latest'],
    [
      'another suffix is another family',
      { ...tag('v1.4.9'), flavor: 'suffix=-alpine,onlatest=true', existing: published },
      '1.4.9-alpine 1.4-alpine 1-alpine latest-alpine',
    ],
    [
      'the same suffix is the same family',
      { ...tag('v1.4.9'), flavor: 'suffix=-alpine,onlatest=true', existing: ['2.0.0-alpine', '1.5.0-alpine'] },
      '1.4.9-alpine 1.4-alpine',
    ],
    [
      'a plain latest is not taken from a higher plain release',
      { ...tag('v1.4.9'), flavor: 'suffix=-alpine', existing: published },
      '1.4.9-alpine 1.4-alpine 1-alpine',
    ],
    [
      'another prefix is another family',
      { ...tag('v1.4.9'), flavor: 'prefix=api-,onlatest=true', existing: ['web-2.0.0', '2.0.0'] },
      'api-1.4.9 api-1.4 api-1 api-latest',
    ],
    [
      'a leading v makes no other family',
      { ...tag('v1.4.9'), tags: 'type=semver,pattern=v{{major}}\ntype=semver,pattern={{raw}}', existing: ['v1.5.0'] },
      'v1.4.9',
    ],
    [
      'in a monorepo only the stripped package counts',
      {
        ...tag('api-1.4.9'),
        tags: 'type=semver,pattern={{version}},strip=api-,prefix=api-\ntype=semver,pattern={{major}},strip=api-,prefix=api-\ntype=semver,pattern={{version}},strip=web-,prefix=web-',
        flavor: 'prefix=api-,onlatest=true',
        existing: ['web-2.0.0', 'api-1.4.8'],
      },
      'api-1.4.9 api-1 api-latest',
    ],
    [
      'a prefix that ends in v keeps it',
      { ...tag('v1.4.9'), flavor: 'prefix=dev', existing: ['de2.0.0'] },
      'dev1.4.9 dev1.4 dev1 latest',
    ],
    [
      'a minor line alone says how high the registry is',
      { ...tag('v1.4.9'), tags: 'type=semver,pattern={{major}}.{{minor}}', existing: ['2.0', '1.4', 'latest'] },
      '1.4',
    ],
    [
      'numbers that no version can have say nothing',
      { ...tag('v1.4.9'), existing: ['x-99999999999999999999.1'] },
      '1.4.9 1.4 1 latest',
    ],
    [
      'a number alone says nothing: it may be a date',
      { ...tag('v1.4.9'), existing: ['20260101', '15'] },
      '1.4.9 1.4 1 latest',
    ],
    [
      'a day says nothing, even where it reads as a version',
      { ...tag('v1.4.9'), existing: ['2026.11.23'] },
      '1.4.9 1.4 1 latest',
    ],
    [
      'calendar versions are compared with each other',
      { ...tag('2026.10.1'), existing: ['2026.11.23'] },
      '2026.10.1 2026.10',
    ],
    ['two numbers are in order', { ...tag('v1.2'), existing: ['v1.3', 'latest'] }, 'v1.2'],
    ['the next of two numbers takes latest', { ...tag('v1.4'), existing: ['v1.3', 'latest'] }, 'v1.4 latest'],
    ['four numbers are in order', { ...tag('v1.2.3.5'), existing: ['v1.2.4.1', 'latest'] }, 'v1.2.3.5'],
    ['the fourth number counts', { ...tag('v1.2.3.10'), existing: ['v1.2.3.9', 'latest'] }, 'v1.2.3.10 latest'],
    ['four numbers hold three', { ...tag('v1.2.3'), existing: ['1.2.4.1', 'latest'] }, '1.2.3'],
    [
      'calendar versions with leading zeros are in order',
      { ...tag('2024.01.15'), existing: ['2024.02.01', 'latest'] },
      '2024.01.15',
    ],
    ['versions of year and month are in order', { ...tag('22.04'), existing: ['24.04', 'latest'] }, '22.04'],
    ['days with hyphens are in order', { ...tag('2026-01-02'), existing: ['2026-01-03', 'latest'] }, '2026-01-02'],
    [
      'versions after a word are in order',
      { ...tag('release-1.2.9'), existing: ['release-1.3.0', 'latest'] },
      'release-1.2.9',
    ],
    ['numbers of builds are in order', { ...tag('build-99'), existing: ['build-100', 'latest'] }, 'build-99'],
    ['a word after other numbers is another family', { ...tag('rev-9'), existing: ['build-100'] }, 'rev-9 latest'],
    [
      'a floating git tag of an older line leaves latest',
      { ...tag('v1'), existing: ['2.0.0', '2.0', '2', '1.9.0', '1', 'latest'] },
      'v1',
    ],
    [
      'a floating git tag of the newest line takes latest',
      { ...tag('v2'), existing: ['2.0.0', '2.0', '2', 'latest'] },
      'v2 latest',
    ],
    [
      'a run number or a day beside versions says nothing',
      { ...tag('v1.2'), existing: ['4711', '20260102', '2026.01.02', 'v1.1', 'latest'] },
      'v1.2 latest',
    ],
    ['what is no version leaves a latest that is there', { ...tag('stable'), existing: ['2.0.0', 'latest'] }, 'stable'],
    ['what is no version takes a latest that is not there', { ...tag('stable'), existing: ['2.0.0'] }, 'stable latest'],
    [
      'latest=true takes it for what is no version',
      { ...tag('stable'), flavor: 'latest=true', existing: ['2.0.0', 'latest'] },
      'stable latest',
    ],
    [
      'latest=true does not move backwards either',
      { ...tag('v1.4.9'), tags: 'type=semver,pattern={{version}}', flavor: 'latest=true', existing: published },
      '1.4.9',
    ],
    [
      'a rule that says latest moves it always',
      { ...tag('v1.4.9'), tags: 'type=semver,pattern={{version}}\nlatest', existing: published },
      '1.4.9 latest',
    ],
    [
      'latest of event=tag goes by the version in the git tag',
      { ...tag('v1.4.9'), tags: 'type=ref,event=tag', existing: ['v2.0.0'] },
      'v1.4.9',
    ],
    [
      'what match gives is held, too',
      {
        ...tag('v1.4.9'),
        tags: 'type=match,pattern=v(\\d+)\\.,group=1\ntype=match,pattern=v(.*),group=1',
        existing: ['1.5.0'],
      },
      '1.4.9',
    ],
    [
      'PEP 440 versions are compared by their own rules',
      { ...tag('1.9'), tags: 'type=pep440,pattern={{version}}\ntype=pep440,pattern={{major}}', existing: ['1.10'] },
      '1.9',
    ],
    [
      'a post-release holds what it came after',
      { ...tag('1.9'), tags: 'type=pep440,pattern={{version}}', existing: ['1.9.post1'] },
      '1.9',
    ],
    ['a branch is not held', { ...branch('main'), flavor: 'latest=true', existing: published }, 'main latest'],
  ]);

  test('a held tag says which version holds it', () => {
    const { held, latest } = aDescription({ ...tag('v1.4.9'), existing: ['1.5.0', 'v2.0.0'] });
    expect(held).toEqual([
      {
        tag: '1',
        rule: 'type=semver,pattern={{#if major}}{{major}}{{/if}}',
        priority: 900,
        kind: 'floating',
        reason: 'the registry has 1.5.0, which is higher than 1.4.9',
      },
      {
        tag: 'latest',
        rule: 'type=semver,pattern={{version}}',
        priority: 900,
        kind: 'latest',
        reason: 'the registry has v2.0.0 (2.0.0), which is higher than 1.4.9',
      },
    ]);
    expect(latest).toEqual({ isTaken: false, reason: 'the registry has v2.0.0 (2.0.0), which is higher than 1.4.9' });
  });
});

describe('why', () => {
  test('each tag names the rule that gave it, and what it may do', () => {
    expect(
      aDescription({
        ...tag('v1.4.9'),
        tags: 'type=sha\ntype=semver,pattern={{version}}\ntype=semver,pattern={{major}}',
      }).tags,
    ).toEqual([
      { tag: '1.4.9', rule: 'type=semver,pattern={{version}}', priority: 900, kind: 'fixed' },
      { tag: '1', rule: 'type=semver,pattern={{major}}', priority: 900, kind: 'floating' },
      { tag: 'sha-860c190', rule: 'type=sha', priority: 100, kind: 'fixed' },
      { tag: 'latest', rule: 'type=semver,pattern={{version}}', priority: 900, kind: 'latest' },
    ]);
  });

  test.each([
    ['the event is another', {}, 'type=schedule', 'the run was started by no schedule'],
    [
      'the ref is no git tag',
      {},
      'type=semver,pattern={{version}}',
      'the run is for no git tag, and the rule has no value',
    ],
    [
      'the git tag is no version',
      tag('x'),
      'type=semver,pattern={{version}}',
      '"x" is no version by Semantic Versioning',
    ],
    ['the git tag is no version', tag('x'), 'type=pep440,pattern={{version}}', '"x" is no version by PEP 440'],
    [
      'the pattern gives nothing',
      tag('v1.2.3'),
      'type=semver,pattern={{nothing}}',
      'the pattern gives nothing for 1.2.3',
    ],
    [
      'the group has no part',
      tag('v1.2.3'),
      'type=semver,pattern={{version}},match=(x)?v',
      'group 1 of /(x)?v/ is not in "v1.2.3"',
    ],
    ['the git tag starts otherwise', tag('v1'), 'type=match,pattern=v,strip=api-', '"v1" does not start with "api-"'],
    ['the pattern does not match', tag('v1'), 'type=match,pattern=x', '/x/ does not match "v1"'],
    ['the pattern has no such group', tag('v1'), 'type=match,pattern=v,group=1', '/v/ finds no group 1 in "v1"'],
    ['the branch is another', {}, 'type=edge,branch=dev', 'the run is not for the branch "dev"'],
    ['it is no branch', tag('v1'), 'type=ref,event=branch', 'the run is for no branch'],
    ['it is no git tag', {}, 'type=ref,event=tag', 'the run is for no git tag'],
    ['it is no pull request', {}, 'type=ref,event=pr', 'the run is for no pull request'],
    ['the commit is unknown', { commit: '' }, 'type=sha', 'the commit is unknown'],
    ['it is switched off', {}, 'type=sha,enable=false', 'enable is false'],
    ['it is switched off by an expression', {}, 'type=sha,enable={{is_semver}}', 'enable={{is_semver}} is false'],
    ['its value is empty', {}, 'type=raw,value={{tag}}', 'its value is empty on this run'],
    ['another rule came before', {}, 'type=raw,value=a', '"a" gives a already'],
  ])('a rule says why it gave nothing: %s', (_title, run, rule, reason) => {
    const tags = rule === 'type=raw,value=a' ? `a\n${rule}` : rule;
    expect(aDescription({ ...run, tags }).notFired).toEqual([{ rule, reason }]);
  });

  test.each([
    ['a release takes it', tag('v1.2.3'), 'the first tag, 1.2.3, is a release'],
    ['a prerelease does not', tag('v1.2.3-rc.1'), 'the first tag, 1.2.3-rc.1, is no final release'],
    ['a branch does not', branch('dev'), 'the first tag, dev, is no release'],
    ['flavor forbids it', { ...tag('v1.2.3'), flavor: 'latest=false' }, 'flavor says latest=false'],
    ['flavor asks for it', { flavor: 'latest=true' }, 'flavor says latest=true'],
    ['there is no tag at all', { tags: 'type=schedule' }, 'no rule gives a tag'],
  ])('latest says why: %s', (_title, wish, reason) => {
    expect(aDescription(wish).latest.reason).toBe(reason);
  });

  test.each([
    ['no rule gives a tag', { tags: 'type=schedule' }],
    ['match does not match', { ...tag('v1.2.3'), tags: 'type=semver,pattern={{version}},match=x' }],
    ['a time zone is unknown', { tags: "type=raw,value={{date 'YYYY' tz='Mars/Base'}}" }],
    ['a date has no format', { tags: 'type=raw,value={{date}}' }],
    ['a label is no NAME=VALUE', { labels: 'maintainer' }],
    ['a value names nothing', { tags: 'type=raw,value={{brnch}}-{{sha}}' }],
    ['a pattern names nothing', { ...tag('v1.2.3'), tags: 'type=semver,pattern=v{{major}}{{mnior}}' }],
  ])('what is odd is said once: %s', (_title, wish) => {
    expect(aDescription(wish).warnings).toHaveLength(1);
  });

  test.each([
    [
      'a run without a tag says why each rule gives none',
      { tags: 'type=semver,pattern={{version}}\ntype=schedule' },
      '"type=schedule": the run was started by no schedule; "type=semver,pattern={{version}}": the run is for no git tag',
    ],
    [
      'a name that there is not says which there are',
      { tags: 'type=raw,value={{brnch}}-{{sha}}' },
      '"brnch" in "{{brnch}}-{{sha}}" is no name and gives nothing; there is: branch, tag, sha,',
    ],
    [
      'an expression of GitHub without its dollar sign is known as such',
      { tags: 'type=raw,value=x-{{ github.sha }}' },
      'An expression of GitHub begins with a dollar sign: ${{ github.sha }}.',
    ],
    [
      'a pattern knows the parts of the version',
      { ...tag('v1.2.3'), tags: 'type=semver,pattern={{version}}{{sha}}' },
      'there is: raw, version, major, minor, patch',
    ],
  ])('%s', (_title, wish, text) => {
    expect(aDescription(wish).warnings.join('\n')).toContain(text);
  });

  test.each([
    ['two tags in a line', 'latest 1.0', 'one tag a line'],
    ['a list of YAML', '- latest', 'one tag a line'],
    ['a list of JSON', '["latest", "1.0"]', 'one tag a line'],
    ['a branch', 'feature/x', '`type=ref,event=branch`'],
  ])('what is no tag is told from what was meant: %s', (_title, tags, remedy) => {
    expect(() => aDescription({ tags })).toThrow(expect.objectContaining({ remedy: expect.stringContaining(remedy) }));
  });
});

describe('the version', () => {
  test.each([
    ['the first tag', { ...tag('v1.4.9') }, '1.4.9'],
    [
      'the first tag, even when that is held',
      { ...tag('v1.4.9'), tags: 'type=semver,pattern={{major}}', existing: ['1.5.0'] },
      '1',
    ],
    ['empty where no rule gives a tag', { tags: 'type=schedule' }, ''],
  ])('is %s', (_title, wish, version) => {
    const description = aDescription(wish);
    expect(description.version).toBe(version);
    expect(description.labels).toContainEqual({ name: 'org.opencontainers.image.version', value: version });
  });
});

describe('faults on a run', () => {
  test('enable must come to true or false', () => {
    expect(codesOf(() => aDescription({ tags: 'type=sha,enable={{branch}}' }))).toEqual(['TAG_RULE_INVALID']);
  });

  test.each([
    ['an unknown function', "type=raw,value={{upper 'x'}}"],
    ['an unknown option of a date', "type=raw,value={{date 'YYYY' zone='UTC'}}"],
    ['an unknown partial', 'type=raw,value={{> other}}'],
  ])('%s is an error', (_title, tags) => {
    expect(codesOf(() => aDescription({ tags }))).toEqual(['EXPRESSION_INVALID']);
  });

  test('all are reported together', () => {
    expect(
      codesOf(() => aDescription({ tags: "type=sha,enable=maybe\n{{x 'y'}}\n///", labels: "a={{x 'y'}}" })),
    ).toEqual(['EXPRESSION_INVALID', 'TAG_INVALID', 'TAG_RULE_INVALID', 'EXPRESSION_INVALID']);
  });
});
