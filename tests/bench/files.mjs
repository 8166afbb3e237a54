// node tests/bench/files.mjs [rounds]: a 10-million-parameter model, saved and loaded in Chromium in each format 100 times,
// must leave WebAssembly's memory as it was after the second time; and loading its checkpoint may take three times as
// long as reading the bytes and checksumming them.
import { cpus } from 'node:os';
import { entry } from '../../emscripten/toolchain/host.mjs';
import { formats, inPage, loadAndRead, saveAndLoad } from './modelFiles.mjs';

const parameters = 10_000_000;
const mostRatio = 3;
const rounds = Number(process.argv[2] ?? 100);

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

await entry(async () => {
  let holds = true;
  await inPage(async (page, browser) => {
    console.log(`${cpus()[0].model.trim()}, Chromium ${browser.version()}`);
    const { bytes, load, read } = await loadAndRead(page, { parameters, rounds: 9 });
    const ratio = median(load) / median(read);
    holds &&= ratio <= mostRatio;
    console.log(
      `checkpoint of ${megabytes(bytes)}: loaded in ${median(load).toFixed(0)} ms, read and checksummed in ` +
        `${median(read).toFixed(0)} ms: ratio ${ratio.toFixed(2)}, at most ${mostRatio}`,
    );
  });
  for (const [format, path] of Object.entries(formats)) {
    // A page of its own for each: what one format needs is not there for the next.
    await inPage(async (page) => {
      const start = performance.now();
      const made = await saveAndLoad(page, { parameters, rounds, path });
      const [second, last] = [made.bytes[1], made.bytes.at(-1)];
      holds &&= second === last;
      const seconds = ((performance.now() - start) / 1000).toFixed(0);
      console.log(
        `${format}: ${made.parameters} parameters, ${rounds} times in ${seconds} s: wasm memory ` +
          `${megabytes(made.bytes[0])} after the first, ${second} bytes after the second, ${last} after the last`,
      );
    });
  }
  if (!holds) process.exitCode = 1;
});
