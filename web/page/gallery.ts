import type { Digits } from './data';
import { pixels } from './data';
import { byId, make, setText } from './dom';
import { argMax } from './preprocess';
import type { Answer, Predictor } from './predictor';
import { paintDigit } from './tryit';

const shown = 24;

/** When the model is asked: at the end of an epoch (0: untrained), or after a batch in it. */
export interface Moment {
  readonly epoch: number;
  readonly batch: number | null;
}

interface Cell {
  readonly button: HTMLButtonElement;
  readonly guess: HTMLElement;
  readonly word: HTMLElement;
}

/** The first test digits with what the model takes them for; they flip from wrong to right. */
export class Gallery {
  private readonly list = byId('gallery', HTMLElement);
  private readonly summary = byId('gallery-summary', HTMLElement);
  private readonly cells: Cell[] = [];
  /** Which were right when the last epoch ended: what is newly right is so against these. */
  private before: boolean[] | null = null;
  private images: Float32Array | null = null;
  private busy = false;
  /** The update that is still to be made; null where there is none. */
  private next: Moment | null = null;

  constructor(
    private readonly predictor: Predictor,
    private readonly picked: (index: number) => void,
  ) {
    for (let index = 0; index < shown; index++) {
      const guess = make('span', { className: 'guess' });
      const word = make('span', { className: 'word' });
      const button = make(
        'button',
        { type: 'button', className: 'cell', disabled: true, tabIndex: index === 0 ? 0 : -1 },
        make('canvas', { className: 'ink', width: 28, height: 28 }),
        make('span', { className: 'cell-text' }, guess, word),
      );
      button.addEventListener('click', () => {
        this.picked(index);
      });
      this.list.append(button);
      this.cells.push({ button, guess, word });
    }
    this.list.addEventListener('keydown', (event) => {
      this.moveFocus(event);
    });
  }

  /** One tab stop; the arrow keys move among the digits, as in a toolbar. */
  private moveFocus(event: KeyboardEvent): void {
    const from = this.cells.findIndex(({ button }) => button === document.activeElement);
    const moves: Record<string, number> = {
      ArrowRight: from + 1,
      ArrowLeft: from - 1,
      Home: 0,
      End: shown - 1,
    };
    const columns = getComputedStyle(this.list).gridTemplateColumns.split(' ').length;
    moves.ArrowDown = from + columns;
    moves.ArrowUp = from - columns;
    const to = moves[event.key];
    const next = to === undefined ? undefined : this.cells[to];
    if (from < 0 || !next) return;
    event.preventDefault();
    for (const { button } of this.cells) button.tabIndex = -1;
    next.button.tabIndex = 0;
    next.button.focus();
  }

  async show(test: Digits): Promise<void> {
    this.images = (await test.images(shown)).data.slice(0, shown * pixels);
    this.cells.forEach(({ button }, index) => {
      const canvas = button.querySelector('canvas');
      if (canvas) paintDigit(canvas, test.image(index), 1);
      button.disabled = false;
      button.dataset.label = String(test.label(index));
    });
  }

  /**
   * Asks the model and marks what is right, wrong, and newly right. Calls that come while the model
   * is being asked are answered together, with the latest weights.
   */
  async update(moment: Moment): Promise<void> {
    this.next = moment;
    if (!this.images || this.busy) return;
    this.busy = true;
    while (this.next !== null) {
      const now = this.next;
      this.next = null;
      const answer = await this.predictor.predict(this.images, shown);
      if (answer) this.mark(answer, now);
    }
    this.busy = false;
  }

  private mark(answer: Answer, { epoch, batch }: Moment): void {
    const untrained = epoch === 0;
    const before = untrained ? null : this.before;
    let flipped = 0;
    const marks = this.cells.map(({ button, guess, word }, index) => {
      const label = button.dataset.label ?? '';
      const taken = String(argMax(answer.rows[index] ?? []));
      const right = taken === label;
      const changed = before !== null && before[index] !== right;
      if (changed && right) flipped++;
      const words = right ? 'right' : 'wrong';
      setText(guess, taken);
      setText(word, words);
      button.classList.toggle('right', right);
      button.classList.toggle('flipped', changed && right);
      button.setAttribute(
        'aria-label',
        `Test digit ${index + 1}, a ${label}, taken for ${taken}, ${changed ? 'now ' : ''}${words}. Try it`,
      );
      return right;
    });
    if (batch === null) this.before = marks;
    const total = marks.filter(Boolean).length;
    const when = untrained
      ? 'before training'
      : batch === null
        ? `after epoch ${epoch}`
        : `in epoch ${epoch}, batch ${batch}`;
    const news = before === null ? '' : `, ${flipped} newly right (outlined)`;
    setText(this.summary, `${total} of ${shown} right ${when}${news}`);
  }
}
