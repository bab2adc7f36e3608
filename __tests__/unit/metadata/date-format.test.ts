import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import moment from 'moment-timezone';
import { formatDate, formatIsoDate, isTimeZone } from '../../../src/metadata/date-format.ts';

const instant = new Date('2026-01-02T04:30:45.067Z');

describe('dates', () => {
  test.each([
    ['YYYYMMDD', 'UTC', '20260102'],
    ['YYYY.MM.DD-HHmmss', 'Asia/Tokyo', '2026.01.02-133045'],
    ['YYYY-MM-DDTHH:mm:ss.SSSZ', 'America/New_York', '2026-01-01T23:30:45.067-05:00'],
    ['[week] W [of] GGGG', 'UTC', 'week 1 of 2026'],
    ['dddd, MMMM Do', 'UTC', 'Friday, January 2nd'],
    ['DDDD', 'UTC', '002'],
    ['h:mm A', 'Asia/Kathmandu', '10:15 AM'],
    ['X', 'UTC', '1767328245'],
    ['z', 'UTC', 'UTC'],
    ['LLLL', 'UTC', 'Friday, January 2, 2026 4:30 AM'],
    ['\\Y\\M', 'UTC', 'YM'],
  ])('%s in %s', (format, zone, text) => {
    expect(formatDate(instant, format, zone)).toBe(text);
  });

  test('without a format they are ISO 8601', () => {
    expect(formatIsoDate(instant, 'UTC')).toBe('2026-01-02T04:30:45Z');
    expect(formatIsoDate(instant, 'Asia/Tokyo')).toBe('2026-01-02T13:30:45+09:00');
  });

  test('a zone is one that the runtime knows', () => {
    expect(isTimeZone('europe/berlin')).toBe(true);
    expect(isTimeZone('Mars/Base')).toBe(false);
  });

  // Abbreviations of zones (z) are left out: Moment says JST where Intl says GMT+9.
  const tokens =
    'M Mo MM MMM MMMM Q Qo D Do DD DDD DDDo DDDD d do dd ddd dddd e E w wo ww W Wo WW Y YY YYYY YYYYY YYYYYY y yo yy yyy ' +
    'yyyy N NN NNN NNNN NNNNN gg gggg ggggg GG GGGG GGGGG A a H HH h hh k kk m mm s ss S SS SSS SSSS SSSSSSSSS Z ZZ X x Hmm ' +
    'Hmmss hmm hmmss LT LTS L LL LLL LLLL l ll lll llll [at] [] - T : . _';

  test('any format reads as Moment writes it, in any zone', () => {
    const zones = ['UTC', 'Asia/Tokyo', 'America/New_York', 'Asia/Kathmandu', 'Pacific/Apia', 'Europe/Berlin'];
    fc.assert(
      fc.property(
        fc.date({ min: new Date('1975-01-01'), max: new Date('2035-12-31'), noInvalidDate: true }),
        fc.array(fc.constantFrom(...tokens.split(' ')), { minLength: 1, maxLength: 6 }).map((parts) => parts.join('')),
        fc.constantFrom(...zones),
        (date, format, zone) => {
          expect(formatDate(date, format, zone)).toBe(moment(date).tz(zone).format(format));
        },
      ),
      { numRuns: 3000 },
    );
  });
});
