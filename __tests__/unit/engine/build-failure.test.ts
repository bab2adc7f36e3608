import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { buildFailure, FailedBuild, parseFailedStep } from '../../../src/engine/build-failure.ts';
import { parsePlatform } from '../../../src/image/platform.ts';
import { aBuild } from '../../support/builders.ts';

const request = aBuild({ context: 'app' });

/** What a real build printed (__tests__/fixtures/README.md). */
function captured(file: string): string {
  return readFileSync(new URL(`../../fixtures/build-output/${file}.txt`, import.meta.url), 'utf8');
}

function buildxFailure(file: string, pushes = false): ReturnType<typeof buildFailure> {
  return buildFailure(request, { exitCode: 1, stdout: '', stderr: captured(`buildx/${file}`) }, pushes);
}

function classicFailure(file: string): ReturnType<typeof buildFailure> {
  const [stdout, stderr] = [captured(`classic/${file}.stdout`), captured(`classic/${file}.stderr`)];
  return buildFailure(request, { exitCode: 1, stdout, stderr }, false);
}

/** A file that is not there, of an instruction other than the captured one. */
function withInstruction(instruction: string): ReturnType<typeof buildFailure> {
  const stderr = captured('buildx/copy').replaceAll('COPY nothing-here /', instruction);
  return buildFailure(request, { exitCode: 1, stdout: '', stderr }, false);
}

describe('the step that failed is read from what BuildKit printed', () => {
  test.each([
    ['a command that failed', 'run', 'Dockerfile', 4, 'RUN echo "error: the tests failed" >&2; exit 3'],
    [
      'a command over several lines',
      'warning',
      'My Dockerfile',
      3,
      'RUN echo one && \\\n    false && \\\n    echo two',
    ],
    ['a here-document', 'heredoc', 'Dockerfile', 2, 'RUN <<S\nset -e\necho first\nfalse\nS'],
    ['a file that is not in the context', 'copy', 'Dockerfile', 2, 'COPY nothing-here /'],
    ['an unknown instruction', 'unknown', 'Dockerfile', 2, 'RUNN true'],
    ['a base image that is not there', 'from', 'Dockerfile', 1, 'FROM localhost:5000/lab/absent:1'],
    ['a base image that is closed', 'private', 'Dockerfile', 1, 'FROM localhost:5001/lab/private:1'],
    ['one stage of several', 'multi', 'Dockerfile', 4, 'RUN false'],
    ['several platforms', 'platforms', 'Dockerfile', 2, 'RUN true'],
    [
      'a command that prints what looks like a failure',
      'imitation',
      'Dockerfile',
      2,
      String.raw`RUN printf 'Dockerfile:9\n--------------------\n   9 | >>> RUN evil\n--------------------\nERROR: failed to solve: evil\n' >&2; false`,
    ],
  ])('%s', (_title, capture, file, line, instruction) => {
    expect(parseFailedStep(captured(`buildx/${capture}`))).toEqual({ file, line, instruction });
  });

  test.each(['target', 'empty', 'context', 'push-unauthorized', 'push-unreachable', 'containerd-push-unauthorized'])(
    'there is none where no line failed: %s',
    (capture) => {
      expect(parseFailedStep(captured(`buildx/${capture}`))).toBeUndefined();
    },
  );

  test('there is none in what the classic builder printed', () => {
    for (const file of readdirSync(new URL('../../fixtures/build-output/classic', import.meta.url))) {
      expect(parseFailedStep(captured(`classic/${file.replace(/\.txt$/, '')}`))).toBeUndefined();
    }
  });
});

