// Tabs that share one storage, simulated: each of their operations waits until the seed lets it happen, so
// that every order is one that browsers could have, and comes again with the same seed.
import { random } from './configurations.mjs';

/** Directories of runs, each with one writer at a time, and of checkpoints, which everybody writes. */
export const RUNS = ['run', 'other'];
export const CHECKPOINTS = 'ckpt';
/** Generations that are kept. */
export const KEEP = 2;

const RECORD = /^(\w+)\/state\.commit$/;
const STATE = /^(\w+)\/state-\d+\.tabtrain$/;

const stateOf = (dir, { generation }) =>
  `${dir}/state-${String(generation).padStart(8, '0')}.tabtrain`;

/** Everything that tabs share, what is known of it, and what went wrong. */
export class World {
  r;
  problems = [];
  trace = [];
  /** By name: the tab that holds it. */
  locks = new Map();
  /** By directory of a run: the place that is gone on from, null for none; and how often it was taken away. */
  newest = new Map(RUNS.map((dir) => [dir, null]));
  removals = new Map(RUNS.map((dir) => [dir, 0]));
  /** Contents of the named checkpoints that are there, by prefix; null where any will do. */
  checkpoints = new Map();
  /** On a disk files appear one by one, in IndexedDB those of a commit at once. */
  isDisk;
  counts = { operations: 0, deaths: 0, takeovers: 0, saves: 0, refusals: 0 };
  #modules;
  #files;
  #pending = [];

  constructor(modules, seed) {
    this.r = random(seed);
    this.isDisk = this.r.chance(0.3);
    this.#modules = modules;
    this.#files = new modules.MemoryBackend();
  }

  wrong(problem) {
    this.problems.push(problem);
  }

  /** Resolves to what `effect` gives once it is its turn; never where the tab is dead by then. */
  operation(tab, what, effect = () => {}) {
    return new Promise((resolve, reject) => {
      this.#pending.push({ tab, what, effect, resolve, reject });
    });
  }

  /** Lets one operation happen, of any tab; false where none waits. */
  async turn() {
    if (this.#pending.length === 0) return false;
    const [chosen] = this.#pending.splice(this.r.integer(0, this.#pending.length - 1), 1);
    await this.#happen(chosen).then(chosen.resolve, chosen.reject);
    await this.rest();
    return true;
  }

  /** Lets the tabs go on, up to their next operations. */
  rest() {
    return new Promise((done) => setImmediate(done));
  }

  /** The tab is gone: of what it was doing each operation has happened or will not; its locks are free. */
  async kill(tab) {
    ++this.counts.deaths;
    this.trace.push(`${tab.name} dies`);
    for (const each of this.#pending.filter((other) => other.tab === tab)) {
      if (each.what !== 'lock' && this.r.chance(0.5)) await this.#happen(each).catch(() => {});
    }
    this.#pending = this.#pending.filter((other) => other.tab !== tab);
    for (const [name, holder] of this.locks) if (holder === tab) this.locks.delete(name);
  }

  async #happen({ tab, what, effect }) {
    ++this.counts.operations;
    this.trace.push(`${tab.name} ${what}`);
    try {
      return await effect();
    } finally {
      for (const dir of RUNS) this.newest.set(dir, await this.#newestIn(dir));
      await this.#check();
    }
  }

  /** What the record names; the newest that is there where there is no record. */
  async #newestIn(dir) {
    const states = (await this.#files.list(dir)).filter(({ path }) => STATE.test(path));
    const record = await this.#recordOf(dir);
    const path = record ? stateOf(dir, record) : states.at(-1)?.path;
    const [file] = path ? await this.#files.readAll([path]) : [null];
    return file && this.#modules.decodeState(file).state.place;
  }

  async #recordOf(dir) {
    const [record] = await this.#files.readAll([`${dir}/state.commit`]);
    return record && JSON.parse(new TextDecoder().decode(record).split('\n')[0]);
  }

