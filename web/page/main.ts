import { engineInfo, setSeed } from '../api/index';
import { Charts } from './charts';
import { loadMnist, type Digits, type Mnist } from './data';
import {
  byId,
  confirmByPressingTwice,
  context2d,
  make,
  nextTask,
  setText,
  throttledDraw,
} from './dom';
import { FailureBox } from './failure';
import { FilesPanel } from './files';
import { clock, count, duration, epochRange, fileSize, score } from './format';
import { Gallery } from './gallery';
import { Hood } from './hood';
import { Predictor } from './predictor';
import { nextTarget, type EpochRecord } from './run';
import { SettingsForm } from './settings';
import { statusLine } from './status';
import { ownFiles } from './tabs';
import { Trainer } from './trainer';
import { paintDigit, TryIt } from './tryit';

const page = document.documentElement;
const train = byId('train', HTMLButtonElement);
const pause = byId('pause', HTMLButtonElement);
const stop = byId('stop', HTMLButtonElement);
const wait = byId('wait', HTMLButtonElement);
const startOver = byId('start-over', HTMLButtonElement);
const retry = byId('retry', HTMLButtonElement);
const status = byId('status', HTMLElement);
const savedLine = byId('saved', HTMLElement);
const failureBox = new FailureBox(byId('failure', HTMLElement));
const filesFailure = new FailureBox(byId('files-failure', HTMLElement));
const announcer = byId('announcer', HTMLElement);
const dataLine = byId('data-line', HTMLElement);
const dataProgress = byId('data-progress', HTMLProgressElement);
const progressLine = byId('progress-line', HTMLElement);
const numbers = {
  epoch: byId('number-epoch', HTMLElement),
  batch: byId('number-batch', HTMLElement),
  speed: byId('number-speed', HTMLElement),
  left: byId('number-left', HTMLElement),
  accuracy: byId('number-accuracy', HTMLElement),
};

/** Lets tests, and the curious, train the same model twice. */
const seed = new URLSearchParams(location.search).get('seed');
if (seed !== null && /^\d{1,9}$/.test(seed)) setSeed(Number(seed));

let mnist: Mnist | null = null;
let focusWaits = false;
let restoring = Promise.resolve();

const settings = new SettingsForm(() => {
  showControls();
});
const trainer = new Trainer(
  {
    changed: () => {
      showPhase();
    },
    batch: () => {
      drawLive();
      askGallery();
    },
    epoch: (record) => {
      showEpoch(record);
    },
  },
  progressLine,
);
const predictor = new Predictor(trainer);
// The pieces are made in tasks of their own: together they would hold up the first frames.
await nextTask();
const charts = new Charts(byId('loss-chart', HTMLElement), byId('accuracy-chart', HTMLElement));
await nextTask();
const tryIt = new TryIt(predictor);
const gallery = new Gallery(predictor, (index) => {
  if (mnist)
    tryIt.pick(mnist.test.image(index), `Test digit ${index + 1}, a ${mnist.test.label(index)}`);
});
const files = new FilesPanel({
  failed: showFilesFailure,
  succeeded: () => {
    filesFailure.hide();
  },
  removed: () => {
    void hood.refresh();
  },
});
const hood = new Hood(trainer);

/** Files and storage change with each epoch; listing them twice a second is enough. */
const refreshFiles = throttledDraw(
  () => {
    void files.refresh();
    void hood.refresh();
  },
  () => 500,
);

const drawLive = throttledDraw(showNumbers, () => 50);

/** Epochs may be long: the test digits flip within them as well. */
const askGallery = throttledDraw(
  () => {
    const { live, phase } = trainer;
    if (live && live.batch > 0 && phase === 'training') void gallery.update(live);
  },
  () => 1000,
);

function showNumbers(): void {
  const { run, live, speed } = trainer;
  const done = run.epochs.length;
  const last = run.epochs.at(-1);
  const target = Math.max(run.target, done);
  setText(numbers.epoch, target === 0 ? '–' : `${live?.epoch ?? done} of ${target}`);
  setText(numbers.batch, live ? `${live.batch} of ${live.steps}` : '–');
  setText(numbers.speed, live && speed.digitsPerSecond > 0 ? count(speed.digitsPerSecond) : '–');
  setText(numbers.left, live ? duration(speed.secondsLeft) : '–');
  setText(numbers.accuracy, score(trainer.restored?.accuracy ?? last?.valAccuracy));
  charts.show(run);
  if (trainer.phase === 'paused' || trainer.phase === 'training')
    setText(status, statusLine(trainer));
}

