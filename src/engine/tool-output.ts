/**
 * What docker, buildx and podman mean by what they print: the one place that knows their words. __tests__/fixtures/tool-output has
 * what they really print.
 */

import { delayInText, type Verdict } from '../http/retry.ts';

/**
 * - `refused`: somebody answered and said no, to the login or to what it asked for
 * - `passing`: it may be otherwise in a moment
 * - `lasting`: it will be the same again
 * - `process`: a process of the Dockerfile failed, and its words are not about this run
 * - `absent`: the engine has no such image
 * - `expired`: the registry no longer takes the token that it gave out for a push, or gave out none
 */
export type Meaning = 'refused' | 'passing' | 'lasting' | 'process' | 'absent' | 'expired';

const vocabulary: Readonly<Record<Meaning, readonly RegExp[]>> = {
  refused: [
    // "permission denied" is the operating system's word about a file or a socket.
    /(?<!\bpermission )\bdenied\b|\bunauthorized\b|\bforbidden\b|\binsufficient_scope\b/i,
    /\bno basic auth credentials\b|\bauthentication required\b|\binvalid username\/password\b/i,
    /\b(?:HTTP|status|StatusCode:|request to \S+)[^\n]{0,80}\b40[13]\b/i,
  ],
  passing: [
    /\b(?:408 \(?Request Timeout|429 \(?Too Many Requests|500 \(?Internal Server Error|502 \(?Bad Gateway|503 \(?Service Unavailable|504 \(?Gateway Time-?out)\b/i,
    /\berror parsing HTTP (?:408|429|500|502|503|504) response body\b/i,
    /\b(?:unexpected (?:HTTP )?status|status code)[^\n]{0,200}?\b(?:408|429|500|502|503|504)\b/i,
    /\btoo ?many ?requests\b/i,
    /\bunknown blob\b|\bblob unknown to registry\b|\bBLOB_UNKNOWN\b|\bBLOB_UPLOAD_UNKNOWN\b/i,
    /\bconnection (?:reset by peer|refused|timed out)\b|\bbroken pipe\b|\bunexpected EOF\b|: EOF\b|\btransport connection broken\b/i,
    /\bhttp2: (?:server sent GOAWAY|client connection lost)\b|\bstream error: stream ID \d+; (?:INTERNAL_ERROR|REFUSED_STREAM)\b/,
    /\buse of closed network connection\b/,
    /\bTLS handshake timeout\b|\bi\/o timeout\b|\bClient\.Timeout exceeded\b|\bserver misbehaving\b/i,
    /\bcannot reuse body, request must be retried\b|\bno response\b|\bserver closed idle connection\b/i,
  ],
  // A status, or a code that docker writes as words (distribution-spec, "Error Codes").
  lasting: [
    /\b4[0-9]{2}\b|\b(?:unsupported|denied|unauthorized|(?:manifest|name|digest|size|tag|blob upload) invalid|(?:manifest|name) unknown):/i,
  ],
  process: [/\bdid not complete successfully\b|\breturned a non-zero code\b|\bwhile running runtime: exit status\b/],
  absent: [/\bno such (?:image|object)\b|\bimage not known\b|\bnot found\b|\binvalid reference\b/i],
  expired: [/\bunauthorized\b|\bauthentication required\b|\b401\b|\bfailed to fetch oauth token\b/i],
};

/** Whether what a program printed has one of the words for a meaning. */
export function means(text: string, meaning: Meaning): boolean {
  return vocabulary[meaning].some((words) => words.test(text));
}

/** What a failed command said last, without its full stop; empty where it said nothing. */
export function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.trim().replace(/\.$/, '') ?? '';
}

/** Judges the text that a command printed when it failed. */
export function judgeText(text: string, now: number): Verdict {
  const line = text.split('\n').findLast((candidate) => means(candidate, 'passing'));
  if (line === undefined) return { transient: false };
  const delay = delayInText(line, now);
  return { transient: true, reason: line.trim(), ...(delay === undefined ? {} : { delay }) };
}
