/** What is particular to each action of this repository; `runAction` does what all of them have in common. */

import type { Faults, PublishError } from '../errors.ts';
import type { ServerFacts } from '../github/enterprise-server.ts';
import type { GitHubFacts } from '../github/repository-facts.ts';
import type { Run } from '../github/workflow-run.ts';
import type { InputReader } from '../inputs/input-reader.ts';
import type { Inputs } from '../inputs/publish-inputs.ts';
import type { RunStage } from '../log/phases.ts';
import type { CleanupOutcome } from '../plan/cleanup-outcome.ts';
import type { AnyPlan } from '../plan/list-decisions.ts';
import type { Outcome } from '../plan/outcome.ts';
import type { RegistryAuth } from '../registry/credential.ts';
import type { StepProcess } from '../step/process.ts';
import type { StepInUse } from '../step/run-in-step.ts';
import type { StepSecrets } from '../step/step-secrets.ts';
import type { Environment } from '../text/environment.ts';
import type { ReadBake } from './read-bake-definition.ts';

/** The inputs that `runAction` reads; those that an action does not have are absent. */
interface CommonInputs
  extends Pick<Inputs, 'registry' | 'token' | 'username' | 'registryAuth' | 'loginScope'>,
    Partial<Pick<Inputs, 'images' | 'dryRun' | 'metadataEnv' | 'summary'>> {}

/** The types of an action. */
export interface ActionTypes {
  /** Of an input. */
  readonly name: string;
  readonly inputs: CommonInputs;
  readonly planned: { readonly plan: AnyPlan };
  readonly outcome: unknown;
  /** Of an output. */
  readonly output: string;
}

/** What is read before anything is decided. */
export interface Given<Types extends ActionTypes> {
  readonly inputs: Types['inputs'];
  readonly secrets: StepSecrets;
  readonly registryAuth: RegistryAuth;
  readonly run: Run;
  /** Of the inputs; they are reported together with those of the plan. */
  readonly faults: Faults;
}

/** What a plan is made from, beside the inputs. */
export interface PlanningFacts<Name extends string> {
  readonly read: InputReader<Name>;
  readonly process: StepProcess;
  readonly run: Run;
  readonly registryAuth: RegistryAuth;
  readonly now: Date;
  /** What a GHES says of itself; `undefined`: nobody asked it. */
  readonly server: ServerFacts | undefined;
  /** What a bake file comes to; `undefined`: there is none. */
  readonly bake: ReadBake | undefined;
  /** What the event's payload lacks, and GitHub's API has; `undefined`: nobody asked it. */
  readonly gitHub: GitHubFacts | undefined;
}

/** What an action works with. */
export interface Workplace {
  readonly process: StepProcess;
  readonly step: StepInUse;
  readonly run: Run;
  readonly runStage: RunStage;
}

/** What the work of an action comes to. */
export interface Done<Result> {
  readonly outcome: Result;
  /** Variables with which later steps are logged in, for `login-scope: job`. */
  readonly loginVariables: Readonly<Record<string, string>>;
}

export interface Action<Types extends ActionTypes> {
  readonly defaults: Readonly<Record<Types['name'], string>>;
  /** What did not happen to the image if the action fails. */
  readonly participle: 'published' | 'pulled' | 'cleaned up';
  /** @param faults gathers what is wrong with the inputs */
  parse(read: InputReader<Types['name']>, faults: Faults): Types['inputs'];
  /** Looks at files that inputs name and that a step reads late; absent for an action that has none. @throws InputError */
  checkFiles?(inputs: Types['inputs'], process: StepProcess): Promise<void>;
  /** The secrets of a build, from inputs and variables, and from files; absent for an action that builds nothing. */
  readBuildSecrets?(
    inputs: Types['inputs'],
    env: Environment,
  ): Promise<{ readonly values: readonly string[]; readonly inFiles: readonly string[] }>;
  /**
   * Reads the bake file that the inputs name; absent for an action that has none.
   * @returns `undefined` if they name none
   * @throws InputError BAKE_INVALID
   */
  readBake?(given: Given<Types>, process: StepProcess): Promise<ReadBake | undefined>;
  /**
   * Decides, without a question to anyone. `runAction` calls it again when GitHub has answers that a decision needs.
   * @throws InputError, or InputFaults with every fault
   */
  plan(inputs: Types['inputs'], facts: PlanningFacts<Types['name']>): Types['planned'];
  /** The texts whose expressions the plan reads, which may need facts from GitHub's API; absent for an action that has none. */
  templatesOf?(inputs: Types['inputs'], bake: ReadBake | undefined): readonly string[];
  /** What is odd about a plan on this machine. */
  warningsOf?(plan: Types['planned']['plan'], process: StepProcess): readonly string[];
  /** The outcome of a plan that nobody carries out; absent for an action without `dry-run`. */
  nothingDone?(plan: Types['planned']['plan'], reason: string): Types['outcome'];
  /** Carries out the plan. */
  work(planned: Types['planned'], inputs: Types['inputs'], workplace: Workplace): Promise<Done<Types['outcome']>>;
  /** The outcome with what a person would want to know of it; asked for beside the sizes of the image. */
  withRemarks?(
    outcome: Types['outcome'],
    plan: Types['planned']['plan'],
    run: Run,
    process: StepProcess,
  ): Promise<Types['outcome']>;
  /** Tells people of the outcome, and later steps beside the outputs. */
  announce(plan: Types['planned']['plan'], outcome: Types['outcome'], process: StepProcess): void;
  outputs(plan: Types['planned']['plan'], outcome: Types['outcome']): Readonly<Record<Types['output'], string>>;
  /** The variables that `metadata-env` leaves for later steps; absent for an action without it. */
  metadataVariables?(outputs: Readonly<Record<Types['output'], string>>): Readonly<Record<string, string>>;
  /** The outcome as the summary shows it; `undefined` if only a failure is worth a summary. */
  publication(outcome: Types['outcome']): Outcome | undefined;
  /** What happened to each version of a package, for the summary; absent for an action that deletes nothing. */
  cleanup?(outcome: Types['outcome']): CleanupOutcome;
}

/** What an action came to; what did not come to be is absent. */
export interface ActionResult<Types extends ActionTypes> {
  readonly plan?: Types['planned']['plan'];
  readonly outcome?: Types['outcome'];
  /** As they were written to GITHUB_OUTPUT. */
  readonly outputs?: Readonly<Record<Types['output'], string>>;
  readonly failure?: PublishError;
}
