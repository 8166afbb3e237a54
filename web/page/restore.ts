import * as checkpoints from './checkpoints';
import type { Mnist } from './data';
import type { Subject } from './model';
import { accuracyOf } from './recorder';
import { testDigitsFor, type EpochRecord, type Run } from './run';

/**
 * Loads the newest checkpoint that can be read; resolves to its epoch, 0 for none, with the names of newer
 * ones that could not be read and why.
 */
export async function loadNewest(
  model: Subject['model'],
): Promise<{ readonly epoch: number; readonly skipped: readonly string[] }> {
  const skipped: string[] = [];
  for (const epoch of await checkpoints.restorableEpochs()) {
    const name = checkpoints.checkpointName(epoch);
    try {
      await model.loadWeights(`${checkpoints.directory}/${name}`);
      return { epoch, skipped };
    } catch (error) {
      skipped.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { epoch: 0, skipped };
}

/** Loss and accuracy on the test digits that were used when `saved` was written down. */
export async function measure(
  { model, feed }: Pick<Subject, 'model' | 'feed'>,
  mnist: Mnist,
  { settings }: Run,
  saved: EpochRecord | null,
): Promise<{ readonly loss: number; readonly accuracy: number }> {
  const count = saved?.testDigits ?? testDigitsFor(settings.digits);
  const images = await feed.images(mnist.test, count);
  const logs = await model.evaluate(images, feed.labels(mnist.test, count), {
    batchSize: saved?.batchSize ?? settings.batchSize,
    verbose: 0,
    returnDict: true,
  });
  return { loss: logs.loss ?? NaN, accuracy: accuracyOf(logs) };
}
