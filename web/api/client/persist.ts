import { platform } from './platform';

let asked = false;

/** Browsers keep storage over a clean-up if they are asked once something is worth keeping. */
export function askToPersist(): void {
  if (asked) return;
  asked = true;
  platform()
    .persist()
    .catch(() => false);
}
