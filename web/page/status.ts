import { checkpointName } from './checkpoints';
import { count, score } from './format';
import type { Restored, Trainer } from './trainer';

function restoredLine({ checkpoint, epoch, accuracy, loss, saved, skipped }: Restored): string {
  const same = saved !== null && saved.valAccuracy === accuracy && saved.valLoss === loss;
  const compared =
    saved === null
      ? 'no note of it was saved'
      : same
        ? 'as when it was saved'
        : `but it was ${score(saved.valAccuracy)} when it was saved`;
  const passed =
    skipped.length === 0 ? '' : ` Not readable, so passed over: ${skipped.join('; ')}.`;
  return (
    `Restored from ${checkpoint}: test accuracy ${score(accuracy)}, ${compared}.` +
    ` Training goes on with epoch ${epoch + 1}.${passed}`
  );
}

/** What a tab shows that only watches. */
function elsewhereLine(restored: Restored | null): string {
  const shown = restored
    ? `This one answers with ${restored.checkpoint} (test accuracy ${score(restored.accuracy)})`
    : 'It has saved nothing yet';
  return `Open in another tab, which trains. ${shown}; close that tab to go on here.`;
}

/** One sentence or two: what is going on now. */
export function statusLine({ phase, run, live, restored, countdown }: Trainer): string {
  const last = run.epochs.at(-1);
  const where = live
    ? `epoch ${live.epoch} after batch ${live.batch} of ${live.steps}`
    : 'between epochs';
  switch (phase) {
    case 'loading':
      return 'Loading the digits…';
    case 'restoring':
      return 'Looking for checkpoints of your last visit…';
    case 'ready':
      return 'Ready. Nothing is trained yet: the model guesses.';
    case 'interrupted':
      return `Your last visit ended while it trained. Going on from there in ${countdown} s…`;
    case 'restored':
      return restored ? restoredLine(restored) : '';
    case 'elsewhere':
      return elsewhereLine(restored);
    case 'preparing':
      return `Preparing ${count(run.settings.digits)} digits…`;
    case 'training':
      return `Training epoch ${live?.epoch ?? run.epochs.length + 1} of ${run.target}. You can draw meanwhile.`;
    case 'paused':
      return `Paused in ${where}. Predictions use the weights of that batch.`;
    case 'stopping':
      return 'Stopping: this batch ends, then the model is tested and saved…';
    case 'stopped':
      return last
        ? `Stopped. Epoch ${last.epoch} ended early and is saved as ${checkpointName(last.epoch)}, test accuracy ${score(last.valAccuracy)}.`
        : 'Stopped before the first epoch ended.';
    case 'finished':
      return `Finished ${run.epochs.length} epochs: test accuracy ${score(last?.valAccuracy)}. Draw a digit, or train on.`;
    case 'failed':
      return 'Not training.';
  }
}
