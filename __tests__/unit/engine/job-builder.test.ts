import { describe, expect, test } from '@jest/globals';
import {
  type BuilderSettings,
  builderName,
  createArguments,
  findAbandoned,
  isJobBuilder,
  jobBuilderFolder,
} from '../../../src/engine/job-builder.ts';

const settings: BuilderSettings = {
  image: 'r.test/buildkit:1',
  usesHostNetwork: false,
  config: '',
  variables: {},
  allowsInsecure: false,
};

describe('the name of a builder', () => {
  test('is the same for the same settings in one job, and its container can be told from any other', () => {
    const name = builderName('20261129t1641-1a2b3c4d', settings);
    expect(name).toMatch(/^publish-job-20261129t1641-1a2b3c4d-[0-9a-f]{8}$/);
    expect(builderName('20261129t1641-1a2b3c4d', { ...settings })).toBe(name);
    expect(isJobBuilder({ name, folder: jobBuilderFolder('/tmp') })).toBe(true);
  });

  test.each([
    ['image', { image: 'other' }],
    ['network', { usesHostNetwork: true }],
    ['configuration', { config: 'debug = true' }],
    ['variables', { variables: { HTTPS_PROXY: 'http://proxy.test' } }],
    ['entitlements', { allowsInsecure: true }],
  ])('is another for another %s', (_title, change) => {
    expect(builderName('job', { ...settings, ...change })).not.toBe(builderName('job', settings));
  });

  test.each([
    ['a name of somebody’s own', { name: 'mine', folder: jobBuilderFolder('/tmp') }],
    ['an option', { name: '--all', folder: jobBuilderFolder('/tmp') }],
    ['another folder', { name: 'publish-job-a', folder: '/home' }],
    ['nothing', { name: '', folder: '' }],
  ])('%s is none that may be removed', (_title, builder) => {
    expect(isJobBuilder(builder)).toBe(false);
  });
});

describe('the command line that makes a builder', () => {
  const argv = (change: Partial<BuilderSettings>, file = ''): string =>
    createArguments('/buildx', 'b', { ...settings, ...change }, file).join(' ');

  test('starts it, too', () => {
    expect(argv({})).toBe(
      '/buildx create --name b --driver docker-container --driver-opt image=r.test/buildkit:1 --bootstrap',
    );
  });

  test('has what the runner asks for', () => {
    const whole = argv({ usesHostNetwork: true, variables: { NO_PROXY: 'a,b' }, allowsInsecure: true }, '/b.toml');
    expect(whole).toContain('--driver-opt image=r.test/buildkit:1,network=host,"env.NO_PROXY=a,b" ');
    expect(whole).toContain('--buildkitd-config /b.toml');
    expect(whole).toContain('--allow-insecure-entitlement=network.host --allow-insecure-entitlement=security.insecure');
  });

  test('has no credential of a proxy, and then does not start it yet', () => {
    const whole = argv({ variables: { HTTPS_PROXY: 'http://octocat:canary@proxy.test', NO_PROXY: 'a' } });
    expect(whole).not.toContain('canary');
    expect(whole).not.toContain('--bootstrap');
    expect(whole).toContain('env.NO_PROXY=a');
  });
});

describe('builders that a job has left', () => {
  const now = new Date('2026-11-30T16:41:00Z');
  test.each([
    ['one that is two days old', 'buildx_buildkit_publish-job-20261128t1641-1a2b3c4d-ffffffff0', [48]],
    ['none of today', 'buildx_buildkit_publish-job-20261130t0000-1a2b3c4d-ffffffff0', []],
    ['none of somebody’s own', 'buildx_buildkit_mine0', []],
    ['none without a time', 'buildx_buildkit_publish-job-mine0', []],
    ['none of the future', 'buildx_buildkit_publish-job-20991128t1641-1a2b3c4d-ffffffff0', []],
  ])('are %s', (_title, container, hours) => {
    expect(findAbandoned([container], now).map((each) => each.hours)).toEqual(hours);
  });
});
