// Writes docs/engines.md from the capability table, which the end-to-end suite builds-features runs cell by cell.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildkitImage } from '../src/build/buildkit-image.ts';
import { defaultRelease } from '../src/build/buildx-releases.ts';
import { engineKinds, featureNames, features, wayTo } from '../src/build/capabilities.ts';

/** @type {Record<string, string>} */
const heads = {
  'docker-containerd': 'containerd store',
  'docker-classic': 'classic store',
  'docker-old': '20.10 with buildx',
  'docker-buildkit': '20.10 without buildx',
  'docker-legacy': 'without buildx',
  builder: 'own builder',
  podman: 'Podman',
};

const kinds = /** @type {(keyof typeof engineKinds)[]} */ (Object.keys(engineKinds));

/** @type {(kind: typeof kinds[number], feature: typeof featureNames[number]) => string} */
function cell(kind, feature) {
  const way = wayTo(kind, feature);
  return way === 'refused' ? '`ENGINE_CANNOT`' : way;
}

/** @type {(rows: string[][]) => string} */
const table = (rows) => rows.map((row) => `| ${row.join(' | ')} |`).join('\n');

const rows = featureNames.map((feature) => [
  `${features[feature].what}: ${features[feature].input}`,
  ...kinds.map((kind) => cell(kind, feature)),
]);

