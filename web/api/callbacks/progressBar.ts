import { came, invalid } from '../errors';
import type { Progress } from './callback';
import { ProgbarLogger } from './progbarLogger';

/**
 * Keras's progress lines in an element of a page: one line of text per epoch, the last one live.
 * The element's text is the whole of what a terminal would show.
 */
export class ProgressBar extends ProgbarLogger {
  constructor(element: Pick<Element, 'textContent'>) {
    if (element === null || typeof element !== 'object' || !('textContent' in element)) {
      invalid(`callbacks.progressBar: expected an element, came ${came(element)}`);
    }
    let done = '';
    let line = '';
    const write = (text: string) => {
      const lines = (line + text).split('\n').map((each) => each.slice(each.lastIndexOf('\r') + 1));
      line = lines.pop()!;
      for (const each of lines) done += `${each.trimEnd()}\n`;
      element.textContent = done + line;
    };
    super(1, write);
    this.#reset = () => {
      done = line = '';
    };
  }

  readonly #reset: () => void;

  override onProgress(progress: Progress): void {
    if (progress.type === 'begin') this.#reset();
    super.onProgress(progress);
  }
}
