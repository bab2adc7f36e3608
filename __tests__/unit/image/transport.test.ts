import { describe, expect, test } from '@jest/globals';
import { formatSource, parseSource } from '../../../src/image/transport.ts';

const digest = `sha256:${'a'.repeat(64)}`;

describe('the input `source`', () => {
  test.each([
    ['docker-daemon:app', { kind: 'docker-daemon', image: 'app' }],
    ['docker-daemon:ghcr.io/octo-org/app:1.0', { kind: 'docker-daemon', image: 'ghcr.io/octo-org/app:1.0' }],
    [`docker-daemon:${digest}`, { kind: 'docker-daemon', image: digest }],
    ['docker-daemon:0a1b2c3d', { kind: 'docker-daemon', image: '0a1b2c3d' }],
    ['containers-storage:localhost/app:1', { kind: 'containers-storage', image: 'localhost/app:1' }],
    ['oci:build/image', { kind: 'oci', path: 'build/image' }],
    ['oci:build:1.0', { kind: 'oci', path: 'build', name: '1.0' }],
    ['oci:/tmp/a b:octo/app:1.0', { kind: 'oci', path: '/tmp/a b', name: 'octo/app:1.0' }],
    ['oci:C:\\build:1.0', { kind: 'oci', path: 'C:\\build', name: '1.0' }],
    ['oci:C:\\build', { kind: 'oci', path: 'C:\\build' }],
    ['oci-archive:D:\\a\\image.tar:1.0', { kind: 'oci-archive', path: 'D:\\a\\image.tar', name: '1.0' }],
    ['oci-archive:d:/a/image.tar', { kind: 'oci-archive', path: 'd:/a/image.tar' }],
    [
      'docker-archive:C:\\a b\\f.tar:octo/app:1.0',
      { kind: 'docker-archive', path: 'C:\\a b\\f.tar', name: 'octo/app:1.0' },
    ],
    ['docker-archive:C:\\f.tar:@0', { kind: 'docker-archive', path: 'C:\\f.tar', name: '@0' }],
    ['oci:\\\\server\\share\\build:1.0', { kind: 'oci', path: '\\\\server\\share\\build', name: '1.0' }],
    ['oci-archive:\\\\?\\C:\\a\\f.tar:1.0', { kind: 'oci-archive', path: '\\\\?\\C:\\a\\f.tar', name: '1.0' }],
    ['oci:..\\build:1.0', { kind: 'oci', path: '..\\build', name: '1.0' }],
    ['oci:c:1.0', { kind: 'oci', path: 'c', name: '1.0' }],
    ['oci-archive:image.tar', { kind: 'oci-archive', path: 'image.tar' }],
    ['oci-archive:image.tar:', { kind: 'oci-archive', path: 'image.tar' }],
    ['docker-archive:image.tar.gz:app:1.0', { kind: 'docker-archive', path: 'image.tar.gz', name: 'app:1.0' }],
  ])('%s', (text, expected) => {
    expect(parseSource(text)).toEqual(expected);
  });

  test.each([
    ['docker://ghcr.io/octo-org/app:1.0', 'docker://ghcr.io/octo-org/app:1.0'],
    [`docker://ghcr.io/octo-org/app@${digest}`, `docker://ghcr.io/octo-org/app@${digest}`],
    ['docker://alpine', 'docker://docker.io/library/alpine:latest'],
    ['docker://ghcr.io/Octo-Org/App:1.0-RC', 'docker://ghcr.io/octo-org/app:1.0-RC'],
    ['docker://localhost:5000/Octo-Org/App:RC', 'docker://localhost:5000/octo-org/app:RC'],
    [`docker://Octo-Org/App@${digest}`, `docker://docker.io/octo-org/app@${digest}`],
    ['docker://Alpine:Edge', 'docker://docker.io/library/alpine:Edge'],
    ['oci:build:1.0', 'oci:build:1.0'],
    ['oci-archive:image.tar', 'oci-archive:image.tar'],
    ['oci-archive:C:\\a\\f.tar:1.0', 'oci-archive:C:\\a\\f.tar:1.0'],
    ['containers-storage:app', 'containers-storage:app'],
  ])('%s is written %s', (text, written) => {
    expect(formatSource(parseSource(text))).toBe(written);
  });

  test.each([
    ['app', 'names no kind'],
    ['https://example.com/app.tar', '"https:" is no kind of source'],
    ['C:\\app.tar', 'names no kind'],
    ['c:\\app.tar', '"c:" is no kind of source'],
    ['docker:app', 'is followed by "//"'],
    ['docker-daemon:', 'is missing'],
    ['docker-daemon:--all', '"--all" is no name or ID'],
    ['docker-daemon:app;rm', 'is no name or ID'],
    ['containers-storage:[overlay@/tmp]app', 'is no name or ID'],
    ['oci:', 'the path is missing'],
    ['docker-archive::app', 'the path is missing'],
    ['docker://', 'the reference is missing'],
    ['docker://ghcr.io/octo org/app', '"octo org" in the repository "ghcr.io/octo org/app" is invalid'],
    ['docker://ghcr.io/octo/app:a b', '"a b"'],
    ['docker://ghcr.io/octo/app@sha256:1', '"sha256:1" is not a digest'],
  ])('%s is refused: %s', (text, fault) => {
    expect(() => parseSource(text)).toThrowCode('SOURCE_INVALID');
    expect(() => parseSource(text)).toThrow(fault);
    expect(() => parseSource(text)).toThrow('docker-daemon:NAME_OR_ID');
  });
});
