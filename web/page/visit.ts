import { engineInfo, TabtrainError } from '../api/index';
import { loadMnist, type Digits, type Mnist } from './data';
import { byId, context2d, make, setText } from './dom';
import type { FilesPanel } from './files';
import { count, fileSize } from './format';
import type { Gallery } from './gallery';
import type { Hood } from './hood';
import type { SettingsForm } from './settings';
import type { StoragePanel } from './storagePanel';
import { Tabs, type Report } from './tabs';
import type { Trainer } from './trainer';
import { paintDigit } from './tryit';
import type { View } from './view';

/** The parts of the page that a visit brings up. */
export interface Parts {
  readonly trainer: Trainer;
  readonly view: View;
  readonly settings: SettingsForm;
  readonly gallery: Gallery;
  readonly files: FilesPanel;
  readonly stored: StoragePanel;
  readonly hood: Hood;
}

const countdownSeconds = 3;
/** How long the engine may take to answer once a browser has woken a page, in milliseconds. */
const wakeMs = 5000;

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** From opening the page to training: data, whose files they are, the last visit, its interrupted run. */
export class Visit {
  mnist: Mnist | null = null;
  readonly tabs: Tabs;
  private readonly line = byId('data-line', HTMLElement);
  private readonly progress = byId('data-progress', HTMLProgressElement);
  private restoring = Promise.resolve();
  private isCancelled = false;

  constructor(private readonly parts: Parts) {
    const { trainer, view, settings } = parts;
    this.tabs = new Tabs({
      owned: () => {
        this.own();
      },
      letGo: () => trainer.letGo(),
      lost: () => {
        this.watch();
        this.again();
      },
      reported: (report) => {
        this.follow(report);
      },
      report: () => ({
        ...{ phase: trainer.phase, run: trainer.run, live: trainer.live },
        saved: trainer.savedPlace,
      }),
      unanswered: () => {
        trainer.asked = 'silent';
        trainer.enter(trainer.phase);
      },
      deleted: () => {
        location.reload();
      },
    });
    view.takeOver.addEventListener('click', () => {
      trainer.asked = 'asked';
      trainer.enter(trainer.phase);
      this.tabs.takeOver();
    });
    view.wait.addEventListener('click', () => {
      this.wait();
    });
    document.addEventListener('visibilitychange', () => {
      const { watching, phase } = trainer;
      if (watching && phase === 'elsewhere' && document.visibilityState === 'visible') this.again();
    });
    document.addEventListener('freeze', () => {
      if (trainer.phase === 'training') trainer.speed.pause();
    });
    document.addEventListener('resume', () => {
      if (trainer.phase === 'training') trainer.speed.resume();
      void this.comeBack();
    });
    addEventListener('pageshow', ({ persisted }) => {
      if (persisted) void this.comeBack();
    });
    settings.disabled = true;
  }

  async load(): Promise<void> {
    const { trainer, gallery } = this.parts;
    trainer.failure = null;
    trainer.enter('loading');
    let loaded: Mnist;
    try {
      loaded = await loadMnist((received, total) => {
        this.progress.max = total || 1;
        if (total > 0) this.progress.value = received;
        const of = total > 0 ? ` of ${fileSize(total)}` : '';
        setText(this.line, `Loading MNIST: ${fileSize(received)}${of}`);
      });
    } catch (error) {
      this.progress.hidden = true;
      setText(this.line, 'MNIST is not loaded.');
      trainer.fail('data', error);
      return;
    }
    this.mnist = loaded;
    this.progress.hidden = true;
    const { train, test } = loaded;
    setText(
      this.line,
      `MNIST: ${count(train.count)} handwritten digits to train on, ${count(test.count)} to test.`,
    );
    showDigits(train);
    await gallery.show(test);
    await this.claim();
  }

  startTraining(): void {
    const { trainer, settings, view } = this.parts;
    if (!this.mnist) return;
    void trainer.train(this.mnist, settings.read()).then(() => {
      if (!trainer.watching) view.sayStatus();
    });
  }

  /** Restores the last visit, here or, as long as another tab trains, to look at only. */
  private async claim(): Promise<void> {
    const { trainer, hood, stored } = this.parts;
    // Before anything says that it is ready: this may say that nothing is kept.
    await hood.refresh();
    await stored.refresh();
    try {
      trainer.inMemory = (await engineInfo()).storage === 'memory';
    } catch (error) {
      trainer.fail('start', error);
      return;
    }
    if (!trainer.inMemory && !(await this.tabs.claim())) this.watch();
    this.again();
    await this.restoring;
  }

