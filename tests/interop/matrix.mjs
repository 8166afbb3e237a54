// The matrix of README: library x format, in each direction five aspects. A cell is what checks came to, or a reason why the
// other side cannot do it; a cell with neither, or with both, is a failure.
import { readFileSync, writeFileSync } from 'node:fs';
import { noFormat, reasonFor } from './reasons.mjs';

const readme = new URL('../../README.md', import.meta.url);
const marks = /(<!-- interop -->\n)[\s\S]*?(\n<!-- \/interop -->)/;

export const libraries = {
  'tf2.8': 'TensorFlow 2.8',
  'tf2.10': 'TensorFlow 2.10',
  'tf2.12': 'TensorFlow 2.12',
  'tf2.15': 'TensorFlow 2.15',
  'tf2.21': 'TensorFlow 2.21, tf-keras',
  keras3: 'Keras 3.15',
  tfjs: 'TensorFlow.js 4.22',
};
export const formats = {
  checkpoint: 'checkpoint',
  saved_model: 'SavedModel',
  h5: '`.h5`, model',
  h5_weights: '`.h5`, weights',
  keras: '`.keras`',
  weights_h5: '`.weights.h5`',
  tfjs: 'TensorFlow.js',
};
const directions = ['ours', 'theirs'];
export const aspects = ['architecture', 'weights', 'compile', 'optimizer', 'steps'];

export const rowsOf = (chosen) => rows.filter(({ library }) => chosen.includes(library));
const rows = Object.keys(libraries).flatMap((library) =>
  Object.keys(formats)
    .filter((format) => !noFormat(library, format))
    .map((format) => ({ library, format })),
);

/** What checks came to, cell by cell. */
export class Matrix {
  #counts = new Map();

  /** @param cell `format aspect,aspect` of a check's line, and the library where it is not the one that runs */
  record(runs, direction, cell, ok) {
    const [format, list, library = runs] = cell.split(' ');
    for (const aspect of list.split(',')) {
      if (!(format in formats) || !aspects.includes(aspect))
        throw new Error(`interop: no cell is called '${cell}'`);
      const key = [library, format, direction, aspect].join();
      const count = this.#counts.get(key) ?? { passed: 0, failed: 0 };
      ++count[ok ? 'passed' : 'failed'];
      this.#counts.set(key, count);
    }
  }

  /** @returns {{ text: string, wrong: string | null }} `text` without counts */
  #cell(library, format, direction, aspect) {
    const count = this.#counts.get([library, format, direction, aspect].join());
    const reason = reasonFor(library, format, direction, aspect);
    const where = `${libraries[library]}, ${format}, ${direction === 'ours' ? 'they read ours' : 'we read theirs'}, ${aspect}`;
    if (count && reason) return { text: 'both', wrong: `${where}: checked, and a reason why not` };
    if (!count && !reason) return { text: 'none', wrong: `${where}: neither checked nor a reason` };
    if (reason) return { text: `(${reason})`, wrong: null };
    return { text: count.failed === 0 ? 'yes' : 'fails', wrong: null, count };
  }

  #cells({ library, format }) {
    return directions.flatMap((direction) =>
      aspects.map((aspect) => this.#cell(library, format, direction, aspect)),
    );
  }

  /** The rows that any check is in: a part of a run makes whole rows. */
  rows() {
    const cells = [...this.#counts.keys()].map((key) => key.split(','));
    return rows.filter(({ library, format }) => cells.some((c) => c[0] === library && c[1] === format)); // prettier-ignore
  }

  /** The cells of these rows which are neither checked nor excused, or both. */
  problems(which) {
    return which.flatMap((row) => this.#cells(row).flatMap(({ wrong }) => wrong ?? []));
  }

  /** These rows as cells of Markdown, by name. */
  lines(which, withCounts = false) {
    const text = ({ text, count }) =>
      withCounts && count ? `${count.passed}/${count.passed + count.failed}` : text;
    return new Map(
      which.map((row) => [rowName(row), [rowName(row), ...this.#cells(row).map(text)]]),
    );
  }
}

const rowName = ({ library, format }) => `${libraries[library]}: ${formats[format]}`;
const head = [
  'Library: format',
  ...directions.flatMap((direction) =>
    aspects.map((aspect) => `${direction === 'ours' ? 'Reads ours' : 'We read'}: ${aspect}`),
  ),
];

/** Markdown as Prettier leaves it. */
export function table(lines) {
  const all = [head, ...lines];
  const widths = head.map((_, i) => Math.max(...all.map((line) => line[i].length)));
  const row = (line) => `| ${line.map((text, i) => text.padEnd(widths[i])).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [row(head), rule, ...all.slice(1).map(row)].join('\n');
}

/** The rows in README, by name. */
function linesOf(text) {
  const block = marks.exec(text)?.[0];
  if (!block) throw new Error('README.md has no <!-- interop --> marks');
  const lines = block.split('\n').filter((line) => line.startsWith('| '));
  return new Map(
    lines.slice(2).map((line) => {
      const cells = line.slice(1, -1).split('|').map((cell) => cell.trim()); // prettier-ignore
      return [cells[0], cells];
    }),
  );
}

/** Where README differs from what ran, one sentence a cell; with `write` README is brought up to date. */
export function compareReadme(matrix, which, write) {
  const text = readFileSync(readme, 'utf8');
  const said = linesOf(text);
  const ran = matrix.lines(which);
  if (write) {
    const lines = rows.map(rowName).flatMap((name) => [ran.get(name) ?? said.get(name) ?? []]);
    const due = table(lines.filter(({ length }) => length > 0));
    writeFileSync(
      readme,
      text.replace(marks, (_, begin, end) => `${begin}\n${due}\n${end}`),
    );
    return [];
  }
  const names = new Set(rows.map(rowName));
  const gone = [...said.keys()].filter((name) => !names.has(name));
  return [
    ...gone.map((name) => `README.md has a row '${name}' that no library has`),
    ...[...ran].flatMap(([name, cells]) =>
      cells.flatMap((cell, i) => {
        const there = said.get(name)?.[i];
        if (there === cell) return [];
        return [`${name}, ${head[i]}: README.md says '${there ?? 'nothing'}', the run '${cell}'`];
      }),
    ),
  ];
}
