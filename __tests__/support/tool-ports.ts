/** Ports of the Docker CLI whose commands answer as a test tells them. */

import type { BuildxPorts } from '../../src/engine/buildx-run.ts';
import type { CommandResult } from '../../src/engine/command.ts';
import type { BuildTarget, DockerPorts } from '../../src/engine/docker.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** Ports whose commands answer as told; a test reads what was run. */
export function toolPorts(
  answer: (argv: readonly string[]) => Partial<CommandResult>,
): BuildxPorts & { ran: string[] } {
  const ran: string[] = [];
  return {
    ran,
    run: (argv) => {
      ran.push(argv.slice(0, 3).join(' '));
      return Promise.resolve({ exitCode: 0, stdout: '', stderr: '', ...answer(argv) });
    },
    env: {},
    temp: temporaryFolder(),
    signal: new AbortController().signal,
    onOutput: () => undefined,
    warn: () => undefined,
    onWarnings: () => undefined,
    retry: (_what, attempt) => attempt(),
  };
}

/** Where a build writes, and what it is for. */
export function aTarget(docker: DockerPorts, references: readonly string[], push: boolean): BuildTarget {
  return { references, push, folder: docker.temp, secrets: new Map() };
}
