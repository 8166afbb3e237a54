// Every operation of the storage fails once, in each way there is, while generations are saved: what is
// loaded afterwards is the last one that was reported saved or a newer one, never a mix.
import { Faulty, WAYS } from './faulty.mjs';
import { runAlone } from './part.mjs';
import { sources } from './sources.mjs';

const SAVES = 5;
const KEEP = 2;

/** Saves until the fault has done its work; the newest that was reported saved, -1 for none. */
async function saveAll({ Generations, Storage, TabtrainError }, faulty, files) {
  let confirmed = -1;
  const died = new Promise((resolve) => (faulty.onDeath = resolve));
  const work = async () => {
    const generations = await Generations.open(new Storage(faulty, null), 'run', KEEP);
    await generations.load().catch(() => {});
    for (const [i, file] of files.entries()) {
      try {
        await generations.save(file);
        confirmed = i;
      } catch (error) {
        if (!(error instanceof TabtrainError)) throw error;
      }
    }
  };
  await Promise.race([work(), died]);
  return confirmed;
}

/** What is wrong with what is found afterwards; null if nothing is. */
async function problemOf({ Generations, Storage }, backend, confirmed, file) {
  const generations = await Generations.open(new Storage(backend, null), 'run', KEEP);
  const loaded = await generations.load().catch((error) => ({ error }));
  // Where nothing had been saved, nothing is lost, and a file that is damaged may well be told of.
  if (loaded?.error) return confirmed >= 0 ? loaded.error.message : null;
  const place = loaded ? loaded.state.i : -1;
  if (place < confirmed) return `${place} loaded, ${confirmed} was saved`;
  const [record] = await backend.readAll(['run/state.commit']);
  const named = record && /"generation":(\d+)/.exec(new TextDecoder().decode(record));
  if (loaded && named && loaded.generation > Number(named[1])) {
    return `generation ${loaded.generation} loaded, which no record names`;
  }
  // It must be usable: another save, and then no more files than are kept.
  await generations.save(file);
  const again = await generations.load();
  const left = (await backend.list('run')).filter(({ path }) => path.endsWith('.tabtrain')).length;
  if (left > KEEP) return `${left} files are left`;
  if (again?.state.i !== 0) return 'what was saved next is not loaded';
  // If that one is damaged, the one before it is what was loaded.
  const bytes = (await backend.readAll([again.path]))[0].slice(1);
  await backend.commit([{ path: again.path, bytes }]);
  const before = await generations.load().catch(() => null);
  return loaded && before?.state.i !== place ? `${place} is not kept` : null;
}

/** One scenario; whether the fault was reached, and what was wrong. */
async function scenario(modules, files, at, way) {
  const backend = new modules.MemoryBackend();
  const faulty = new Faulty(backend, at, way, modules.TabtrainError);
  const confirmed = await saveAll(modules, faulty, files);
  if (faulty.count < at) return { reached: false };
  // The lock ends with whoever had it.
  backend.lock = async () => async () => {};
  return { reached: true, wrong: await problemOf(modules, backend, confirmed, files[0]) };
}

export const faults = {
  name: 'faults',
  ci: 1,
  campaign: 5,
  async run(models, _seed, print, given = sources()) {
    const modules = await given;
    let passed = 0;
    let failed = 0;
    for (let model = 1; model <= models; ++model) {
      const files = [];
      for (let i = 0; i < SAVES; ++i) {
        const bytes = new Uint8Array(40 * model * model).fill(i + 1);
        const tensors = [{ path: 'layers/0/kernel', dtype: 'uint8', shape: [bytes.length], bytes }];
        files.push(await modules.encodeState({ state: { i }, tensors }));
      }
      for (const way of WAYS) {
        for (let at = 1; ; ++at) {
          const { reached, wrong } = await scenario(modules, files, at, way);
          if (!reached) break;
          if (wrong) print(`model ${model}, operation ${at} ${way.name}: ${wrong}`);
          if (wrong) ++failed;
          else ++passed;
        }
      }
    }
    print(`${passed} faults survived, ${failed} not`);
    return { passed, failed };
  },
};

await runAlone(import.meta, faults);
