export default {
  testMatch: ['<rootDir>/tests/js/**/*.test.{ts,js,mjs}'],
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  moduleFileExtensions: ['ts', 'mjs', 'js', 'json'],
  transform: { '\\.ts$': '<rootDir>/tests/jest-transform.mjs' },
  moduleNameMapper: { '^tabtrain$': '<rootDir>/dist/node.js' },
  modulePathIgnorePatterns: ['<rootDir>/build/', '<rootDir>/dist-page/'],
  testTimeout: 60_000,
};
