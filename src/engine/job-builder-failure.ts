/** Why a builder of the step's own could not be made, from what buildx prints as it starts one. */

import { type ErrorFacts, ToolError } from '../errors.ts';
import { lastReason } from './build-failure.ts';
import { judgeText, means } from './tool-output.ts';

/** Ways that need no container which may do everything. */
const elsewhere =
  'Let another machine build: name a BuildKit in `builder` (`tcp://HOST:PORT`), or pods of a Kubernetes cluster (`kubernetes://`).';

/** What Docker, its authorization plugins and runc say where a container may not be privileged. */
const unprivileged = /\bprivileged\b|\boperation not permitted\b|\bauthorization denied by plugin\b/i;

/**
 * @param image of BuildKit
 * @param need why there has to be a builder, as a clause
 * @param stderr of buildx
 */
export function builderFailure(image: string, need: string, stderr: string): ToolError {
  const reason = lastReason(stderr);
  const fail = (what: string, remedy: string, more: Partial<ErrorFacts> = {}): ToolError =>
    new ToolError('BUILDER_FAILED', {
      message: `This build needs a builder, because ${need}. ${what}: ${reason}.`,
      remedy,
      detail: stderr,
      ...more,
    });
  const isMade = /^#\d+ creating container/m.test(stderr);
  if (isMade && unprivileged.test(stderr)) return fail('The engine lets no container be privileged', elsewhere);
  if (isMade) {
    return fail(
      `The builder was made from ${image} and did not start`,
      'Read what BuildKit printed above. If `builder-image` or `builder-config` is set, correct it or leave it out.',
    );
  }
  if (!/^#\d+ pulling image/m.test(stderr)) {
    const remedy = 'If `builder-image` or `builder-config` is set, correct it. Read the message of buildx above.';
    return fail('buildx could not make the builder', remedy);
  }
  const without =
    'Or do without a builder: enable the containerd image store of the engine, or leave out the inputs that the message names.';
  const login = means(stderr, 'refused')
    ? 'Let a login of this step read the image: `token`, or an entry of `registry-auth` for its registry.'
    : 'Name an image that this runner can pull in `builder-image`, such as one of a mirror.';
  return fail(`Its image ${image} could not be pulled`, `${login} ${without}`, {
    retryable: judgeText(stderr, 0).transient,
  });
}
