import { describe, expect, test } from '@jest/globals';
import { type BuildkitdFacts, buildkitdConfig } from '../../../src/engine/buildkitd-config.ts';

const nothing: BuildkitdFacts = {
  registries: { mirrors: [], insecure: [], insecureNetworks: ['127.0.0.0/8'] },
  certificates: [],
  authorities: [],
  hosts: ['ghcr.io'],
  insecureHosts: [],
};

describe('what BuildKit is told of its runner', () => {
  test.each([
    ['nothing where its defaults serve', {}, {}],
    [
      'mirrors of Docker Hub, also one without TLS',
      { registries: { ...nothing.registries, mirrors: ['https://mirror.test/', 'http://plain.test:5000/hub'] } },
      {
        registry: {
          'docker.io': { mirrors: ['mirror.test', 'plain.test:5000/hub'] },
          'plain.test:5000': { http: true },
        },
      },
    ],
    [
      'insecure registries, by name and by network',
      { registries: { ...nothing.registries, insecure: ['r.test:5000'] }, insecureHosts: ['localhost:5000'] },
      {
        registry: { 'r.test:5000': { http: true, insecure: true }, 'localhost:5000': { http: true, insecure: true } },
      },
    ],
    [
      'the CAs of the machine, for each registry that is known',
      { authorities: ['/ca.crt'] },
      { registry: { 'ghcr.io': { ca: ['/ca.crt'] }, 'docker.io': { ca: ['/ca.crt'] } } },
    ],
    [
      'the certificates of one registry beside them',
      {
        authorities: ['/ca.crt'],
        hosts: [],
        certificates: [{ host: 'r.test', authorities: ['/r.crt'], pairs: [{ cert: '/c.cert', key: '/c.key' }] }],
      },
      {
        registry: {
          'docker.io': { ca: ['/ca.crt'] },
          'r.test': { ca: ['/r.crt'], keypair: [{ cert: '/c.cert', key: '/c.key' }] },
        },
      },
    ],
  ])('is %s', (_title, facts, config) => {
    expect(buildkitdConfig({ ...nothing, ...facts })).toEqual(config);
  });
});
