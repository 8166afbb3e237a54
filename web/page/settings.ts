import { byId } from './dom';
import type { Settings } from './run';

/** The four choices, as native controls. */
export class SettingsForm {
  private readonly fieldset = byId('settings', HTMLFieldSetElement);
  private readonly digits = byId('digits', HTMLSelectElement);
  private readonly epochs = byId('epochs', HTMLInputElement);
  private readonly batchSize = byId('batch-size', HTMLSelectElement);
  private readonly learningRate = byId('learning-rate', HTMLSelectElement);

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

  set disabled(disabled: boolean) {
    this.fieldset.disabled = disabled;
  }
}
