/**
 * Dates in the format language of Moment (https://momentjs.com/docs/#/displaying/format/), which the users of
 * docker/metadata-action write. Time zones are those of the runtime's Intl. English only, as there.
 */

const months: readonly string[] =
  'January February March April May June July August September October November December'.split(' ');
const weekdays: readonly string[] = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ');

const day = 86_400_000;

/** An instant as the clocks of a zone show it: read with the `getUTC…` methods of `local`. */
interface ZonedTime {
  readonly instant: Date;
  readonly local: Date;
  /** Minutes east of Greenwich. */
  readonly offset: number;
  readonly zone: string;
}

function pad(value: number, length: number): string {
  return String(value).padStart(length, '0');
}

function ordinal(value: number): string {
  const isTeen = Math.floor(value / 10) % 10 === 1;
  return `${value}${(isTeen ? undefined : ['th', 'st', 'nd', 'rd'][value % 10]) ?? 'th'}`;
}

function offsetOf(time: ZonedTime, separator: string): string {
  const minutes = Math.abs(time.offset);
  return `${time.offset < 0 ? '-' : '+'}${pad(Math.floor(minutes / 60), 2)}${separator}${pad(minutes % 60, 2)}`;
}

function dayOfYear({ local }: ZonedTime): number {
  const newYear = Date.UTC(local.getUTCFullYear(), 0, 1);
  return Math.floor((local.getTime() - newYear) / day) + 1;
}

/**
 * Week and its year, for weeks that start at `firstDay` and belong to the year in which their `decisive` day falls. ISO 8601
 * weeks start on Monday and go by Thursday; North American ones start on Sunday and go by Saturday.
 */
function weekOf({ local }: ZonedTime, firstDay: 0 | 1): { readonly week: number; readonly year: number } {
  const sinceFirst = (local.getUTCDay() - firstDay + 7) % 7;
  const decisive = new Date(local.getTime() + ((firstDay === 1 ? 3 : 6) - sinceFirst) * day);
  const year = decisive.getUTCFullYear();
  return { year, week: Math.floor((decisive.getTime() - Date.UTC(year, 0, 1)) / day / 7) + 1 };
}

const year = (time: ZonedTime): number => time.local.getUTCFullYear();
const month = (time: ZonedTime): number => time.local.getUTCMonth() + 1;
const date = (time: ZonedTime): number => time.local.getUTCDate();
const weekday = (time: ZonedTime): number => time.local.getUTCDay();
const hour = (time: ZonedTime): number => time.local.getUTCHours();
const hour12 = (time: ZonedTime): number => hour(time) % 12 || 12;
const hour24 = (time: ZonedTime): number => hour(time) || 24;
const minute = (time: ZonedTime): number => time.local.getUTCMinutes();
const second = (time: ZonedTime): number => time.local.getUTCSeconds();
const quarter = (time: ZonedTime): number => Math.ceil(month(time) / 3);
const monthName = (time: ZonedTime): string => months[month(time) - 1] ?? '';
const weekdayName = (time: ZonedTime): string => weekdays[weekday(time)] ?? '';
const unixMilliseconds = (time: ZonedTime): number => time.instant.getTime();

function zoneName({ instant, zone }: ZonedTime): string {
  const parts = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'short' }).formatToParts(instant);
  return parts.find((part) => part.type === 'timeZoneName')?.value ?? zone;
}

