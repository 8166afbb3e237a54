import type { Settings } from './run';

/** Digits per second and time left, from the clock alone; pauses do not count. */
export class Speedometer {
  /** Training digits per second over the last second or so; 0 until it is known. */
  digitsPerSecond = 0;
  private settings: Settings | null = null;
  private epochsLeft = 0;
  private epochStart = 0;
  private epochSeconds = 0;
  private epochShare = 0;
  private windowStart = 0;
  private windowBatches = 0;
  private pausedAt = 0;

  constructor(private readonly now: () => number = () => performance.now()) {}

  start(settings: Settings, epochs: number): void {
    this.settings = settings;
    this.epochsLeft = epochs;
    this.epochSeconds = 0;
    this.epochShare = 0;
    this.digitsPerSecond = 0;
    this.windowBatches = 0;
    this.windowStart = this.now();
    this.epochStart = this.windowStart;
  }

  epochBegan(): void {
    this.epochStart = this.now();
    this.windowStart = this.epochStart;
    this.windowBatches = 0;
    this.epochShare = 0;
  }

  batchEnded(done: number, steps: number): void {
    this.epochShare = done / steps;
    this.windowBatches++;
    const seconds = (this.now() - this.windowStart) / 1000;
    if (seconds < 0.5 && this.digitsPerSecond > 0 && done < steps) return;
    if (seconds <= 0) return;
    this.digitsPerSecond = (this.windowBatches * (this.settings?.batchSize ?? 0)) / seconds;
    if (seconds >= 0.5) {
      this.windowBatches = 0;
      this.windowStart = this.now();
    }
  }

  epochEnded(): void {
    this.epochSeconds = (this.now() - this.epochStart) / 1000;
    this.epochsLeft--;
    this.epochShare = 0;
  }

  pause(): void {
    this.pausedAt = this.now();
  }

  resume(): void {
    const paused = this.now() - this.pausedAt;
    this.epochStart += paused;
    this.windowStart += paused;
  }

  /** Seconds; an epoch is taken to last as long as the one before it, validation included. */
  get secondsLeft(): number {
    if (!this.settings || this.digitsPerSecond === 0) return NaN;
    const epoch = this.epochSeconds || this.settings.digits / this.digitsPerSecond;
    return epoch * Math.max(0, this.epochsLeft - this.epochShare);
  }
}
