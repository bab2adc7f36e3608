/** What the output of docker, buildx and podman tells of a failure. */

import { delayInText, type Verdict } from '../http/retry.ts';

/** What a failed command said last, without its full stop; empty where it said nothing. */
export function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.trim().replace(/\.$/, '') ?? '';
}

/** The words of docker, buildx and podman for a failure that may pass (facts: registries.md section 8, 38-48, 56). */
const transientWords: readonly RegExp[] = [
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
];

/** Judges the text that a command printed when it failed. */
export function judgeText(text: string, now: number): Verdict {
  const line = text.split('\n').findLast((candidate) => transientWords.some((words) => words.test(candidate)));
  if (line === undefined) return { transient: false };
  const delay = delayInText(line, now);
  return { transient: true, reason: line.trim(), ...(delay === undefined ? {} : { delay }) };
}

/** A status or a code of an answer that will be the same again (distribution-spec, "Error Codes"; docker writes them as words). */
const lastingWords =
  /\b4[0-9]{2}\b|\b(?:unsupported|denied|unauthorized|(?:manifest|name|digest|size|tag|blob upload) invalid|(?:manifest|name) unknown):/i;

/** Whether what a command printed says that another attempt ends alike. */
export function isLasting(text: string): boolean {
  return lastingWords.test(text);
}
