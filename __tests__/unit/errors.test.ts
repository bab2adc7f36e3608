import { describe, expect, test } from '@jest/globals';
import {
  BuildError,
  type ErrorFacts,
  gather,
  gatherFaults,
  InputError,
  InputFaults,
  inputError,
  isFixedBy,
  PermissionError,
  PublishError,
  RegistryError,
  ToolError,
  withContext,
  withFacts,
} from '../../src/errors.ts';
import { thrownBy } from '../support/to-throw-code.ts';

const facts: ErrorFacts = { message: 'It failed.', remedy: 'Mend it.' };
const tagFault = new InputError('TAG_INVALID', { message: 'The tag is bad.', remedy: 'Correct `tags`.' });
const inputFault = new InputError('INPUT_INVALID', { message: 'The input is bad.', remedy: 'Correct `push`.' });

describe('an error', () => {
  test('has the name of who can fix it', () => {
    expect(new ToolError('ENGINE_DOWN', facts)).toMatchObject({ name: 'ToolError', code: 'ENGINE_DOWN', ...facts });
    expect(new BuildError('BUILD_FAILED', facts)).toBeInstanceOf(PublishError);
  });

  test('is final and without detail or cause unless said', () => {
    const error = new ToolError('ENGINE_DOWN', facts);
    expect(error).toMatchObject({ detail: '', retryable: false });
    expect('cause' in error).toBe(false);
  });

  test('keeps its cause', () => {
    const cause = new Error('the first one');
    expect(new ToolError('ENGINE_DOWN', { ...facts, cause, detail: 'stderr', retryable: true })).toMatchObject({
      cause,
      detail: 'stderr',
      retryable: true,
    });
  });

  test('of a registry has the status and the codes of the answer, if there was one', () => {
    expect(new RegistryError('REGISTRY_UNREACHABLE', facts)).toMatchObject({ status: 0, ociCodes: [] });
    const denied = new RegistryError('REGISTRY_REFUSED', { ...facts, status: 403, ociCodes: ['DENIED'] });
    expect(denied).toMatchObject({ status: 403, ociCodes: ['DENIED'] });
  });
});

describe('who can fix an error', () => {
  test.each([
    [new InputError('TAG_INVALID', facts), 'author'],
    [new PermissionError('PUSH_DENIED', facts), 'administrator'],
    [new RegistryError('PUSH_DENIED', facts), 'administrator'],
    [new ToolError('DIGEST_MISSING', facts), 'runner'],
    [new BuildError('BUILD_FAILED', facts), 'dockerfile'],
    [new RegistryError('REGISTRY_UNREACHABLE', facts), 'registry'],
    [new RegistryError('MANIFEST_UNKNOWN', facts), 'registry'],
  ] as const)('follows from its code: %s', (error, who) => {
    expect(isFixedBy(error, who)).toBe(true);
    expect(isFixedBy(error, 'us')).toBe(false);
  });
});

describe('an error that is told with more about it', () => {
  const cause = new Error('the first one');
  const answer = {
    method: 'PUT',
    url: 'https://ghcr.io/v2/octo/app/manifests/1',
    repository: 'ghcr.io/octo/app',
    status: 429,
    ociCodes: ['TOOMANYREQUESTS'],
    words: 'TOOMANYREQUESTS: slow down',
  };
  const busy = new RegistryError('REGISTRY_UNAVAILABLE', {
    ...facts,
    ...answer,
    cause,
    detail: 'stderr',
    retryable: true,
    delay: 5_000,
  });

  test('is a new one, with all that the first one had; the first one is its cause', () => {
    const told = withContext(busy, 'In ghcr.io/octo/b moved: 1.');
    expect(told).toBeInstanceOf(RegistryError);
    expect(told).toMatchObject({
      ...answer,
      code: 'REGISTRY_UNAVAILABLE',
      message: 'It failed. In ghcr.io/octo/b moved: 1.',
      remedy: 'Mend it.',
      detail: 'stderr',
      retryable: true,
      delay: 5_000,
      cause: busy,
    });
    expect(busy).toMatchObject({ message: 'It failed.', cause });
  });

  test('has the class of its new code', () => {
    const pushed = new ToolError('PUSH_FAILED', { ...facts, detail: 'stderr' });
    const told = withFacts(pushed, { code: 'OWNER_FOREIGN', remedy: 'Another.' });
    expect(told).toBeInstanceOf(InputError);
    expect(told).toMatchObject({ code: 'OWNER_FOREIGN', message: 'It failed.', remedy: 'Another.', detail: 'stderr' });
  });

  test('keeps the answer of a registry whatever its code becomes', () => {
    const told = withFacts(busy, { code: 'OWNER_FOREIGN', retryable: false });
    expect(told).toMatchObject({ ...answer, name: 'RegistryError', code: 'OWNER_FOREIGN', retryable: false });
  });
});

test('an input error says what is expected', () => {
  expect(inputError('INPUT_INVALID', 'The input `push` is "maybe"', 'true or false', 'Correct `push`.')).toMatchObject({
    name: 'InputError',
    code: 'INPUT_INVALID',
    message: 'The input `push` is "maybe": expected true or false.',
    remedy: 'Correct `push`.',
  });
});

