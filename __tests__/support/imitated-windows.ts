/**
 * Preloaded into a process on Linux (`node --import`): what its modules see of the system is as Windows has it, as far as paths, files
 * and the names of variables go. IMITATED_WINDOWS is a real folder: its folder `d` is the drive `D:`.
 *
 * - `node:path` is `path.win32`, `process.platform` is `win32`, and the working folder and the home folder are on the drive.
 * - A file is reached by a path of the drive alone. Whatever else comes to `node:fs` is written to IMITATED_WINDOWS/refused, and fails:
 *   paths of POSIX, slashes in the middle, names that NTFS or Windows does not allow.
 * - Only folders can be linked to (`junction`), as for a user without the privilege.
 *
 * It imitates no processes, signals, locks of open files, or case that means nothing.
 */

import realFs from 'node:fs';
import { registerHooks } from 'node:module';
import realOs from 'node:os';
import { win32 } from 'node:path';

const root = process.env.IMITATED_WINDOWS ?? '';
const drive = 'D:\\';
const driveFolder = `${root}/d`;
const workingFolder = `${drive}a\\app\\app`;
/** Of what Node and this process are made. */
const program = process.argv[1] ?? '';
const own = program.slice(0, program.lastIndexOf('/dist/') + 1);

type Call = (...args: unknown[]) => unknown;

function refuse(path: string, why: string): never {
  realFs.appendFileSync(`${root}/refused`, `${why}: ${path}\n`);
  throw Object.assign(new Error(`ENOENT: ${why}, '${path}'`), { code: 'ENOENT' });
}

/** https://learn.microsoft.com/windows/win32/fileio/naming-a-file */
const badName = /[<>:"|?*\r\n\t]|[. ]$|^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?$/i;

function toReal(path: string): string {
  if (own !== '' && path.startsWith(own)) return path;
  // The paths of this process that Node itself, and a package at its start, look at.
  const whole = win32.isAbsolute(path) ? path : `${workingFolder}\\${path}`;
  if (!/^[A-Za-z]:\\/.test(whole)) return refuse(path, 'no path of a drive');
  if (path.includes('/')) return refuse(path, 'a slash in a path');
  const names = win32
    .normalize(whole)
    .slice(drive.length)
    .split('\\')
    .filter((name) => name !== '');
  const bad = names.find((name) => badName.test(name));
  if (bad !== undefined) return refuse(path, `no name of a file "${bad}"`);
  if (!whole.toUpperCase().startsWith(drive)) throw Object.assign(new Error(`ENOENT: ${path}`), { code: 'ENOENT' });
  return [driveFolder, ...names].join('/');
}

/** What a function of the file system gives, with paths of the drive. */
function toWindows(value: unknown): unknown {
  if (typeof value === 'string') {
    return value.startsWith(`${driveFolder}/`)
      ? `${drive}${value.slice(driveFolder.length + 1).replaceAll('/', '\\')}`
      : value;
  }
  if (Array.isArray(value)) return value.map(toWindows);
  if (value instanceof realFs.Dirent) {
    // The names of fields that Node has under several versions.
    for (const field of ['path', 'parentPath']) {
      const path: unknown = Reflect.get(value, field);
      if (typeof path === 'string') Reflect.set(value, field, toWindows(path));
    }
  }
  return value;
}

const ofTwoPaths = ['copyFile', 'cp', 'link', 'rename', 'symlink'];

function imitate(name: string, call: Call): Call {
  const base = name.replace(/Sync$/, '');
  return function (this: unknown, ...args: unknown[]) {
    const paths = ofTwoPaths.includes(base) ? 2 : 1;
    const real = args.map((arg, index) => (index < paths && typeof arg === 'string' ? toReal(arg) : arg));
    if (base === 'symlink' && real[2] !== 'junction') {
      const error = Object.assign(new Error('EPERM: operation not permitted, symlink'), { code: 'EPERM' });
      if (name.endsWith('Sync')) throw error;
      return Promise.reject(error);
    }
    const value = Reflect.apply(call, this, real);
    // The content of a file is no path, and may be one of the drive all the same.
    if (base === 'readFile') return value;
    return value instanceof Promise ? value.then(toWindows) : toWindows(value);
  };
}

function imitateAll<Module extends object>(module: Module): Record<string, unknown> {
  const functions = Object.entries(module).map(([name, value]) => {
    const isCall = typeof value === 'function' && !/^[A-Z_]/.test(name) && !['close', 'read', 'write'].includes(name);
    return [name, isCall ? Object.assign(imitate(name, value), value) : value];
  });
  return Object.fromEntries(functions);
}

const promises = imitateAll(realFs.promises);
const modules: Readonly<Record<string, object>> = {
  fs: { ...imitateAll(realFs), promises },
  'fs/promises': promises,
  path: win32,
  os: {
    ...realOs,
    EOL: '\r\n',
    homedir: () => process.env.USERPROFILE,
    tmpdir: () => process.env.TEMP,
    platform: () => 'win32',
  },
};
Object.assign(globalThis, { imitatedModules: modules });

registerHooks({
  resolve(specifier, context, next) {
    const name = specifier.replace(/^node:/, '');
    const isOurs = Object.hasOwn(modules, name) && !context.parentURL?.startsWith('imitated:');
    return isOurs ? { url: `imitated:${name}`, shortCircuit: true } : next(specifier, context);
  },
  load(url, context, next) {
    if (!url.startsWith('imitated:')) return next(url, context);
    const name = url.slice('imitated:'.length);
    const names = Object.keys(modules[name] ?? {}).filter((each) => /^[A-Za-z_]\w*$/.test(each) && each !== 'default');
    const source = `const all = globalThis.imitatedModules[${JSON.stringify(name)}];
export default all;
export { all as 'module.exports' };
${names.map((each) => `const _${each} = all.${each}; export { _${each} as ${each} };`).join('\n')}`;
    return { format: 'module', source, shortCircuit: true };
  },
});
Object.defineProperty(process, 'platform', { value: 'win32' });
const realWorkingFolder = process.cwd();
// Node's own loader looks for modules from the real one: it is told by who calls, be it through `node:path`.
process.cwd = () => {
  const callers = (new Error().stack ?? '').split('\n').slice(2);
  const caller = callers.find((each) => !each.includes('node:path')) ?? '';
  return caller.includes('node:') ? realWorkingFolder : workingFolder;
};
