/** A BuildKit of the test's own, as a builder in a container or on another machine is one. */

import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { lab } from './lab.ts';

export interface OwnBuildKit extends AsyncDisposable {
  /** `unix://…` */
  readonly address: string;
}

/** @param engine of the lab: its runc comes along */
export async function startBuildKit(engine: Readonly<Record<string, string>>): Promise<OwnBuildKit> {
  const { path } = await lab.buildkitd();
  if (path === null) throw new Error('The lab has no buildkitd.');
  // Debian keeps what daemons run in usr/sbin, beside the usr/bin of the CLI.
  const docker =
    (engine.PATH ?? '')
      .split(delimiter)
      .map((each) => join(each, 'docker'))
      .find(existsSync) ?? '';
  const runc = join(dirname(realpathSync(docker)), '../sbin');
  const folder = mkdtempSync(join(tmpdir(), 'own-buildkit-'));
  const socket = join(folder, 'buildkitd.sock');
  const address = `unix://${socket}`;
  const worker = ['--oci-worker-net', 'host', '--containerd-worker=false', '--oci-worker-snapshotter', 'native'];
  const argv = ['--root', join(folder, 'root'), '--addr', address, '--group', '', ...worker];
  const running = spawn(path, argv, {
    stdio: 'ignore',
    env: { ...process.env, PATH: [runc, process.env.PATH].join(delimiter) },
  });
  const ended = new Promise((resolve) => running.once('exit', resolve));
  for (let tries = 0; !existsSync(socket); tries++) {
    if (tries > 200 || running.exitCode !== null) throw new Error('buildkitd does not start.');
    await sleep(50);
  }
  return {
    address,
    async [Symbol.asyncDispose]() {
      running.kill();
      await ended;
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
