import type { LiveBatch, Phase, SavedPlace } from './phases';
import type { Run } from './run';

const lockName = 'tabtrain-page';
/** How long the tab that trains may take to save and let go, in milliseconds. */
const patience = 8000;

/** What the tab that has the files tells the others. */
export interface Report {
  readonly phase: Phase;
  readonly run: Run;
  readonly live: LiveBatch | null;
  readonly saved: SavedPlace | null;
}

type Message =
  | { readonly type: 'hello' }
  | { readonly type: 'report'; readonly report: Report }
  | { readonly type: 'takeOver' }
  | { readonly type: 'owned' }
  | { readonly type: 'deleted' };

export interface TabsListener {
  /** The files are this tab's now. */
  owned(): void;
  /** Another tab wants to go on: resolves when nothing of this one writes any more. */
  letGo(): Promise<void>;
  /** The files went to the tab that asked for them. */
  lost(): void;
  reported(report: Report): void;
  /** What this tab would report. */
  report(): Report;
  /** The tab that has the files does not answer. */
  unanswered(): void;
  /** Another tab removed everything that is stored. */
  deleted(): void;
}

/**
 * Two tabs that train would overwrite each other's checkpoints, so the files belong to one of them: to the
 * one that holds a Web Lock, which ends with its tab however that ends. The others wait for it, hear how far
 * it is, and can ask for the files.
 */
export class Tabs {
  private readonly channel: BroadcastChannel | null;
  // Not every browser has Web Locks, whatever the type says.
  private readonly locks = navigator.locks as LockManager | undefined;
  private hasFiles = false;
  /** Gives the lock back. */
  private release: (() => void) | null = null;
  private waiting = new AbortController();
  private hasWatchers = false;

  constructor(private readonly listener: TabsListener) {
    this.channel = typeof BroadcastChannel === 'function' ? new BroadcastChannel(lockName) : null;
    this.channel?.addEventListener('message', ({ data }: MessageEvent<Message>) => {
      this.hear(data);
    });
  }

  /** Takes the files if they are free; if not, waits for them. Resolves to whether this tab has them. */
  async claim(): Promise<boolean> {
    // Where locks are refused there is nobody to agree with.
    this.hasFiles = await this.request({ ifAvailable: true }).catch(() => true);
    if (!this.hasFiles) this.wait();
    return this.hasFiles;
  }

  /** Asks the tab that has the files to tell how far it is. */
  greet(): void {
    this.send({ type: 'hello' });
  }

  /** Asks the tab that has the files to save and to let go. */
  takeOver(): void {
    this.send({ type: 'takeOver' });
    setTimeout(() => {
      if (!this.hasFiles) this.listener.unanswered();
    }, patience);
  }

  /** Tells the other tabs, if there are any, how far this one is. */
  report(): void {
    if (this.hasWatchers && this.hasFiles) {
      this.send({ type: 'report', report: this.listener.report() });
    }
  }

  tellDeleted(): void {
    this.send({ type: 'deleted' });
  }

  /** Whether a browser that suspended this tab left it the files. */
  async stillHas(): Promise<boolean> {
    if (!this.release) return this.hasFiles;
    const { held = [] } = (await this.locks?.query()) ?? {};
    return held.some(({ name }) => name === lockName);
  }

  private hear(message: Message): void {
    switch (message.type) {
      case 'hello':
        this.hasWatchers = true;
        this.report();
        break;
      case 'report':
        if (!this.hasFiles) this.listener.reported(message.report);
        break;
      case 'takeOver':
        if (this.hasFiles) void this.handOver();
        else this.standBack();
        break;
      case 'owned':
        if (!this.hasFiles) this.greet();
        break;
      case 'deleted':
        this.listener.deleted();
        break;
    }
  }

  private async handOver(): Promise<void> {
    this.hasFiles = false;
    await this.listener.letGo();
    this.release?.();
    this.release = null;
    this.listener.lost();
    this.standBack();
  }

  /** Waits behind the tab that asked. */
  private standBack(): void {
    this.waiting.abort();
    setTimeout(() => {
      this.wait();
    }, patience / 8);
  }

  private wait(): void {
    this.waiting.abort();
    this.waiting = new AbortController();
    this.request({ signal: this.waiting.signal }).then(
      () => {
        this.hasFiles = true;
        this.send({ type: 'owned' });
        this.listener.owned();
      },
      // It stood back.
      () => undefined,
    );
  }

  /** Resolves to whether the lock was had; it is then held until `release`. */
  private request(options: LockOptions): Promise<boolean> {
    return new Promise((resolve, reject) => {
      if (!this.locks) {
        resolve(true);
        return;
      }
      this.locks
        .request(lockName, options, (lock) => {
          resolve(lock !== null);
          if (!lock) return undefined;
          return new Promise<void>((release) => (this.release = release));
        })
        .catch(reject);
    });
  }

  private send(message: Message): void {
    this.channel?.postMessage(message);
  }
}
