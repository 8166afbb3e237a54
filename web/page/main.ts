import { setSeed } from '../api/index';
import { Charts } from './charts';
import { byId, confirmByPressingTwice, nextTask, throttledDraw } from './dom';
import { FilesPanel } from './files';
import { Gallery } from './gallery';
import { Hood } from './hood';
import { ModelCard } from './modelCard';
import { ModelPanel } from './modelPanel';
import { Predictor } from './predictor';
import { SettingsForm } from './settings';
import { StoragePanel } from './storagePanel';
import { Trainer } from './trainer';
import { TryIt } from './tryit';
import { View } from './view';
import { Visit } from './visit';

/** Lets tests, and the curious, train the same model twice. */
const seed = new URLSearchParams(location.search).get('seed');
if (seed !== null && /^\d{1,9}$/.test(seed)) setSeed(Number(seed));

const settings = new SettingsForm(() => {
  view.showControls(isReady());
});
const trainer = new Trainer(
  {
    changed: () => {
      showModel();
      view.showPhase(isReady());
      files.lock(view.locked);
      stored.lock(view.locked || !isReady());
      models.refresh();
      if (trainer.savedAt !== null || trainer.savedPlace !== null) refreshFiles();
      visit.tabs.report();
    },
    batch: () => {
      drawLive();
      askGallery();
      report();
    },
    epoch: (record) => {
      drawLive();
      view.showEpoch(record);
      void gallery.update({ epoch: record.epoch, batch: null });
      void tryIt.refresh();
    },
  },
  byId('progress-line', HTMLElement),
);
const predictor = new Predictor(trainer);
// The pieces are made in tasks of their own: together they would hold up the first frames.
await nextTask();
const charts = new Charts(byId('loss-chart', HTMLElement), byId('accuracy-chart', HTMLElement));
await nextTask();
const tryIt = new TryIt(predictor);
const gallery = new Gallery(predictor, (index) => {
  if (!visit.mnist) return;
  const { test } = visit.mnist;
  tryIt.pick(test.image(index), `Test digit ${index + 1}, a ${test.label(index)}`);
});
const view = new View(trainer, settings, charts);
const files = new FilesPanel({
  failed: (error) => {
    view.showFilesFailure(error);
  },
  succeeded: () => {
    view.hideFilesFailure();
  },
  removed: () => {
    void stored.refresh();
  },
});
const stored = new StoragePanel({
  failed: (error) => {
    view.showFilesFailure(error);
  },
  removed: () => {
    visit.tabs.tellDeleted();
    // Nothing of the old visit is left in memory either.
    location.reload();
  },
});
const hood = new Hood(trainer);
const visit = new Visit({ trainer, view, settings, gallery, files, stored, hood });
const card = new ModelCard();
const models = new ModelPanel(trainer, settings, {
  mnist: () => visit.mnist,
  opened: () => {
    if (trainer.phase === 'interrupted') visit.wait();
  },
  adopted: () => {
    void showNewRun();
    view.train.focus();
  },
});

let shown = trainer.model;

/** The parts that say which model it is follow when it is another one. */
function showModel(): void {
  const { model, origin } = trainer;
  if (model === shown) return;
  shown = model;
  card.show(model, origin);
  settings.offerRateOf(origin);
  hood.showSummary().catch((error: unknown) => {
    view.showFilesFailure(error);
  });
}

/** After a run began anew: nothing of the one before is left. */
async function showNewRun(): Promise<void> {
  view.showNothing();
  await files.refresh();
  await gallery.update({ epoch: 0, batch: null });
  await tryIt.refresh();
  await stored.refresh();
}

/** Whether training may begin. */
function isReady(): boolean {
  const waiting = ['loading', 'restoring'].includes(trainer.phase);
  return visit.mnist !== null && !view.locked && !waiting && trainer.failure?.place !== 'start';
}

/** Files and storage change with each epoch; listing them twice a second is enough. */
const refreshFiles = throttledDraw(
  () => {
    void files.refresh();
    void stored.refresh();
    void hood.refresh();
  },
  () => 500,
);

const drawLive = throttledDraw(
  () => {
    view.showNumbers();
  },
  () => 50,
);

/** Epochs may be long: the test digits flip within them as well. */
const askGallery = throttledDraw(
  () => {
    const { live, phase } = trainer;
    if (live && live.batch > 0 && phase === 'training') void gallery.update(live);
  },
  () => 1000,
);

let reportedAt = 0;

/** Other tabs follow twice a second, also where this one is hidden and draws nothing. */
function report(): void {
  if (performance.now() - reportedAt < 500) return;
  reportedAt = performance.now();
  visit.tabs.report();
}

function listen(): void {
  view.train.addEventListener('click', () => {
    visit.startTraining();
  });
  view.unsaved.addEventListener('click', () => {
    trainer.keeps = false;
    visit.startTraining();
  });
  view.saveNow.addEventListener('click', () => {
    view.saveNow.disabled = true;
    trainer
      .saveNow()
      .catch((error: unknown) => {
        trainer.fail('save', error);
      })
      .finally(() => {
        view.saveNow.disabled = false;
      });
  });
  view.pause.addEventListener('click', () => {
    if (trainer.phase === 'paused') trainer.resume();
    else trainer.pause();
  });
  view.stop.addEventListener('click', () => {
    trainer.stop();
  });
  confirmByPressingTwice(view.startOver, 'Delete files and start over?', () => {
    trainer
      .startOver(settings.read())
      .then(showNewRun)
      .catch((error: unknown) => {
        view.showFilesFailure(error);
      });
  });
  view.retry.addEventListener('click', () => {
    void visit.load();
  });
}

listen();
view.showPhase(false);
void hood.showSummary().catch((error: unknown) => {
  trainer.fail('start', error);
});
void visit.load();