function showEpoch(record: EpochRecord): void {
  drawLive();
  charts.describe(trainer.run);
  setText(byId('loss-now', HTMLElement), `${score(record.loss)}, test ${score(record.valLoss)}`);
  setText(
    byId('accuracy-now', HTMLElement),
    `${score(record.accuracy)}, test ${score(record.valAccuracy)}`,
  );
  setText(
    announcer,
    `Epoch ${record.epoch} of ${trainer.run.target}: test accuracy ${score(record.valAccuracy)}`,
  );
  void gallery.update({ epoch: record.epoch, batch: null });
  void tryIt.refresh();
}

function showControls(): void {
  const { run, phase, busy } = trainer;
  const done = run.epochs.length;
  const waiting = ['loading', 'restoring'].includes(phase) || trainer.failure?.place === 'start';
  const ready = mnist !== null && !busy && !trainer.watching && !waiting;
  const held = document.activeElement;
  train.disabled = !ready;
  pause.disabled = phase !== 'training' && phase !== 'paused';
  stop.disabled = pause.disabled;
  startOver.disabled = !ready || (done === 0 && phase !== 'failed');
  settings.disabled = !ready;
  const target = nextTarget(run, settings.read());
  setText(
    train,
    busy ? 'Training…' : done === 0 ? 'Train' : `Train ${epochRange(done + 1, target)}`,
  );
  setText(pause, phase === 'paused' ? 'Resume' : 'Pause');
  wait.hidden = phase !== 'interrupted';
  files.lock(busy || trainer.watching);
  charts.plannedEpochs = done === 0 ? target : run.target;
  keepFocus(held);
}

/** A control that turned itself off hands the keyboard's place on to the one that is on next. */
function keepFocus(held: Element | null): void {
  if ([train, pause, stop].some((button) => button === held && button.disabled)) focusWaits = true;
  else if (held !== document.body) focusWaits = false;
  const next = [pause, train].find((button) => !button.disabled);
  if (!focusWaits || !next) return;
  focusWaits = false;
  next.focus();
}

function showPhase(): void {
  page.dataset.phase = trainer.phase;
  setText(status, statusLine(trainer));
  const saved = trainer.savedAt;
  setText(savedLine, savedText());
  showControls();
  const failure = trainer.failure;
  retry.hidden = failure?.place !== 'data';
  if (failure) failureBox.show(failure, savedEpoch());
  else failureBox.hide();
  showNumbers();
  if (saved !== null) refreshFiles();
}

function savedText(): string {
  const { busy, phase, run, savedAt, savedPlace, watching } = trainer;
  const epochs = phase === 'failed' ? 0 : run.epochs.length;
  const leave = 'Close this tab whenever you like: you go on from there.';
  if (watching) return '';
  if (busy && savedPlace) {
    const { epoch, batch, at } = savedPlace;
    return `Saved at epoch ${epoch}, step ${batch}, at ${clock(at)}. ${leave}`;
  }
  return savedAt === null || epochs === 0
    ? ''
    : `Saved after epoch ${epochs} at ${clock(savedAt)}. ${leave}`;
}

/** The newest epoch that is known to be saved; 0 for none. */
function savedEpoch(): number {
  if (trainer.savedAt === null) return 0;
  return trainer.run.epochs.length - (trainer.failure?.place === 'save' ? 1 : 0);
}

function showFilesFailure(error: unknown): void {
  filesFailure.show({ place: 'files', error }, savedEpoch());
}

function showDigits(digits: Digits): void {
  const strip = byId('data-strip', HTMLCanvasElement);
  const context = context2d(strip);
  const digit = make('canvas');
  for (let index = 0; index * 28 < strip.width; index++) {
    paintDigit(digit, digits.image(index), 1);
    context.drawImage(digit, index * 28, 0);
  }
}

