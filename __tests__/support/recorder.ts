/**
 * Recording executables: each writes down its arguments and its whole environment, then becomes the real one (`exec`, so
 * that its process ID stays).
 */

import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** One start of a recorded executable. */
export interface RecordedCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly pid: number;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/**
 * @param path of the new executable
 * @param real what it becomes: an absolute path, or a line of shell
 * @param records folder for what it writes down
 * @param before a line of shell that runs first
 */
export function writeRecorder(path: string, real: string, records: string, before = ''): void {
  mkdirSync(records, { recursive: true });
  const name = path.slice(path.lastIndexOf('/') + 1);
  const file = `${quote(join(records, name))}.$$`;
  const script = `#!/bin/sh
{ printf '%s\\0' "$#" "$@"; env -0; } >${file}.new && mv ${file}.new ${file}
${before}
${real.startsWith('/') ? `exec ${quote(real)} "$@"` : real}
`;
  writeFileSync(path, script);
  chmodSync(path, 0o755);
}

/** What was started, in order. */
export function readRecords(records: string): readonly RecordedCommand[] {
  return readdirSync(records)
    .filter((name) => !name.endsWith('.new'))
    .map((name) => ({ name, time: statSync(join(records, name), { bigint: true }).mtimeNs }))
    .sort((left, right) => (left.time < right.time ? -1 : 1))
    .map(({ name }) => {
      const [count = '0', ...parts] = readFileSync(join(records, name), 'utf8').split('\0');
      const env = parts.slice(Number(count)).filter((entry) => entry !== '');
      const dot = name.lastIndexOf('.');
      return {
        program: name.slice(0, dot),
        args: parts.slice(0, Number(count)),
        env: Object.fromEntries(
          env.map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
        ),
        pid: Number(name.slice(dot + 1)),
      };
    });
}
