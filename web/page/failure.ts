import { make, setText } from './dom';
import { explain } from './messages';
import type { Failure } from './trainer';

/** Says beside a control what happened, what is safe and what to do; empty and hidden until then. */
export class FailureBox {
  private readonly what = make('p', { className: 'failure-what' });
  private readonly safe = make('p');
  private readonly todo = make('p');

  constructor(private readonly root: HTMLElement) {
    root.prepend(this.what, this.safe, this.todo);
  }

  /** @param savedEpoch the newest epoch that is known to be saved; 0 for none */
  show(failure: Failure, savedEpoch: number): void {
    const { what, safe, todo } = explain(failure, savedEpoch);
    this.root.hidden = false;
    setText(this.what, what);
    setText(this.safe, safe);
    setText(this.todo, todo);
  }

  hide(): void {
    this.root.hidden = true;
  }
}
