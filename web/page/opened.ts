import { loadModel, TabtrainError, type Sequential } from '../api/index';
import type { Mnist } from './data';
import { endsInSoftmax, feedOf, type Feed } from './feed';
import { count, fileSize, score, shortRate } from './format';
import type { Incoming } from './incoming';
import { compileAsTutorial, type Origin } from './model';
import type { Tell } from './transfer';

const formats: Record<string, string> = {
  tf: 'SavedModel',
  h5: 'HDF5',
  keras: 'Keras archive',
  tfjs: 'TensorFlow.js',
};

/** Errors of what a file was compiled with: the model is there all the same. */
const ofCompile = ['UNKNOWN_CLASS', 'SHAPE_MISMATCH'];

/** A model from a file, beside the page's own until it takes its place. */
export class Opened {
  /** Whether the file says how it was trained. */
  private readonly isCompiled: boolean;
  private readonly feed: Feed | string;

  private constructor(
    readonly model: Sequential,
    private readonly incoming: Incoming,
    readonly summary: string,
    private readonly leftOut: string | null,
  ) {
    this.isCompiled = leftOut === null && model.loadedFrom?.compile !== null;
    this.feed = feedOf(model);
  }

  static async open(given: Incoming, signal: AbortSignal, tell: Tell): Promise<Opened> {
    const onProgress = ({ loaded, total }: { loaded: number; total: number }): void => {
      if (loaded < total) tell(`Reading ${fileSize(loaded)} of ${fileSize(total)}…`, loaded, total);
      else tell(`Checking ${given.name} and making the model…`);
    };
    const { model, leftOut } = await load(given, signal, onProgress);
    const summary = await model.summary({ print: () => undefined });
    return new Opened(model, given, summary, leftOut);
  }

  get name(): string {
    return this.incoming.name;
  }

  get kind(): string {
    const { format = '', version = '' } = this.model.loadedFrom ?? {};
    const by = /^\d/.test(version) ? `Keras ${version}` : version.trim();
    return [formats[format] ?? format, ...(by === '' || by === 'Keras' ? [] : [by])].join(', ');
  }

  /** Sentences: where it is from, how it was trained, what was left out. */
  get about(): string[] {
    const { how, bytes } = this.incoming;
    const { notes = [] } = this.model.loadedFrom ?? {};
    const where = `${this.kind}, ${fileSize(bytes)}, ${how} from this device.`;
    return [where, this.training, ...notes];
  }

  private get training(): string {
    const here = 'this page trains it with Adam and sparse categorical cross-entropy';
    if (this.leftOut !== null)
      return `What it was compiled with is left out (${this.leftOut}): ${here}.`;
    if (!this.isCompiled) return `It is not compiled: ${here}.`;
    const { className } = this.model.optimizer;
    const loss = this.model.loadedFrom?.compile?.loss;
    const name = typeof loss === 'string' ? loss : (loss as { class_name?: string }).class_name;
    const rate = this.rate === null ? 'a schedule' : `learning rate ${shortRate(this.rate)}`;
    return `Compiled with ${className} (${rate}) and ${name ?? 'its own loss'}, with the optimizer’s state.`;
  }

  private get rate(): number | null {
    const { optimizer } = this.model;
    const isScheduled = typeof optimizer.getConfig().learning_rate === 'object';
    return isScheduled ? null : optimizer.learningRate;
  }

  /** Why the digits of the page do not fit it; null where they do. */
  get misfit(): string | null {
    return typeof this.feed === 'string' ? this.feed : null;
  }

  /** Loss and metrics on the test digits, in a sentence. */
  async evaluate({ test }: Mnist, signal: AbortSignal): Promise<string> {
    const { feed } = this;
    if (typeof feed === 'string') return feed;
    this.makeTrainable();
    const logs = await this.model.evaluate(
      await feed.images(test, test.count),
      feed.labels(test, test.count),
      { verbose: 0, returnDict: true, signal },
    );
    const values = Object.entries(logs).map(
      ([name, value]) => `${name.replaceAll('_', ' ')} ${score(value)}`,
    );
    return `On the ${count(test.count)} test digits: ${values.join(', ')}.`;
  }

  /** Compiles as the page does where the file says nothing. */
  makeTrainable(): void {
    if (this.isCompiled || this.wasCompiledHere) return;
    compileAsTutorial(this.model, !endsInSoftmax(this.model));
    this.wasCompiledHere = true;
  }

  private wasCompiledHere = false;

  /** What the page remembers of it when it takes it up. */
  origin(): Origin {
    const { name, kind, rate } = this;
    return { id: crypto.randomUUID(), name, kind, rate };
  }

  /** Of the format's name: the file as it would be saved, in the form that the file was compiled in. */
  toFile(path: string, format: 'tf' | 'h5' | 'keras' | 'tfjs'): Promise<Blob | Uint8Array> {
    return this.model.toFile(path, { format, includeOptimizer: this.isCompiled });
  }
}

async function load(
  { files }: Incoming,
  signal: AbortSignal,
  onProgress: (progress: { loaded: number; total: number }) => void,
): Promise<{ model: Sequential; leftOut: string | null }> {
  try {
    return { model: await loadModel(files, { signal, onProgress }), leftOut: null };
  } catch (error) {
    if (!(error instanceof TabtrainError) || !ofCompile.includes(error.code)) throw error;
    // Where it is the layers that are unknown, that is said again.
    const model = await loadModel(files, { signal, onProgress, compile: false });
    return { model, leftOut: error.message.replace(/^loadModel: /, '').replace(/;.*$/s, '') };
  }
}
