/** The YAML of the documents: each block that shows a workflow, or a part of one, made whole. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface Block {
  /** `FILE:LINE` */
  readonly at: string;
  readonly text: string;
}

/** Every page of README.md and docs/, as a path relative to the repository. */
export function pages(): readonly string[] {
  const docs = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' });
  const own = readdirSync(root).filter((name) => name.endsWith('.md'));
  return [...own, 'examples/README.md', ...docs.map((name) => join('docs', name))]
    .filter((name) => name.endsWith('.md'))
    .sort();
}

export function readPage(page: string): string {
  return readFileSync(join(root, page), 'utf8');
}

/** The fenced blocks of a page in some language. */
export function blocksOf(page: string, language: string): readonly Block[] {
  const text = readPage(page);
  return [...text.matchAll(new RegExp(`^( *)\`\`\`${language}\\n([\\s\\S]*?)^\\1\`\`\`$`, 'gm'))].map((match) => ({
    at: `${page}:${text.slice(0, match.index).split('\n').length}`,
    text: match[2] ?? '',
  }));
}

type Json = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What a part of a workflow takes for granted: a matrix, jobs before it. */
function surroundingsOf(text: string): { readonly jobs: Json; readonly job: Json } {
  const matrix = [...text.matchAll(/\bmatrix\.(\w+)/g)].map(([, name = '']) => [name, ['a', 'b']]);
  const needs = [...text.matchAll(/\bneeds\.(\w+)\.outputs\.(\w+)/g)];
  const jobs = needs.map(([, job = '', output = '']) => [
    job,
    { 'runs-on': 'ubuntu-latest', outputs: { [output]: 'text' }, steps: [{ run: 'true' }] },
  ]);
  return {
    jobs: Object.fromEntries(jobs),
    job: {
      ...(matrix.length === 0 ? {} : { strategy: { matrix: Object.fromEntries(matrix) } }),
      ...(jobs.length === 0 ? {} : { needs: jobs.map(([job]) => job) }),
    },
  };
}

/**
 * A workflow that holds the block where it belongs: as a whole, as jobs, a job, or steps.
 * @returns `undefined` for YAML that is no part of a workflow's jobs
 */
export function asWorkflow(text: string): string | undefined {
  const value: unknown = parse(text);
  const around = surroundingsOf(text);
  const job = (rest: Json): Json => ({
    on: 'push',
    jobs: { ...around.jobs, job: { 'runs-on': 'ubuntu-latest', ...around.job, ...rest } },
  });
  if (Array.isArray(value)) return stringify(job({ steps: value }));
  if (!isObject(value)) return undefined;
  if ('jobs' in value) return 'on' in value ? text : stringify({ on: 'push', ...value });
  if ('steps' in value) return stringify(job(value));
  return undefined;
}

/** The names under which this action is used. */
const own = /^org\/publish-docker-package(?<folder>\/[a-z]+)?@v1$/;

/** The same workflow with this very action, as a linter that knows its inputs would read it. actionlint 1.7 does not know `$/`. */
export function withLocalAction(workflow: string): string {
  return workflow
    .replaceAll(/(uses: )org\/publish-docker-package(\/[a-z]+)?@v1$/gm, '$1./$2')
    .replaceAll('.//', './')
    .replaceAll(/(uses: )\$\//g, '$1./');
}

export interface Use {
  /** `.` or the folder of a sub-action. */
  readonly folder: string;
  readonly inputs: Json;
}

/** Every step of a document that uses this action, however deep. */
export function usesOf(value: unknown): readonly Use[] {
  if (Array.isArray(value)) return value.flatMap(usesOf);
  if (!isObject(value)) return [];
  const match = typeof value.uses === 'string' ? own.exec(value.uses) : null;
  const here =
    match === null
      ? []
      : [{ folder: match.groups?.folder?.slice(1) ?? '.', inputs: isObject(value.with) ? value.with : {} }];
  return [...here, ...Object.values(value).flatMap(usesOf)];
}
