// A program with all its children: started as a group of its own, ended all at once.
import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const pollMs = 10;
const startMs = 60_000;
const endMs = 10_000;

/** Groups that still run; a test that fails in the middle must not leave browsers behind. */
const running = new Set();
process.on('exit', () => {
  for (const group of running) group.signal();
});

/** Everything that a program started, found again by its group, its session or `mark` in a command line. */
export class ProcessGroup {
  #child;
  #mark;
  #exited = false;

  /** `log`, a file, takes what the program prints. `mark` is an argument that no other program has. */
  constructor(program, args, { mark, log, env = process.env }) {
    const output = openSync(log, 'w');
    this.#child = spawn(program, args, { detached: true, stdio: ['ignore', output, output], env });
    closeSync(output);
    this.#child.on('error', (error) => (this.#exited = error.message));
    this.#child.on('exit', (code, signal) => (this.#exited ||= `${code ?? signal}`));
    this.#mark = mark;
    this.log = log;
    running.add(this);
  }

  /** The text of a file that the program writes once it listens. */
  async announces(file, isWhole = (text) => text !== '') {
    const deadline = Date.now() + startMs;
    for (;;) {
      const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
      if (isWhole(text)) return text;
      if (this.#exited || Date.now() > deadline) {
        const state = this.#exited ? `ended (${this.#exited})` : 'says nothing';
        throw new Error(`the program ${state}; it printed:\n${readFileSync(this.log, 'utf8')}`);
      }
      await sleep(pollMs);
    }
  }

  /** SIGKILL to the whole group, at this moment. */
  signal() {
    signalIfThere(-this.#child.pid);
  }

  /** SIGKILL to the whole group; resolves when no process is left, to the number that was outside of the group. */
  async kill() {
    this.signal();
    const strays = new Set();
    const deadline = Date.now() + endMs;
    for (;;) {
      const left = this.members();
      if (left.length === 0 && this.#exited) break;
      if (Date.now() > deadline) throw new Error(`still running after SIGKILL: ${left}`);
      for (const { pid, inGroup } of left) {
        if (!inGroup) strays.add(pid);
        signalIfThere(pid);
      }
      await sleep(2);
    }
    running.delete(this);
    return strays.size;
  }

  /** Waits for a program that was told to quit, then kills what it left. */
  async end() {
    const deadline = Date.now() + endMs;
    while (!this.#exited && Date.now() < deadline) await sleep(pollMs);
    return this.kill();
  }

  /** Live processes of this program. Where there is no /proc only the group's leader can be seen. */
  members() {
    if (!existsSync('/proc/self/stat')) return [];
    const group = this.#child.pid;
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
      .map((name) => inspect(Number(name), group, this.#mark))
      .filter((found) => found !== null);
  }
}

/** {pid, inGroup} of a live process that belongs to the group, otherwise null. */
function inspect(pid, group, mark) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name, in parentheses, may hold anything; the fields follow its last parenthesis.
    const [state, , processGroup, session] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A zombie holds nothing but its status.
    if (state === 'Z' || state === 'X') return null;
    if (Number(processGroup) === group) return { pid, inGroup: true };
    const isOurs =
      Number(session) === group ||
      readFileSync(`/proc/${pid}/cmdline`, 'latin1')
        .split(/[\0 =]/)
        .includes(mark);
    return isOurs ? { pid, inGroup: false } : null;
  } catch {
    // It ended in between.
    return null;
  }
}

function signalIfThere(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

/** Removes a directory into which a dying program may just have written. */
export function removeDirectory(directory) {
  rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}
