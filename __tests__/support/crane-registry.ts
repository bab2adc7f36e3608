/** The registry of another make that the lab has with crane: in memory, lenient, and none of Distribution’s code. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { parseRegistry } from '../../src/image/registry-name.ts';
import { lab } from './lab.ts';
import type { RegistryUnderTest } from './registry-contract.ts';

/** @throws LabError where the lab has no crane; Error when it does not start */
export async function startCraneRegistry(): Promise<Required<Omit<RegistryUnderTest, 'credential'>>> {
  const { crane = 'crane' } = await lab.tools();
  const serving = spawn(crane, ['registry', 'serve', '--address', '127.0.0.1:0'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = once(serving, 'exit');
  let said = '';
  const ports = createInterface({ input: serving.stderr });
  for await (const line of ports) {
    said += `${line}\n`;
    const [, port] = /serving on port (\d+)$/.exec(line) ?? [];
    if (port === undefined) continue;
    // Whatever else it logs goes nowhere.
    serving.stderr.resume();
    return {
      registry: parseRegistry(`127.0.0.1:${port}`),
      isLenient: true,
      async close() {
        serving.kill('SIGKILL');
        await ended;
      },
    };
  }
  throw new Error(`crane’s registry does not start:\n${said}`);
}
