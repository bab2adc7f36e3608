import { availableParallelism } from 'node:os';

/** The suite runs as ES modules: swc strips the types, nothing else is transformed. */
export default {
  testEnvironment: 'node',
  // Most suites wait for an engine or a registry, a quarter of the time: three workers for two cores.
  maxWorkers: Math.ceil(availableParallelism() * 1.5),
  // No case is judged by its speed: a shared machine may stand still for a minute. What must end by itself says so.
  testTimeout: 300_000,
  testMatch: ['**/*.test.ts'],
  roots: ['<rootDir>/__tests__'],
  setupFilesAfterEnv: ['<rootDir>/__tests__/support/to-throw-code.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2023', parser: { syntax: 'typescript' } }, module: { type: 'es6' }, sourceMaps: 'inline' },
    ],
  },
  collectCoverageFrom: ['src/**/*.ts'],
};
