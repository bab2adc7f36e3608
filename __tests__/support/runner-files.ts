/**
 * What a step tells the runner, read as the runner reads it: files of entries, and commands between the lines of the log
 * (https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands).
 */

import { formsOf } from '../../src/text/secret-text.ts';

/** A workflow command of the log, decoded. */
export interface RunnerCommand {
  readonly name: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly data: string;
}

/**
 * The entries of GITHUB_OUTPUT, GITHUB_STATE or GITHUB_ENV; the last of a name counts
 * (https://github.com/actions/runner/blob/main/src/Runner.Worker/FileCommandManager.cs).
 * @throws Error for a text that the runner would refuse
 */
export function parseFileEntries(text: string): Readonly<Record<string, string>> {
  const entries: Record<string, string> = {};
  const lines = text.split('\n');
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    const { name = '', sign, rest = '' } = line.match(/^(?<name>.*?)(?<sign>=|<<)(?<rest>.*)$/)?.groups ?? {};
    if (line === '') continue;
    if (sign === undefined) throw new Error(`The runner refuses the line "${line}".`);
    if (sign === '=') entries[name] = rest;
    else {
      const end = lines.indexOf(rest, at + 1);
      if (end < 0) throw new Error(`The value of "${name}" has no end.`);
      entries[name] = lines.slice(at + 1, end).join('\n');
      at = end;
    }
  }
  return entries;
}

/**
 * The lines of a log, each with the command that the runner would obey. It looks for `::name …::` behind blanks and for
 * `##[name …]` anywhere in a line, except between `stop-commands` and its token
 * (https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs).
 */
function readLines(log: string): readonly { readonly line: string; readonly command?: RunnerCommand }[] {
  let pausedBy: string | undefined;
  return log.split(/\r?\n/).map((line) => {
    const command = parseCommand(line);
    if (command === undefined) return { line };
    if (pausedBy === undefined && command.name === 'stop-commands') pausedBy = command.data;
    else if (pausedBy === undefined) return { line, command };
    else if (command.name === pausedBy) pausedBy = undefined;
    return { line };
  });
}

/** The commands that the runner would obey. */
export function parseCommands(log: string): readonly RunnerCommand[] {
  return readLines(log).flatMap(({ command }) => (command === undefined ? [] : [command]));
}

function parseCommand(line: string): RunnerCommand | undefined {
  const { name, list, data } =
    (
      line.trimStart().match(/^::(?<name>[^ :]+)(?: (?<list>.*?))?::(?<data>.*)$/s) ??
      line.match(/##\[(?<name>[^\] ]+)(?: (?<list>[^\]]*))?\](?<data>.*)$/s)
    )?.groups ?? {};
  if (name === undefined || data === undefined) return undefined;
  const pairs = (list ?? '').split(',').flatMap((pair) => {
    const equals = pair.indexOf('=');
    return equals < 0 ? [] : [[pair.slice(0, equals), decode(pair.slice(equals + 1))]];
  });
  return { name, properties: Object.fromEntries(pairs), data: decode(data) };
}

function decode(text: string): string {
  const meanings: Readonly<Record<string, string>> = { '%0D': '\r', '%0A': '\n', '%3A': ':', '%2C': ',', '%25': '%' };
  return text.replaceAll(/%(?:0D|0A|3A|2C|25)/g, (code) => meanings[code] ?? code);
}

/** The log without the commands that name what is to be masked. */
export function withoutMasks(log: string): string {
  return readLines(log)
    .flatMap(({ line, command }) => (command?.name === 'add-mask' ? [] : [line]))
    .join('\n');
}

/** The log as a person sees it: what an `add-mask` named is *** from there on. */
export function shownLog(log: string): string {
  const masks: string[] = [];
  const shown = readLines(log).flatMap(({ line, command }) => {
    if (command?.name === 'add-mask') masks.push(command.data);
    return command?.name === 'add-mask' ? [] : [masks.reduce((text, mask) => text.replaceAll(mask, '***'), line)];
  });
  return shown.join('\n');
}

/** Whether a mask hides a token: the token, in a form in which it may be printed, or with a name before it. */
export function isMaskOf(token: string, mask: string): boolean {
  const isWith = [mask, Buffer.from(mask, 'base64').toString()].some((text) => text.includes(token));
  return isWith || formsOf(token).includes(mask);
}
