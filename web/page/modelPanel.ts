import { byId, confirmByPressingTwice, setText } from './dom';
import type { Mnist } from './data';
import { FailureBox } from './failure';
import { download } from './files';
import { fromDrop, fromPicker, type Incoming } from './incoming';
import { Opened } from './opened';
import type { Place } from './phases';
import { saveFormat, stemOf } from './saveFormats';
import type { SettingsForm } from './settings';
import type { Trainer } from './trainer';
import { Transfer } from './transfer';

export interface ModelPanelListener {
  /** Null while it is loading. */
  mnist(): Mnist | null;
  /** A model from a file is being looked at. */
  opened(): void;
  /** It is the page's model now. */
  adopted(): void;
}

/** Opens models from files, shows them beside the page's own, and saves either in any format. */
export class ModelPanel {
  private readonly openFile = byId('open-file', HTMLButtonElement);
  private readonly openFolder = byId('open-folder', HTMLButtonElement);
  private readonly what = byId('save-what', HTMLElement);
  private readonly format = byId('save-format', HTMLSelectElement);
  private readonly hint = byId('save-hint', HTMLElement);
  private readonly save = byId('save-model', HTMLButtonElement);
  private readonly said = byId('models-said', HTMLElement);
  private readonly failureRoot = byId('models-failure', HTMLElement);
  private readonly failure = new FailureBox(this.failureRoot);
  private readonly box = byId('opened', HTMLElement);
  private readonly actions = byId('opened-actions', HTMLElement);
  private readonly evaluate = byId('opened-evaluate', HTMLButtonElement);
  private readonly train = byId('opened-train', HTMLButtonElement);
  private readonly close = byId('opened-close', HTMLButtonElement);
  private readonly why = byId('opened-why', HTMLElement);
  private readonly result = byId('opened-result', HTMLElement);
  private readonly transfer = new Transfer(this.openFile, () => {
    this.refresh();
  });
  private opened: Opened | null = null;

  constructor(
    private readonly trainer: Trainer,
    private readonly settings: SettingsForm,
    private readonly listener: ModelPanelListener,
  ) {
    this.listenToPickers();
    this.listenToDrops();
    this.format.addEventListener('change', () => {
      this.refresh();
    });
    this.save.addEventListener('click', () => {
      void this.saveAs();
    });
    this.evaluate.addEventListener('click', () => {
      void this.measure();
    });
    this.close.addEventListener('click', () => {
      this.put(null);
      this.openFile.focus();
    });
    const isAnythingLost = (): boolean =>
      trainer.run.epochs.length > 0 || trainer.interrupted !== null;
    confirmByPressingTwice(
      this.train,
      'Delete the files of this page’s run?',
      () => {
        void this.adopt();
      },
      isAnythingLost,
    );
    this.refresh();
  }

  /** Brings what may be done up to what the page is doing. */
  refresh(): void {
    const { opened, trainer } = this;
    const { busy } = this.transfer;
    const why = opened?.misfit ?? this.notNow();
    this.save.disabled = busy || trainer.phase === 'loading';
    this.actions.hidden = opened !== null && opened.misfit !== null;
    this.evaluate.disabled = busy || !this.listener.mnist();
    this.train.disabled = busy || why !== null;
    setText(this.why, why ?? '');
    const name = opened ? `“${opened.name}”` : 'the model of this page';
    setText(this.what, `Save ${name} as`);
    setText(this.hint, saveFormat(this.format.value).readers);
  }

  /** Why the page cannot take up another model now; null where it can. */
  private notNow(): string | null {
    const { phase, busy, watching } = this.trainer;
    if (watching)
      return 'Another tab trains here: take over first, then this model can be trained.';
    if (busy) return 'A run is under way: stop it first, then this model can be trained.';
    if (phase === 'loading' || phase === 'restoring' || !this.listener.mnist())
      return 'The page is still loading.';
    return null;
  }

  private listenToPickers(): void {
    for (const [button, id] of [
      [this.openFile, 'pick-file'],
      [this.openFolder, 'pick-folder'],
    ] as const) {
      const input = byId(id, HTMLInputElement);
      button.addEventListener('click', () => {
        input.click();
      });
      input.addEventListener('change', () => {
        const { files } = input;
        if (files && files.length > 0) void this.open(() => Promise.resolve(fromPicker(files)));
        // The same file may be picked again.
        input.value = '';
      });
    }
  }

