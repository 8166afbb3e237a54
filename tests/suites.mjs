// The test suites, each run by its own tool and reduced to {name, passed, failed} and, where
// it tells, `failures`: what failed, a line each.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative } from 'node:path';
import { buildEngine } from '../emscripten/build.mjs';
import { ensureTools, say, which } from '../emscripten/toolchain/host.mjs';
import { root } from '../emscripten/toolchain/npm.mjs';

const reports = join(root, 'build/reports');

/** Runs a suite; what it throws (a build that fails, a missing report) is one failed test. */
export function runSuite(name, body) {
  say(`${name}: running`);
  const start = performance.now();
  let counts;
  try {
    counts = body();
  } catch (error) {
    say(`${name}: ${error.message}`);
    counts = { passed: 0, failed: 1, failures: [error.message] };
  }
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  say(`${name}: ${counts.passed} passed, ${counts.failed} failed (${seconds} s)`);
  return { name, ...counts };
}

/** GoogleTest of one native build ('native' or 'sanitize'), in shards through ctest. */
export function ctest(kind) {
  const directory = buildEngine(kind);
  const reports = join(directory, 'shards');
  rmSync(reports, { recursive: true, force: true });
  const jobs = `-j${availableParallelism()}`;
  const args = ['--test-dir', directory, jobs, '-L', 'shard', '--output-on-failure', '--quiet'];
  const status = start('ctest', args, sanitizerOptions);
  return judge(status, () => {
    const counts = { passed: 0, failed: 0, failures: [] };
    for (const name of readdirSync(reports)) {
      const text = readFileSync(join(reports, name), 'utf8');
      const [whole] = /<testsuites[^>]*>/.exec(text);
      const number = (attribute) => Number(new RegExp(`${attribute}="(\\d+)"`).exec(whole)[1]);
      const skipped = [...text.matchAll(/result="skipped"/g)].length;
      const bad = number('failures') + number('errors') + number('disabled') + skipped;
      counts.passed += number('tests') - bad;
      counts.failed += bad;
      for (const [, test] of text.matchAll(
        /<testcase name="([^"]*)"[^>]*>\s*<(?:failure|skipped)/g,
      )) {
        counts.failures.push(test);
      }
    }
    return counts;
  });
}

/** Jest in Node, on dist/node.js and its wasm. */
export function jest() {
  return withReport('jest.json', (report) => {
    const bin = join(root, 'node_modules/jest/bin/jest.js');
    const args = [
      '--experimental-vm-modules',
      '--no-warnings',
      bin,
      '--json',
      `--outputFile=${report}`,
      '--silent',
    ];
    const status = start(process.execPath, args);
    return judge(status, () => {
      const result = JSON.parse(readFileSync(report, 'utf8'));
      const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = result;
      const broken = result.numRuntimeErrorTestSuites;
      const failures = result.testResults.flatMap(({ name, message, assertionResults }) => {
        const failed = assertionResults.filter(({ status }) => status !== 'passed');
        if (failed.length > 0)
          return failed.map(({ fullName, status }) => `${status}: ${fullName}`);
        return message ? [`${relative(root, name)}: ${message}`] : [];
      });
      return {
        passed: numPassedTests,
        failed: numFailedTests + numPendingTests + numTodoTests + broken,
        failures,
      };
    });
  });
}

