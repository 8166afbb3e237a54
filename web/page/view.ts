import type { Charts } from './charts';
import { byId, setText } from './dom';
import { FailureBox } from './failure';
import { count, duration, epochRange, score } from './format';
import { canGoOnUnsaved, type Safe } from './messages';
import type { EpochRecord } from './run';
import { nextTarget } from './run';
import type { SettingsForm } from './settings';
import { savedLine, statusLine, warningLine } from './status';
import type { Trainer } from './trainer';

const page = document.documentElement;

/** The controls of training, the numbers and the sentences beside them. */
export class View {
  readonly train = byId('train', HTMLButtonElement);
  readonly pause = byId('pause', HTMLButtonElement);
  readonly stop = byId('stop', HTMLButtonElement);
  readonly wait = byId('wait', HTMLButtonElement);
  readonly takeOver = byId('take-over', HTMLButtonElement);
  readonly startOver = byId('start-over', HTMLButtonElement);
  readonly retry = byId('retry', HTMLButtonElement);
  readonly unsaved = byId('unsaved', HTMLButtonElement);
  readonly saveNow = byId('save-now', HTMLButtonElement);
  readonly progressLine = byId('progress-line', HTMLElement);
  private readonly status = byId('status', HTMLElement);
  private readonly saved = byId('saved', HTMLElement);
  private readonly warning = byId('warning', HTMLElement);
  private readonly announcer = byId('announcer', HTMLElement);
  private readonly failureBox = new FailureBox(byId('failure', HTMLElement));
  private readonly filesFailure = new FailureBox(byId('files-failure', HTMLElement));
  private readonly numbers = {
    epoch: byId('number-epoch', HTMLElement),
    batch: byId('number-batch', HTMLElement),
    speed: byId('number-speed', HTMLElement),
    left: byId('number-left', HTMLElement),
    accuracy: byId('number-accuracy', HTMLElement),
  };
  private focusWaits = false;

  constructor(
    private readonly trainer: Trainer,
    private readonly settings: SettingsForm,
    private readonly charts: Charts,
  ) {}

  /** Whether nothing may be changed now: a run is under way, or another tab has the files. */
  get locked(): boolean {
    return this.trainer.busy || this.trainer.watching;
  }

  showNumbers(): void {
    const { run, live, speed, restored } = this.trainer;
    const { numbers } = this;
    const done = run.epochs.length;
    const target = Math.max(run.target, done);
    const runs = this.trainer.busy;
    setText(numbers.epoch, target === 0 ? '–' : `${live?.epoch ?? done} of ${target}`);
    setText(numbers.batch, live ? `${live.batch} of ${live.steps}` : '–');
    const rate = speed.digitsPerSecond;
    setText(numbers.speed, live && rate > 0 && runs ? count(rate) : '–');
    setText(numbers.left, live && runs ? duration(speed.secondsLeft) : '–');
    const measured = this.trainer.reported ? null : restored?.measured;
    const accuracy = measured?.accuracy ?? run.epochs.at(-1)?.valAccuracy;
    setText(numbers.accuracy, score(accuracy));
    this.charts.show(run);
    if (live) setText(this.status, statusLine(this.trainer));
  }

  /** The words of the newest epoch, for eyes and ears. */
  showEpoch(record: EpochRecord): void {
    this.charts.describe(this.trainer.run);
    const { loss, valLoss, accuracy, valAccuracy } = record;
    setText(byId('loss-now', HTMLElement), `${score(loss)}, test ${score(valLoss)}`);
    setText(byId('accuracy-now', HTMLElement), `${score(accuracy)}, test ${score(valAccuracy)}`);
    const { target } = this.trainer.run;
    this.say(`Epoch ${record.epoch} of ${target}: test accuracy ${score(valAccuracy)}`);
  }

  /** What a model that was never trained shows. */
  showNothing(): void {
    setText(this.progressLine, '');
    this.charts.describe(this.trainer.run);
    for (const id of ['loss-now', 'accuracy-now']) setText(byId(id, HTMLElement), '–');
  }

  say(sentence: string): void {
    setText(this.announcer, sentence);
  }

  sayStatus(): void {
    this.say(statusLine(this.trainer));
  }

  showControls(ready: boolean): void {
    const { run, phase, busy, watching, keeps, failure } = this.trainer;
    const done = run.epochs.length;
    const held = document.activeElement;
    this.train.disabled = !ready;
    this.train.hidden = watching;
    this.pause.disabled = phase !== 'training' && phase !== 'paused';
    this.stop.disabled = this.pause.disabled;
    this.startOver.disabled = !ready || (done === 0 && phase !== 'failed');
    this.settings.disabled = !ready;
    this.takeOver.hidden = !watching;
    this.takeOver.disabled = phase !== 'elsewhere' || this.trainer.asked === 'asked';
    this.unsaved.hidden = !ready || !failure || !keeps || !canGoOnUnsaved(failure);
    this.saveNow.hidden = keeps || !ready || done === 0;
    const target = nextTarget(run, this.settings.read());
    const next = done === 0 ? 'Train' : `Train ${epochRange(done + 1, target)}`;
    const label = phase === 'interrupted' ? 'Go on now' : next;
    setText(this.train, busy ? 'Training…' : label);
    setText(this.pause, phase === 'paused' ? 'Resume' : 'Pause');
    this.wait.hidden = phase !== 'interrupted';
    this.charts.plannedEpochs = done === 0 ? target : run.target;
    this.keepFocus(held);
  }

  showPhase(ready: boolean): void {
    const { trainer } = this;
    page.dataset.phase = trainer.phase;
    setText(this.status, statusLine(trainer));
    setText(this.saved, savedLine(trainer));
    this.saved.classList.toggle('alarm', !trainer.keeps || trainer.inMemory);
    const warning = warningLine(trainer);
    setText(this.warning, warning);
    this.warning.hidden = warning === '';
    this.showControls(ready);
    const { failure } = trainer;
    this.retry.hidden = failure?.place !== 'data';
    if (failure) this.failureBox.show(failure, this.safe());
    else this.failureBox.hide();
    this.showNumbers();
  }

  showFilesFailure(error: unknown): void {
    this.filesFailure.show({ place: 'files', error }, this.safe());
  }

  hideFilesFailure(): void {
    this.filesFailure.hide();
  }

  private safe(): Safe {
    return { epoch: this.trainer.savedEpoch, place: this.trainer.interrupted };
  }

  /** A control that turned itself off hands the keyboard's place on to the one that is on next. */
  private keepFocus(held: Element | null): void {
    const { train, pause, stop, takeOver, wait, unsaved } = this;
    const isOff = (button: HTMLButtonElement): boolean =>
      button.disabled || button.hidden !== false;
    const own = [train, pause, stop, takeOver, wait, unsaved];
    if (own.some((button) => button === held && isOff(button))) this.focusWaits = true;
    else if (held !== document.body) this.focusWaits = false;
    const next = [pause, train, takeOver].find((button) => !isOff(button));
    if (!this.focusWaits || !next) return;
    this.focusWaits = false;
    next.focus();
  }
}
