import { TabtrainError } from '../errors';
import type { RunAction } from './protocol';

/** What the caller asked of a run that is under way; the run looks at its batch borders. */
export class RunControl {
  /** Ends the epoch after the batch, as Keras's `stop_training`. */
  stopRequested = false;
  /** True while a hook is awaited: then the callback may change weights, as in Keras. */
  awaitingHook = false;
  /** True while a batch is on its way. */
  awaitingData = false;
  /** Whether the state is to be saved at the next border. */
  saveRequested = false;
  /** Called when the run is aborted. */
  onAbort: (() => void) | null = null;
  #aborted: TabtrainError | null = null;
  readonly #held: () => boolean;
  #paused: boolean;
  #wake: (() => void) | null = null;
  #onRest: (() => void)[] = [];

  /** @param held whether the run must rest whatever the caller asks; `wake` tells that it changed. */
  constructor(paused = false, held = () => false) {
    this.#paused = paused;
    this.#held = held;
  }

  /**
   * Resolves when the action took effect: for `pause`, when the run rests, awaits a hook or a batch (it rests
   * after it, and the hook may be what waits) or has ended.
   */
  apply(action: RunAction): Promise<void> {
    switch (action) {
      case 'pause':
        this.#paused = true;
        // A pause may be long, and nobody knows how it ends.
        this.saveRequested = true;
        if (this.#wake || this.awaitingHook || this.awaitingData) break;
        return new Promise((done) => this.#onRest.push(done));
      case 'resume':
        this.#paused = false;
        this.#wake?.();
        break;
      case 'stop':
        this.stopRequested = true;
        this.#paused = false;
        this.#wake?.();
        break;
      case 'save':
        this.saveRequested = true;
        this.#wake?.();
        break;
      case 'abort':
        this.abort(new TabtrainError('ABORTED', 'the run was aborted at a batch border'));
        break;
    }
    return Promise.resolve();
  }

  abort(error: TabtrainError): void {
    this.#aborted ??= error;
    this.#wake?.();
    this.onAbort?.();
  }

  /** Looks anew whether the run must rest. */
  wake(): void {
    this.#wake?.();
  }

  get aborted(): boolean {
    return this.#aborted !== null;
  }

  get resting(): boolean {
    return (this.#paused || this.#held()) && this.#aborted === null;
  }

  throwIfAborted(): void {
    if (this.#aborted) throw this.#aborted;
  }

  /** Waits while the run is paused or held, or until a save is asked for that could be done here. */
  async rest(canSave: boolean): Promise<void> {
    while (this.resting && !(canSave && this.saveRequested)) {
      const woken = new Promise<void>((resolve) => (this.#wake = resolve));
      this.#rested();
      await woken;
      this.#wake = null;
    }
  }

  /** To be called when the run is over, so that nobody waits for its pause. */
  finish(): void {
    this.#rested();
  }

  #rested(): void {
    for (const done of this.#onRest.splice(0)) done();
  }
}