const tokens: Readonly<Record<string, (time: ZonedTime) => string | number>> = {
  M: month,
  Mo: (time) => ordinal(month(time)),
  MM: (time) => pad(month(time), 2),
  MMM: (time) => monthName(time).slice(0, 3),
  MMMM: monthName,
  Q: quarter,
  Qo: (time) => ordinal(quarter(time)),
  D: date,
  Do: (time) => ordinal(date(time)),
  DD: (time) => pad(date(time), 2),
  DDD: dayOfYear,
  DDDo: (time) => ordinal(dayOfYear(time)),
  DDDD: (time) => pad(dayOfYear(time), 3),
  d: weekday,
  do: (time) => ordinal(weekday(time)),
  dd: (time) => weekdayName(time).slice(0, 2),
  ddd: (time) => weekdayName(time).slice(0, 3),
  dddd: weekdayName,
  e: weekday,
  E: (time) => weekday(time) || 7,
  w: (time) => weekOf(time, 0).week,
  wo: (time) => ordinal(weekOf(time, 0).week),
  ww: (time) => pad(weekOf(time, 0).week, 2),
  W: (time) => weekOf(time, 1).week,
  Wo: (time) => ordinal(weekOf(time, 1).week),
  WW: (time) => pad(weekOf(time, 1).week, 2),
  Y: year,
  YY: (time) => pad(year(time) % 100, 2),
  YYYY: (time) => pad(year(time), 4),
  YYYYY: (time) => pad(year(time), 5),
  YYYYYY: (time) => `+${pad(year(time), 6)}`,
  y: year,
  yo: (time) => ordinal(year(time)),
  yy: (time) => pad(year(time), 2),
  yyy: (time) => pad(year(time), 3),
  yyyy: (time) => pad(year(time), 4),
  N: () => 'AD',
  NN: () => 'AD',
  NNN: () => 'AD',
  NNNN: () => 'Anno Domini',
  NNNNN: () => 'AD',
  gg: (time) => pad(weekOf(time, 0).year % 100, 2),
  gggg: (time) => pad(weekOf(time, 0).year, 4),
  ggggg: (time) => pad(weekOf(time, 0).year, 5),
  GG: (time) => pad(weekOf(time, 1).year % 100, 2),
  GGGG: (time) => pad(weekOf(time, 1).year, 4),
  GGGGG: (time) => pad(weekOf(time, 1).year, 5),
  A: (time) => (hour(time) < 12 ? 'AM' : 'PM'),
  a: (time) => (hour(time) < 12 ? 'am' : 'pm'),
  H: hour,
  HH: (time) => pad(hour(time), 2),
  h: hour12,
  hh: (time) => pad(hour12(time), 2),
  k: hour24,
  kk: (time) => pad(hour24(time), 2),
  m: minute,
  mm: (time) => pad(minute(time), 2),
  s: second,
  ss: (time) => pad(second(time), 2),
  Hmm: (time) => `${hour(time)}${pad(minute(time), 2)}`,
  Hmmss: (time) => `${hour(time)}${pad(minute(time), 2)}${pad(second(time), 2)}`,
  hmm: (time) => `${hour12(time)}${pad(minute(time), 2)}`,
  hmmss: (time) => `${hour12(time)}${pad(minute(time), 2)}${pad(second(time), 2)}`,
  z: zoneName,
  zz: zoneName,
  Z: (time) => offsetOf(time, ':'),
  ZZ: (time) => offsetOf(time, ''),
  X: (time) => Math.floor(unixMilliseconds(time) / 1000),
  x: unixMilliseconds,
};

/** Tokens that abbreviate several others. */
const abbreviations: Readonly<Record<string, string>> = {
  LT: 'h:mm A',
  LTS: 'h:mm:ss A',
  L: 'MM/DD/YYYY',
  LL: 'MMMM D, YYYY',
  LLL: 'MMMM D, YYYY h:mm A',
  LLLL: 'dddd, MMMM D, YYYY h:mm A',
  l: 'M/D/YYYY',
  ll: 'MMM D, YYYY',
  lll: 'MMM D, YYYY h:mm A',
  llll: 'ddd, MMM D, YYYY h:mm A',
};

/** The longest of several names that start alike is the one that is meant. */
function anyOf(names: readonly string[]): string {
  return names.toSorted((left, right) => right.length - left.length).join('|');
}

const literal = String.raw`\[([^[]*)\]`;
const abbreviationPattern = new RegExp(String.raw`${literal}|(\\)?(${anyOf(Object.keys(abbreviations))})`, 'g');
const tokenPattern = new RegExp(String.raw`${literal}|(\\)?(S{1,9}|${anyOf(Object.keys(tokens))}|.)`, 'g');

function zonedTime(instant: Date, zone: string): ZonedTime {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(instant);
  const part = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.find((each) => each.type === type)?.value);
  const wall = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
  const offset = Math.round((wall - Math.floor(instant.getTime() / 1000) * 1000) / 60_000);
  return { instant, local: new Date(instant.getTime() + offset * 60_000), offset, zone };
}

function formatToken(token: string, time: ZonedTime): string {
  // Fractions of a second: as many digits as there are letters; a Date knows three.
  if (token.startsWith('S')) return pad(time.local.getUTCMilliseconds(), 3).padEnd(9, '0').slice(0, token.length);
  return String(tokens[token]?.(time) ?? token);
}

/** Whether the runtime knows a time zone, such as `Europe/Berlin`. */
export function isTimeZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

/**
 * @param format in the tokens of Moment; text in square brackets is copied
 * @param zone an IANA time zone that the runtime knows
 */
export function formatDate(instant: Date, format: string, zone: string): string {
  const time = zonedTime(instant, zone);
  const expanded = format.replace(abbreviationPattern, (text, quoted: string | undefined, backslash, token: string) =>
    quoted === undefined && backslash === undefined ? (abbreviations[token] ?? text) : text,
  );
  return expanded.replace(tokenPattern, (_text, quoted: string | undefined, backslash, token: string) =>
    quoted === undefined ? (backslash === undefined ? formatToken(token, time) : token) : quoted,
  );
}

/** What Moment writes without a format: ISO 8601 without fractions. */
export function formatIsoDate(instant: Date, zone: string): string {
  const time = zonedTime(instant, zone);
  return `${formatDate(instant, 'YYYY-MM-DDTHH:mm:ss', zone)}${time.offset === 0 ? 'Z' : offsetOf(time, ':')}`;
}
