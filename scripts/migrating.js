// For each input and output of an action that this one replaces, what to write instead: the tables of docs/migrating.md.
// scripts/docs.js refuses an input or output of ours that action.yml does not have.

/**
 * @typedef {object} Row
 * @property {string} theirs
 * @property {string} [ours] inputs or outputs, separated by spaces; absent: the same name; empty: not needed
 * @property {'keep the step' | 'not here'} [here] where nothing takes its place, and it is not superfluous either
 * @property {string} [note]
 */

/** Rows of names that keep their syntax and meaning. @type {(names: string) => Row[]} */
const same = (names) => names.split(' ').map((theirs) => ({ theirs }));

/** @type {(names: string) => Row[]} */
const kept = (names) => names.split(' ').map((theirs) => ({ theirs, here: 'keep the step' }));

/** Of each action, what becomes of its outputs. @type {Record<string, Row[]>} */
export const outputMigrations = {
  'docker/setup-buildx-action': kept('name driver platforms nodes'),
  'docker/setup-qemu-action': kept('platforms'),
  'docker/metadata-action': [
    { theirs: 'version', note: 'for a Git tag `v1.2.3` and the default rules it is `1.2.3`' },
    ...same('tags tag-names labels annotations json'),
    {
      theirs: 'bake-file',
      here: 'not here',
      note: 'with `bake`, no step needs it; the same for `bake-file-tags`, `bake-file-labels` and `bake-file-annotations`',
    },
  ],
  'docker/build-push-action': same('imageid digest metadata'),
  'docker/bake-action': [{ theirs: 'metadata', note: '`bake` has the digest of each target' }],
  'actions/attest': kept('attestation-id attestation-url bundle-path'),
};

