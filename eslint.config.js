import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import globals from 'globals';
import tseslint from 'typescript-eslint';

export default defineConfig(
  globalIgnores(['build/', 'dist/', 'dist-page/', 'tests/**/fixtures/']),
  js.configs.recommended,
  {
    files: ['**/*.{js,mjs}'],
    languageOptions: { globals: globals.node },
  },
  {
    // Functions given to page.evaluate() run in the browser.
    files: ['tests/{browser,package,bench}/**/*.mjs'],
    languageOptions: { globals: globals.browser },
  },
  {
    // These run in a page and in its worker.
    files: ['tests/campaign/{scenario,stopping}.mjs'],
    languageOptions: { globals: { ...globals.browser, ...globals.worker } },
  },
  {
    files: ['**/*.ts', '**/*.mts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      // Hooks that a subclass overrides name their parameters without using them.
      '@typescript-eslint/no-unused-vars': ['error', { args: 'none' }],
      // Async by contract: what they throw is a rejection.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
    },
  },
  {
    rules: {
      eqeqeq: 'error',
      'no-eval': 'error',
      'no-restricted-syntax': [
        'error',
        { selector: 'Program > ExportDefaultDeclaration', message: 'Use a named export.' },
      ],
    },
  },
  {
    files: ['*.config.js', 'tests/jest-transform.mjs'],
    rules: { 'no-restricted-syntax': 'off' },
  },
);
