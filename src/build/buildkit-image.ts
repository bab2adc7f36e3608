/**
 * The image of BuildKit that a builder of the step's own runs: a release of https://hub.docker.com/r/moby/buildkit, by its version and
 * its digest. `npm run buildkit-image -- VERSION` asks Docker Hub for the digest of another release, and writes both here.
 */

export const buildkitImage =
  'docker.io/moby/buildkit:v0.33.1@sha256:cec9f139f45e93c5c69c60f8b07cfad9f43f4ef6b6a6cd917527fea5ff2e3dea';
