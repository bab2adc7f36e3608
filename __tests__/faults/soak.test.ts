/** The short soak; `npm run soak` is the long one, which kills an engine, too. */

import { beforeAll, expect, test } from '@jest/globals';
import { placeOf } from '../../lab/place.js';
import { distributionProgram } from '../../lab/registry.js';
import { lab } from '../support/lab.ts';
import { drawOrdeal, seededRandom, soak } from '../support/soak.ts';

let engine: Record<string, string>;
let registry: string;

beforeAll(async () => {
  const [{ environment }, program] = await Promise.all([lab.engine(), distributionProgram(placeOf(process.env))]);
  engine = environment;
  registry = program;
});

test('40 publishes among faults, kills of the step and of the registry: every tag whole, every success true, nothing left', async () => {
  const { violations, ...counts } = await soak({
    publishes: 40,
    seed: 8,
    lanes: 6,
    limit: 120_000,
    registry,
    engine,
  });
  console.log(`soak: ${JSON.stringify(counts)}`);
  expect(violations).toEqual([]);
  const { endings, kills, faults, successesTrue } = counts;
  const sum = (each: Readonly<Record<string, number>>): number =>
    Object.values(each).reduce((all, one) => all + one, 0);
  expect(counts).toMatchObject({ publishes: 40, credentialsLeft: 0, filesLeft: 0 });
  expect(sum(endings)).toBe(40);
  expect(kills.registry).toBeGreaterThan(0);
  expect(sum(kills.main)).toBeGreaterThan(0);
  // Without one, nothing of what a post has to do was looked at.
  expect(counts.leftToPost).toBeGreaterThan(0);
  expect(sum(faults)).toBeGreaterThan(10);
  expect(endings.success).toBeGreaterThan(10);
  expect(successesTrue).toBe(endings.success);
});

test('a seed gives the same ordeals each time, and another seed others', () => {
  const drawn = (seed: number) => {
    const random = seededRandom(seed);
    return Array.from({ length: 50 }, () => drawOrdeal(random, true));
  };
  expect(drawn(1)).toEqual(drawn(1));
  expect(drawn(1)).not.toEqual(drawn(2));
  expect(drawn(1).some(({ kill }) => kill?.signal === 'SIGKILL')).toBe(true);
  expect(drawn(1).some(({ registryDies }) => registryDies !== undefined)).toBe(true);
});
