/** The suite runs as ES modules: swc strips the types, nothing else is transformed. */
export default {
  testEnvironment: 'node',
  // Most suites wait for an engine or a registry: a worker for each core, none kept free.
  maxWorkers: '100%',
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
