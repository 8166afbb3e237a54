import { readFile } from 'node:fs/promises';

/** Who makes files beside those of the user, and whether they are still there to end what they began. */
export interface Processes {
  /** The name of this process, letters, digits and dots; no other ever has it. */
  own(): Promise<string>;
  isAlive(name: string): Promise<boolean>;
}

let own: Promise<string> | undefined;

export const nodeProcesses: Processes = {
  own: () => (own ??= stateOf(process.pid).then(({ start }) => `${start}.${process.pid}`)),

  async isAlive(name) {
    const [start, pid] = name.split('.');
    if (!isThere(Number(pid))) return false;
    const now = await stateOf(Number(pid));
    // One that was killed keeps its number until its parent asks for it.
    return now.start === start && now.state !== 'Z';
  },
};

/** When a process began, where that can be known: numbers of processes are used again. */
async function stateOf(pid: number): Promise<{ state: string; start: string }> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The name, in parentheses, may hold anything.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0] ?? '', start: fields[19] ?? '0' };
}

function isThere(pid: number): boolean {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
