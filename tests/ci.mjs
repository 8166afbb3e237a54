// Everything that a change must pass; .ci/run starts it. Ends with one line `N passed, N failed`.
import { ensureTools } from '../emscripten/toolchain/host.mjs';
import { runTests } from './run.mjs';
import { close, command, ctest, fuzz, nodeTests, runSuite, script } from './suites.mjs';

/** Inputs of each fuzzer, the same in every run; those of JSON are slower by far. */
const fuzzRuns = { checkpoint_fuzzer: 150_000, config_fuzzer: 40_000, replay_fuzzer: 40_000 };

const npm = (name) => () => command('npm', ['run', '--silent', name]);

close([
  ...(await runTests()),
  runSuite('lint', npm('lint')),
  runSuite('typecheck', npm('typecheck')),
  runSuite('format', npm('format:check')),
  runSuite('sanitizers', () => ctest('sanitize')),
  runSuite('fuzz', () => fuzz(fuzzRuns)),
  runSuite('fuzz formats', () => script(process.execPath, ['tests/fuzz/formats.mjs', '1000', '1'])),
  runSuite('campaign', () => {
    ensureTools('chromium', 'firefox');
    return script(process.execPath, ['tests/campaign/run.mjs', 'ci']);
  }),
  runSuite('package', () => {
    ensureTools('chromium');
    return nodeTests('package');
  }),
  runSuite('interop', () => script('npm', ['run', '--silent', 'test:interop'])),
]);
