import { make, setText } from './dom';
import { explain, type Safe } from './messages';
import type { Failure } from './phases';

/** Says beside a control what happened, what is safe and what to do; empty and hidden until then. */
export class FailureBox {
  private readonly what = make('p', { className: 'failure-what' });
  private readonly safe = make('p');
  private readonly todo = make('p');

  constructor(private readonly root: HTMLElement) {
    root.prepend(this.what, this.safe, this.todo);
  }

  show(failure: Failure, stored: Safe): void {
    const { what, safe, todo } = explain(failure, stored);
    this.root.hidden = false;
    setText(this.what, what);
    setText(this.safe, safe);
    setText(this.todo, todo);
  }

  hide(): void {
    this.root.hidden = true;
  }
}
