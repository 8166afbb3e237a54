import { TabtrainError, invalid, toTabtrainError } from '../errors';
import { FitStep, type EngineDType, type EngineTensor, type FitRun } from '../engine/engine';
import type { Feed } from '../host/feed';
import type {
  BackupRequest,
  EngineInfo,
  EpochRecord,
  HookReply,
  Restored,
  RunEvent,
  WireBatch,
} from '../host/protocol';
import { checkNoFile } from './backupDir';
import { DatasetPlaces } from './datasetPlaces';
import { Generations, type GenerationStore, type Loaded } from './generations';
import { leaveOldLog } from './leaveOldLog';
import { SaveQueue, type Place, type Snapshot } from './saveQueue';
import type { HostModel } from '../host/registry';
import { checkSetup, setupOf, type Setup } from './setup';
import type { StateTensor } from './stateFile';
import { REST, checkRun, restOf, restoredOf, type Rest, type SavedRun } from './savedRun';
import { encodeValue } from './values';

/** The training state of one run: taken up at its begin, saved at its borders. */
export class Backup {
  readonly #request: BackupRequest;
  readonly #engine: { readonly version: string; readonly variant: string };
  readonly #generations: Generations;
  readonly #queue: SaveQueue;
  readonly #loaded: Loaded<SavedRun> | null;
  readonly #rest: Rest | null;
  readonly #datasets: DatasetPlaces;
  #setup: Setup | null = null;
  readonly #history: EpochRecord[];
  readonly #callbacks: unknown[];
  #batches = 0;
  #due = false;
  #isThin = false;
  #askedAt = performance.now();

  private constructor(
    request: BackupRequest,
    { version, variant }: EngineInfo,
    generations: Generations,
    loaded: Loaded<SavedRun> | null,
    tell: (event: RunEvent) => void,
  ) {
    this.#request = request;
    this.#engine = { version, variant };
    this.#generations = generations;
    this.#queue = new SaveQueue(generations, tell);
    this.#loaded = loaded;
    this.#rest = loaded && restOf(loaded);
    this.#datasets = new DatasetPlaces(request.statefulDatasets, this.#rest?.datasets ?? null);
    this.#history = [...(this.#rest?.history ?? [])];
    this.#callbacks = [...(this.#rest?.callbacks ?? [])];
  }

  /** Takes the directory and reads what is in it. @throws TabtrainError `LOCKED`, `CORRUPT_FILE`. */
  static async open(
    request: BackupRequest,
    store: GenerationStore,
    info: EngineInfo,
    tell: (event: RunEvent) => void,
  ): Promise<Backup> {
    const generations = await Generations.open(store, request.dir, request.keep).catch(
      async (error: unknown) => {
        if (toTabtrainError(error).code !== 'LOCKED') await checkNoFile(store, request.dir);
        throw error;
      },
    );
    try {
      const loaded = await generations.load(checkRun);
      if (loaded) await leaveOldLog();
      return new Backup(request, info, generations, loaded, tell);
    } catch (error) {
      await generations.close();
      throw error;
    }
  }

  /** What a run left in a directory, without taking it. @throws TabtrainError `CORRUPT_FILE`. */
  static async look(
    store: GenerationStore,
    dir: string,
    engine: EngineInfo,
  ): Promise<Restored | null> {
    const loaded = await Generations.reader(store, dir).load(checkRun);
    if (!loaded) await checkNoFile(store, dir);
    return loaded && restoredOf(loaded, restOf(loaded), engine);
  }

  /** To be called before anything is fed. */
  attach(feed: Feed): void {
    const first = this.#loaded && this.#firstBatch(this.#loaded.state.setup);
    if (first) feed.put(first);
    else feed.watch = this.#datasets;
  }

