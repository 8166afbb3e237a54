import { byId, make, setText } from './dom';
import { shortRate } from './format';
import type { Origin } from './model';
import { defaultSettings, type Settings } from './run';

/** The four choices, as native controls. */
export class SettingsForm {
  private readonly fieldset = byId('settings', HTMLFieldSetElement);
  private readonly digits = byId('digits', HTMLSelectElement);
  private readonly epochs = byId('epochs', HTMLInputElement);
  private readonly batchSize = byId('batch-size', HTMLSelectElement);
  private readonly learningRate = byId('learning-rate', HTMLSelectElement);
  private readonly ownRate = make('option', { value: '0' });

  constructor(changed: () => void) {
    this.fieldset.addEventListener('input', changed);
    this.fieldset.addEventListener('change', () => {
      this.epochs.value = String(this.read().epochs);
      changed();
    });
  }

  read(): Settings {
    const epochs = Math.round(this.epochs.valueAsNumber);
    return {
      digits: Number(this.digits.value),
      epochs: Number.isFinite(epochs) ? Math.min(Math.max(epochs, 1), Number(this.epochs.max)) : 10,
      batchSize: Number(this.batchSize.value),
      learningRate: Number(this.learningRate.value),
    };
  }

  /** Shows the choices of an earlier run; a value that is no longer offered leaves the default. */
  write(settings: Settings): void {
    const choose = (select: HTMLSelectElement, value: number): void => {
      const option = [...select.options].find((each) => Number(each.value) === value);
      if (option) select.value = option.value;
    };
    choose(this.digits, settings.digits);
    choose(this.batchSize, settings.batchSize);
    choose(this.learningRate, settings.learningRate);
    this.epochs.value = String(settings.epochs);
  }

  /** Offers the learning rate that a model from a file has, and no other where a schedule sets it. */
  offerRateOf(origin: Origin | null): void {
    const { learningRate, ownRate } = this;
    const isOffered = ownRate.isConnected;
    if (origin) {
      setText(ownRate, origin.rate === null ? 'its schedule' : `own: ${shortRate(origin.rate)}`);
      for (const option of learningRate.options) option.disabled = origin.rate === null;
      ownRate.disabled = false;
      if (isOffered) return;
      learningRate.prepend(ownRate);
      learningRate.value = ownRate.value;
    } else if (isOffered) {
      ownRate.remove();
      for (const option of learningRate.options) option.disabled = false;
      learningRate.value = String(defaultSettings.learningRate);
    }
  }

  set disabled(disabled: boolean) {
    this.fieldset.disabled = disabled;
  }
}
