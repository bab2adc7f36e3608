/** Scripts with which a shell completes the commands and options of `cli.js`. */

import { basename } from 'node:path';
import { InputError } from '../errors.ts';
import { commands } from './command-line.ts';

/** The name under which npm installs the command, and which the scripts complete. */
const program = 'publish-docker-package';

/** What a shell completes: each command, in a few words, with its options. */
interface Completed {
  readonly name: string;
  readonly does: string;
  /** Without the dashes. */
  readonly options: readonly string[];
}

/** The commands with an option for each of their inputs. */
function completed(): readonly Completed[] {
  return Object.entries(commands).map(([name, { defaults, does }]) => ({
    name,
    does,
    options: [...Object.keys(defaults), ...(name === 'plan' ? ['json'] : []), 'help'],
  }));
}

const words = (options: readonly string[]): string => options.map((option) => `--${option}`).join(' ');

/** https://www.gnu.org/software/bash/manual/html_node/Programmable-Completion.html */
function forBash(all: readonly Completed[]): string {
  const cases = all.map(({ name, options }) => `    ${name}) options='${words(options)}' ;;`);
  return `_publish_docker_package() {
  local options names='${all.map(({ name }) => name).join(' ')}'
  case \${COMP_WORDS[1]} in
${cases.join('\n')}
    *) options='${words(all[0]?.options ?? [])}' ;;
  esac
  [[ $COMP_CWORD -eq 1 ]] && options="$names $options"
  COMPREPLY=($(compgen -W "$options" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _publish_docker_package ${program}
`;
}

/** https://zsh.sourceforge.io/Doc/Release/Completion-System.html */
function forZsh(all: readonly Completed[]): string {
  const cases = all.map(({ name, options }) => `    ${name}) options=(${words(options)}) ;;`);
  return `#compdef ${program}
_publish_docker_package() {
  local -a options names
  names=(${all.map(({ name, does }) => `'${name}:${does}'`).join(' ')})
  case \${words[2]} in
${cases.join('\n')}
    *) options=(${words(all[0]?.options ?? [])}) ;;
  esac
  (( CURRENT == 2 )) && _describe command names
  [[ $PREFIX == -* ]] && compadd -- $options || _files
}
(( $+functions[compdef] )) && compdef _publish_docker_package ${program}
`;
}

/** https://fishshell.com/docs/current/completions.html */
function forFish(all: readonly Completed[]): string {
  const names = all.map(({ name }) => name).join(' ');
  const none = `not __fish_seen_subcommand_from ${names}`;
  const lines = all.flatMap(({ name, does, options }, index) => [
    `complete -c ${program} -n '${none}' -a ${name} -d '${does}'`,
    ...options.map((option) => {
      const seen = `__fish_seen_subcommand_from ${name}`;
      // Without a command it is the first one, publish.
      const when = index === 0 ? `${none}; or ${seen}` : seen;
      return `complete -c ${program} -n '${when}' -l ${option}`;
    }),
  ]);
  return `complete -c ${program} -f -n '${none}'\n${lines.join('\n')}\n`;
}

const shells: Readonly<Record<string, (all: readonly Completed[]) => string>> = {
  bash: forBash,
  zsh: forZsh,
  fish: forFish,
};

/**
 * @param shell `bash`, `zsh` or `fish`, perhaps as a path, such as `$SHELL`
 * @returns the script that the shell reads
 * @throws InputError INPUT_INVALID
 */
export function formatCompletion(shell: string): string {
  // Git for Windows has `bash.exe`.
  const name = basename(shell).replace(/\.exe$/i, '');
  const format = Object.hasOwn(shells, name) ? shells[name] : undefined;
  if (format !== undefined) return format(completed());
  throw new InputError('INPUT_INVALID', {
    message: `"${shell}" is not a shell that can be completed: expected ${Object.keys(shells).join(', ')}.`,
    remedy: `Write, for example: ${program} completion bash`,
  });
}
