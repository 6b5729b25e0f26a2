import { defineConfig } from 'oxlint';

export default defineConfig({
  plugins: [
    'eslint',
    'typescript',
    'unicorn',
    'oxc',
    'import',
    'react',
    'jsx-a11y',
    'vitest',
    'promise',
    'node',
  ],
  jsPlugins: ['./tools/lint/layers.ts'],
  categories: { correctness: 'error', suspicious: 'error' },
  options: { typeAware: true },
  ignorePatterns: ['node_modules', '.cache', 'dist'],
  rules: {
    'desk/layers': 'error',
    'import/no-cycle': 'error',
    'import/no-default-export': 'error',
    'typescript/no-floating-promises': 'error',
    'typescript/no-misused-promises': 'error',
    // A `default` that names what it leaves out is as good as a row for each.
    'typescript/switch-exhaustiveness-check': [
      'error',
      { considerDefaultExhaustiveForUnions: true },
    ],
    'typescript/consistent-type-imports': 'error',
    'typescript/no-explicit-any': 'error',
    'typescript/no-unsafe-type-assertion': 'off',
    'react/react-in-jsx-scope': 'off',
    'jsx-a11y/prefer-tag-over-role': 'off',
    'eslint/no-console': 'error',
    // It is imported for what it does before anything else is.
    'import/no-unassigned-import': ['error', { allow: ['**/no-eval.ts'] }],
    // A small function reads best beside its one use.
    'unicorn/consistent-function-scoping': 'off',
    // The rows of a view are what its name says: the caller names the type, no argument carries it.
    'typescript/no-unnecessary-type-parameters': 'off',
  },
  overrides: [
    {
      files: ['domain/**', 'protocol/**'],
      rules: {
        'eslint/no-restricted-properties': [
          'error',
          { object: 'Date', property: 'now', message: 'Time is an argument here.' },
          { object: 'Math', property: 'random', message: 'Randomness is an argument here.' },
        ],
      },
    },
    {
      // A worker thread has no origin: the rule is about windows.
      files: ['server/**'],
      rules: { 'unicorn/require-post-message-target-origin': 'off' },
    },
    {
      // Actions and ports are plain functions in objects; none of them has a `this` to lose.
      files: ['renderer/**'],
      rules: { 'typescript/unbound-method': 'off' },
    },
    {
      // fastify answers an async handler's rejection; the rule is about express.
      files: ['server/gateway/**'],
      rules: { 'oxc/no-async-endpoint-handlers': 'off' },
    },
    {
      files: ['*.config.ts', 'tools/**'],
      rules: { 'import/no-default-export': 'off' },
    },
  ],
});
