// Bits flipped, bytes cut off and added, in every file of training state, files removed, and a whole state in
// the place of the newest: each is found out, the file is named, and what is loaded is a whole generation.
import { random } from './configurations.mjs';
import { runAlone } from './part.mjs';
import { sources } from './sources.mjs';

const GENERATIONS = 3;

/** A directory with some generations, in memory. */
async function fill(modules, r) {
  const { Generations, MemoryBackend, Storage, encodeState } = modules;
  const backend = new MemoryBackend();
  const storage = new Storage(backend, null);
  const generations = await Generations.open(storage, 'run', GENERATIONS);
  const states = [];
  for (let i = 1; i <= GENERATIONS; ++i) {
    const tensors = [7, 64, 3].map((length, k) => ({
      path: `layers/${k}/kernel`,
      dtype: 'float32',
      shape: [length],
      bytes: Uint8Array.from({ length: length * 4 }, () => r.integer(0, 255)),
    }));
    const contents = { state: { place: { epoch: i, batch: i * 3 } }, tensors };
    states.push(
      JSON.stringify(contents, (_, value) => (ArrayBuffer.isView(value) ? [...value] : value)),
    );
    await generations.save(await encodeState(contents));
  }
  await generations.close();
  return { backend, storage, states };
}

function damage(bytes, r) {
  const kind = r.pick(['flip', 'flip', 'flip', 'cut', 'add', 'burst']);
  const copy = bytes.slice();
  const at = r.integer(0, bytes.length - 1);
  switch (kind) {
    case 'flip':
      copy[at] ^= 1 << r.integer(0, 7);
      return copy;
    case 'burst':
      for (let i = at; i < Math.min(at + 16, copy.length); ++i) copy[i] = ~copy[i];
      return copy;
    case 'cut':
      return copy.slice(0, at);
    case 'add': {
      const longer = new Uint8Array(bytes.length + r.integer(1, 8));
      longer.set(bytes);
      return longer;
    }
  }
}

export const flips = {
  name: 'flips',
  ci: 2000,
  campaign: 100_000,
  async run(count, seed, print, given = sources()) {
    const modules = await given;
    const r = random(seed);
    const { backend, storage, states } = await fill(modules, r);
    const files = await storage.list('run');
    let passed = 0;
    for (let i = 0; i < count; ++i) {
      // Sometimes two files at once; then the third generation is what is left.
      const chosen = new Set([r.pick(files).path, ...(r.chance(0.2) ? [r.pick(files).path] : [])]);
      const before = new Map();
      const gone = new Set();
      for (const path of chosen) {
        before.set(path, await storage.find(path));
        const isNewest = path === files[GENERATIONS - 1].path;
        const isOther = isNewest && chosen.size === 1 && r.chance(0.1);
        const bytes = isOther
          ? await storage.find(files[r.integer(0, GENERATIONS - 2)].path)
          : damage(before.get(path), r);
        if (!isOther && r.chance(0.1)) {
          gone.add(path);
          await backend.remove(path);
        } else await backend.commit([{ path, bytes }]);
      }
      const generations = await modules.Generations.open(storage, 'run', GENERATIONS);
      const isDamaged = (generation) => chosen.has(files[generation - 1].path);
      let newest = GENERATIONS;
      while (isDamaged(newest)) --newest;
      try {
        const loaded = await generations.load();
        const { state, tensors, generation, refused } = loaded;
        const actual = JSON.stringify({ state, tensors }, (_, value) =>
          ArrayBuffer.isView(value) ? [...value] : value,
        );
        const isRecord = (path) => path.endsWith('state.commit');
        // Of those that are gone a record that is whole names the newest.
        const isKnown = (path) =>
          !gone.has(path) || (path === files[GENERATIONS - 1].path && ![...chosen].some(isRecord));
        const mustName = [...chosen].filter(
          (path) =>
            isRecord(path) ||
            (files.findIndex((file) => file.path === path) >= newest && isKnown(path)),
        );
        const names = refused.map(({ path }) => path);
        const isGood =
          generation === newest &&
          actual === states[newest - 1] &&
          mustName.length === names.length &&
          mustName.every((path) => names.includes(path));
        if (isGood) ++passed;
        else
          print(
            `${i}: ${[...chosen]}: generation ${generation}, refused ${JSON.stringify(refused)}`,
          );
      } catch (error) {
        print(`${i}: ${[...chosen]}: ${error.stack}`);
      } finally {
        await generations.close();
      }
      for (const [path, bytes] of before) await backend.commit([{ path, bytes }]);
    }
    print(`${passed} of ${count} damages found out, the newest whole generation loaded each time`);
    return { passed, failed: count - passed };
  },
};

await runAlone(import.meta, flips);