/** Of each action, what becomes of its inputs. @type {Record<string, Row[]>} */
export const migrations = {
  'docker/login-action': [
    { theirs: 'registry', note: 'found by itself; for several registries use `images` and `registry-auth`' },
    { theirs: 'username', note: 'default: the actor' },
    { theirs: 'password', ours: 'token', note: 'default: the job’s own token' },
    {
      theirs: 'registry-auth',
      note: 'each entry names its `registry`, also for Docker Hub (`docker.io`). It has no `scope` and no `ecr`',
    },
    { theirs: 'scope', ours: '', note: 'every login is private to the step' },
    { theirs: 'logout', ours: 'login-scope', note: '`job` keeps the login for later steps, until the job ends' },
    {
      theirs: 'ecr',
      here: 'keep the step',
      note: 'for logins of cloud providers, and of Docker Hub by OIDC. If `registry` is the host of a login from an earlier step, the action uses that login',
    },
  ],
  'docker/setup-buildx-action': [
    {
      theirs: 'version',
      ours: 'buildx-version',
      note: 'an exact version; installed only if the runner’s is missing or older',
    },
    { theirs: 'name', ours: 'builder' },
    {
      theirs: 'driver',
      ours: '',
      note: 'the engine’s own BuildKit builds, if it supports what the step asks for. Otherwise the step makes a `docker-container` builder',
    },
    { theirs: 'endpoint', ours: 'builder', note: 'remote endpoints, and `kubernetes://`' },
    { theirs: 'append', ours: 'builder', note: 'one endpoint per line' },
    { theirs: 'platforms', ours: 'builder', note: '`…,platforms=linux/arm64` after the endpoint' },
    {
      theirs: 'driver-opts',
      ours: 'builder builder-image',
      note: 'after the endpoint; `image=…` of a `docker-container` builder is `builder-image`, and `network=host` is found by itself',
    },
    { theirs: 'buildkitd-flags', here: 'keep the step' },
    { theirs: 'buildkitd-config', ours: 'builder-config' },
    { theirs: 'buildkitd-config-inline', ours: 'builder-config' },
    { theirs: 'keep-state', here: 'keep the step' },
    { theirs: 'use', ours: '', note: 'the action uses the selected builder, or the one that `builder` names' },
    { theirs: 'cleanup', ours: '', note: 'a step removes the builder that it made' },
    { theirs: 'cache-binary', ours: '', note: 'the runner’s tool cache keeps it' },
  ],
  'docker/setup-qemu-action': [
    { theirs: 'platforms', ours: 'platforms', note: 'a builder that the step makes has emulators of its own' },
    { theirs: 'image', ours: 'builder-image', note: 'the emulators are in the image of BuildKit' },
    { theirs: 'cache-image', ours: '', note: 'the engine keeps the image' },
  ],
  'docker/metadata-action': [
    { theirs: 'images' },
    { theirs: 'tags', note: 'the default differs for tags of releases: see [the tags](#the-tags)' },
    ...same('flavor labels annotations'),
    {
      theirs: 'context',
      ours: '',
      note: 'the action uses the workflow, and Git in a terminal. Instead of `git`, give rules a `value` from an earlier step',
    },
    { theirs: 'github-token', ours: 'token', note: 'used only for facts that the event does not have' },
    { theirs: 'sep-tags', ours: '', note: 'the outputs have one per line' },
    { theirs: 'sep-labels', ours: '', note: 'the outputs have one per line' },
    { theirs: 'sep-annotations', ours: '', note: 'the outputs have one per line' },
    {
      theirs: 'bake-target',
      ours: '',
      note: '[`bake`](recipes/bake.md) names and labels each target of the bake file itself',
    },
  ],
  'docker/bake-action': [
    { theirs: 'source', ours: '', note: 'the checkout, not the commit on the server' },
    {
      theirs: 'files',
      ours: 'bake',
      note: 'leave out files of docker/metadata-action. If it is empty in the old step, write `docker-bake.hcl`',
    },
    { theirs: 'targets', ours: 'bake-targets' },
    { theirs: 'set', ours: 'bake-set', note: 'without `*.tags`, `*.output` and `*.labels`: other inputs say those' },
    { theirs: 'vars', ours: '', note: 'write them in the `env` of the step' },
    {
      theirs: 'workdir',
      ours: 'bake bake-set',
      note: 'paths are relative to the checkout: `bake: sub/docker-bake.hcl` and `bake-set: *.context=sub`',
    },
    { theirs: 'allow' },
    { theirs: 'call', here: 'keep the step', note: 'it publishes nothing' },
    ...same('builder no-cache pull'),
    { theirs: 'provenance', note: 'default: what the bake file says, and nothing else' },
    { theirs: 'sbom' },
    {
      theirs: 'github-token',
      ours: 'secrets',
      note: '`GIT_AUTH_TOKEN.github.com=${{ github.token }}`, if a target has a private Git context',
    },
    { theirs: 'load' },
    { theirs: 'push', note: 'default: `auto`, which does not push on pull requests' },
  ],
  'actions/attest': [
    {
      theirs: 'subject-name',
      here: 'keep the step',
      note: 'the outputs `registry` and `repository`, with `/` between them',
    },
    { theirs: 'subject-digest', here: 'keep the step', note: 'the output `digest`' },
    {
      theirs: 'push-to-registry',
      here: 'keep the step',
      note: 'it reads `~/.docker/config.json` alone: put docker/login-action before it',
    },
    ...kept('subject-path subject-checksums sbom-path predicate predicate-type predicate-path'),
    ...kept('create-storage-record show-summary github-token'),
  ],
  'docker/build-push-action': [
    {
      theirs: 'context',
      note: 'default: the checkout, not the commit on the server. So `.dockerignore` and files of earlier steps count',
    },
    ...same('file target platforms build-args build-contexts secrets secret-envs secret-files ssh add-hosts allow'),
    ...same('network no-cache no-cache-filters pull shm-size ulimit cgroup-parent cache-from cache-to outputs load'),
    { theirs: 'provenance', note: 'default: off, so that one platform is one manifest' },
    ...same('sbom attests call annotations labels builder'),
    { theirs: 'push', note: 'default: `auto`, which does not push on pull requests' },
    { theirs: 'tags', note: 'whole references, tags and rules' },
    { theirs: 'github-token', ours: 'token' },
  ],
  'elgohr/Publish-Docker-Github-Action': [
    { theirs: 'name', ours: 'owner image', note: 'or `images` with the full name' },
    { theirs: 'registry' },
    { theirs: 'username' },
    { theirs: 'password', ours: 'token' },
    { theirs: 'dockerfile', ours: 'file' },
    { theirs: 'workdir', ours: 'context' },
    { theirs: 'context' },
    {
      theirs: 'buildargs',
      ours: 'build-args',
      note: 'one `NAME=value` per line. `NAME` alone takes the value from `env`, too',
    },
    { theirs: 'buildoptions', ours: '', note: 'each option is an input' },
    { theirs: 'cache', ours: 'cache', note: '`auto`' },
    { theirs: 'default_branch', ours: '', note: 'the action gets it from GitHub' },
    { theirs: 'snapshot', ours: 'tags', note: "`type=raw,value={{date 'YYYYMMDDHHmmss'}}{{sha}}`" },
    { theirs: 'tag_names', ours: 'tags', note: '`type=ref,event=tag`' },
    { theirs: 'tag_semver', ours: '', note: 'this is the default' },
    { theirs: 'tags', note: 'unchanged' },
    { theirs: 'no_push', ours: 'push', note: '`false`' },
    { theirs: 'platforms' },
  ],
  'mr-smithers-excellent/docker-build-push': [
    { theirs: 'image' },
    { theirs: 'registry' },
    { theirs: 'githubOrg', ours: 'owner' },
    { theirs: 'username' },
    { theirs: 'password', ours: 'token' },
    { theirs: 'tags', note: 'unchanged' },
    { theirs: 'addLatest', ours: 'flavor', note: '`latest=true`; releases get `latest` anyway' },
    { theirs: 'addTimestamp', ours: 'tags', note: "`type=raw,value={{branch}}-{{sha}}-{{date 'YYYY-MM-DD.HHmmss'}}`" },
    { theirs: 'dockerfile', ours: 'file' },
    { theirs: 'directory', ours: 'context' },
    { theirs: 'buildArgs', ours: 'build-args', note: 'one per line, not separated by commas' },
    { theirs: 'labels', note: 'one per line, not separated by commas' },
    { theirs: 'target' },
    { theirs: 'platform', ours: 'platforms' },
    { theirs: 'ssh' },
    { theirs: 'pushImage', ours: 'push' },
    { theirs: 'multiPlatform', ours: 'platforms', note: 'list several' },
    { theirs: 'enableBuildKit', ours: '', note: 'always used, if the engine has it' },
  ],
  'redhat-actions/buildah-build': [
    { theirs: 'image' },
    { theirs: 'tags', note: 'one per line; they keep their case' },
    { theirs: 'containerfiles', ours: 'file' },
    { theirs: 'context' },
    { theirs: 'build-args' },
    { theirs: 'labels' },
    { theirs: 'platforms' },
    { theirs: 'archs', ours: 'platforms', note: '`linux/ARCH`' },
    {
      theirs: 'base-image',
      here: 'not here',
      note: 'the same for `content`, `entrypoint`, `port`, `workdir`, `envs`: write a Dockerfile, or keep the step and publish its image with `source`',
    },
    { theirs: 'layers', ours: 'no-cache', note: 'the cache keeps layers, unless `no-cache` is `true`' },
    { theirs: 'oci', ours: '', note: 'the image has the format of its engine; with Podman that is OCI' },
    { theirs: 'extra-args', ours: '', note: 'each option is an input' },
  ],
  'redhat-actions/podman-login and push-to-registry': [
    { theirs: 'image', ours: 'source', note: 'the image to push: `containers-storage:NAME`, `docker-daemon:NAME`' },
    { theirs: 'tags', note: 'one per line' },
    { theirs: 'registry', ours: 'registry owner', note: '`quay.io/octo` becomes `registry: quay.io`, `owner: octo`' },
    { theirs: 'username' },
    { theirs: 'password', ours: 'token' },
    { theirs: 'digestfile', ours: '', note: 'the output `digest`' },
    { theirs: 'extra-args', here: 'not here' },
    {
      theirs: 'tls-verify',
      here: 'not here',
      note: 'the action always verifies TLS; a registry on `localhost` may speak plain HTTP',
    },
    { theirs: 'logout', ours: 'login-scope', note: '`job` keeps the login for later steps, until the job ends' },
    { theirs: 'auth_file_path', ours: '', note: 'every login is private to the step' },
  ],
};