  /** Files may be dropped anywhere: a browser would leave the page for them. */
  private listenToDrops(): void {
    const { dataset } = document.body;
    const hasFiles = ({ dataTransfer }: DragEvent): boolean =>
      dataTransfer?.types.includes('Files') ?? false;
    addEventListener('dragover', (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      dataset.dropping = '';
    });
    addEventListener('dragleave', ({ relatedTarget }) => {
      if (relatedTarget === null) delete dataset.dropping;
    });
    addEventListener('drop', (event) => {
      delete dataset.dropping;
      const { dataTransfer } = event;
      if (!dataTransfer || !hasFiles(event)) return;
      event.preventDefault();
      const dropped = fromDrop(dataTransfer);
      void this.open(() => dropped);
    });
  }

  private async open(files: () => Promise<Incoming>): Promise<void> {
    this.listener.opened();
    const opened = await this.attempt('open', async () =>
      this.transfer.run(async (signal, tell) => {
        tell('Looking at the files…');
        return Opened.open(await files(), signal, tell);
      }),
    );
    if (!opened) return;
    this.put(opened);
    setText(this.said, `Opened ${opened.name}.`);
    this.box.scrollIntoView({ block: 'nearest' });
  }

  private put(opened: Opened | null): void {
    this.opened?.model.dispose();
    this.opened = opened;
    this.failure.hide();
    this.box.hidden = opened === null;
    setText(this.said, '');
    setText(this.result, '');
    setText(byId('opened-title', HTMLElement), opened?.name ?? '');
    setText(byId('opened-about', HTMLElement), opened?.about.join(' ') ?? '');
    setText(byId('opened-summary', HTMLElement), opened?.summary ?? '');
    this.refresh();
  }

  private async measure(): Promise<void> {
    const { opened } = this;
    const mnist = this.listener.mnist();
    if (!opened || !mnist) return;
    const sentence = await this.attempt('evaluate', () =>
      this.transfer.run((signal, tell) => {
        tell('Evaluating it on the test digits…');
        return opened.evaluate(mnist, signal);
      }),
    );
    if (sentence !== null) setText(this.result, sentence);
  }

  private async adopt(): Promise<void> {
    const { opened } = this;
    if (!opened) return;
    const isDone = await this.attempt('adopt', async () => {
      opened.makeTrainable();
      const origin = opened.origin();
      await this.trainer.adopt(opened.model, origin, { ...this.settings.read(), learningRate: 0 });
      return true;
    });
    if (isDone === null) return;
    this.put(null);
    this.listener.adopted();
  }

  private async saveAs(): Promise<void> {
    const { opened, trainer } = this;
    const format = saveFormat(this.format.value);
    const stem = stemOf(opened?.name ?? trainer.origin?.name ?? 'mnist');
    const path = format.path(stem);
    const file = await this.attempt('export', () =>
      this.transfer.run(async (signal, tell) => {
        tell(`Making ${format.file(stem)}…`);
        const made = opened
          ? opened.toFile(path, format.name)
          : trainer.model.toFile(path, { format: format.name });
        const cancelled = new Promise<never>((_, reject) => {
          signal.addEventListener('abort', () => {
            reject(new Error('cancelled'));
          });
        });
        return Promise.race([made, cancelled]);
      }),
    );
    if (!file) return;
    download([file as BlobPart], format.file(stem));
    setText(this.said, `Saved as ${format.file(stem)}.`);
  }

  /** Says what failed; null where it did, or was cancelled. */
  private async attempt<T>(place: Place, work: () => Promise<T | null>): Promise<T | null> {
    this.failure.hide();
    setText(this.said, '');
    try {
      const result = await work();
      if (result === null) setText(this.said, 'Cancelled. Everything is as it was.');
      return result;
    } catch (error) {
      this.failure.show({ place, error }, { epoch: 0, place: null });
      this.failureRoot.scrollIntoView({ block: 'nearest' });
      return null;
    }
  }
}
