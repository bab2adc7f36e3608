/** `builder: kubernetes://` without a cluster: what an API server is asked for, and what comes of pods that never run. */

import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { type KubernetesServer, startKubernetesServer } from '../support/kubernetes-server.ts';
import { type Runner, uniqueName } from '../support/step.ts';
import { openSuite } from '../support/suite.ts';

const suite = openSuite('engine', 'registry');

function aRunner({ config }: KubernetesServer): Runner {
  const repository = `octo-org/${uniqueName('app')}`;
  // A step with such a builder needs no engine.
  const engine = { ...suite.engine, DOCKER_HOST: 'tcp://127.0.0.1:9' };
  const runner = suite.action.newRunner({ engine, repository, token: 'ghs_canary' });
  runner.write('Dockerfile', 'FROM scratch\nCOPY Dockerfile /\n');
  runner.write('kubeconfig', config);
  return runner;
}

function inputs(options: string): Readonly<Record<string, string>> {
  return { registry: suite.registry, tags: '1.0', builder: `kubernetes://,namespace=ci,${options}` };
}

function kubeconfigOf({ workspace }: Runner): Readonly<Record<string, string>> {
  return { KUBECONFIG: `${workspace}/kubeconfig` };
}

test('a deployment is made in the namespace with the image and the nodes that `builder` says, and goes when no pod came in time', async () => {
  await using cluster = await startKubernetesServer();
  const runner = aRunner(cluster);
  const options =
    'timeout=3s,image=registry.test/buildkit:1,platforms=linux/arm64,"nodeselector=kubernetes.io/arch=arm64"';
  const step = await runner.main(inputs(options), kubeconfigOf(runner));
  expect(step).toMatchObject({ exitCode: 1, code: 'BUILDER_DOWN' });
  expect(step.failure).toContain('kubernetes:// did not become ready (expected 1 replicas to be ready, got 0)');
  expect(step.failure).toContain('`kubectl get events`');
  const [[path = '', deployment] = []] = [...cluster.made];
  expect(path).toMatch(/^\/apis\/apps\/v1\/namespaces\/ci\/deployments\/publish-[0-9a-f]{8}-0$/);
  expect(deployment).toEqual({
    image: 'registry.test/buildkit:1',
    nodeSelector: { 'kubernetes.io/arch': 'arm64' },
  });
  const [create] = runner.commands().map(({ args }) => args.join(' '));
  expect(create).toContain('--platform linux/arm64');
  expect(cluster.left()).toEqual([]);
  expect(runner.filesIn(runner.temp)).toEqual([]);
  expect(await runner.post(step)).toMatchObject({ exitCode: 0, log: '' });
});

test('an account that may make none is one error with the words of the cluster', async () => {
  await using cluster = await startKubernetesServer({ mayMake: false });
  const runner = aRunner(cluster);
  const step = await runner.main(inputs('timeout=3s'), kubeconfigOf(runner));
  expect(step).toMatchObject({ exitCode: 1, code: 'BUILDER_DOWN' });
  expect(step.failure).toContain('deployments.apps is forbidden: User "ci" cannot create resource');
  expect(step.failure).toContain('must be allowed to make and delete deployments');
  expect(runner.filesIn(runner.temp)).toEqual([]);
});

test('a runner without a kubeconfig is an error before the build', async () => {
  await using cluster = await startKubernetesServer();
  const runner = aRunner(cluster);
  const step = await runner.main(inputs('timeout=3s'), { KUBECONFIG: '/absent' });
  expect(step).toMatchObject({ exitCode: 1, code: 'BUILDER_FAILED' });
  expect(step.failure).toContain('stat /absent: no such file or directory');
  expect(cluster.requests).toEqual([]);
});

test('two jobs in one namespace have a deployment each', async () => {
  await using cluster = await startKubernetesServer();
  const runners = [aRunner(cluster), aRunner(cluster)];
  const steps = await Promise.all(runners.map((runner) => runner.main(inputs('timeout=3s'), kubeconfigOf(runner))));
  expect(steps.map(({ code }) => code)).toEqual(['BUILDER_DOWN', 'BUILDER_DOWN']);
  expect(cluster.made.size).toBe(2);
  expect(cluster.left()).toEqual([]);
});

test.each(['SIGTERM', 'SIGKILL'] as const)('%s while pods are waited for: no deployment is left', async (signal) => {
  await using cluster = await startKubernetesServer();
  const runner = aRunner(cluster);
  const step = runner.start(inputs('timeout=120s'), kubeconfigOf(runner));
  for (const deadline = Date.now() + 60_000; cluster.made.size === 0; await sleep(50)) {
    if (Date.now() > deadline) throw new Error('No deployment was made.');
  }
  step.process.kill(signal);
  const ended = await step.ended;
  expect(await runner.post(ended, kubeconfigOf(runner))).toMatchObject({ exitCode: 0, log: '' });
  expect(cluster.left()).toEqual([]);
  expect(runner.filesIn(runner.temp)).toEqual([]);
});