  private watch(): void {
    const { trainer, view } = this.parts;
    // The progress line is that of this tab's own run.
    setText(view.progressLine, '');
    trainer.watching = true;
    trainer.reported = null;
    trainer.asked = 'no';
  }

  private again(): void {
    this.restoring = this.restoring.then(() => this.restore());
  }

  /** The other tab is gone, or let go: its run goes on here at once if it was running. */
  private own(): void {
    const { trainer, settings } = this.parts;
    const { reported, asked } = trainer;
    trainer.watching = false;
    trainer.asked = 'no';
    trainer.reported = null;
    const wasPaused = reported === 'paused' && asked === 'no';
    const goesOn = reported !== null && !wasPaused;
    this.restoring = this.restoring.then(async () => {
      const canGoOn = goesOn && trainer.hasModelOf(trainer.run);
      if (!canGoOn || !(await trainer.lookForInterrupted(trainer.run))) {
        await this.restore();
        return;
      }
      settings.write(trainer.run.settings);
      this.startTraining();
    });
  }

  /** Shows what the tab that has the files is doing. */
  private follow({ phase, run, live, saved }: Report): void {
    const { trainer, view } = this.parts;
    if (!trainer.watching || trainer.phase === 'restoring') return;
    const news = run.epochs.length > trainer.run.epochs.length ? run.epochs.at(-1) : undefined;
    Object.assign(trainer, { reported: phase, run, live, savedPlace: saved });
    trainer.enter('elsewhere');
    if (news) view.showEpoch(news);
    // It took up a model from a file, or put one away.
    if (!trainer.hasModelOf(run)) this.again();
  }

  /** An interrupted run does not go on by itself while somebody is busy with another model. */
  wait(): void {
    this.isCancelled = true;
    this.parts.view.wait.hidden = true;
  }

  private async restore(): Promise<void> {
    const { trainer, view, settings, gallery, files, stored, hood } = this.parts;
    if (!this.mnist) return;
    trainer.failure = null;
    trainer.countdown = countdownSeconds;
    this.isCancelled = false;
    trainer.enter('restoring');
    try {
      await trainer.restore(this.mnist);
    } catch (error) {
      trainer.fail('restore', error);
    }
    const last = trainer.run.epochs.at(-1);
    if (last) {
      settings.write(trainer.run.settings);
      view.showEpoch(last);
      view.sayStatus();
    }
    const epoch = trainer.restored?.epoch ?? 0;
    await gallery.update({ epoch, batch: null });
    await files.refresh();
    await stored.refresh();
    await hood.refresh();
    if (trainer.watching) this.tabs.greet();
    if (trainer.phase === 'interrupted') {
      settings.write(trainer.run.settings);
      await this.countDown();
    }
  }

  /** An interrupted run goes on by itself, unless somebody says not yet. */
  private async countDown(): Promise<void> {
    const { trainer, view } = this.parts;
    for (trainer.countdown = countdownSeconds; trainer.countdown > 0; --trainer.countdown) {
      trainer.enter('interrupted');
      if (trainer.countdown === countdownSeconds) view.sayStatus();
      await pause(1000);
      if (trainer.phase !== 'interrupted') break;
      if (this.isCancelled) {
        trainer.countdown = 0;
        trainer.enter(trainer.restored ? 'restored' : 'ready');
        return;
      }
    }
    const isDue = trainer.phase === 'interrupted';
    trainer.countdown = 0;
    if (isDue) this.startTraining();
  }

  /** After the browser suspended the page: where it kept less than it should, the page begins again. */
  private async comeBack(): Promise<void> {
    const { trainer } = this.parts;
    if (trainer.inMemory) return;
    const answers = engineInfo().then(
      () => true,
      () => false,
    );
    const isAlive = await Promise.race([answers, pause(wakeMs).then(() => false)]);
    const isOurs = trainer.watching || (await this.tabs.stillHas());
    const { error } = trainer.failure ?? {};
    const lostEngine = error instanceof TabtrainError && error.code === 'INTERNAL';
    if (!isAlive || !isOurs || lostEngine) location.reload();
  }
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