  /** What the run is made with in place of a batch, which may be long gone; null where none is fed. */
  #firstBatch({ options, data }: Setup): WireBatch | null {
    if (options['fed'] !== true) return null;
    const zeros = (name: string) => {
      const { dtype, shape } = data[name]!;
      const sizes = [this.#rest!.datasets.rows, ...shape.slice(1)] as number[];
      return { dtype: dtype as EngineDType, shape: sizes, bytes: new Uint8Array() };
    };
    const sampleWeight = data['sampleWeight'] ? zeros('sampleWeight') : null;
    return { x: [zeros('x')], y: [zeros('y')], sampleWeight };
  }

  /**
   * Where the run that is taken up was; null for a run that begins. `data` are x, y, sampleWeight and those
   * of validation. Throws `INVALID_ARGUMENT` unless it is the same run.
   */
  resume(
    model: HostModel,
    options: Readonly<Record<string, unknown>>,
    data: readonly (EngineTensor | null | undefined)[],
  ): Place | null {
    const setup = setupOf(model.engine.configJson(), model.compileJson, options, data);
    this.#setup = setup;
    if (!this.#loaded) return null;
    checkSetup(this.#request.dir, this.#loaded.state.setup, setup);
    const { place } = this.#loaded.state;
    const begun = place['epoch']! + 1;
    if ((options['epochs'] as number) < begun) {
      invalid(
        `model.fit: epochs: expected at least the ${begun} that the run in '${this.#request.dir}' has begun, ` +
          `came ${options['epochs'] as number}; nothing is trained, and the run stays as it is`,
      );
    }
    this.#checkCallbacks(this.#rest!.callbackNames, this.#request.statefulCallbacks);
    return place;
  }

  /** A state is for the callback of the same class at the same place only. */
  #checkCallbacks(there: readonly string[], here: readonly string[]): void {
    for (let i = 0; i < Math.max(there.length, here.length); ++i) {
      if (there[i] === here[i]) continue;
      invalid(
        `model.fit: callbacks: number ${i + 1} of those with getState: expected ${there[i] ?? 'none'}, as in ` +
          `the run that '${this.#request.dir}' holds, came ${here[i] ?? 'none'}`,
      );
    }
  }

  /**
   * Brings the datasets to where they were, and gives a run made with that place the rest of its state.
   * `feed` may be null where no batches are fed. Throws `INVALID_ARGUMENT` where other batches come, the
   * weights unchanged.
   */
  async restore(run: FitRun, feed: Feed | null): Promise<void> {
    if (!this.#loaded) return;
    const next = run.peek();
    const isFed = this.#setup!.options['fed'] === true;
    if (isFed) run.drop();
    if (feed) {
      feed.watch = this.#datasets;
      if (next !== FitStep.TrainEnd) await this.#datasets.catchUp(feed);
    }
    this.#datasets.takeUp();
    const { variables } = stateOf(run);
    const tensors = this.#loaded.tensors.filter(({ path }) => !path.startsWith(REST));
    const key = ({ path, dtype, shape }: Omit<StateTensor, 'bytes'>) =>
      `${path} ${dtype} ${shape.join()}`;
    if (tensors.map(key).join() !== variables.map(key).join()) {
      throw new TabtrainError(
        'CORRUPT_FILE',
        `'${this.#loaded.path}' does not have the variables of this run`,
      );
    }
    tensors.forEach(({ bytes }, i) => run.stateBytes(i).set(bytes));
    if (isFed && next === FitStep.TrainBatch) feed?.ask('train', false);
  }

  /** What the caller's side takes up; null for a run that begins. */
  get restored(): Restored | null {
    return this.#loaded && restoredOf(this.#loaded, this.#rest!, this.#engine);
  }

  /** The logs of the last epoch, for `onTrainEnd`. */
  get last(): unknown {
    return this.#rest?.last ?? null;
  }

  /** Takes in what a hook's answer says of callbacks, and of the history. */
  note({ states, epoch }: HookReply): void {
    for (const [index, state] of states) this.#callbacks[index] = state;
    if (epoch) this.#history.push(epoch);
  }

  /** Whether a save waits for the one that is being written, or for a border. */
  get isDue(): boolean {
    return this.#due;
  }

  /** Resolves when nothing is being written. */
  settle(): Promise<void> {
    return this.#queue.settle();
  }

  /** Saves soon, whatever `saveFreq` says. */
  request(): void {
    this.#due = true;
  }

  /**
   * To be called at each border, with the step that was done and what else is to be saved, null where this
   * is no place to go on from; `isFetched` says that the next batch has been taken already. Copies the
   * state where it is time and nothing is being written; the copy is written while training goes on.
   * Throws what an earlier write failed with.
   */
  atBorder(
    run: FitRun,
    done: number | null,
    now: { readonly last: unknown; readonly isFetched: boolean } | null,
  ): void {
    if (this.#request.saveFreq === 'never') return;
    this.#queue.throwIfFailed();
    const next = run.peek();
    if (this.#isTime(done)) {
      if (this.#due && this.#queue.busy && !this.#isThin) {
        this.#isThin = true; // Said once for each save that is late.
        this.#queue.skip(stateOf(run).place, 'storage is slower than saveFreq asks for');
      }
      this.#batches = 0;
      this.#askedAt = performance.now();
      this.#due = true;
    }
    const isEnd = next === FitStep.TrainEnd && done !== null;
    if (isEnd && !this.#request.deleteCheckpoint) this.#due = true;
    if (!this.#due || this.#queue.busy) return;
    if (!now || next === FitStep.ValidationBatch || next === FitStep.ValidationEnd) return;
    this.#due = this.#isThin = false;
    const { now: datasets, before } = this.#datasets;
    this.#queue.add(
      this.#snapshot(run, { last: now.last, datasets: now.isFetched ? before : datasets }),
    );
  }

  #isTime(done: number | null): boolean {
    const { saveFreq } = this.#request;
    if (saveFreq === 'epoch') return done === FitStep.EpochEnd;
    if (done === FitStep.TrainBatch) ++this.#batches;
    if (typeof saveFreq === 'number') return this.#batches >= saveFreq;
    if (saveFreq === 'never') return false;
    return done !== null && performance.now() - this.#askedAt >= saveFreq.seconds * 1000;
  }

  #snapshot(run: FitRun, now: Pick<Rest, 'datasets' | 'last'>): Snapshot {
    const begun = performance.now();
    const { place, variables } = stateOf(run);
    const tensors: StateTensor[] = variables.map((each, i) => ({
      ...each,
      bytes: run.stateBytes(i).slice(),
    }));
    const rest: Rest = {
      ...now,
      history: this.#history,
      callbackNames: this.#request.statefulCallbacks,
      callbacks: this.#callbacks,
    };
    let arrays = 0;
    const addBytes = (bytes: Uint8Array) => {
      const path = REST + arrays;
      tensors.push({ path, dtype: 'uint8', shape: [bytes.length], bytes: bytes.slice() });
      return arrays++;
    };
    const state: SavedRun = {
      engine: this.#engine,
      time: Date.now(),
      setup: this.#setup!,
      place,
      rest: encodeValue(rest, addBytes, 'backupAndRestore: state'),
    };
    return { state, tensors, copyMs: performance.now() - begun };
  }

  /** The run has ended as it should: what it leaves behind. */
  async finish(): Promise<void> {
    await this.#queue.settle();
    // A save that failed at the very end is no matter where none is to be left.
    if (this.#request.deleteCheckpoint) await this.#generations.clear();
    else this.#queue.throwIfFailed();
  }

  /** Waits for what is being written and gives the directory free. */
  async close(): Promise<void> {
    await this.#queue.settle();
    await this.#generations.close();
  }
}

function stateOf(run: FitRun): { place: Place; variables: Omit<StateTensor, 'bytes'>[] } {
  return JSON.parse(run.state()) as { place: Place; variables: Omit<StateTensor, 'bytes'>[] };
}
