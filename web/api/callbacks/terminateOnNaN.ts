import { print } from '../text/print';
import { Callback, type Logs } from './callback';

/**
 * Stops training at the batch whose loss is no finite number, as Keras's TerminateOnNaN; says so
 * unless fit is silent.
 */
export class TerminateOnNaN extends Callback {
  override onTrainBatchEnd(batch: number, logs: Logs): void {
    const loss = logs['loss'];
    if (loss === undefined || Number.isFinite(loss)) return;
    if (this.params.verbose > 0) print(`Batch ${batch}: Invalid loss, terminating training\n`);
    this.model!.stopTraining = true;
  }
}
