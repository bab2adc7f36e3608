// Writes docs/plan.schema.json and docs/plan.md, the form of the plan as JSON, from the types in src/plan/plan.ts and what they
// say of themselves.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createGenerator } from 'ts-json-schema-generator';
import { markdownCell } from './table.js';

const at = (/** @type {string} */ path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** @typedef {import('ts-json-schema-generator').Schema} Schema */

const schema = createGenerator({
  path: at('src/plan/plan.ts'),
  tsconfig: at('tsconfig.json'),
  type: 'PlanDocument',
  // tsc has checked them; the generator's compiler is an older one.
  skipTypeCheck: true,
}).createSchema('PlanDocument');
const { PlanDocument: plan = {}, ...others } = schema.definitions ?? {};
/** @type {Record<string, unknown>} */
const definitions = { Plan: plan, ...others };

writeFileSync(
  at('docs/plan.schema.json'),
  `${JSON.stringify(
    {
      $schema: schema.$schema,
      $id: 'https://github.com/org/publish-docker-package/blob/v1/docs/plan.schema.json',
      title: 'The plan of a publish',
      ...schema,
      $ref: '#/definitions/Plan',
      definitions,
    },
    undefined,
    2,
  )}\n`,
);

/** @type {(value: unknown) => value is Schema} */
const isSchema = (value) => typeof value === 'object' && value !== null;

/** Names whose definition is a text need no section. @type {(name: string) => boolean} */
const isText = (name) => {
  const definition = definitions[name];
  return isSchema(definition) && definition.type === 'string' && definition.enum === undefined;
};

/** @type {(schema: Schema) => string} */
function typeOf(part) {
  if (part.$ref !== undefined) {
    const name = decodeURIComponent(part.$ref.replace('#/definitions/', ''));
    return isText(name) ? 'text' : `[${name}](#${name.toLowerCase()})`;
  }
  if (part.const !== undefined) return `\`${part.const}\``;
  if (part.enum !== undefined) return part.enum.map((value) => `\`${value}\``).join(', ');
  if (part.anyOf !== undefined) return part.anyOf.filter(isSchema).map(typeOf).join(' or ');
  if (part.type === 'array' && isSchema(part.items) && !Array.isArray(part.items))
    return `list of ${typeOf(part.items)}`;
  if (part.type === 'object' && part.properties !== undefined) {
    return `{ ${Object.keys(part.properties)
      .map((name) => `\`${name}\``)
      .join(', ')} }`;
  }
  return part.type === 'string' ? 'text' : String(part.type);
}

/** @type {(part: Schema) => string[]} */
function rows({ properties = {}, required = [] }) {
  return Object.entries(properties).flatMap(([name, property]) =>
    isSchema(property)
      ? [
          `| \`${name}\`${required.includes(name) ? '' : ' (may be absent)'} | ${typeOf(property)} | ${markdownCell(property.description ?? '')} |`,
        ]
      : [],
  );
}

/** @type {(name: string, part: Schema) => string[]} */
function section(name, part) {
  const forms = (part.anyOf ?? [part]).filter(isSchema);
  if (forms.every(({ properties }) => properties === undefined)) {
    return [`## ${name}`, '', [part.description, typeOf(part)].filter(Boolean).join(' '), ''];
  }
  const head = ['| name | value | meaning |', '| --- | --- | --- |'];
  const tables = forms.flatMap((form, index) => [...(index === 0 ? [] : ['', 'or', '']), ...head, ...rows(form)]);
  return [`## ${name}`, '', ...(part.description === undefined ? [] : [part.description, '']), ...tables, ''];
}

const lines = [
  '<!-- Written by npm run docs, from src/plan/plan.ts. -->',
  '',
  '# The plan',
  '',
  'The plan has every decision of a publish with its reason. The action makes it before it does anything else, and',
  '`dry-run: true` stops after it. The output `plan` and `node dist/cli.js plan --json` give it as JSON. Its form is',
  '[plan.schema.json](plan.schema.json).',
  '',
  '`schema` is the version of the form. We raise it when a program that reads the plan has to change: a name no longer exists,',
  'or has another meaning. We add names without raising it, so ignore names that you do not know. The plan has no token, no',
  'password and no secret of a build.',
  '',
  ...(isSchema(plan) ? section('Plan', plan) : []),
  ...Object.entries(others).flatMap(([name, part]) => (isSchema(part) && !isText(name) ? section(name, part) : [])),
];
writeFileSync(at('docs/plan.md'), `${lines.join('\n').trimEnd()}\n`);