  /** What holds at every moment: a record's generation is there, and a checkpoint is all of one save. */
  async #check() {
    for (const dir of RUNS) {
      const record = await this.#recordOf(dir);
      if (!record) continue;
      const path = stateOf(dir, record);
      if (!(await this.#files.exists(path)))
        this.wrong(`the record names '${path}', which is gone`);
    }
    // There a checkpoint that is written over may be cut off between its files, as TensorFlow's own.
    for (const [prefix, content] of this.isDisk ? [] : this.checkpoints) {
      const ends = ['.index', '.data-00000-of-00001'];
      const parts = await this.#files.readAll(ends.map((end) => prefix + end));
      const texts = parts.map((part) => part && new TextDecoder().decode(part));
      if (texts[0] === null || texts[0] !== texts[1]) this.wrong(`'${prefix}' is ${texts}`);
      if (content !== null && texts[0] !== content) this.wrong(`'${prefix}' has lost ${content}`);
    }
  }

  async statesIn(dir) {
    return (await this.#files.list(dir)).filter(({ path }) => STATE.test(path)).length;
  }

  /** The backend as a tab sees it. */
  backend(tab) {
    const files = this.#files;
    const later = (what, effect) => this.operation(tab, what, effect);
    return {
      kind: 'memory',
      mount: async () => {},
      estimate: () => files.estimate(),
      list: (dir) => later(`list ${dir}`, () => files.list(dir)),
      readAll: (paths) => later(`read ${paths}`, () => files.readAll(paths)),
      exists: (path) => later(`exists ${path}`, () => files.exists(path)),
      lock: (dir) => later('lock', () => this.#lock(tab, dir)),
      commit: async (written) => {
        for (const part of this.isDisk ? written.map((file) => [file]) : [written]) {
          await later(`commit ${part.map(({ path }) => path)}`, () => this.#commit(tab, part));
        }
      },
      remove: (path) => later(`remove ${path}`, () => this.#remove(tab, path)),
    };
  }

  async #commit(tab, written) {
    for (const { path } of written) {
      const isState = STATE.test(path);
      const [, dir] = STATE.exec(path) ?? RECORD.exec(path) ?? [];
      if (!dir) continue;
      this.#mustHold(tab, dir);
      if (isState && (await this.#files.exists(path)))
        this.wrong(`${tab.name} writes over '${path}'`);
    }
    await this.#files.commit(written);
    for (const { path, bytes } of written) {
      if (!path.endsWith('.index')) continue;
      const prefix = path.slice(0, -'.index'.length);
      const isOwn = prefix.includes(tab.name);
      // Of one that everybody writes only wholeness is asked for.
      this.checkpoints.set(prefix, isOwn ? new TextDecoder().decode(bytes) : null);
    }
  }

  async #remove(tab, path) {
    const [, dir] = STATE.exec(path) ?? RECORD.exec(path) ?? [];
    if (dir) this.#mustHold(tab, dir);
    if (RUNS.includes(path)) {
      this.removals.set(path, this.removals.get(path) + 1);
    }
    for (const prefix of this.checkpoints.keys()) {
      if (prefix.startsWith(`${path}/`)) this.checkpoints.delete(prefix);
    }
    return this.#files.remove(path);
  }

  #mustHold(tab, dir) {
    if (this.holder(dir) !== tab) this.wrong(`${tab.name} writes to '${dir}' and has no lock`);
  }

  /** The tab that may write to a run's directory. */
  holder(dir) {
    return this.locks.get(`tabtrain-writer:${dir}`) ?? null;
  }

  /** The browser's own lock, over locks that all tabs share. */
  async #lock(tab, dir) {
    const before = this.holder(dir);
    const locks = { request: (...given) => this.#request(tab, ...given) };
    const own = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
    Object.defineProperty(globalThis, 'navigator', { value: { locks }, configurable: true });
    try {
      const unlock = await new this.#modules.IdbfsBackend(null, null).lock(dir);
      if (Boolean(unlock) === Boolean(before)) {
        this.wrong(`${tab.name}: '${dir}' of ${before?.name ?? 'nobody'}: ${Boolean(unlock)}`);
      }
      if (unlock) return () => this.operation(tab, 'unlock', unlock);
      ++this.counts.refusals;
      return null;
    } finally {
      if (own) Object.defineProperty(globalThis, 'navigator', own);
      else delete globalThis.navigator;
    }
  }

  async #request(tab, name, options, task) {
    // Of a mount, for the time of one operation: here operations come one after the other.
    if (typeof options === 'function') return options({ name });
    if (!options.ifAvailable) throw new Error('a lock of a run is taken if it is available');
    if (this.locks.has(name)) return task(null);
    this.locks.set(name, tab);
    try {
      return await task({ name });
    } finally {
      if (this.locks.get(name) === tab) this.locks.delete(name);
    }
  }
}
