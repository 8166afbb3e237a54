import type { Layer, Sequential } from '../api/index';
import { byId, make, setText } from './dom';
import { count } from './format';
import type { Origin } from './model';

/** More are told by their number. */
const mostLayers = 8;

/** The model in the left column, and the line of code that makes it: the page's own, or one from a file. */
export class ModelCard {
  private readonly list = byId('model-layers', HTMLElement);
  private readonly caption = byId('model-caption', HTMLElement);
  private readonly code = byId('code-model', HTMLElement);
  /** As the page begins. */
  private readonly own = {
    rows: [...this.list.children],
    caption: this.caption.textContent ?? '',
    code: this.code.textContent ?? '',
  };

  show(model: Sequential, origin: Origin | null): void {
    const { own } = this;
    if (!origin) {
      this.list.replaceChildren(...own.rows);
      setText(this.caption, own.caption);
      setText(this.code, own.code);
      return;
    }
    const { layers } = model;
    const input = (model.inputs[0]?.shape ?? []).slice(1).join(' × ');
    const rows = layers.slice(0, mostLayers).map((layer) => row(layer.className, told(layer)));
    const rest = layers.length - rows.length;
    if (rest > 0) rows.push(row('…', `${rest} more layers, in the summary below`));
    this.list.replaceChildren(row('Input', `${input} pixels`), ...rows);
    setText(
      this.caption,
      `${count(model.countParams())} weights, learned with ${model.optimizer.className}: from ${origin.name} (${origin.kind}).`,
    );
    setText(this.code, `const model = await loadModel('${origin.name}');`);
  }
}

function row(name: string, text: string): HTMLLIElement {
  return make('li', {}, make('span', {}, name), make('span', {}, text));
}

/** What a layer does, as far as a few words can say. */
function told(layer: Layer): string {
  const { units, activation, rate } = layer.getConfig();
  const does = typeof activation === 'string' && activation !== 'linear' ? [activation] : [];
  if (typeof units === 'number') return [`${units} units`, ...does].join(', ');
  if (typeof rate === 'number') return `${Math.round(rate * 100)} % left out, at random`;
  return does[0] ?? (layer.outputShape ?? []).slice(1).join(' × ');
}
