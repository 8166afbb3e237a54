import type * as graph from './graph';

/** The module that records, which comes with the first object of the user's own. */
let recorder: typeof graph | null = null;
let isWanted = false;

/** Says that something of the user's own is to be recorded. */
export function wantRecorder(): void {
  isWanted = true;
}

/** Resolves when what is wanted can be recorded. */
export async function recorderReady(): Promise<void> {
  if (isWanted) recorder ??= await import('./graph');
}

/** Null before {@link recorderReady}. */
export const loadedRecorder = (): typeof graph | null => recorder;
