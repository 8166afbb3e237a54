// Two to eight simulated tabs train, save, load, write checkpoints, remove and die, in an order that a seed
// decides: at any time at most one writes to a run's directory, nothing that was reported saved is lost, no
// two generations are ever mixed, and after a death another takes the run over.
import { createHash } from 'node:crypto';
import { runAlone } from './part.mjs';
import { sources } from './sources.mjs';
import { CHECKPOINTS, KEEP, RUNS, World } from './world.mjs';

/** Turns in a schedule. */
const TURNS = 400;
/** As FitStep of web/api/engine. */
const [TRAIN_BATCH, TRAIN_END] = [1, 6];
const VARIABLES = ['layers/0/kernel', 'optimizer/layers/0/kernel/m', 'train/loss'];

/** A run of fit whose every variable says who trained which batch last. */
class Run {
  #variables = VARIABLES.map((path, i) => ({ path, values: new Float32Array(2 + i) }));
  isEnd = false;

  /** Begins anew without a place; the number of a tab takes the seed's. */
  constructor(place, keys) {
    const zeros = Object.fromEntries(keys.map((key) => [key, 0]));
    this.place = place ?? { ...zeros, next: TRAIN_BATCH };
  }
  peek() {
    return this.isEnd ? TRAIN_END : TRAIN_BATCH;
  }
  train(tab) {
    this.place = { ...this.place, batch: this.place.batch + 1, seed: tab };
    for (const { values } of this.#variables) values.fill(this.#value);
  }
  get #value() {
    return this.place.batch * 1000 + this.place.seed;
  }
  /** Whether all of it is of the same batch. */
  get isWhole() {
    return this.#variables.every(({ values }) => values.every((each) => each === this.#value));
  }
  state() {
    const variables = this.#variables.map(({ path, values }) => {
      return { path, dtype: 'float32', shape: [values.length] };
    });
    return JSON.stringify({ place: this.place, variables });
  }
  stateBytes(i) {
    return new Uint8Array(this.#variables[i].values.buffer);
  }
}

const MODEL = { engine: { configJson: () => '{}' }, compileJson: '{}' };
const INFO = { version: '0', variant: 'simd' };
const ENGINE = { checkpointStateText: (name) => name, latestCheckpointPath: (text) => text };

class Tab {
  constructor(modules, world, number) {
    Object.assign(this, { modules, world, number, name: `tab${number}.`, saved: 0 });
    this.storage = new modules.Storage(world.backend(this), null);
    this.checkpoints = new modules.CheckpointFiles(
      { ...ENGINE, bundleShards: () => 1 },
      this.storage,
    );
  }

  /** What the tab does, without an end. */
  async live() {
    const { r } = this.world;
    const tasks = ['work', 'work', 'work', 'write', 'write', 'read', 'remove', 'idle'];
    try {
      for (;;) await this[r.pick(tasks)](r.pick(RUNS));
    } catch (error) {
      this.world.wrong(`${this.name}: ${error.stack}`);
    }
  }

  idle() {
    return this.world.operation(this, 'idles');
  }

  /** Takes the run of a directory up and trains for some batches. */
  async work(dir, batches = this.world.r.integer(0, 12)) {
    const removals = this.world.removals.get(dir);
    try {
      await this.#train(dir, batches, removals);
    } catch ({ code, message }) {
      const isRemoved = this.world.removals.get(dir) !== removals;
      // Of a directory that somebody removed meanwhile, the save under way is rightly missed.
      const isMissed = ['STORAGE_UNAVAILABLE', 'CORRUPT_FILE'].includes(code) && isRemoved;
      const isExpected = code === 'LOCKED' || isMissed;
      if (!isExpected) this.world.wrong(`${this.name} on '${dir}': ${code}: ${message}`);
    }
    if (this.world.holder(dir) === this) this.world.wrong(`${this.name} keeps '${dir}' locked`);
  }

