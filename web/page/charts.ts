import uPlot from 'uplot';
import { throttledDraw } from './dom';
import { score } from './format';
import type { Run } from './run';

const height = 168;
/** Redraws per second are few on purpose: each costs about a millisecond of the page's frame. */
const redrawEvery = 100;
const calmRedrawEvery = 1000;

type Column = (number | null)[];

function color(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

const colors = {
  text: '--muted',
  line: '--line',
  accent: '--accent',
  faint: '--accent-faint',
  strong: '--text',
};

/** Merges the batch points and the epoch points into columns over one sorted x, as uPlot wants. */
function columns(
  run: Run,
  batch: number[],
  train: number[],
  test: number[],
): [number[], ...Column[]] {
  const x: number[] = [];
  const byBatch: Column = [];
  const byEpoch: Column = [];
  const byTest: Column = [];
  const points = run.batches.x;
  let epoch = 0;
  const addEpoch = (): void => {
    x.push(epoch + 1);
    byBatch.push(null);
    byEpoch.push(train[epoch] ?? null);
    byTest.push(test[epoch] ?? null);
    epoch++;
  };
  points.forEach((at, index) => {
    while (epoch < train.length && epoch + 1 < at) addEpoch();
    const atEpochEnd = epoch < train.length && at === epoch + 1;
    x.push(at);
    byBatch.push(batch[index] ?? null);
    byEpoch.push(atEpochEnd ? (train[epoch] ?? null) : null);
    byTest.push(atEpochEnd ? (test[epoch] ?? null) : null);
    if (atEpochEnd) epoch++;
  });
  while (epoch < train.length) addEpoch();
  return [x, byBatch, byEpoch, byTest];
}

function axis(size: number, values?: uPlot.Axis.Values): uPlot.Axis {
  return {
    stroke: () => color(colors.text),
    font: '12px system-ui, sans-serif',
    size,
    gap: 4,
    grid: { stroke: () => color(colors.line), width: 1 },
    ticks: { show: false },
    ...(values ? { values } : {}),
  };
}

function makePlot(
  root: HTMLElement,
  width: number,
  top: (data: uPlot.AlignedData) => number,
  xMax: () => number,
): uPlot {
  const points = (name: string): uPlot.Series.Points => ({
    show: true,
    size: 5,
    fill: () => color(name),
    stroke: () => color(name),
  });
  return new uPlot(
    {
      width,
      height,
      padding: [8, 8, 0, 0],
      legend: { show: false },
      cursor: { show: false },
      select: { show: false, left: 0, top: 0, width: 0, height: 0 },
      scales: {
        x: { time: false, range: () => [0, xMax()] },
        y: { range: (plot) => [0, top(plot.data)] },
      },
      axes: [{ ...axis(24), incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500] }, axis(40)],
      series: [
        {},
        { stroke: () => color(colors.faint), width: 1.5, spanGaps: true, points: { show: false } },
        {
          stroke: () => color(colors.accent),
          width: 2,
          spanGaps: true,
          points: points(colors.accent),
        },
        {
          stroke: () => color(colors.strong),
          width: 1.5,
          dash: [5, 4],
          spanGaps: true,
          points: points(colors.strong),
        },
      ],
    },
    [[], [], [], []],
    root,
  );
}

/** Guessing among ten digits costs ln 10 = 2.3: the axis starts so, before there is a value. */
const guessing = 2.5;

/** The loss axis ends at a round number above the highest value, so it does not follow each batch. */
function lossTop(data: uPlot.AlignedData): number {
  if (data[0].length === 0) return guessing;
  let highest = 1;
  for (const column of data.slice(1)) {
    for (const value of column) if (typeof value === 'number' && value > highest) highest = value;
  }
  return Math.min(Math.ceil(highest * 2) / 2, 10);
}

/** The curves of loss and accuracy: each batch's running mean, each epoch, the test digits. */
export class Charts {
  private readonly loss: uPlot;
  private readonly accuracy: uPlot;
  private run: Run | null = null;
  private readonly reducedMotion = matchMedia('(prefers-reduced-motion: reduce)');
  private readonly redraw = throttledDraw(
    () => {
      this.draw();
    },
    () => (this.reducedMotion.matches ? calmRedrawEvery : redrawEvery),
  );

  constructor(
    private readonly lossRoot: HTMLElement,
    private readonly accuracyRoot: HTMLElement,
  ) {
    const xMax = (): number =>
      Math.max(1, this.run?.target ?? 0, this.run?.epochs.length ?? 0, this.plannedEpochs);
    this.loss = makePlot(lossRoot, lossRoot.clientWidth, lossTop, xMax);
    this.accuracy = makePlot(accuracyRoot, accuracyRoot.clientWidth, () => 1, xMax);
    const resize = new ResizeObserver(() => {
      this.loss.setSize({ width: lossRoot.clientWidth, height });
      this.accuracy.setSize({ width: accuracyRoot.clientWidth, height });
    });
    resize.observe(lossRoot);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
      this.loss.redraw();
      this.accuracy.redraw();
    });
  }

  /** Length of the x axis before there is a run, in epochs. */
  plannedEpochs = 1;

  show(run: Run): void {
    this.run = run;
    this.redraw();
  }

  /** Says in words what the curves show; for epoch ends, not for batches. */
  describe(run: Run): void {
    const last = run.epochs.at(-1);
    const say = (root: HTMLElement, what: string, train?: number, test?: number): void => {
      root.setAttribute(
        'aria-label',
        last
          ? `${what} after epoch ${last.epoch}: training ${score(train)}, test ${score(test)}`
          : `${what}: no epoch yet`,
      );
    };
    say(this.lossRoot, 'Loss', last?.loss, last?.valLoss);
    say(this.accuracyRoot, 'Accuracy', last?.accuracy, last?.valAccuracy);
  }

  private draw(): void {
    const run = this.run;
    if (!run) return;
    const { epochs, batches } = run;
    const pick = (key: 'loss' | 'valLoss' | 'accuracy' | 'valAccuracy'): number[] =>
      epochs.map((epoch) => epoch[key]);
    this.loss.setData(columns(run, batches.loss, pick('loss'), pick('valLoss')));
    this.accuracy.setData(columns(run, batches.accuracy, pick('accuracy'), pick('valAccuracy')));
  }
}