describe('faults of several inputs', () => {
  test('none is no error, and the values come through', () => {
    const { attempt, throwIfAny } = gatherFaults();
    expect(attempt(() => 7)).toBe(7);
    expect(throwIfAny).not.toThrow();
  });

  test('a single one is thrown as it is', () => {
    const { attempt, throwIfAny } = gatherFaults();
    const value = attempt(() => {
      throw tagFault;
    });
    expect(value).toBeUndefined();
    expect(thrownBy(throwIfAny)).toBe(tagFault);
  });

  test('several are thrown together, with each message, and each remedy once, also those that came together', () => {
    const { attempt, throwIfAny } = gatherFaults();
    for (const fault of [tagFault, new InputFaults([inputFault, tagFault])]) {
      attempt(() => {
        throw fault;
      });
    }
    expect(throwIfAny).toThrowCode('TAG_INVALID', 'INPUT_INVALID', 'TAG_INVALID');
    const together = thrownBy(throwIfAny);
    expect(together).toMatchObject({
      code: 'INPUTS_INVALID',
      message:
        '3 inputs are invalid:\n- TAG_INVALID: The tag is bad.\n- INPUT_INVALID: The input is bad.\n- TAG_INVALID: The tag is bad.',
      remedy: 'Correct `tags`.\nCorrect `push`.',
    });
  });

  test('an error that is no fault of an input goes up at once', () => {
    const defect = new ToolError('ENGINE_DOWN', facts);
    expect(() =>
      gatherFaults().attempt(() => {
        throw defect;
      }),
    ).toThrow(defect);
  });

  test('faults can be told without being thrown', () => {
    const faults = gatherFaults();
    faults.attempt(() => {
      throw tagFault;
    });
    const told: string[] = [];
    faults.report(({ code }) => told.push(code));
    expect(told).toEqual(['TAG_INVALID']);
  });
});

describe('toThrowCode', () => {
  const throwing = (error: unknown) => (): never => {
    throw error;
  };

  test('holds for the code alone', () => {
    expect(throwing(tagFault)).toThrowCode('TAG_INVALID');
    expect(throwing(tagFault)).not.toThrowCode('INPUT_INVALID');
    expect(throwing(tagFault)).not.toThrowCode('TAG_INVALID', 'INPUT_INVALID');
    expect(throwing(new Error('TAG_INVALID'))).not.toThrowCode('TAG_INVALID');
    expect(() => undefined).not.toThrowCode('TAG_INVALID');
  });

  test('holds for what a promise was rejected with', async () => {
    await expect(Promise.reject(tagFault)).rejects.toThrowCode('TAG_INVALID');
  });

  test.each([
    [() => undefined, 'expected TAG_INVALID; nothing was thrown'],
    [throwing(inputFault), 'expected TAG_INVALID; got INPUT_INVALID: InputError: The input is bad.'],
    [throwing(new Error('x')), 'expected TAG_INVALID; got another error: Error: x'],
  ])('says what came instead', (call, text) => {
    expect(() => expect(call).toThrowCode('TAG_INVALID')).toThrow(text);
  });

  test('says so where the code was not wanted', () => {
    expect(() => expect(throwing(tagFault)).not.toThrowCode('TAG_INVALID')).toThrow('anything but TAG_INVALID');
  });
});

describe('gather', () => {
  const fault = (name: string) => () => {
    throw new InputError('INPUT_INVALID', { message: `${name} is wrong.`, remedy: 'Correct it.' });
  };

  test('gives every value', () => {
    expect(gather({ one: () => 1, two: () => 'two' })).toEqual({ one: 1, two: 'two' });
  });

  test('throws the faults of all values together, and makes each nevertheless', () => {
    const made: string[] = [];
    const makers = { one: fault('one'), two: () => made.push('two'), three: fault('three') };
    expect(() => gather(makers)).toThrowCode('INPUT_INVALID', 'INPUT_INVALID');
    expect(made).toEqual(['two']);
  });

  test('lets any other error go up', () => {
    const error = new Error('a defect');
    const makers = {
      one: () => {
        throw error;
      },
    };
    expect(() => gather(makers)).toThrow(error);
  });
});

describe('a message', () => {
  const messageOf = (message: string): string => new InputError('LABEL_INVALID', { message, remedy: '' }).message;
  const value = 'x'.repeat(100_000);

  test('has the beginning of a value that is too long, and what is expected', () => {
    const message = messageOf(`"${value}" in \`labels\` is no label: expected NAME=VALUE.`);
    expect(message).toMatch(/^"x{499}… in `labels` is no label: expected NAME=VALUE\.$/);
  });

  test('of one long word has its beginning', () => {
    expect(messageOf(value)).toBe(`${'x'.repeat(500)}…`);
  });

  test('of too many lines has the first and the last ones', () => {
    const lines = messageOf(`${'line\n'.repeat(50_000)}last`).split('\n');
    expect(lines).toHaveLength(60);
    expect(lines.slice(49)).toEqual(['line', '…', ...Array(8).fill('line'), 'last']);
  });

  test('has no half of a character', () => {
    expect(messageOf('x🐳'.repeat(1000))).not.toMatch(/[\ud800-\udfff]/u);
  });

  test('stays as it is up to 1,000 characters, as the remedy does', () => {
    const text = 'x'.repeat(1000);
    const { message, remedy } = new InputError('LABEL_INVALID', { message: text, remedy: text });
    expect([message, remedy]).toEqual([text, text]);
    expect(new InputError('LABEL_INVALID', { message: text, remedy: value }).remedy).toHaveLength(501);
  });
});
