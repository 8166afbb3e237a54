import { TabtrainError } from '../errors';
import type { RunAction, RunRequest } from './protocol';

/** What the caller asked of a run that is under way; the run looks at its batch borders. */
export class RunControl {
  /** Ends the epoch after the batch, as Keras's `stop_training`. */
  stopRequested = false;
  /** True while a hook is awaited: then the callback may change weights, as in Keras. */
  awaitingHook = false;
  /** Whether somebody listens to hooks, so that others have their turns between its batches. */
  readonly hooked: boolean;
  #aborted: TabtrainError | null = null;
  #paused: boolean;
  #holds = 0;
  #wake: (() => void) | null = null;
  #onRest: (() => void)[] = [];

  constructor({ paused = false, hooks }: RunRequest) {
    this.#paused = paused;
    this.hooked = hooks.length > 0;
  }

  /**
   * Resolves when the action took effect: for `pause`, when the run rests, awaits a hook (it rests after
   * it, and the hook may be what waits) or has ended.
   */
  apply(action: RunAction): Promise<void> {
    switch (action) {
      case 'pause':
        this.#paused = true;
        if (this.#wake || this.awaitingHook) break;
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
      case 'abort':
        this.abort(new TabtrainError('ABORTED', 'the run was aborted at a batch border'));
        break;
    }
    return Promise.resolve();
  }

  abort(error: TabtrainError): void {
    this.#aborted ??= error;
    this.#wake?.();
  }

  /** Makes the run rest at its next border until {@link letGo}, as if paused, whatever the caller asks. */
  hold(): void {
    ++this.#holds;
  }

  letGo(): void {
    --this.#holds;
    this.#wake?.();
  }

  get resting(): boolean {
    return (this.#paused || this.#holds > 0) && this.#aborted === null;
  }

  throwIfAborted(): void {
    if (this.#aborted) throw this.#aborted;
  }

  /** Waits while the run is paused or held. */
  async rest(): Promise<void> {
    while (this.resting) {
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
