import { engineInfo, storage } from '../api/index';
import { byId, setText } from './dom';
import { fileSize } from './format';
import { reason } from './messages';
import type { Trainer } from './trainer';

/** Summary table, engine line and storage line. */
export class Hood {
  private readonly engine = byId('engine-line', HTMLElement);
  private readonly storageLine = byId('storage-line', HTMLElement);
  private readonly persist = byId('persist', HTMLButtonElement);
  private readonly notice = byId('no-storage', HTMLElement);

  constructor(private readonly trainer: Trainer) {
    this.persist.addEventListener('click', () => {
      void storage.persist().then(() => this.refresh());
    });
  }

  async showSummary(): Promise<void> {
    const lines: string[] = [];
    await this.trainer.model.summary({ print: (line: string) => lines.push(line) });
    setText(byId('summary', HTMLElement), lines.join('\n'));
  }

  async refresh(): Promise<void> {
    try {
      await this.describe(await engineInfo());
    } catch (error) {
      setText(this.engine, `The engine does not answer: ${reason(error)}.`);
    }
  }

  private async describe(info: Awaited<ReturnType<typeof engineInfo>>): Promise<void> {
    const threads = info.threads === 1 ? '1 thread' : `${info.threads} threads`;
    const why = info.why.length > 0 ? ` Why not faster: ${info.why.join('; ')}.` : '';
    setText(
      this.engine,
      `tabtrain ${info.version}, WebAssembly variant “${info.variant}”, ${threads}, ${fileSize(info.memory.heapBytes)} of memory.${why}`,
    );
    const inMemory = info.storage === 'memory';
    this.notice.hidden = !inMemory;
    const persisted = !inMemory && (await storage.persisted());
    const { usage, quota } = await storage.estimate();
    const used = quota === 0 ? '' : ` ${fileSize(usage)} of ${fileSize(quota)} used.`;
    const where = inMemory
      ? 'Files are in this tab’s memory only and go when it is closed.'
      : persisted
        ? `Files are kept in this browser’s IndexedDB, persistently: only you delete them.${used}`
        : `Files are kept in this browser’s IndexedDB; the browser may delete them when the disk is nearly full.${used}`;
    setText(this.storageLine, where);
    this.persist.hidden = inMemory || persisted;
  }
}
