// @ts-check
/**
 * The usual step beside that of an earlier build, in one run: the folder that `--earlier` names has its action.yml and dist/.
 */
import { copyAction } from '../../__tests__/support/step.ts';
import { LabError } from '../../lab/lab.js';
import { oneLineChange } from './content.js';
import { rowOf } from './figures.js';
import { measureWarm } from './turns.js';

/** @type {import('./harness.js').Part} */
async function change(bench) {
  if (bench.earlier === undefined) throw new LabError('It has nothing to compare with: --earlier names no folder.');
  const engine = await bench.engine('engine');
  const copy = copyAction(bench.earlier);
  try {
    const inputs = (/** @type {string} */ image) => ({
      image,
      tags: 'latest',
      context: oneLineChange(bench.newFolder()),
    });
    const theirs = engine.stepOf(copy);
    const [ours = [], other = []] = await measureWarm(bench.runs, [
      () => engine.step(inputs('step')),
      () => theirs(inputs('earlier')),
    ]);
    const what = 'publish of a one-line change, whole step with post';
    const budget = /** @type {const} */ ({ of: 'ratio', limit: 1.03 });
    return { rows: [rowOf({ group: 'earlier', what, ours, beside: 'the step of the earlier build', other, budget })] };
  } finally {
    copy[Symbol.dispose]();
  }
}

export const earlier = { earlier: change };
