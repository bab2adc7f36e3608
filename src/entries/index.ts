/**
 * The one bundle: each entry is loaded with what it needs and nothing else. The launchers beside it (dist/main.js, …) name
 * the entry.
 */

const entries = {
  main: () => import('./main.ts'),
  pull: () => import('./pull.ts'),
  merge: () => import('./merge.ts'),
  cleanup: () => import('./cleanup-entry.ts'),
  post: () => import('./post.ts'),
  cli: () => import('./cli.ts'),
} as const;

/** Runs an entry of the action to its end; the process's exit code is set by it. */
export async function start(name: keyof typeof entries): Promise<void> {
  const { run } = await entries[name]();
  await run();
}
