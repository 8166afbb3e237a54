import { byId, context2d, make, setText, throttledDraw } from './dom';
import { argMax, imageSide, probabilitiesOf, toMnistImage } from './preprocess';
import type { Predictor } from './predictor';

/** Width of a stroke, as a share of the pad: about what MNIST's pens drew. */
const penWidth = 1 / 11;

/** Paints `[28 * 28]` values (0..1 or 0..255) as ink on a transparent 28 x 28 canvas. */
export function paintDigit(
  canvas: HTMLCanvasElement,
  image: ArrayLike<number> | null,
  scale: number,
): void {
  canvas.width = imageSide;
  canvas.height = imageSide;
  if (!image) return;
  const context = context2d(canvas);
  const picture = context.createImageData(imageSide, imageSide);
  for (let i = 0; i < image.length; i++) picture.data[i * 4 + 3] = (image[i] ?? 0) * scale;
  context.putImageData(picture, 0, 0);
}

/** The drawing pad (or a picked test digit), and ten bars that say what the model takes it for. */
export class TryIt {
  private readonly pad = byId('pad', HTMLCanvasElement);
  private readonly seen = byId('seen', HTMLCanvasElement);
  private readonly hint = byId('pad-hint', HTMLElement);
  private readonly verdict = byId('verdict', HTMLElement);
  private readonly clear = byId('clear', HTMLButtonElement);
  private readonly context = context2d(this.pad, { willReadFrequently: true });
  private readonly bars: { row: HTMLElement; fill: HTMLElement; value: HTMLElement }[] = [];
  private image: Float32Array | null = null;
  private picked = '';
  private asking = false;
  private stale = false;
  private readonly look = throttledDraw(() => {
    this.readPad();
  });

  constructor(private readonly predictor: Predictor) {
    const list = byId('bars', HTMLElement);
    for (let digit = 0; digit < 10; digit++) {
      const fill = make('span', { className: 'bar-fill' });
      const value = make('span', { className: 'bar-value' });
      const row = make(
        'li',
        {},
        make('span', { className: 'bar-digit' }, String(digit)),
        make('span', { className: 'bar-track' }, fill),
        value,
      );
      list.append(row);
      this.bars.push({ row, fill, value });
    }
    this.listenToPen();
    this.clear.addEventListener('click', () => {
      this.erase();
      this.show(null, '');
    });
    this.show(null, '');
  }

  private listenToPen(): void {
    const { pad } = this;
    let drawing: number | null = null;
    const at = (event: PointerEvent): [number, number] => {
      const box = pad.getBoundingClientRect();
      return [
        ((event.clientX - box.left) / box.width) * pad.width,
        ((event.clientY - box.top) / box.height) * pad.height,
      ];
    };
    const line = (event: PointerEvent): void => {
      const strokes = event.getCoalescedEvents();
      for (const stroke of strokes.length > 0 ? strokes : [event])
        this.context.lineTo(...at(stroke));
      this.context.stroke();
      this.look();
    };
    pad.addEventListener('pointerdown', (event) => {
      if (drawing !== null || event.button !== 0) return;
      if (this.picked !== '') this.erase();
      this.picked = '';
      drawing = event.pointerId;
      pad.setPointerCapture(event.pointerId);
      this.context.lineWidth = pad.width * penWidth;
      this.context.lineCap = 'round';
      this.context.lineJoin = 'round';
      this.context.beginPath();
      this.context.moveTo(...at(event));
      line(event);
    });
    pad.addEventListener('pointermove', (event) => {
      if (event.pointerId === drawing) line(event);
    });
    const lift = (event: PointerEvent): void => {
      if (event.pointerId === drawing) drawing = null;
    };
    pad.addEventListener('pointerup', lift);
    pad.addEventListener('pointercancel', lift);
  }

  private erase(): void {
    this.context.clearRect(0, 0, this.pad.width, this.pad.height);
  }

  private readPad(): void {
    if (this.picked !== '') return;
    const { width, height } = this.pad;
    const rgba = this.context.getImageData(0, 0, width, height).data;
    const ink = new Uint8Array(width * height);
    for (let i = 0; i < ink.length; i++) ink[i] = rgba[i * 4 + 3] ?? 0;
    this.show(toMnistImage(ink, width, height), '');
  }

  /** Puts a test digit on the pad. `name` says which, e.g. "test digit 12, a 9". */
  pick(bytes: Uint8Array, name: string): void {
    const image = Float32Array.from(bytes, (value) => value / 255);
    this.erase();
    const small = document.createElement('canvas');
    paintDigit(small, bytes, 1);
    this.context.drawImage(small, 0, 0, this.pad.width, this.pad.height);
    this.show(image, name);
  }

  private show(image: Float32Array | null, picked: string): void {
    this.image = image;
    this.picked = picked;
    this.hint.hidden = image !== null;
    this.clear.disabled = image === null;
    paintDigit(this.seen, image, 255);
    void this.refresh();
  }

  /** Asks the model again; called after each drawn piece and whenever the model has learned. */
  async refresh(): Promise<void> {
    if (this.asking) {
      this.stale = true;
      return;
    }
    this.asking = true;
    do {
      this.stale = false;
      const image = this.image;
      const answer = image ? await this.predictor.predict(image, 1) : null;
      if (image === this.image) this.answer(answer?.rows[0] ?? null, answer?.milliseconds ?? 0);
    } while (this.stale);
    this.asking = false;
  }

  private answer(logits: ArrayLike<number> | null, milliseconds: number): void {
    const probabilities = logits ? probabilitiesOf(logits) : null;
    const best = probabilities ? argMax(probabilities) : -1;
    this.bars.forEach(({ row, fill, value }, digit) => {
      const probability = probabilities?.[digit] ?? 0;
      fill.style.transform = `scaleX(${probability.toFixed(4)})`;
      setText(value, probabilities ? `${(probability * 100).toFixed(0)} %` : '');
      row.classList.toggle('best', digit === best);
    });
    if (!probabilities) {
      setText(
        this.verdict,
        this.image ? 'The model cannot answer now.' : 'Draw a digit from 0 to 9.',
      );
      return;
    }
    const percent = ((probabilities[best] ?? 0) * 100).toFixed(0);
    const what = this.picked === '' ? 'Looks like' : `${this.picked}: looks like`;
    setText(
      this.verdict,
      `${what} a ${best} (${percent} %), answered in ${milliseconds.toFixed(0)}\u00a0ms.`,
    );
  }
}