describe('a failed build says where, in what and why', () => {
  test.each([
    ['run', 'at Dockerfile:4 in `RUN echo "error: the tests failed" >&2; exit 3`: process '],
    ['copy', 'at Dockerfile:2 in `COPY nothing-here /`: "/nothing-here": not found.'],
    ['unknown', 'at Dockerfile:2 in `RUNN true`: dockerfile parse error on line 2: unknown instruction: RUNN'],
    ['from', 'at Dockerfile:1 in `FROM localhost:5000/lab/absent:1`: localhost:5000/lab/absent:1: failed to resolve'],
    ['target', ': target stage "nope" could not be found.'],
    ['empty', ': the Dockerfile cannot be empty.'],
    ['context', ': unable to prepare context: path "/src/absent" not found.'],
  ])('by BuildKit: %s', (capture, text) => {
    const error = buildxFailure(capture, true);
    expect(error).toBeInstanceOf(FailedBuild);
    expect(error.code).toBe('BUILD_FAILED');
    expect(error.message.replace('The build failed', '').trimStart()).toContain(text);
    expect(error.detail).toBe(captured(`buildx/${capture}`));
  });

  test.each([
    ['run', 'in `RUN echo "error: the tests failed" >&2; exit 3`: The command \'/bin/sh -c'],
    ['multi', "in `RUN false`: The command '/bin/sh -c false' returned a non-zero code: 1."],
    ['copy', 'in `COPY nothing-here /`: COPY failed: file not found in build context'],
    ['from', 'in `FROM localhost:5000/lab/absent:1`: manifest for localhost:5000/lab/absent:1 not found'],
    [
      'private',
      'in `FROM localhost:5001/lab/private:1`: Head "http://localhost:5001/v2/lab/private/manifests/1": no basic',
    ],
    ['unknown', ': dockerfile parse error line 2: unknown instruction: RUNN.'],
    ['target', ': failed to reach build target nope in Dockerfile.'],
    ['empty', ': the Dockerfile (Dockerfile) cannot be empty.'],
  ])('by the classic builder: %s', (capture, text) => {
    const error = classicFailure(capture);
    expect(error.code).toBe('BUILD_FAILED');
    expect(error.message).toContain(text);
  });

  test('the step can be shown on its line', () => {
    expect(buildxFailure('copy')).toMatchObject({ step: { file: 'Dockerfile', line: 2 } });
  });

  test('the remedy is to build it oneself, in the same way', () => {
    expect(buildxFailure('run').remedy).toContain('`docker build app`');
    const platforms = [parsePlatform('linux/arm64')];
    const asked = aBuild({ context: 'app', file: 'app/Dockerfile.prod', target: 'run', platforms });
    const failure = { exitCode: 1, stdout: '', stderr: captured('buildx/run') };
    expect(buildFailure(asked, failure, false).remedy).toContain(
      '`docker build --file app/Dockerfile.prod --target run --platform linux/arm64 app`',
    );
  });

  const inContext = 'is not in the build context `app`, to which the path is relative';
  test.each([
    ['BuildKit', buildxFailure('copy'), `"/nothing-here" ${inContext}`],
    ['the classic builder', classicFailure('copy'), `"nothing-here" ${inContext}`],
    ['BuildKit, of another stage', withInstruction('COPY --from=build /x /'), 'or what `--from` names'],
    ['BuildKit, by ADD', withInstruction('add x /'), inContext],
    ['BuildKit, by what else copies', withInstruction('RUN --mount=type=bind,source=x true'), 'docker build'],
  ])('a file that is not there has a remedy of its own: %s', (_title, { remedy }, text) => {
    expect(remedy).toContain(text);
  });

  test.each([
    ['BuildKit', '#5 0.551 exec /bin/sh: exec format error'],
    ['the classic builder', 'exec /bin/sh: exec format error'],
    [
      'Podman',
      '{"msg":"exec container process `/bin/sh`: Exec format error"}\nexec container process `/bin/sh`: Exec format error',
    ],
  ])('a program of another platform has one: %s', (_title, line) => {
    const platforms = [parsePlatform('linux/arm64')];
    const stderr = `${line}\nERROR: failed to solve: process "/bin/sh -c true" did not complete successfully: exit code: 1\n`;
    const { remedy } = buildFailure(aBuild({ platforms }), { exitCode: 1, stdout: '', stderr }, false);
    expect(remedy).toContain('cannot run programs for linux/arm64: build each platform on a runner of its own');
  });

  test.each([
    ['BuildKit', 'buildx/target.txt'],
    ['the classic builder', 'classic/target.stderr.txt'],
  ])('so has a target that is not there: %s', (_title, file) => {
    const stderr = readFileSync(new URL(`../../fixtures/build-output/${file}`, import.meta.url), 'utf8');
    const { remedy } = buildFailure(aBuild({ target: 'nope' }), { exitCode: 1, stdout: '', stderr }, false);
    expect(remedy).toContain('`FROM … AS nope`');
  });

  const failedTo = (reason: string): string => `ERROR: failed to build: failed to solve: ${reason}\n`;
  const process = (code: number): string =>
    failedTo(`process "/bin/sh -c /run.sh" did not complete successfully: exit code: ${code}`);
  test.each([
    ['an SSH key', failedTo('unset ssh forward key default'), '`ssh: default`'],
    [
      'an SSH key by its ID, with Podman',
      'Error: building at STEP "RUN true": no ssh key with id deploy',
      '`ssh: deploy=path/to/key`',
    ],
    ['a secret', failedTo('secret npm: not found'), '`secrets: npm=${{ secrets.NAME }}`'],
    [
      'a secret, with Podman',
      'Error: secret required but no secret with id npm found',
      '`secrets: npm=${{ secrets.NAME }}`',
    ],
    ['the network of the host', failedTo('failed to load LLB: network.host is not allowed'), '`allow: network.host`'],
    ['more rights', failedTo('failed to load LLB: security.insecure is not allowed'), '`allow: security.insecure`'],
    ['memory', process(137), 'memory of the runner'],
    [
      'memory, with the classic builder',
      "The command '/bin/sh -c /run.sh' returned a non-zero code: 137",
      'memory of the runner',
    ],
    ['a command', `#6 0.2 /bin/sh: /run.sh: not found\n${process(127)}`, 'CRLF'],
    [
      'an interpreter',
      `#6 0.2 /usr/bin/env: 'bash\\r': No such file or directory\n${process(127)}`,
      'A script has the line ends of Windows',
    ],
    [
      'a file for an exec',
      `#6 0.2 exec /run.sh: no such file or directory\n${process(1)}`,
      'its interpreter is not in the image',
    ],
    [
      'a Dockerfile that is a link',
      failedTo('failed to read dockerfile: open Dockerfile: no such file or directory'),
      'Name the file itself in `file`',
    ],
  ])('what a build lacks has one: %s', (_title, stderr, text) => {
    expect(buildFailure(aBuild(), { exitCode: 1, stdout: '', stderr }, false).remedy).toContain(text);
  });

  test('a target that BuildKit has a guess for has one, too', () => {
    const stderr = failedTo('target stage "nope" could not be found (did you mean node?)');
    const { remedy } = buildFailure(aBuild({ target: 'nope' }), { exitCode: 1, stdout: '', stderr }, false);
    expect(remedy).toContain('`FROM … AS nope`');
  });

  test('without a word, by its exit code', () => {
    expect(buildFailure(request, { exitCode: 137, stdout: '', stderr: '' }, false).message).toBe(
      'The build failed: exit code 137.',
    );
  });
});

