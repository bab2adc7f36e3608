// @ts-check
/**
 * Packages of the machine's own distribution, downloaded and verified by apt and unpacked into a private folder. The
 * system's apt lists, cache, dpkg database and files stay as they are.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withLock } from './lock.js';
import { run } from './process.js';

/** @typedef {{ uris: string, suites: string[], components: string, signedBy: string | undefined }} Source */
/** @typedef {{ id: 'debian' | 'ubuntu', suite: string }} Distribution */

const DAY = 24 * 60 * 60 * 1000;
/** Debian's suite whose Docker is new enough and whose Go programs still run on the libc of Debian 12. */
export const RECENT = 'forky';
/** Debian's suite that has Docker 20.10. */
export const OLD = 'bookworm';
const PUBLIC_MIRROR = { debian: 'http://deb.debian.org/debian', ubuntu: 'http://archive.ubuntu.com/ubuntu' };

/**
 * @param {string} [osRelease] os-release(5)
 * @returns {Distribution | undefined} undefined where packages cannot be had this way
 */
export function distribution(osRelease = readIfThere('/etc/os-release')) {
  const field = (/** @type {string} */ name) => new RegExp(`^${name}="?([^"\n]*)`, 'm').exec(osRelease)?.[1] ?? '';
  const id = field('ID');
  const suite = field('VERSION_CODENAME');
  const known = (id === 'debian' || id === 'ubuntu') && suite !== '' && existsSync('/usr/bin/apt-get');
  return known ? { id, suite } : undefined;
}

/**
 * Packages unpacked under one root; at once when they already are.
 * @param {import('./place.js').Place} place
 * @param {Distribution} machine
 * @param {string} name of the folder, one per set of packages
 * @param {string[]} packages as apt-get download takes them: `name` or `name/suite`
 * @param {string} [architecture] of the packages, as Debian names it; the machine's own unless it is given
 * @returns {Promise<string>} the root
 */
export async function unpacked(place, machine, name, packages, architecture = '') {
  const root = join(place.parts, name);
  const wanted = packages.join('\n');
  const isThere = () => readIfThere(join(root, '.packages')) === wanted;
  if (isThere()) return root;
  return withLock(place, `part-${name}`, async () => {
    if (isThere()) return root;
    const configuration = await withLock(place, 'apt', () => freshLists(place, machine, architecture));
    const work = `${root}.new`;
    rmSync(work, { recursive: true, force: true });
    mkdirSync(join(work, '.debs'), { recursive: true });
    await run('apt-get', ['-qq', '-c', configuration, 'download', ...packages], { cwd: join(work, '.debs') });
    for (const deb of readdirSync(join(work, '.debs'))) await run('dpkg-deb', ['-x', join(work, '.debs', deb), work]);
    rmSync(join(work, '.debs'), { recursive: true });
    writeFileSync(join(work, '.packages'), wanted);
    rmSync(root, { recursive: true, force: true });
    renameSync(work, root);
    return root;
  });
}

/**
 * @param {string} root of unpacked packages
 * @returns {string} LD_LIBRARY_PATH for their programs
 */
export function libraryPath(root) {
  const triplet = process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu';
  return `${root}/usr/lib/${triplet}:${root}/lib/${triplet}`;
}

/**
 * The distribution's static busybox: `ip` where the machine has none, and something to run in an image.
 * @param {import('./place.js').Place} place
 * @param {Distribution} machine
 * @returns {Promise<string>} the program
 */
export async function busybox(place, machine) {
  const root = await unpacked(place, machine, 'busybox', ['busybox-static']);
  const programs = ['bin/busybox', 'usr/bin/busybox'].map((name) => join(root, name));
  return programs.find((program) => existsSync(program)) ?? 'busybox';
}

/**
 * Private package lists, renewed when they are a day old or the machine's mirror has changed.
 * @param {import('./place.js').Place} place
 * @param {Distribution} machine
 * @param {string} architecture empty for the machine's own
 * @returns {Promise<string>} the private apt configuration
 */
async function freshLists(place, machine, architecture) {
  const folder = architecture === '' ? place.apt : `${place.apt}-${architecture}`;
  const sources = privateSources(machine, machineSources());
  const sourcesFile = join(folder, 'lab.sources');
  const configuration = join(folder, 'apt.conf');
  const stamp = join(folder, 'updated');
  const age = existsSync(stamp) ? Date.now() - statSync(stamp).mtimeMs : DAY;
  if (age < DAY && readIfThere(sourcesFile) === sources) return configuration;
  for (const inside of ['state/lists/partial', 'cache/archives/partial', 'log']) {
    mkdirSync(join(folder, inside), { recursive: true });
  }
  writeFileSync(sourcesFile, sources);
  writeFileSync(join(folder, 'status'), '');
  writeFileSync(configuration, privateConfiguration(folder, sourcesFile, machine, architecture));
  await run('apt-get', ['-qq', '-c', configuration, 'update']);
  await run('apt-cache', ['-c', configuration, 'gencaches']); // so that downloads side by side only read
  writeFileSync(stamp, '');
  return configuration;
}

