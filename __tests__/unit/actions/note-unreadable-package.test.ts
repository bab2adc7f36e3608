import { expect, test } from '@jest/globals';
import { noteUnreadablePackage } from '../../../src/actions/note-unreadable-package.ts';
import { digestOf } from '../../../src/image/digest.ts';
import { nothingDone } from '../../../src/plan/outcome.ts';
import { targetOf } from '../../../src/plan/target.ts';
import { aPlan, aRun } from '../../support/builders.ts';

const isPublic = { repository: { private: false } };
const tenant = { GITHUB_SERVER_URL: 'https://octo.ghe.com' };

/** The outcome of a publish from a run, with a network that must not be needed. */
async function note(
  env: Readonly<Record<string, string>>,
  payload: Readonly<Record<string, unknown>>,
  published = true,
  registry = 'auto',
) {
  const run = aRun(env, payload);
  const plan = aPlan({ registry }, run);
  const targets = plan.destinations.map((destination) => targetOf(destination, plan.description));
  const outcome = { ...nothingDone(plan, ''), published, targets, digest: digestOf(Buffer.from('image')) };
  const termination = AbortSignal.abort(new Error('asked the network'));
  const noted = await noteUnreadablePackage(outcome, plan, run, { env: {}, termination });
  return { noted, outcome };
}

test.each([
  { what: 'from a private repository', payload: { repository: { private: true } } },
  { what: 'of which the event says nothing', payload: {} },
  { what: 'on another product', env: tenant, payload: isPublic },
  { what: 'to another registry', payload: isPublic, registry: 'registry.example.com' },
  { what: 'of nothing', payload: isPublic, published: false },
])('a publish $what asks nobody', async ({ env = {}, payload, published, registry }) => {
  const { noted, outcome } = await note(env, payload, published, registry);
  expect(noted).toBe(outcome);
});

test('without an answer, nothing is said', async () => {
  const { noted } = await note({}, isPublic);
  expect(noted.remarks).toEqual([]);
});
