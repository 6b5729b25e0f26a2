import { expect, test } from 'vitest';
import { countRun, lastLine, sum } from './run-checks.mjs';

const report = (
  numPassedTests: number,
  numFailedTests: number,
  rest: { readonly numPendingTests?: number; readonly testResults?: readonly object[] } = {},
) => JSON.stringify({ numPassedTests, numFailedTests, numPendingTests: 0, ...rest });

test('the last line is the sum of all stages', () => {
  const counts = [
    { passed: 1, failed: 0 },
    { passed: 41, failed: 2 },
  ];
  expect(lastLine(sum(counts))).toBe('tests: 42 passed, 2 failed');
  expect(lastLine(sum([]))).toBe('tests: 0 passed, 0 failed');
});

test('a run counts its tests and, when it was sound, itself', () => {
  expect(countRun({ report: report(5, 0), exitCode: 0, mayBeEmpty: false })).toEqual({
    passed: 6,
    failed: 0,
  });
  expect(countRun({ report: report(5, 2), exitCode: 1, mayBeEmpty: false })).toEqual({
    passed: 6,
    failed: 2,
  });
});

test.each([
  ['wrote no report', { report: undefined, exitCode: 1, mayBeEmpty: true }, 0],
  ['ran nothing', { report: report(0, 0), exitCode: 0, mayBeEmpty: false }, 0],
  ['failed although no test did', { report: report(3, 0), exitCode: 1, mayBeEmpty: false }, 3],
  [
    'skipped a test',
    { report: report(3, 0, { numPendingTests: 1 }), exitCode: 0, mayBeEmpty: false },
    3,
  ],
  [
    'could not load a file',
    {
      report: report(3, 0, { testResults: [{ status: 'failed', assertionResults: [] }] }),
      exitCode: 1,
      mayBeEmpty: false,
    },
    3,
  ],
])('a run that %s is one failure more', (_what, run, passed) => {
  expect(countRun(run)).toEqual({ passed, failed: 1 });
});

test('a suite that may be empty passes when it is', () => {
  expect(countRun({ report: report(0, 0), exitCode: 0, mayBeEmpty: true })).toEqual({
    passed: 1,
    failed: 0,
  });
});
