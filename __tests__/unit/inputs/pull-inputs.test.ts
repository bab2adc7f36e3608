import { describe, expect, test } from '@jest/globals';
import { gatherFaults } from '../../../src/errors.ts';
import { parsePullInputs, pullInputDefaults } from '../../../src/inputs/pull-inputs.ts';

describe('the inputs of pull/', () => {
  const digest = `sha256:${'a'.repeat(64)}`;
  const parse = (texts: Partial<Record<string, string>>) => {
    const faults = gatherFaults();
    const inputs = parsePullInputs((name) => texts[name] ?? pullInputDefaults[name], faults);
    return { inputs, faults };
  };

  test('what is not given is left open', () => {
    const { inputs } = parse({});
    expect(inputs).toMatchObject({ tag: undefined, digest: undefined, platform: undefined, retries: 5 });
  });

  test('what is given becomes a value', () => {
    const { inputs } = parse({ tag: '1.0', digest, platform: 'linux/arm64', 'login-scope': 'job', retries: '2' });
    const platform = { os: 'linux', architecture: 'arm64' };
    expect(inputs).toMatchObject({ tag: '1.0', digest, platform, loginScope: 'job', retries: 2 });
  });

  test('all faults are reported together', () => {
    const { inputs, faults } = parse({ tag: '-', digest: 'x', platform: 'x', 'login-scope': 'x', retries: 'x' });
    expect(inputs).toMatchObject({ loginScope: 'step', retries: 1 });
    expect(faults.throwIfAny).toThrowCode(
      'TAG_INVALID',
      'DIGEST_INVALID',
      'PLATFORM_INVALID',
      'INPUT_INVALID',
      'INPUT_INVALID',
    );
  });
});