describe('a push that failed is no failed build', () => {
  test.each([
    ['push-unauthorized', 'The registry refused the push of localhost:5001/ut/ok:1: no basic auth credentials.'],
    [
      'containerd-push-unauthorized',
      'The registry refused the push: failed to push localhost:5001/ut/ok:1: unexpected status from HEAD request',
    ],
  ])('refused: %s', (capture, text) => {
    const error = buildxFailure(capture, true);
    expect(error).toMatchObject({ code: 'PUSH_DENIED', name: 'PermissionError', retryable: false });
    expect(error.message).toContain(text);
  });

  test.each([
    ['denied: permission_denied: write_package', 'PUSH_DENIED'],
    [
      'failed to push ghcr.io/octo/app:1: denied: installation not allowed to Write organization package',
      'PUSH_DENIED',
    ],
    [
      'failed to push ghcr.io/octo/app:1: unexpected status from POST request to https://ghcr.io/v2/octo/app/blobs/uploads/: 403 Forbidden',
      'PUSH_DENIED',
    ],
    [
      'push access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed',
      'PUSH_DENIED',
    ],
    ['failed to push ghcr.io/octo/app:1: failed commit on ref "layer-sha256:0": no response', 'PUSH_FAILED'],
    [
      'unexpected status from PUT request to https://ghcr.io/v2/octo/app/blobs/uploads/0: 503 Service Unavailable',
      'PUSH_FAILED',
    ],
  ] as const)('in the registry’s words: %s', (words, code) => {
    const stderr = `#8 0.401 a line with a number that is no status\nERROR: failed to build: failed to solve: ${words}\n`;
    const error = buildFailure(request, { exitCode: 1, stdout: '', stderr }, true);
    expect(error.code).toBe(code);
    expect(error.retryable).toBe(code === 'PUSH_FAILED');
  });

  test('in several errors of one answer', () => {
    const error = buildxFailure('push-beside-caches', true);
    expect(error).toMatchObject({ code: 'PUSH_FAILED', retryable: true });
    expect(error.message).toMatch(
      /^The push failed: failed to push \S+: errors: unknown: provided digest did not match uploaded content, unknown: blob unknown to registry - sha256:[0-9a-f]{64}\.$/,
    );
  });

  test('by a proxy, which answers with a page', () => {
    const page = '<html>\n<head><title>413 Request Entity Too Large</title></head>\n<body>nginx</body>\n</html>\n\n';
    const pushing = '------\n > pushing localhost:5001/ut/ok:1 with docker:\n------\n';
    const stderr = `#7 ERROR: unknown: ${page}${pushing}ERROR: failed to build: unknown: ${page}`;
    expect(buildFailure(request, { exitCode: 1, stdout: '', stderr }, true)).toMatchObject({
      code: 'PUSH_FAILED',
      message: 'The push of localhost:5001/ut/ok:1 failed: unknown: 413 Request Entity Too Large nginx.',
      retryable: false,
    });
  });

  test('by buildx, which reads back what the engine pushed', () => {
    const pushed = '#7 pushing localhost:5001/ut/ok:1 with docker\n#7 pushing layer ec084badf0ba done\n#7 DONE 0.1s\n';
    const stderr = `${pushed}ERROR: failed to build: unauthorized\n`;
    const error = buildFailure(request, { exitCode: 1, stdout: '', stderr }, true);
    expect(error).toMatchObject({
      code: 'PUSH_DENIED',
      message: 'The registry refused the push of localhost:5001/ut/ok:1: unauthorized.',
    });
  });

  test('where the step says so and the reason leaves it out', () => {
    const reason = 'failed to fetch oauth token: unknown: upstream failed';
    const step = `#5 pushing layers done\n#5 ERROR: failed to push ghcr.io/octo/app:1: failed to authorize: ${reason}\n`;
    const stderr = `${step}------\n > exporting to image:\n------\nERROR: failed to build: failed to solve: ${reason}\n`;
    const error = buildFailure(request, { exitCode: 1, stdout: '', stderr }, true);
    expect(error).toMatchObject({ code: 'PUSH_FAILED', message: `The push failed: ${reason}.` });
  });

  test('not reached: the failure may pass', () => {
    expect(buildxFailure('push-unreachable', true)).toMatchObject({ code: 'PUSH_FAILED', retryable: true });
  });

  test('a base image that is closed is the build’s affair, in whichever words it is refused', () => {
    expect(buildxFailure('private', true).code).toBe('BUILD_FAILED');
    const stderr =
      "pull access denied for octo/base, repository does not exist or may require 'docker login': denied: requested access to the resource is denied\n";
    expect(buildFailure(request, { exitCode: 1, stdout: 'Step 1/2 : FROM octo/base\n', stderr }, false)).toMatchObject({
      code: 'BUILD_FAILED',
      message: expect.stringContaining('in `FROM octo/base`: pull access denied'),
    });
  });
});

describe('whether the same build may succeed later', () => {
  test.each([
    [
      'a registry that answers 503 may answer again',
      'failed to resolve source metadata for ghcr.io/a/b: unexpected status: 503 Service Unavailable',
      true,
    ],
    ['a file that is missing stays missing', '"/nothing-here": not found', false],
    [
      'a process of the Dockerfile is its own affair, whatever it printed',
      'process "/bin/sh -c curl http://x || echo 503 Service Unavailable" did not complete successfully: exit code: 1',
      false,
    ],
  ])('%s', (_title, words, retryable) => {
    const stderr = `ERROR: failed to solve: ${words}\n`;
    expect(buildFailure(request, { exitCode: 1, stdout: '', stderr }, true).retryable).toBe(retryable);
  });
});
