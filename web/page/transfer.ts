import { byId, setText } from './dom';

/** What takes less is over before a bar could be read, in milliseconds. */
const patience = 300;

/** Tells how far it is, in a sentence; with numbers the bar shows them, else it only moves. */
export type Tell = (sentence: string, done?: number, total?: number) => void;

/** One thing at a time that may take long: a sentence, a bar, and a button that cancels it. */
export class Transfer {
  private readonly root = byId('transfer', HTMLElement);
  private readonly line = byId('transfer-line', HTMLElement);
  private readonly bar = byId('transfer-bar', HTMLProgressElement);
  private readonly cancel = byId('transfer-cancel', HTMLButtonElement);
  private current: AbortController | null = null;

  /** @param next gets the keyboard's place from the button that cancels. */
  constructor(
    private readonly next: HTMLElement,
    private readonly changed: () => void,
  ) {
    this.cancel.addEventListener('click', () => {
      this.current?.abort();
    });
  }

  get busy(): boolean {
    return this.current !== null;
  }

  /** Resolves to what the work gives, null where it was cancelled; what comes later ends what is under way. */
  async run<T>(work: (signal: AbortSignal, tell: Tell) => Promise<T>): Promise<T | null> {
    this.current?.abort();
    const mine = new AbortController();
    this.current = mine;
    this.changed();
    const timer = setTimeout(() => {
      if (this.current !== mine) return;
      this.root.hidden = false;
      // Files may have been dropped anywhere.
      this.root.scrollIntoView({ block: 'nearest' });
    }, patience);
    try {
      return await work(mine.signal, (sentence, done, total) => {
        if (this.current === mine) this.show(sentence, done, total);
      });
    } catch (error) {
      if (mine.signal.aborted) return null;
      throw error;
    } finally {
      clearTimeout(timer);
      if (this.current === mine) this.end();
    }
  }

  private show(sentence: string, done?: number, total?: number): void {
    setText(this.line, sentence);
    if (done === undefined || total === undefined) {
      this.bar.removeAttribute('value');
      return;
    }
    this.bar.max = total;
    this.bar.value = done;
  }

  private end(): void {
    const held = document.activeElement === this.cancel;
    this.current = null;
    this.root.hidden = true;
    this.changed();
    if (held) this.next.focus();
  }
}
