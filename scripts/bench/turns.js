// @ts-check
/**
 * Takes the time of several sides, one beside the other.
 */

/**
 * @param {() => Promise<unknown>} work
 * @returns {Promise<number>} milliseconds
 */
export async function time(work) {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

/**
 * Runs the sides in turn, the other way round every second time, so that none always finds the warmer machine.
 * @param {number} runs of each
 * @param {readonly (() => Promise<number>)[]} sides each gives the milliseconds of one run, without its preparation
 * @returns {Promise<readonly (readonly number[])[]>} the samples of each side
 */
export async function measure(runs, sides) {
  /** @type {number[][]} */
  const samples = sides.map(() => []);
  for (let run = 0; run < runs; run++) {
    const order = [...sides.keys()];
    for (const index of run % 2 === 0 ? order : order.reverse()) {
      const side = sides[index];
      if (side !== undefined) samples[index]?.push(await side());
    }
  }
  return samples;
}

/**
 * As `measure`, after one run of each side that is not counted: it finds files that the machine has not read yet.
 * @type {typeof measure}
 */
export async function measureWarm(runs, sides) {
  await measure(1, sides);
  return measure(runs, sides);
}
