// What becomes of the inputs of the actions that this one replaces: the tables of docs/migrating.md. scripts/docs.js refuses
// an input of ours that action.yml does not have.

/**
 * @typedef {object} Row
 * @property {string} theirs
 * @property {string} [ours] inputs, separated by spaces; absent: the same name; empty: not needed
 * @property {'keep the step' | 'not here'} [here] where no input takes its place, and it is not superfluous either
 * @property {string} [note]
 */

/** Rows of inputs that keep their name, syntax and meaning. @type {(names: string) => Row[]} */
const same = (names) => names.split(' ').map((theirs) => ({ theirs }));

/** @type {Record<string, Row[]>} */
export const migrations = {
  'docker/login-action': [
    { theirs: 'registry', note: 'worked out; `images` and `registry-auth` for more than one' },
    { theirs: 'username', note: 'default: the actor' },
    { theirs: 'password', ours: 'token', note: 'default: the job’s own token' },
    { theirs: 'registry-auth', ours: 'registry-auth' },
    { theirs: 'scope', ours: '', note: 'every login is private to the step' },
    { theirs: 'logout', ours: 'login-scope', note: '`job` keeps the login for later steps, until the job ends' },
    {
      theirs: 'ecr',
      here: 'keep the step',
      note: 'logins of cloud providers, and Docker Hub’s by OIDC: a login that an earlier step left is used where `registry` is its host',
    },
  ],
  'docker/setup-buildx-action': [
    { theirs: 'version', ours: 'buildx-version', note: 'an exact one; only where the runner’s is older' },
    { theirs: 'name', ours: 'builder' },
    {
      theirs: 'driver',
      ours: '',
      note: 'the engine’s own BuildKit where it can do what was asked; else keep the step',
    },
    { theirs: 'endpoint', ours: 'builder', note: 'remote endpoints, and `kubernetes://`' },
    { theirs: 'append', ours: 'builder', note: 'one endpoint a line' },
    { theirs: 'platforms', ours: 'builder', note: '`…,platforms=linux/arm64` after the endpoint' },
    {
      theirs: 'driver-opts',
      ours: 'builder',
      note: 'after the endpoint; for a `docker-container` builder keep the step',
    },
    { theirs: 'buildkitd-flags', here: 'keep the step' },
    { theirs: 'buildkitd-config', here: 'keep the step' },
    { theirs: 'buildkitd-config-inline', here: 'keep the step' },
    { theirs: 'keep-state', here: 'keep the step' },
    { theirs: 'use', ours: '', note: 'a selected builder is used, as is the one that `builder` names' },
    { theirs: 'cleanup', ours: '', note: 'a builder of the step’s own goes with it' },
    { theirs: 'cache-binary', ours: '', note: 'the runner’s tool cache keeps it' },
  ],
  'docker/setup-qemu-action': [
    { theirs: 'platforms', here: 'keep the step', note: 'where a `RUN` for another platform is emulated' },
    { theirs: 'image', here: 'keep the step' },
    { theirs: 'cache-image', here: 'keep the step' },
  ],
  'docker/metadata-action': [
    { theirs: 'images' },
    { theirs: 'tags', note: 'the default differs for tags of releases: see [tags](tags.md)' },
    ...same('flavor labels annotations'),
    {
      theirs: 'context',
      ours: '',
      note: 'the workflow’s, and Git’s in a terminal; in place of `git`, rules take their `value` from a step before',
    },
    { theirs: 'github-token', ours: 'token', note: 'asked only for what the event does not tell' },
    { theirs: 'sep-tags', ours: '', note: 'the outputs have one a line' },
    { theirs: 'sep-labels', ours: '', note: 'likewise' },
    { theirs: 'sep-annotations', ours: '', note: 'likewise' },
    { theirs: 'bake-target', here: 'not here', note: 'no bake file is written: keep the step for docker/bake-action' },
  ],
  'docker/build-push-action': [
    {
      theirs: 'context',
      note: 'default: the checkout, not the commit on the server; so `.dockerignore` and files of earlier steps count',
    },
    ...same('file target platforms build-args build-contexts secrets secret-envs secret-files ssh add-hosts allow'),
    ...same('network no-cache no-cache-filters pull shm-size ulimit cgroup-parent cache-from cache-to outputs load'),
    { theirs: 'provenance', note: 'default: off, so that one platform is one manifest' },
    ...same('sbom attests call annotations labels builder'),
    { theirs: 'push', note: 'default: `auto`, which is not on pull requests' },
    { theirs: 'tags', note: 'tags and rules alone; the names move to `images`' },
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
    { theirs: 'buildargs', ours: 'build-args', note: 'one `NAME=value` a line; `NAME` alone is taken from `env`, too' },
    { theirs: 'buildoptions', ours: '', note: 'each option is an input' },
    { theirs: 'cache', ours: 'cache', note: '`auto`' },
    { theirs: 'default_branch', ours: '', note: 'GitHub says which it is' },
    { theirs: 'snapshot', ours: 'tags', note: "`type=raw,value={{date 'YYYYMMDDHHmmss'}}{{sha}}`" },
    { theirs: 'tag_names', ours: 'tags', note: '`type=ref,event=tag`' },
    { theirs: 'tag_semver', ours: '', note: 'is the default' },
    { theirs: 'tags', note: 'as they are' },
    { theirs: 'no_push', ours: 'push', note: '`false`' },
    { theirs: 'platforms' },
  ],
  'mr-smithers-excellent/docker-build-push': [
    { theirs: 'image' },
    { theirs: 'registry' },
    { theirs: 'githubOrg', ours: 'owner' },
    { theirs: 'username' },
    { theirs: 'password', ours: 'token' },
    { theirs: 'tags', note: 'as they are' },
    { theirs: 'addLatest', ours: 'flavor', note: '`latest=true`; releases have it anyway' },
    { theirs: 'addTimestamp', ours: 'tags', note: "`type=raw,value={{branch}}-{{sha}}-{{date 'YYYY-MM-DD.HHmmss'}}`" },
    { theirs: 'dockerfile', ours: 'file' },
    { theirs: 'directory', ours: 'context' },
    { theirs: 'buildArgs', ours: 'build-args', note: 'one a line, not separated by commas' },
    { theirs: 'labels', note: 'one a line, not separated by commas' },
    { theirs: 'target' },
    { theirs: 'platform', ours: 'platforms' },
    { theirs: 'ssh' },
    { theirs: 'pushImage', ours: 'push' },
    { theirs: 'multiPlatform', ours: 'platforms', note: 'naming several is enough' },
    { theirs: 'enableBuildKit', ours: '', note: 'always, where the engine has it' },
  ],
  'redhat-actions/buildah-build': [
    { theirs: 'image' },
    { theirs: 'tags', note: 'one a line; case is kept' },
    { theirs: 'containerfiles', ours: 'file' },
    { theirs: 'context' },
    { theirs: 'build-args' },
    { theirs: 'labels' },
    { theirs: 'platforms' },
    { theirs: 'archs', ours: 'platforms', note: '`linux/ARCH`' },
    {
      theirs: 'base-image',
      here: 'not here',
      note: 'with `content`, `entrypoint`, `port`, `workdir`, `envs`: write them as a Dockerfile, or keep the step and take its image with `source`',
    },
    { theirs: 'layers', ours: 'no-cache', note: 'layers are kept unless `true`' },
    { theirs: 'oci', ours: '', note: 'the image has the format of its engine: OCI’s, with Podman' },
    { theirs: 'extra-args', ours: '', note: 'each option is an input' },
  ],
  'redhat-actions/podman-login and push-to-registry': [
    { theirs: 'image', ours: 'source', note: 'what is pushed: `containers-storage:NAME`, `docker-daemon:NAME`' },
    { theirs: 'tags', note: 'one a line' },
    { theirs: 'registry', ours: 'registry owner', note: '`quay.io/octo` becomes `registry: quay.io`, `owner: octo`' },
    { theirs: 'username' },
    { theirs: 'password', ours: 'token' },
    { theirs: 'digestfile', ours: '', note: 'the output `digest`' },
    { theirs: 'extra-args', here: 'not here' },
    { theirs: 'tls-verify', here: 'not here', note: 'always; a registry on `localhost` may speak plain HTTP' },
    { theirs: 'logout', ours: 'login-scope', note: '`job` keeps the login for later steps, until the job ends' },
    { theirs: 'auth_file_path', ours: '', note: 'every login is private to the step' },
  ],
};
