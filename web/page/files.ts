import { storage } from '../api/index';
import * as checkpoints from './checkpoints';
import type { StoredFile } from './checkpoints';
import { byId, confirmByPressingTwice, make, setText } from './dom';
import { dateTime, fileSize } from './format';

/** Gives a file to the person. */
export function download(parts: BlobPart[], name: string): void {
  const url = URL.createObjectURL(new Blob(parts, { type: 'application/octet-stream' }));
  make('a', { href: url, download: name }).click();
  // The download has its own reference to the blob once it has begun.
  setTimeout(() => {
    URL.revokeObjectURL(url);
  }, 60_000);
}

export interface FilesListener {
  failed(error: unknown): void;
  succeeded(): void;
  removed(): void;
}

/** The checkpoint files, named as TensorFlow names them; download, zip and delete. */
export class FilesPanel {
  private readonly table = byId('files-table', HTMLTableElement);
  private readonly rows = byId('files-rows', HTMLElement);
  private readonly empty = byId('files-empty', HTMLElement);
  private readonly total = byId('files-total', HTMLElement);
  private readonly zip = byId('files-zip', HTMLButtonElement);
  private locked = false;

  constructor(private readonly listener: FilesListener) {
    this.zip.addEventListener('click', () => {
      void this.attempt(async () => {
        const zip = await storage.exportZip(checkpoints.directory);
        download([zip instanceof Blob ? zip : zip.slice()], `${checkpoints.directory}.zip`);
      });
    });
  }

  /** While training, files come and go by themselves: deleting waits. */
  lock(locked: boolean): void {
    if (this.locked === locked) return;
    this.locked = locked;
    for (const button of this.rows.querySelectorAll<HTMLButtonElement>('.delete'))
      button.disabled = locked;
  }

  async refresh(): Promise<void> {
    await this.attempt(async () => {
      const files = await checkpoints.listFiles();
      const keep = document.activeElement?.getAttribute('aria-label');
      const seen = new Set<number>();
      this.rows.replaceChildren(
        ...files.map((file) => {
          const first = file.epoch !== null && !seen.has(file.epoch);
          if (file.epoch !== null) seen.add(file.epoch);
          return this.row(file, first);
        }),
      );
      if (keep)
        this.rows.querySelector<HTMLButtonElement>(`[aria-label="${CSS.escape(keep)}"]`)?.focus();
      this.table.hidden = files.length === 0;
      this.empty.hidden = files.length > 0;
      this.zip.disabled = files.length === 0;
      const bytes = files.reduce((sum, file) => sum + file.size, 0);
      setText(this.total, files.length === 0 ? '' : `${files.length} files, ${fileSize(bytes)}`);
    });
  }

  private row(file: StoredFile, ownsDelete: boolean): HTMLTableRowElement {
    const get = make('button', { type: 'button', className: 'quiet' }, 'Download');
    get.setAttribute('aria-label', `Download ${file.name}`);
    get.addEventListener('click', () => {
      void this.attempt(async () => {
        download([(await storage.read(file.path)).slice()], file.name);
      });
    });
    const actions = make('td', { className: 'actions' }, get);
    if (ownsDelete && file.epoch !== null) actions.append(this.deleteButton(file.epoch));
    return make(
      'tr',
      {},
      make('th', { scope: 'row' }, file.name),
      make('td', { className: 'number' }, fileSize(file.size)),
      make('td', { className: 'number' }, dateTime(file.modified)),
      actions,
    );
  }

  private deleteButton(epoch: number): HTMLButtonElement {
    const name = checkpoints.checkpointName(epoch);
    const button = make(
      'button',
      { type: 'button', className: 'quiet delete', disabled: this.locked },
      'Delete',
    );
    button.setAttribute('aria-label', `Delete ${name}`);
    confirmByPressingTwice(button, `Delete ${name}?`, () => {
      void this.attempt(async () => {
        await checkpoints.removeCheckpoint(epoch);
        await this.refresh();
        this.listener.removed();
      });
    });
    return button;
  }

  private async attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.listener.succeeded();
    } catch (error) {
      this.listener.failed(error);
    }
  }
}
