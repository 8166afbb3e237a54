// Every operation of the storage fails once, in each way there is, while generations are saved: what is
// loaded afterwards is the last one that was reported saved or a newer one, never a mix.
import { runAlone } from './part.mjs';
import { sources } from './sources.mjs';

const SAVES = 5;
const KEEP = 2;

const CODES = ['QUOTA_EXCEEDED', 'STORAGE_UNAVAILABLE', 'INVALID_ARGUMENT', 'INTERNAL'];
/** The ways in which an operation goes wrong; those that kill let nothing happen afterwards. */
const WAYS = [
  ...CODES.map((code) => ({ name: code, code })),
  { name: 'dies before', kills: true },
  { name: 'dies after', kills: true, does: true },
  { name: 'is lost' },
  { name: 'first file only, dies', kills: true, files: 1 },
  { name: 'half of a file, dies', kills: true, half: true },
  { name: 'half of a file, unnoticed', half: true },
];

/** A backend whose operation number `at` goes wrong in this way. */
class Faulty {
  constructor(backend, at, way, TabtrainError) {
    Object.assign(this, { backend, at, way, TabtrainError, count: 0, dead: false, kind: 'memory' });
  }
  list = (dir) => this.do('list', () => this.backend.list(dir), []);
  readAll = (paths) =>
    this.do('readAll', () => this.backend.readAll(paths), Array(paths.length).fill(null));
  exists = (path) => this.do('exists', () => this.backend.exists(path), false);
  remove = (path) => this.do('remove', () => this.backend.remove(path), true);
  commit = (files) =>
    this.do('commit', (part = files) => this.backend.commit(part), undefined, files);
  lock = (dir) => this.backend.lock(dir);

  async do(name, task, nothing, files) {
    if (this.dead) return new Promise(() => {});
    if (++this.count !== this.at) return task();
    const { code, kills, does, files: some, half } = this.way;
    if (code) throw new this.TabtrainError(code, `injected into ${name}`);
    if (does) await task();
    if (files && some) await task(files.slice(0, some));
    if (files && half) {
      const [first, ...others] = files;
      await task([{ ...first, bytes: first.bytes.slice(0, first.bytes.length / 2) }, ...others]);
    }
    if (!kills) return nothing;
    this.dead = true;
    this.onDeath();
    return new Promise(() => {});
  }
}

/** One scenario; whether the fault was reached, and what was wrong. */
async function scenario(modules, files, at, way) {
  const { Generations, MemoryBackend, Storage, TabtrainError } = modules;
  const backend = new MemoryBackend();
  const faulty = new Faulty(backend, at, way, TabtrainError);
  const died = new Promise((resolve) => (faulty.onDeath = resolve));
  let confirmed = -1;
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
  if (faulty.count < at) return { reached: false };
  // The lock ends with whoever had it.
  backend.lock = async () => async () => {};
  const generations = await Generations.open(new Storage(backend, null), 'run', KEEP);
  const loaded = await generations.load().catch((error) => ({ error }));
  // Where nothing had been saved, nothing is lost, and a file that is damaged may well be told of.
  if (loaded?.error) return { reached: true, wrong: confirmed >= 0 && loaded.error.message };
  const place = loaded ? loaded.state.i : -1;
  if (place < confirmed) return { reached: true, wrong: `${place} loaded, ${confirmed} was saved` };
  // It must be usable: another save, and then no more files than are kept.
  await generations.save(files[0]);
  const again = await generations.load();
  const left = (await backend.list('run')).filter(({ path }) => path.endsWith('.tabtrain')).length;
  if (again.state.i !== 0 || left > KEEP) return { reached: true, wrong: `${left} files are left` };
  return { reached: true };
}

export const faults = {
  name: 'faults',
  ci: 1,
  campaign: 5,
  async run(models, _seed, print) {
    const modules = await sources();
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
