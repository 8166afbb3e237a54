/** The element with this id; a page without it is a bug, so it throws. */
export function byId<T extends HTMLElement>(id: string, type: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`#${id} is not a ${type.name} of this page`);
  return found;
}

/** A new element with properties (not attributes) and children. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Partial<HTMLElementTagNameMap[K]> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/** Sets text only where it differs, so that nothing is laid out or announced again. */
export function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** The 2d context, which every browser that has WebAssembly SIMD also has. */
export function context2d(
  canvas: HTMLCanvasElement,
  options?: CanvasRenderingContext2DSettings,
): CanvasRenderingContext2D {
  const context = canvas.getContext('2d', options);
  if (!context) throw new Error('this browser has no 2d canvas');
  return context;
}

/** Resolves in a later task, so that input and painting come in between. */
export function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

/** Calls `draw` at most once a frame, and no more often than every `interval()` milliseconds. */
export function throttledDraw(draw: () => void, interval: () => number = () => 0): () => void {
  let queued = false;
  let last = -Infinity;
  const frame = (now: number): void => {
    if (now - last < interval()) {
      requestAnimationFrame(frame);
      return;
    }
    queued = false;
    last = now;
    draw();
  };
  return () => {
    if (queued) return;
    queued = true;
    requestAnimationFrame(frame);
  };
}

/**
 * A button that must be pressed twice: the first press asks with `question` in its own label, and
 * leaving it or Escape takes the question back. No dialog, no lost focus. Where it is not needed, once is
 * enough.
 */
export function confirmByPressingTwice(
  button: HTMLButtonElement,
  question: string,
  confirmed: () => void,
  isNeeded: () => boolean = () => true,
): void {
  const label = button.textContent ?? '';
  const name = button.getAttribute('aria-label');
  const reset = (): void => {
    delete button.dataset.asking;
    button.textContent = label;
    if (name !== null) button.setAttribute('aria-label', name);
  };
  button.addEventListener('click', () => {
    if (button.dataset.asking === undefined && isNeeded()) {
      button.dataset.asking = '';
      button.textContent = question;
      button.removeAttribute('aria-label');
    } else {
      reset();
      confirmed();
    }
  });
  button.addEventListener('blur', reset);
  button.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') reset();
  });
}
