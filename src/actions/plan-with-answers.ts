/**
 * From inputs to a plan, with the answers of a GHES and of GitHub's API where a plan needs them.
 */

import type { Circumstances } from '../diagnosis/explain.ts';
import type { Faults } from '../errors.ts';
import { isOpen, mostCapable, type ServerFacts } from '../github/enterprise-server.ts';
import { resolveProduct } from '../github/product.ts';
import { findMissingFacts, type GitHubFacts, readGitHubFacts } from '../github/repository-facts.ts';
import { tokenForm } from '../github/token-form.ts';
import type { Run } from '../github/workflow-run.ts';
import { parseContextOptions } from '../inputs/metadata-options.ts';
import type { Inputs } from '../inputs/publish-inputs.ts';
import type { ContextOptions } from '../metadata/metadata-context.ts';
import type { PublicationPlan } from '../plan/plan.ts';
import type { Entry } from '../step/process.ts';
import type { StepSecrets } from '../step/step-secrets.ts';
import { readServer } from './ask-server.ts';
import { circumstancesOf } from './explain-error.ts';

/**
 * Plans with what the environment tells; where a GHES or GitHub's API has more to say, they are asked, once nothing is at
 * fault, and it is planned again.
 * @param faults holds those of the inputs already
 * @throws InputError, or InputFaults with every fault
 */
export async function planWithAnswers<Result extends { readonly plan: PublicationPlan }>(
  inputs: Inputs,
  theRun: Run,
  entry: Entry,
  secrets: StepSecrets,
  faults: Faults,
  planWith: (metadata: ContextOptions, server: ServerFacts | undefined) => Result,
): Promise<Result> {
  const metadata = faults.attempt(() => parseContextOptions(entry.env, new Date()));
  const asksServer = !inputs.dryRun && isOpen(inputs, resolveProduct(theRun.serverUrl));
  const first = metadata && faults.attempt(() => planWith(metadata, asksServer ? mostCapable : undefined));
  faults.throwIfAny();
  if (metadata === undefined || first === undefined) throw new Error('no fault, but no plan either');
  const [asked, server] = await Promise.all([
    inputs.dryRun ? undefined : askGitHub(inputs, theRun, entry),
    asksServer
      ? readServer(theRun, entry.env, entry.termination).catch(explainIn(circumstancesOf(first.plan, theRun, secrets)))
      : undefined,
  ]);
  return asked === undefined && server === undefined ? first : planWith({ ...metadata, ...asked }, server);
}

/** Throws an error again, with its cause and remedy in this very run. */
export function explainIn(circumstances: Circumstances): (error: unknown) => Promise<never> {
  return async (error) => {
    const { explain } = await import('../diagnosis/explain.ts');
    throw explain(error, circumstances);
  };
}

/** What the payload lacks, from the API; `undefined` where nothing is missing. */
async function askGitHub(
  inputs: Inputs,
  theRun: Run,
  { env, log, termination }: Entry,
): Promise<GitHubFacts | undefined> {
  const { tags, flavor, labels, annotations } = inputs;
  const missing = findMissingFacts(theRun, [tags, flavor, labels, annotations]);
  // A terminal has no API of its own to ask.
  if (env.GITHUB_ACTIONS !== 'true' || !(missing.repository || missing.commit)) return undefined;
  const { createGitHubApi } = await import('../github/rest-api.ts');
  // A password for another registry is none of GitHub's business.
  const token = tokenForm(inputs.token) === 'other' ? '' : inputs.token;
  const api = createGitHubApi({ url: theRun.apiUrl, token, environment: env, signal: termination, deadline: 5_000 });
  try {
    return await readGitHubFacts(missing, theRun, api, (message) => log.info(message));
  } finally {
    api.close();
  }
}
