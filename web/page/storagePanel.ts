import { engineInfo, storage } from '../api/index';
import * as base from './base';
import * as checkpoints from './checkpoints';
import { byId, setText } from './dom';
import { fileSize } from './format';

/** Names of the package's databases begin so. */
const prefix = '/tabtrain/';
/** How long a database may take to go, in milliseconds. */
const patience = 10_000;

/** Says what is stored, how large it is and whether the browser keeps it; removes all of it. */
export class StoragePanel {
  private readonly line = byId('storage-line', HTMLElement);
  private readonly parts = byId('storage-parts', HTMLElement);
  private readonly persist = byId('persist', HTMLButtonElement);
  private readonly answer = byId('persist-answer', HTMLElement);
  private readonly notice = byId('no-storage', HTMLElement);
  private readonly reason = byId('no-storage-reason', HTMLElement);
  private readonly remove = byId('delete-all', HTMLButtonElement);
  private readonly confirm = byId('delete-confirm', HTMLElement);
  private readonly question = byId('delete-question', HTMLElement);
  private readonly yes = byId('delete-yes', HTMLButtonElement);
  private readonly no = byId('delete-no', HTMLButtonElement);
  private stored = 0;
  private inMemory = false;

  constructor(listener: { failed(error: unknown): void; removed(): void }) {
    this.persist.addEventListener('click', () => {
      void this.askToKeep();
    });
    this.remove.addEventListener('click', () => {
      setText(
        this.question,
        `Delete all checkpoints, the state of the run and what the page remembers (${fileSize(this.stored)})? This cannot be undone.`,
      );
      this.ask(true);
    });
    this.no.addEventListener('click', () => {
      this.ask(false);
    });
    this.confirm.addEventListener('keydown', ({ key }) => {
      if (key === 'Escape') this.ask(false);
    });
    this.yes.addEventListener('click', () => {
      this.yes.disabled = true;
      (this.inMemory ? Promise.resolve() : deleteDatabases())
        .then(
          () => {
            listener.removed();
          },
          (error: unknown) => {
            listener.failed(error);
          },
        )
        .finally(() => {
          this.yes.disabled = false;
          this.ask(false);
        });
    });
  }

  /** While a run is under way, or in a tab that looks on, nothing is deleted. */
  lock(locked: boolean): void {
    this.remove.disabled = locked;
    if (locked) this.confirm.hidden = true;
  }

  async refresh(): Promise<void> {
    try {
      await this.describe();
    } catch {
      // An engine that does not answer knows nothing of storage; what failed says so itself.
    }
  }

  private async describe(): Promise<void> {
    const info = await engineInfo();
    const inMemory = info.storage === 'memory';
    this.inMemory = inMemory;
    this.notice.hidden = !inMemory;
    setText(this.reason, `Why: ${info.why.filter((each) => each.startsWith('files')).join('; ')}.`);
    const persisted = !inMemory && (await storage.persisted());
    const { usage, quota } = await storage.estimate();
    const used =
      quota > 0 && Number.isFinite(quota)
        ? `${fileSize(usage)} of ${fileSize(quota)} used`
        : `${fileSize(usage)} used`;
    const safety = inMemory
      ? 'in this tab’s memory only, gone when it is closed'
      : persisted
        ? 'kept by the browser until you delete it'
        : 'may be evicted when the disk is nearly full';
    setText(this.line, `${used} · ${safety}`);
    this.persist.hidden = inMemory || persisted;
    const files = (await checkpoints.listFiles()).reduce((sum, { size }) => sum + size, 0);
    const state = await checkpoints.stateBytes();
    const model = await base.bytes();
    this.stored = files + state + model;
    const where = inMemory ? '' : ' In this browser’s IndexedDB, for this address alone.';
    setText(
      this.parts,
      this.stored === 0
        ? `Nothing is stored yet.${where}`
        : `Checkpoints ${fileSize(files)}${state > 0 ? `, state of the run in progress ${fileSize(state)}` : ''}${model > 0 ? `, the model from a file ${fileSize(model)}` : ''}.${where}`,
    );
  }

  private ask(asking: boolean): void {
    const held = this.confirm.contains(document.activeElement) || asking;
    this.confirm.hidden = !asking;
    this.remove.hidden = asking;
    if (held) (asking ? this.no : this.remove).focus();
  }

  private async askToKeep(): Promise<void> {
    const kept = await storage.persist();
    setText(
      this.answer,
      kept
        ? ''
        : 'The browser does not promise it: it decides by how often a page is used, or whether it is bookmarked or installed. Download what must not be lost.',
    );
    await this.refresh();
  }
}

/** Removes the databases themselves; the engine closes its own when asked. */
async function deleteDatabases(): Promise<void> {
  // Not every browser lists them, whatever the type says.
  const canList = 'databases' in indexedDB;
  const names = canList
    ? (await indexedDB.databases()).flatMap(({ name }) => name ?? [])
    : [checkpoints.directory, checkpoints.runDirectory, base.directory].map(
        (name) => prefix + name,
      );
  for (const name of names.filter((each) => each.startsWith(prefix))) {
    await new Promise<void>((resolve, reject) => {
      const request = indexedDB.deleteDatabase(name);
      request.onsuccess = () => {
        resolve();
      };
      request.onerror = () => {
        reject(request.error ?? new Error(`“${name}” could not be deleted`));
      };
      setTimeout(() => {
        reject(new Error(`“${name}” is in use by another tab; close it and try again`));
      }, patience);
    });
  }
}
