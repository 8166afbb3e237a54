import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { setTimeout as sleep } from 'node:timers/promises';

/** Collects what nobody holds any more, until `measure` stays the same: models of earlier tests go with it. */
export async function collected(measure: () => Promise<number>): Promise<number> {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  for (let before = await measure(); ;) {
    gc();
    await sleep(20); // for the callbacks of finalization registries
    const now = await measure();
    if (now === before) return now;
    before = now;
  }
}
