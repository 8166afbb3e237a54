import { engineInfo } from '../api/index';
import { byId, setText } from './dom';
import { fileSize } from './format';
import { reason } from './messages';
import type { Trainer } from './trainer';

/** Summary table and engine line. */
export class Hood {
  private readonly engine = byId('engine-line', HTMLElement);

  constructor(private readonly trainer: Trainer) {}

  async showSummary(): Promise<void> {
    const lines: string[] = [];
    await this.trainer.model.summary({ print: (line: string) => lines.push(line) });
    setText(byId('summary', HTMLElement), lines.join('\n'));
  }

  async refresh(): Promise<void> {
    try {
      const { version, variant, threads, memory, why } = await engineInfo();
      const counted = threads === 1 ? '1 thread' : `${threads} threads`;
      const slower = why.length > 0 ? ` Why not faster: ${why.join('; ')}.` : '';
      setText(
        this.engine,
        `tabtrain ${version}, WebAssembly variant “${variant}”, ${counted}, ${fileSize(memory.heapBytes)} of memory.${slower}`,
      );
    } catch (error) {
      setText(this.engine, `The engine does not answer: ${reason(error)}.`);
    }
  }
}