async function load(): Promise<void> {
  trainer.failure = null;
  trainer.enter('loading');
  try {
    const loaded = await loadMnist((received, total) => {
      dataProgress.max = total || 1;
      if (total > 0) dataProgress.value = received;
      setText(
        dataLine,
        `Loading MNIST: ${fileSize(received)}${total > 0 ? ` of ${fileSize(total)}` : ''}`,
      );
    });
    mnist = loaded;
  } catch (error) {
    dataProgress.hidden = true;
    setText(dataLine, 'MNIST is not loaded.');
    trainer.fail('data', error);
    return;
  }
  dataProgress.hidden = true;
  setText(
    dataLine,
    `MNIST: ${count(mnist.train.count)} handwritten digits to train on, ${count(mnist.test.count)} to test.`,
  );
  showDigits(mnist.train);
  await gallery.show(mnist.test);
  await claim(mnist);
}

/** Restores the last visit, here or, as long as another tab trains, to look at only. */
async function claim(digits: Mnist): Promise<void> {
  // Before anything says that it is ready: this may say that nothing is kept.
  await hood.refresh();
  let inMemory: boolean;
  try {
    inMemory = (await engineInfo()).storage === 'memory';
  } catch (error) {
    trainer.fail('start', error);
    return;
  }
  const again = (): void => {
    restoring = restoring.then(() => restore(digits));
  };
  if (!inMemory) {
    trainer.watching = !(await ownFiles(() => {
      trainer.watching = false;
      again();
    }));
  }
  if (trainer.watching) {
    document.addEventListener('visibilitychange', () => {
      if (trainer.watching && document.visibilityState === 'visible') again();
    });
  }
  again();
  await restoring;
}

async function restore(digits: Mnist): Promise<void> {
  trainer.failure = null;
  trainer.enter('restoring');
  try {
    await trainer.restore(digits);
  } catch (error) {
    trainer.fail('restore', error);
  }
  const last = trainer.run.epochs.at(-1);
  if (last) {
    settings.write(trainer.run.settings);
    showControls();
    showEpoch(last);
    setText(announcer, statusLine(trainer));
  } else {
    await gallery.update({ epoch: 0, batch: null });
  }
  await files.refresh();
  await hood.refresh();
  if (trainer.phase === 'interrupted') {
    settings.write(trainer.run.settings);
    await countDown();
  }
}

const COUNTDOWN_SECONDS = 3;
let isCancelled = false;

/** An interrupted run goes on by itself, unless somebody says not yet. */
async function countDown(): Promise<void> {
  isCancelled = false;
  for (trainer.countdown = COUNTDOWN_SECONDS; trainer.countdown > 0; --trainer.countdown) {
    showPhase();
    await new Promise((done) => setTimeout(done, 1000));
    if (trainer.phase !== 'interrupted') return;
    if (isCancelled) {
      trainer.enter(trainer.run.epochs.length > 0 ? 'restored' : 'ready');
      return;
    }
  }
  startTraining();
}

function startTraining(): void {
  if (!mnist) return;
  void trainer.train(mnist, settings.read()).then(() => {
    setText(announcer, statusLine(trainer));
  });
}

function listen(): void {
  wait.addEventListener('click', () => {
    isCancelled = true;
    wait.hidden = true;
  });
  train.addEventListener('click', startTraining);
  pause.addEventListener('click', () => {
    if (trainer.phase === 'paused') trainer.resume();
    else trainer.pause();
  });
  stop.addEventListener('click', () => {
    trainer.stop();
  });
  confirmByPressingTwice(startOver, 'Delete files and start over?', () => {
    void trainer
      .startOver(settings.read())
      .then(async () => {
        setText(progressLine, '');
        charts.describe(trainer.run);
        for (const id of ['loss-now', 'accuracy-now']) setText(byId(id, HTMLElement), '–');
        await files.refresh();
        await gallery.update({ epoch: 0, batch: null });
        await tryIt.refresh();
        await hood.refresh();
      })
      .catch(showFilesFailure);
  });
  retry.addEventListener('click', () => {
    void load();
  });
}

listen();
showPhase();
void hood.showSummary().catch((error: unknown) => {
  trainer.fail('start', error);
});
void load();