  async #train(dir, batches, removals) {
    const { world, modules, storage } = this;
    const { counts, r } = world;
    const ends = r.chance(0.3);
    const request = { dir, saveFreq: r.integer(1, 3), deleteCheckpoint: ends, keep: KEEP };
    Object.assign(request, { statefulCallbacks: [], statefulDatasets: [] });
    const checks = [];
    const tell = ({ type, batch }) => {
      if (type !== 'saved') return;
      ++counts.saves;
      const isStored = world.newest.get(dir)?.batch >= batch;
      if (!isStored && world.removals.get(dir) === removals) {
        world.wrong(`${this.name}: batch ${batch} of '${dir}' is called saved and is not`);
      }
      checks.push(
        world.statesIn(dir).then((left) => {
          if (left > KEEP) world.wrong(`${left} states are left in '${dir}'`);
        }),
      );
    };
    const backup = await modules.Backup.open(request, storage, INFO, tell);
    try {
      const place = backup.resume(MODEL, {}, []);
      const run = new Run(place, modules.PLACE);
      await backup.restore(run, null);
      const [saved, loaded] = [world.newest.get(dir), place].map((each) => JSON.stringify(each));
      if (saved !== loaded && world.removals.get(dir) === removals) {
        world.wrong(`${this.name}: '${dir}': ${saved} was saved, ${loaded} is loaded`);
      }
      if (!run.isWhole) world.wrong(`${this.name}: a mix of generations was loaded`);
      if (place && place.seed !== this.number) ++counts.takeovers;
      for (let i = 0; i < batches; ++i) {
        run.train(this.number);
        backup.atBorder(run, TRAIN_BATCH, { last: null, isFetched: false });
        await world.operation(this, 'trains');
      }
      if (ends) await backup.finish();
      if (ends && world.newest.get(dir)) world.wrong(`${this.name} leaves state in '${dir}'`);
    } finally {
      await backup.close();
      await Promise.all(checks);
    }
  }

  #own() {
    return `${CHECKPOINTS}/${this.name}${this.world.r.integer(1, 3)}`;
  }

  /** Writes a named checkpoint: its own, or one that others write, too. */
  async write() {
    const dir = this.world.r.chance(0.3) ? `${CHECKPOINTS}/best` : this.#own();
    const bytes = new TextEncoder().encode(`${this.name}${++this.saved}`);
    await this.checkpoints.write(`${dir}/cp`, { index: bytes, data: bytes });
  }

  /** Reads a checkpoint that nobody else writes; another may remove it meanwhile. */
  async read() {
    const latest = await this.checkpoints.latest(this.#own());
    const read = latest && (await this.checkpoints.read(latest).catch(notFound));
    if (!read) return;
    const texts = [read.index, ...read.shards].map((bytes) => new TextDecoder().decode(bytes));
    if (texts[0] !== texts[1] && !this.world.isDisk)
      this.world.wrong(`'${latest}' was read as ${texts}`);
  }

  /** Removes a checkpoint, or now and then a run that another may be in. */
  async remove(dir) {
    const { r, checkpoints } = this.world;
    const prefixes = [...checkpoints.keys()];
    if (prefixes.length === 0) return this.idle();
    const isRun = !this.world.isDisk && r.chance(0.2);
    const target = isRun ? dir : r.pick(prefixes).replace(/\/cp$/, '');
    await this.storage.remove(target).catch(notFound);
  }
}

/** Somebody was faster. */
function notFound(error) {
  if (error.code !== 'NOT_FOUND') throw error;
}

/** One schedule, to its end: all tabs but one are dead, and that one goes on where they were. */
async function schedule(modules, seed) {
  const world = new World(modules, seed);
  const { r } = world;
  const tabs = [];
  let made = 0;
  const open = async () => {
    const tab = new Tab(modules, world, ++made);
    tabs.push(tab);
    void tab.live();
    await world.rest();
  };
  const kill = async (at) => world.kill(...tabs.splice(at, 1));
  for (let i = r.integer(2, 8); i > 0; --i) await open();
  for (let i = 0; i < TURNS && world.problems.length === 0; ++i) {
    if (r.chance(0.02)) await kill(r.integer(0, tabs.length - 1));
    if (tabs.length < 2 || (tabs.length < 8 && r.chance(0.02))) await open();
    if (!(await world.turn())) world.wrong('all tabs wait for each other');
  }
  while (tabs.length > 0) await kill(0);
  const last = new Tab(modules, world, ++made);
  for (const dir of RUNS) {
    let isDone = false;
    void last.work(dir, 3).then(() => (isDone = true));
    await world.rest();
    while (await world.turn());
    if (!isDone) world.wrong(`'${dir}' is not taken over`);
  }
  return world;
}

export const schedules = {
  name: 'schedules',
  ci: 200,
  campaign: 5000,
  async run(count, seed, print, given = sources()) {
    const modules = await given;
    // The real one ends in another thread, at a time of its own.
    crypto.subtle.digest = async (_, bytes) =>
      new Uint8Array(createHash('sha256').update(bytes).digest()).buffer;
    const sum = {};
    let failed = 0;
    try {
      for (let i = 0; i < count; ++i) {
        const { problems, trace, counts } = await schedule(modules, seed + i);
        for (const [key, value] of Object.entries(counts)) sum[key] = (sum[key] ?? 0) + value;
        if (i === 0 && (await schedule(modules, seed)).trace.join() !== trace.join()) {
          problems.push('the same seed gave another schedule');
        }
        if (problems.length === 0) continue;
        ++failed;
        print(`--seed ${seed + i}: ${problems[0]}`);
        if (count === 1) print(trace.slice(-40).join('\n'));
      }
    } finally {
      delete crypto.subtle.digest;
    }
    print(
      `${count} schedules, ${failed} failed: ${sum.operations} operations, ${sum.saves} saves, ` +
        `${sum.deaths} deaths, ${sum.takeovers} runs taken over, ${sum.refusals} refused as LOCKED`,
    );
    return { passed: count - failed, failed };
  },
};

await runAlone(import.meta, schedules);