/** `node --test` on the *.test.mjs files directly in a directory below tests/. */
export function nodeTests(directory) {
  const files = readdirSync(join(root, 'tests', directory))
    .filter((name) => name.endsWith('.test.mjs'))
    .map((name) => join(root, 'tests', directory, name));
  return withReport(`${directory}.tap`, (report) => {
    const reporters = [
      ['--test-reporter=spec', '--test-reporter-destination=stdout'],
      ['--test-reporter=tap', `--test-reporter-destination=${report}`],
    ];
    // One file at a time: each starts a browser of its own, and timing is asserted in some.
    const args = ['--test', '--test-concurrency=1', ...reporters.flat(), ...files];
    const status = files.length === 0 ? 0 : start(process.execPath, args);
    return judge(status, () => {
      const text = files.length === 0 ? '' : readFileSync(report, 'utf8');
      const number = (word) => Number(new RegExp(`^# ${word} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
      const bad = number('fail') + number('cancelled') + number('skipped') + number('todo');
      // Each with the start of what it says about itself: its place, error, values and stack.
      const failures = [...text.matchAll(/^ *not ok .*(?:\n(?! *(?:not )?ok ).*){0,25}/gm)].map(
        ([lines]) => lines.trim(),
      );
      return { passed: number('pass'), failed: bad, failures };
    });
  });
}

/** A script that ends with a line `N passed, N failed`. */
export function script(program, args) {
  const { status, stdout } = spawnSync(program, args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  process.stdout.write(stdout ?? '');
  return judge(status, () => {
    const [, passed, failed] = [...stdout.matchAll(/(\d+) passed, (\d+) failed/g)].at(-1);
    const failures = stdout
      .split('\n')
      .filter((line) => /^[\w-]+ seed \d+:|not ok|[1-9]\d* failed/.test(line));
    return { passed: Number(passed), failed: Number(failed), failures };
  });
}

/** A command that says by its exit status alone whether it passed. */
export function command(program, args) {
  const passed = start(program, args) === 0;
  return { passed: Number(passed), failed: Number(!passed) };
}

/** Every fuzz target over its seeds (tests/fuzz/TARGET_seeds.py makes them) and then over `runs[TARGET]` new inputs. */
export function fuzz(runs) {
  const directory = join(buildEngine('fuzz'), 'fuzz');
  ensureTools('python3');
  const counts = { passed: 0, failed: 0, failures: [] };
  for (const target of readdirSync(directory)) {
    if (!(target in runs)) throw new Error(`how many inputs does ${target} get?`);
    // New each time: libFuzzer adds to it, and draws from what is there.
    const corpus = join(directory, '..', 'seeds', target);
    rmSync(corpus, { recursive: true, force: true });
    mkdirSync(corpus, { recursive: true });
    if (start('python3', [join(root, `tests/fuzz/${target}_seeds.py`), corpus]) !== 0) {
      throw new Error(`the seeds of ${target} cannot be made`);
    }
    const limits = ['-max_len=4096', '-timeout=10', '-malloc_limit_mb=32', '-rss_limit_mb=1024'];
    const artifacts = `-artifact_prefix=${join(directory, '..')}/`;
    const status = start(
      join(directory, target),
      [
        ...limits,
        `-runs=${runs[target]}`,
        '-seed=1',
        '-entropic=0',
        '-print_final_stats=1',
        artifacts,
        '-verbosity=0',
        corpus,
      ],
      // Without a stack for each allocation, and without weights of inputs, there are twice as many inputs a second.
      {
        ...sanitizerOptions,
        ASAN_OPTIONS: `${sanitizerOptions.ASAN_OPTIONS}:malloc_context_size=1`,
      },
    );
    counts[status === 0 ? 'passed' : 'failed'] += 1;
    if (status !== 0) counts.failures.push(`${target}: its input is in ${join(directory, '..')}`);
  }
  return judge(counts.failed === 0 ? 0 : 1, () => counts);
}

/** Prints what failed and the sum of all suites as the one closing line, and sets the exit status. */
export function close(results) {
  for (const { name, failed, failures = [] } of results) {
    if (failed === 0) continue;
    console.log(`${name}: ${failed} failed`);
    for (const line of failures.slice(0, 20)) console.log(`  ${line.slice(0, 2000)}`);
  }
  const sum = (key) => results.reduce((total, result) => total + result[key], 0);
  if (sum('failed') > 0) process.exitCode = 1;
  console.log(`${sum('passed')} passed, ${sum('failed')} failed`);
}

/** The browser of the browser suites, installed if missing. */
export function ensureBrowser() {
  ensureTools('chromium');
}

const sanitizerOptions = {
  ASAN_OPTIONS: 'detect_leaks=1:detect_stack_use_after_return=1:allocator_may_return_null=0',
  UBSAN_OPTIONS: 'print_stacktrace=1',
};

function start(program, args, variables = {}) {
  if (!program.includes('/') && !which(program)) throw new Error(`${program} is not installed`);
  const env = { ...process.env, ...variables };
  const { status } = spawnSync(program, args, {
    cwd: root,
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return status ?? 1;
}

/** Counts from a report that must not be one of an earlier run. */
function withReport(name, body) {
  mkdirSync(reports, { recursive: true });
  const report = join(reports, name);
  rmSync(report, { force: true });
  return body(report);
}

/** A suite that ran nothing, or that ended badly without a failed test, counts as one failure. */
function judge(status, count) {
  const counts = count();
  if (counts.passed + counts.failed === 0) throw new Error('ran no tests');
  if (status !== 0 && counts.failed === 0) throw new Error(`ended with status ${status}`);
  return counts;
}
