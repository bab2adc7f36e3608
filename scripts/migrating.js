// What becomes of the inputs of the actions that this one replaces: the tables of docs/migrating.md. scripts/docs.js refuses
// an input of ours that action.yml does not have.

/**
 * @typedef {object} Row
 * @property {string} theirs
 * @property {string} [ours] inputs, separated by spaces; absent: the same name
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
    { theirs: 'ecr', ours: '', note: 'no logins of cloud providers: pass what their own action gives, as `token`' },
  ],
  'docker/setup-buildx-action': [
    { theirs: 'version', ours: 'buildx-version' },
    { theirs: 'driver', ours: '', note: 'the engine’s own BuildKit where it can do what was asked' },
    { theirs: 'endpoint', ours: 'builder', note: 'a builder’s name, or a remote endpoint' },
    { theirs: 'name', ours: 'builder' },
  ],
  'docker/metadata-action': [
    { theirs: 'images' },
    { theirs: 'tags', note: 'the default differs for tags of releases: see [tags](tags.md)' },
    ...same('flavor labels annotations'),
    { theirs: 'context', ours: '', note: 'the workflow’s; Git’s in a terminal' },
    { theirs: 'sep-tags', ours: '', note: 'the outputs have one a line' },
    { theirs: 'sep-labels', ours: '', note: 'likewise' },
    { theirs: 'sep-annotations', ours: '', note: 'likewise' },
    { theirs: 'bake-target', ours: '', note: 'no bake file is written' },
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
    { theirs: 'tags', note: 'names of tags or rules; full references move to `images`' },
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
    { theirs: 'snapshot', ours: 'tags', note: "`type=raw,value={{date 'YYYYMMDDHHmmss'}}{{sha}}`" },
    { theirs: 'tag_names', ours: 'tags', note: '`type=ref,event=tag`' },
    { theirs: 'tag_semver', ours: '', note: 'is the default' },
    { theirs: 'tags', note: 'one a line, not separated by commas' },
    { theirs: 'no_push', ours: 'push', note: '`false`' },
    { theirs: 'platforms' },
  ],
  'mr-smithers-excellent/docker-build-push': [
    { theirs: 'image' },
    { theirs: 'registry' },
    { theirs: 'githubOrg', ours: 'owner' },
    { theirs: 'username' },
    { theirs: 'password', ours: 'token' },
    { theirs: 'tags', note: 'one a line, not separated by commas' },
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
      ours: '',
      note: 'images without a Dockerfile are not built; push one that is there with `source`',
    },
  ],
  'redhat-actions/podman-login and push-to-registry': [
    { theirs: 'image', ours: 'source', note: 'what is pushed: `containers-storage:NAME`, `docker-daemon:NAME`' },
    { theirs: 'tags', note: 'one a line' },
    { theirs: 'registry', ours: 'registry owner', note: '`quay.io/octo` becomes `registry: quay.io`, `owner: octo`' },
    { theirs: 'username' },
    { theirs: 'password', ours: 'token' },
    { theirs: 'digestfile', ours: '', note: 'the output `digest`' },
    { theirs: 'tls-verify', ours: '', note: 'always; a registry on `localhost` may speak plain HTTP' },
    { theirs: 'auth_file_path', ours: '', note: 'every login is private to the step' },
  ],
};
