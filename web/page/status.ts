import { checkpointName } from './checkpoints';
import { clock, count, score } from './format';
import { isBusy, placeText, type Restored, type SavedPlace } from './phases';
import type { Trainer } from './trainer';

function passedOver({ skipped }: Restored): string {
  return skipped.length === 0 ? '' : ` Not readable, so passed over: ${skipped.join('; ')}.`;
}

function restoredLine(restored: Restored): string {
  const { checkpoint, epoch, measured, saved } = restored;
  if (!measured) return '';
  const { accuracy, loss } = measured;
  const same = saved !== null && Object.is(saved.valAccuracy, accuracy) && saved.valLoss === loss;
  const compared =
    saved === null
      ? 'no note of it was saved'
      : same
        ? 'as when it was saved'
        : `but it was ${score(saved.valAccuracy)} when it was saved`;
  return (
    `Restored from ${checkpoint}: test accuracy ${score(accuracy)}, ${compared}.` +
    ` Training goes on with epoch ${epoch + 1}.${passedOver(restored)}`
  );
}

/** What a tab shows that only watches. */
function elsewhereLine({ restored, reported, asked, live, run }: Trainer): string {
  const shown = restored
    ? `This tab looks on and answers with ${restored.checkpoint}.`
    : 'This tab looks on; nothing is saved yet.';
  if (asked === 'silent')
    return `The other tab does not answer. Close it, and this one goes on by itself. ${shown}`;
  if (asked === 'asked') return 'Taking over: the other tab saves where it is and lets go…';
  if (reported && live && isBusy(reported)) {
    const doing = reported === 'paused' ? 'is paused' : 'runs';
    return `Training ${doing} in another tab, at epoch ${live.epoch} of ${run.target}, step ${live.batch}. ${shown}`;
  }
  return `The page is open in another tab, which has the files. ${shown}`;
}

/** Where an interrupted run would go on. */
function interruptedLine({ interrupted, countdown, restored }: Trainer): string {
  const where = interrupted ? placeText(interrupted) : 'where it was';
  const passed = restored ? passedOver(restored) : '';
  return countdown > 0
    ? `Going on from ${where} in ${countdown} s…${passed}`
    : `Interrupted at ${where}. Press “Train” to go on from there.${passed}`;
}

/** One sentence or two: what is going on now. */
export function statusLine(trainer: Trainer): string {
  const { phase, run, live, restored, interrupted, keeps } = trainer;
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
      return interrupted
        ? interruptedLine(trainer)
        : run.model
          ? `Ready to train ${run.model.name} on.`
          : 'Ready. Nothing is trained yet: the model guesses.';
    case 'interrupted':
      return interruptedLine(trainer);
    case 'restored':
      if (interrupted) return interruptedLine(trainer);
      return restored ? restoredLine(restored) : '';
    case 'elsewhere':
      return elsewhereLine(trainer);
    case 'preparing':
      return `Preparing ${count(run.settings.digits)} digits…`;
    case 'training':
      return `Training epoch ${live?.epoch ?? run.epochs.length + 1} of ${run.target}. You can draw meanwhile.`;
    case 'paused':
      return `Paused in ${where}. Predictions use the weights of that batch.`;
    case 'stopping':
      return 'Stopping: this batch ends, then the model is tested and saved…';
    case 'leaving':
      return 'Another tab takes over: saving where this one is…';
    case 'stopped':
      return last
        ? `Stopped. Epoch ${last.epoch} ended early and is ${keeps ? `saved as ${checkpointName(last.epoch)}` : 'not saved'}, test accuracy ${score(last.valAccuracy)}.`
        : 'Stopped before the first epoch ended.';
    case 'finished':
      return `Finished ${run.epochs.length} epochs: test accuracy ${score(last?.valAccuracy)}. Draw a digit, or train on.`;
    case 'failed':
      return 'Not training.';
  }
}

/** What is saved, and whether the tab may be closed. */
export function savedLine(trainer: Trainer): string {
  const { busy, phase, run, savedAt, savedEpoch, savedPlace, resumedAt, interrupted } = trainer;
  const leave = 'Close this tab whenever you like: you go on from there.';
  const at = (place: SavedPlace): string => `${placeText(place)}, at ${clock(place.at)}`;
  const hasTrained = busy || run.epochs.length > 0;
  if (trainer.watching || !hasTrained) return interrupted ? `Saved at ${at(interrupted)}.` : '';
  if (trainer.inMemory) return 'In this tab’s memory only: download the files before you close it.';
  if (!trainer.keeps) {
    const isLater = resumedAt !== null && resumedAt.epoch > savedEpoch;
    const since = isLater ? `since ${placeText(resumedAt)}` : `since epoch ${savedEpoch}`;
    return `Not saved ${isLater || savedEpoch > 0 ? since : 'at all'}: what is trained now is lost when this tab is closed.`;
  }
  if (busy && savedPlace) return `Saved at ${at(savedPlace)}. ${leave}`;
  if (busy && resumedAt)
    return `Went on from ${placeText(resumedAt)}, saved at ${clock(resumedAt.at)}. ${leave}`;
  if (interrupted) return `Saved at ${at(interrupted)}. ${leave}`;
  if (savedAt === null || phase === 'failed') return '';
  return `Saved after epoch ${savedEpoch} at ${clock(savedAt)}. ${leave}`;
}

/** What was damaged, in a sentence for each file. */
export function warningLine({ warnings }: Trainer): string {
  return warnings
    .map((each) =>
      each.includes('was not used')
        ? `Damaged: ${each.replace(/\.$/, '')}. The state saved before it was taken.`
        : each,
    )
    .join(' ');
}
