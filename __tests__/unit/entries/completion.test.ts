import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { formatCompletion } from '../../../src/entries/completion.ts';

const isThere = (shell: string): boolean => existsSync(`/usr/bin/${shell}`) || existsSync(`/bin/${shell}`);

/** What a shell offers in place of the last word; each shell reads the script and completes by its own means. */
function complete(shell: 'bash' | 'fish', ...line: readonly string[]): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), 'completion-'));
  try {
    const script = join(folder, 'script');
    writeFileSync(script, formatCompletion(shell));
    const args =
      shell === 'bash'
        ? [
            '-c',
            'source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _publish_docker_package; printf "%s\\n" "${COMPREPLY[@]}"',
            script,
            'publish-docker-package',
            ...line,
          ]
        : ['--no-config', '-c', `source ${script}; complete -C "publish-docker-package ${line.join(' ')}"`];
    const said = execFileSync(shell, args, { cwd: folder, env: { PATH: process.env.PATH, HOME: folder } }).toString();
    return said.split('\n').flatMap((word) => (word === '' || word === 'script' ? [] : [word.split('\t')[0] ?? '']));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const cases: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ['a command', ['pl'], ['plan']],
  ['an option of a command', ['pull', '--reg'], ['--registry', '--registry-auth']],
  ['an option of the first command, if none is named', ['--cache-'], ['--cache-from', '--cache-to']],
  ['an option that only the plan has', ['plan', '--js'], ['--json']],
  ['no option of another command', ['pull', '--js'], []],
];

describe('bash completes', () => {
  test.each(cases)('%s', (_what, line, expected) => {
    expect(complete('bash', ...line)).toEqual(expected);
  });
});

(isThere('fish') ? describe : describe.skip)('fish, if the machine has it, completes', () => {
  test.each(cases)('%s', (_what, line, expected) => {
    expect(complete('fish', ...line)).toEqual(expected);
  });
});

(isThere('zsh') ? test : test.skip)('zsh, if the machine has it, reads its script and knows the command', () => {
  const folder = mkdtempSync(join(tmpdir(), 'completion-'));
  try {
    writeFileSync(join(folder, '_script'), formatCompletion('/usr/bin/zsh'));
    const line = `autoload -Uz compinit; compinit -u -d ${folder}/dump; source ${folder}/_script; echo \${_comps[publish-docker-package]}`;
    expect(execFileSync('zsh', ['-f', '-c', line]).toString()).toBe('_publish_docker_package\n');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('another shell is refused, with those that there are', () => {
  expect(() => formatCompletion('tcsh')).toThrowCode('INPUT_INVALID');
  expect(() => formatCompletion('constructor')).toThrow('expected bash, zsh, fish');
});

test('the shell of Git for Windows is bash', () => {
  expect(formatCompletion('/usr/bin/bash.exe')).toBe(formatCompletion('bash'));
});
