// Python's str.format and Keras's progress bar, against what Python and Keras wrote.
import { describe, expect, test } from '@jest/globals';
import { pyFormat } from '../../web/api/text/pyFormat';
import { exponential, fixed, floatRepr } from '../../web/api/text/pyNumber';
import { Progbar } from '../../web/api/text/progbar';
import { goldenCases, type GoldenCase } from './support/golden';

interface FormatCase extends GoldenCase {
  readonly template: string;
  readonly values: Readonly<Record<string, number>>;
  readonly result?: string;
  readonly fails?: { readonly type: string; readonly message: string };
}

function format(template: string, values: Readonly<Record<string, number>>): string {
  const { epoch, batch, ...floats } = values;
  const ints = Object.fromEntries(
    Object.entries({ epoch, batch }).filter(([, value]) => value !== undefined),
  ) as Record<string, number>;
  return pyFormat(template, { ints, floats });
}

describe('str.format', () => {
  test.each(goldenCases<FormatCase>('text', 'format'))(
    '$template',
    ({ template, values, ...golden }) => {
      if (golden.fails)
        expect(() => format(template, values)).toThrow(new Error(golden.fails.message));
      else expect(format(template, values)).toBe(golden.result);
    },
  );

  test('a width from a file cannot make it allocate', () => {
    expect(() => format('{epoch:99999999d}', { epoch: 1 })).toThrow('Too many');
  });
});

test.each([
  [fixed(0.5, 0), '0'],
  [fixed(1.5, 0), '2'],
  [fixed(2.5, 0), '2'],
  [fixed(0.125, 2), '0.12'],
  [fixed(0.00005, 4), '0.0001'],
  [fixed(1e22, 1), '10000000000000000000000.0'],
  [fixed(-0.0, 2), '-0.00'],
  [fixed(9.9999, 2), '10.00'],
  [fixed(NaN, 4), 'nan'],
  [exponential(0, 4), '0.0000e+00'],
  [exponential(9.99996e-5, 4), '1.0000e-04'],
  [exponential(5e-324, 2), '4.94e-324'],
  [floatRepr(1e16), '1e+16'],
  [floatRepr(1e-7), '1e-07'],
  [floatRepr(3), '3.0'],
])('numbers as Python prints them: %s', (came, expected) => {
  expect(came).toBe(expected);
});

interface ProgbarCase extends GoldenCase {
  readonly target: number | null;
  readonly verbose: 0 | 1 | 2;
  readonly width: number;
  readonly interval: number;
  readonly unit_name: string;
  readonly stateful_metrics: readonly string[] | null;
  readonly steps: readonly {
    readonly time: number;
    readonly current: number;
    readonly values: readonly (readonly [string, number | 'NaN' | 'Infinity'])[];
    readonly finalize: boolean | null;
    readonly written: string;
  }[];
}

describe('progress bar', () => {
  // Here every metric is a running mean (stateful).
  const cases = goldenCases<ProgbarCase>('text', 'progbar').filter(
    ({ target, verbose, width, interval, unit_name, steps, stateful_metrics }) =>
      verbose !== 0 &&
      width === 30 &&
      interval === 0.05 &&
      unit_name === 'step' &&
      steps.every(({ values }) => values.every(([name]) => stateful_metrics?.includes(name))),
  );

  test('golden cases were found', () => expect(cases.length).toBeGreaterThan(10));

  test.each(cases)('$name', ({ target, verbose, steps }) => {
    const start = 1000; // of the clock in make_text.py
    const bar = new Progbar(target, verbose as 1 | 2, start);
    for (const { time, current, values, finalize, written } of steps) {
      const numbers = values.map(([name, value]) => [name, Number(value)] as const);
      const text = bar.update(
        current,
        numbers,
        finalize ?? (target !== null && current >= target),
        start + time,
      );
      expect(text).toBe(written);
    }
  });
});