const text = `# What each engine can do

\`npm run docs\` generates this page from [the table that the action uses](../src/build/capabilities.ts).
[The end-to-end suite](../__tests__/e2e/builds-features.test.ts) runs each cell, and looks at each image with crane. *yes* means that
the step built and pushed what the inputs ask for. *makes a builder* means that it did so with
[a builder for the job](#a-builder-for-the-job). A code means that the step failed with it before the build, and said which engine
supports the feature.

${table([['', ...kinds.map((kind) => heads[kind] ?? kind)], ['---', ...kinds.map(() => ':---:')], ...rows])}

The columns:

${kinds.map((kind) => `- *${heads[kind]}*: ${engineKinds[kind]}.`).join('\n')}

*installs buildx*: the action downloads buildx ${defaultRelease} (or \`buildx-version\`), checks its SHA-256, and builds with it.
If the download fails, the step fails with \`BUILDX_MISSING\`. If an engine supports a build without buildx, the action does not
install it.

## Which one builds

\`engine: auto\` uses the first builder in this list that is available. The log says which one, and why.

1. The builder that \`builder\` names, or a builder with the endpoints that \`builder\` lists.
2. The builder that an earlier step selected for this engine, or for all engines: with \`docker buildx use\`,
   docker/setup-buildx-action or BUILDX_BUILDER.
3. The Docker engine's own BuildKit, through buildx. It needs no builder container, and no image to pull.
4. Without buildx, the commands of the Docker CLI, if they support what the step asks for. Otherwise the action installs buildx.
5. [A builder for the job](#a-builder-for-the-job), if the engine does not support what the step asks for.
6. Podman, if no Docker engine answers, or if Podman answers at Docker's socket (\`podman-docker\`, \`podman.socket\`).

On GitHub's own runners, \`ubuntu-24.04\` has Docker 28 with the classic store, and \`ubuntu-26.04\` has Docker 29 with the containerd store
(November 2026).

What [the tests](../__tests__/e2e/builds-options.test.ts) could not run in full:

- \`kubernetes://\` is tried against [an API server without nodes](../__tests__/e2e/kubernetes-builder.test.ts). The deployment, its removal,
  and the errors of pods that never run are tested. A build in a pod is not.
- \`compression: estargz\` is pushed by a builder for the job, and its layers name their table of contents. No snapshotter has pulled it
  lazily.
- \`cgroup-parent\` is run with the engine's own BuildKit (both stores), with a builder for the job, and without BuildKit. In a builder, the
  group is below that of its container. Podman and remote builders are untried.

A push to a Docker registry (\`registry: docker\`) uses \`docker push\`, whichever builder is used.

If an engine does not support annotations, the step leaves out the default annotations and says so in the log.

## A builder for the job

If an engine of Docker does not support what a step asks for, the step makes a builder: a container of BuildKit, with buildx. The plan
names the inputs that may need one, as does \`dry-run\`. The log says which input the engine of this runner does not support. The step makes the builder while it logs in and asks whether it may push. If the run may not push,
the step ends the builder too. A build that the engine supports makes no builder and takes no time for one.

- Later steps of the same job use the builder again, with its cache. The post step of the step that made it removes the container, its
  volume and its state, also after a kill. If a machine was lost before that, a later step that makes a builder there names what is left.
- Two steps have a builder each if their settings differ, for example if only one publishes to a registry on this machine.
- The image is \`${buildkitImage.split('@')[0]}\`, pinned by its digest. \`builder-image\` names
  another one. The engine pulls it with the logins of the step.
- The builder gets the runner's proxies, the CA certificates that an administrator added, the certificates of single registries
  (\`/etc/docker/certs.d\`), and the mirrors and insecure registries of the engine. \`builder-config\` takes precedence, value by value. A
  CA that an administrator added counts for registries, and not for a Git repository or an \`ADD\` from a server.
- If a registry, a cache or a proxy of the build is on this machine (on a loopback address), the builder shares the network of the machine.
  Otherwise it has a network of its own.
- If BuildKit ends during a build, the step makes the builder anew and builds once more. The log says so. If the engine is gone too, the step
  fails with \`ENGINE_DOWN\`, and with \`FILE_REFUSED\` if a disk is full. If the engine is still gone at the end of the job, the post step
  prints the command that removes the builder.

The container is privileged. If the engine does not allow that, the step fails with \`BUILDER_FAILED\`. Then let another machine build
(below).

## Platforms that the machine does not run

BuildKit's image has emulators for the usual platforms. A builder for the job uses them, so that a \`RUN\` works without a change of the
machine. If the machine has a binfmt handler for a platform, BuildKit uses the handler. If the engine supports several platforms but has
no handler, and the Dockerfile runs programs for the platform, the step makes a builder.

If nothing can run the programs of the Dockerfile, the step fails with \`PLATFORM_UNSUPPORTED\` before the build. If the Dockerfile only copies
files for such a platform, the step warns and goes on.

An emulator is slow. [A runner for each platform](recipes/multi-platform.md) is the fast way.

## Builders on several machines

\`\`\`yaml
- uses: org/publish-docker-package@v1
  with:
    platforms: linux/amd64,linux/arm64
    builder: |
      tcp://amd64.example:1234,platforms=linux/amd64
      tcp://arm64.example:1234,platforms=linux/arm64
  env:
    BUILDER_NODE_0_AUTH_TLS_CACERT: \${{ secrets.CA }}
    BUILDER_NODE_0_AUTH_TLS_CERT: \${{ secrets.CERT }}
    BUILDER_NODE_0_AUTH_TLS_KEY: \${{ secrets.KEY }}
    # … and NODE_1
\`\`\`

Each line is an endpoint: \`tcp://HOST:PORT\`, \`unix://\`, \`ssh://\`, \`docker-container://NAME\`, \`kube-pod://\` or
\`podman-container://NAME\`. Add attributes after commas: \`platforms\`, and the options of
[the driver](https://docs.docker.com/build/builders/drivers/remote/). \`kubernetes://\` makes pods
([options](https://docs.docker.com/build/builders/drivers/kubernetes/)). Every \`tcp://\` and \`unix://\` endpoint has 10 s to
answer before the build begins. The step makes the builder and removes it when it ends. If the step was killed, its post step removes
the builder.

Such a builder needs no Docker engine on the runner, and no Docker CLI either: a container of the Actions Runner Controller is enough. The
step installs buildx if there is none, and writes the login itself.

## buildx from a mirror

If a runner cannot reach github.com, do one of these:

- Install buildx in \`~/.docker/cli-plugins/docker-buildx\`.
- Put buildx into the runner's tool cache, as \`$RUNNER_TOOL_CACHE/buildx/VERSION/ARCH/docker-buildx\`.
- Set the environment variable \`BUILDX_DOWNLOAD_URL\` to a mirror of
  \`https://github.com/docker/buildx/releases/download\`.

The action always checks the checksum of a download, and of a file from the tool cache.
`;

writeFileSync(fileURLToPath(new URL('../docs/engines.md', import.meta.url)), text);
