import type { Engine } from '../engine/engine';
import type { Backend } from './backend';
import { IdbfsBackend } from './idbfsBackend';
import type { MemoryBackend } from './memoryBackend';

/** IndexedDB, or memory where it cannot be had (private modes, blocked storage, opaque origins). */
export async function openBrowserBackend(
  engine: Pick<Engine, 'FS' | 'IDBFS'>,
  extras: () => Promise<{ readonly MemoryBackend: typeof MemoryBackend }>,
): Promise<{ backend: Backend; why: string[] }> {
  try {
    if (typeof indexedDB === 'undefined') throw new Error('there is no indexedDB here');
    const backend = new IdbfsBackend(engine.FS, engine.IDBFS);
    await backend.probe();
    return { backend, why: [] };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return {
      backend: new (await extras()).MemoryBackend(),
      why: [`files are kept in memory only and end with the page: ${reason}`],
    };
  }
}
