/** From inputs to a plan, with the answers of a GHES and of GitHub's API if a decision needs them. */

import { isOpen, mostCapable } from '../github/enterprise-server.ts';
import { resolveProduct } from '../github/product.ts';
import { findMissingFacts, type GitHubFacts, readGitHubFacts } from '../github/repository-facts.ts';
import { tokenForm } from '../github/token-form.ts';
import type { Run } from '../github/workflow-run.ts';
import type { InputReader } from '../inputs/input-reader.ts';
import { loadExpressions } from '../metadata/parse-template.ts';
import type { StepProcess } from '../step/process.ts';
import type { Action, ActionTypes, Given } from './action.ts';
import { readServer } from './ask-server.ts';
import { circumstancesOf, explainIn } from './explain-error.ts';
import { withGitHubApi } from './with-github-api.ts';

/**
 * Plans with what the environment says. If a GHES or GitHub's API knows more, the step asks them, once no input is at fault,
 * and plans again.
 * @throws InputError, or InputFaults with every fault
 */
export async function planWithAnswers<Types extends ActionTypes>(
  action: Action<Types>,
  read: InputReader<Types['name']>,
  process: StepProcess,
  given: Given<Types>,
): Promise<Types['planned']> {
  const { env, termination } = process;
  const { inputs, secrets, registryAuth, run, faults } = given;
  const bake = await action.readBake?.(given, process);
  const templates = action.templatesOf?.(inputs, bake);
  if (templates !== undefined) await loadExpressions(templates);
  const facts = { read, process, run, registryAuth, bake, now: new Date() };
  const asksServer = inputs.dryRun !== true && isOpen(inputs, resolveProduct(run.serverUrl));
  const first = faults.settle(() =>
    action.plan(inputs, { ...facts, server: asksServer ? mostCapable : undefined, gitHub: undefined }),
  );
  if (inputs.dryRun) return first;
  const explain = explainIn(circumstancesOf(first.plan, run, secrets));
  const [server, gitHub] = await Promise.all([
    asksServer ? readServer(run, env, termination).catch(explain) : undefined,
    templates && askGitHub(templates, inputs.token, run, process),
  ]);
  return server === undefined && gitHub === undefined ? first : action.plan(inputs, { ...facts, server, gitHub });
}

/** What the payload lacks, from the API; `undefined` if nothing is missing. */
async function askGitHub(
  templates: readonly string[],
  token: string,
  run: Run,
  { env, log, termination }: StepProcess,
): Promise<GitHubFacts | undefined> {
  const missing = findMissingFacts(run, templates);
  // A terminal has no API of its own to ask.
  if (env.GITHUB_ACTIONS !== 'true' || !(missing.repository || missing.commit)) return undefined;
  // A password for another registry is not sent to GitHub.
  const known = tokenForm(token) === 'other' ? '' : token;
  return withGitHubApi(
    { url: run.apiUrl, token: known, environment: env, signal: termination, deadline: 5_000 },
    (api) => readGitHubFacts(missing, run, api, (message) => log.info(message)),
  );
}
