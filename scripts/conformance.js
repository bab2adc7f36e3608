/**
 * Runs recorded workflow runs through the built action with `dry-run` and compares what it answers with what
 * docker/metadata-action answered (__tests__/conformance/README.md).
 *
 * Usage: node scripts/conformance.js [FILE …]
 */

import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

/**
 * @typedef {{version: string, tags: string[], labels: string[], annotations: string[]}} Answer
 *
 * @typedef {object} RecordedCase
 * @property {number} id
 * @property {Record<string, string>} env
 * @property {unknown} event
 * @property {Record<string, string>} inputs
 * @property {Answer} expect
 *
 * @typedef {{source_date_epoch: number, cases: RecordedCase[]}} Recording
 *
 * @typedef {{inputs: Record<string, {default?: unknown}>, runs: {main: string}}} Action
 */

const root = fileURLToPath(new URL('..', import.meta.url));

/** @type {Action} */
const action = parse(readFileSync(join(root, 'action.yml'), 'utf8'));

/**
 * The environment that the runner makes of inputs.
 * @param {Record<string, string>} inputs
 * @returns {Record<string, string>}
 */
function inputVariables(inputs) {
  const defaults = Object.entries(action.inputs).map(([name, input]) => {
    // The two defaults that are expressions, token and username, come to any text.
    return [name, String(input.default ?? '').replace(/^\$\{\{.*\}\}$/, 'octocat')];
  });
  const all = { ...Object.fromEntries(defaults), ...inputs, 'dry-run': 'true' };
  return Object.fromEntries(
    Object.entries(all).map(([name, value]) => [`INPUT_${name.replaceAll(' ', '_').toUpperCase()}`, value]),
  );
}

/**
 * @param {string} text a file that the runner reads outputs from
 * @returns {Map<string, string>}
 */
function parseOutputs(text) {
  /** @type {Map<string, string>} */
  const outputs = new Map();
  for (const [, name = '', , value] of text.matchAll(/^([^\n<=]+)<<(.+)\n(?:([\s\S]*?)\n)?\2$/gm)) {
    outputs.set(name, value ?? '');
  }
  for (const [, name = '', value = ''] of text.matchAll(/^([a-z-]+)=(.*)$/gm)) {
    if (!outputs.has(name)) outputs.set(name, value);
  }
  return outputs;
}

/** @param {string | undefined} text */
function lines(text) {
  return (text ?? '').split('\n').filter((line) => line !== '');
}

/** @param {readonly string[]} annotations */
function withoutLevels(annotations) {
  return [
    ...new Set(annotations.map((line) => line.replace(/^(?:manifest|index)(?:-descriptor)?(?:\[[^\]]*\])?:/, ''))),
  ];
}

/**
 * @param {RecordedCase} recorded
 * @param {number} epoch
 * @returns {Promise<{answer: Answer, failure: string}>} the failure is empty for a run that succeeded
 */
function run(recorded, epoch) {
  const directory = mkdtempSync(join(tmpdir(), 'conformance-'));
  const output = join(directory, 'output');
  const event = join(directory, 'event.json');
  const summary = join(directory, 'summary');
  for (const file of [output, summary]) writeFileSync(file, '');
  writeFileSync(event, JSON.stringify(recorded.event));
  writeFileSync(join(directory, 'Dockerfile'), 'FROM scratch\n');
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: directory,
    RUNNER_TEMP: directory,
    GITHUB_WORKSPACE: directory,
    GITHUB_ACTIONS: 'true',
    GITHUB_SERVER_URL: 'https://github.com',
    GITHUB_API_URL: 'https://api.github.com',
    GITHUB_ACTOR: 'octocat',
    GITHUB_RUN_ID: '1',
    GITHUB_RUN_ATTEMPT: '1',
    GITHUB_EVENT_PATH: event,
    GITHUB_OUTPUT: output,
    GITHUB_STEP_SUMMARY: summary,
    GITHUB_STATE: join(directory, 'state'),
    SOURCE_DATE_EPOCH: String(epoch),
    ...recorded.env,
    ...inputVariables(recorded.inputs),
  };
  writeFileSync(env.GITHUB_STATE, '');
  return new Promise((resolve) => {
    execFile(process.execPath, [join(root, action.runs.main)], { env, cwd: directory }, (error, stdout, stderr) => {
      const outputs = parseOutputs(readFileSync(output, 'utf8'));
      rmSync(directory, { recursive: true });
      resolve({
        answer: {
          version: outputs.get('version') ?? '',
          tags: lines(outputs.get('tags')).map((tag) => tag.replace(/^docker\.io\//, '')),
          labels: lines(outputs.get('labels')),
          annotations: withoutLevels(lines(outputs.get('annotations'))),
        },
        failure: error === null ? '' : `${stdout}${stderr}`.trim().slice(-1000),
      });
    });
  });
}

/**
 * @param {RecordedCase} recorded
 * @param {number} epoch
 * @returns {Promise<string>} what differs, empty where nothing does
 */
async function differences(recorded, epoch) {
  const { answer, failure } = await run(recorded, epoch);
  const { version, tags, labels, annotations } = recorded.expect;
  /** @type {Answer} */
  const expected = { version, tags, labels, annotations: withoutLevels(annotations) };
  /** @type {(keyof Answer)[]} */
  const parts = ['version', 'tags', 'labels', 'annotations'];
  const different = parts.filter((part) => JSON.stringify(answer[part]) !== JSON.stringify(expected[part]));
  const found = different.map(
    (part) => `  ${part}: ${JSON.stringify(answer[part])}\n  expected: ${JSON.stringify(expected[part])}`,
  );
  // A run without any tag may be refused; docker/metadata-action only warned.
  if (failure !== '' && (tags.length > 0 || different.length > 0)) found.push(`  failed: ${failure}`);
  return found.join('\n');
}

/**
 * @param {string} file
 * @returns {Promise<boolean>} whether all agree
 */
async function check(file) {
  /** @type {Recording} */
  const recording = JSON.parse(readFileSync(file, 'utf8'));
  const waiting = recording.cases.values();
  let agreeing = 0;
  const workers = Array.from({ length: availableParallelism() }, async () => {
    // The workers share one iterator, so that each case is taken once.
    for (const recorded of waiting) {
      const found = await differences(recorded, recording.source_date_epoch);
      if (found === '') agreeing += 1;
      else console.log(`case ${recorded.id}\n${found}`);
    }
  });
  await Promise.all(workers);
  console.log(`${agreeing} of ${recording.cases.length} recorded runs agree`);
  return recording.cases.length > 0 && agreeing === recording.cases.length;
}

const files = process.argv.slice(2);
const agreed = [];
for (const file of files.length > 0 ? files : [join(root, '__tests__/conformance/metadata-cases.json')]) {
  agreed.push(await check(file));
}
process.exitCode = agreed.every(Boolean) ? 0 : 1;