/**
 * The machine's own settings (proxy, credentials, keyrings) stay in force; everything that is written goes elsewhere, and
 * the machine's hooks do not run.
 * @param {string} folder
 * @param {string} sourcesFile
 * @param {Distribution} machine
 * @param {string} architecture
 */
function privateConfiguration(folder, sourcesFile, machine, architecture) {
  const foreign = [`APT::Architecture "${architecture}";`, `APT::Architectures {"${architecture}";};`];
  return [
    ...(architecture === '' ? [] : ['#clear APT::Architectures;', ...foreign]),
    '#clear APT::Update::Pre-Invoke;',
    '#clear APT::Update::Post-Invoke;',
    '#clear APT::Update::Post-Invoke-Success;',
    `Dir::State "${folder}/state";`,
    `Dir::State::status "${folder}/status";`,
    `Dir::Cache "${folder}/cache";`,
    'Dir::Cache::pkgcache "pkgcache.bin";',
    `Dir::Log "${folder}/log";`,
    `Dir::Etc::sourcelist "${sourcesFile}";`,
    'Dir::Etc::sourceparts "/dev/null";',
    'Dir::Etc::preferences "/dev/null";',
    'Dir::Etc::preferencesparts "/dev/null";',
    'APT::Sandbox::User "";', // the sandbox user may not read the home folder
    'Acquire::Languages "none";',
    ...(machine.id === 'debian' ? [`APT::Default-Release "${machine.suite}";`] : []),
    '',
  ].join('\n');
}

/**
 * @param {Distribution} machine
 * @param {Source[]} sources the machine's own
 * @returns {string} deb822 sources: on Debian the machine's mirror with the suites the lab uses, on Ubuntu the machine's
 *   own suite with its updates
 */
export function privateSources(machine, sources) {
  const own = sources.filter((source) => source.suites.some((suite) => suite.split('-')[0] === machine.suite));
  const keyring = `/usr/share/keyrings/${machine.id}-archive-keyring.gpg`;
  /** @type {Source} */
  const fallback = {
    uris: PUBLIC_MIRROR[machine.id],
    suites: [machine.suite],
    components: machine.id === 'ubuntu' ? 'main universe' : 'main',
    signedBy: existsSync(keyring) ? keyring : undefined,
  };
  const first = own.find((source) => source.suites.includes(machine.suite)) ?? fallback;
  const suites = [...new Set([machine.suite, OLD, RECENT])];
  const chosen = machine.id === 'debian' ? [{ ...first, suites, components: 'main' }] : own.length ? own : [fallback];
  return chosen.map(stanza).join('\n');
}

/** @param {Source} source */
function stanza({ uris, suites, components, signedBy }) {
  const signed = signedBy ? `Signed-By: ${signedBy}\n` : '';
  return `Types: deb\nURIs: ${uris}\nSuites: ${suites.join(' ')}\nComponents: ${components}\nTargets: Packages\n${signed}`;
}

/** @returns {Source[]} what /etc/apt/sources.list and /etc/apt/sources.list.d say */
function machineSources() {
  const folder = '/etc/apt/sources.list.d';
  const files = existsSync(folder) ? readdirSync(folder).sort() : [];
  const read = (/** @type {string} */ end) =>
    files.filter((file) => file.endsWith(end)).map((file) => readIfThere(join(folder, file)));
  return [
    ...[readIfThere('/etc/apt/sources.list'), ...read('.list')].flatMap(parseOneLine),
    ...read('.sources').flatMap(parseDeb822),
  ];
}

/**
 * The one-line form of sources.list(5): `deb [ option=value … ] uri suite component…`.
 * @param {string} text
 * @returns {Source[]}
 */
export function parseOneLine(text) {
  return [...text.matchAll(/^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)([^#\n]*)/gm)].map((line) => ({
    uris: line[2] ?? '',
    suites: [line[3] ?? ''],
    components: (line[4] ?? '').trim(),
    signedBy: /\bsigned-by=(\S+)/.exec(line[1] ?? '')?.[1],
  }));
}

/**
 * The deb822 form of sources.list(5); a field goes on over indented lines (a Signed-By may be a whole key).
 * @param {string} text
 * @returns {Source[]}
 */
export function parseDeb822(text) {
  const stanzas = text.replace(/^#.*\n?/gm, '').split(/\n\s*\n/);
  return stanzas.flatMap((paragraph) => {
    const fields = new Map(
      [...paragraph.matchAll(/^([\w-]+):((?:.*)(?:\n[ \t].*)*)/gm)].map((field) => [
        (field[1] ?? '').toLowerCase(),
        (field[2] ?? '').trim(),
      ]),
    );
    const words = (/** @type {string} */ name) => (fields.get(name) ?? '').split(/\s+/).filter(Boolean);
    if (!words('types').includes('deb') || fields.get('enabled')?.toLowerCase() === 'no') return [];
    return {
      uris: words('uris').join(' '),
      suites: words('suites'),
      components: words('components').join(' '),
      signedBy: fields.get('signed-by'),
    };
  });
}

/** @param {string} file */
function readIfThere(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
