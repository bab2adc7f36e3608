/**
 * The containers in which a build of Podman runs its instructions: processes below it, in a namespace of their own
 * (pid_namespaces(7)), not those of a daemon. A `podman build` that is ended by a signal leaves them running, and their
 * storage behind; one whose instruction fails removes both itself.
 */

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

function parentOf(pid: number): number | undefined {
  // The name, in parentheses, may hold anything (proc_pid_stat(5)).
  const fields = /^\d+ \(.*\) \S (\d+) /s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  return fields === null ? undefined : Number(fields[1]);
}

/** A process that has ended meanwhile, or that we may not see, does not count. */
function orNothing<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function childrenByParent(): ReadonlyMap<number | undefined, readonly number[]> {
  // Without /proc (another system than Linux) the containers are another machine's.
  const pids = (orNothing(() => readdirSync('/proc')) ?? []).filter((name) => /^\d+$/.test(name)).map(Number);
  const children = new Map<number | undefined, number[]>();
  for (const pid of pids) {
    const parent = orNothing(() => parentOf(pid));
    children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  return children;
}

/**
 * Kills the containers below a process.
 * @returns whether there was one
 */
export function endContainers(pid: number): boolean {
  const children = childrenByParent();
  const namespaceOf = (process: number): string | undefined => orNothing(() => readlinkSync(`/proc/${process}/ns/pid`));
  const own = namespaceOf(pid);
  /** The first process of a namespace takes all others of it along. */
  const find = (parent: number): readonly number[] =>
    (children.get(parent) ?? []).flatMap((child) => {
      const namespace = namespaceOf(child);
      return namespace === undefined || namespace === own ? find(child) : [child];
    });
  const found = find(pid).filter((container) => orNothing(() => process.kill(container, 'SIGKILL')));
  return found.length > 0;
}
