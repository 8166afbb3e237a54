/** A sentence on stderr, one line whatever a file has for a name. */
export function complain(message: string): void {
  process.stderr.write(`tabtrain: ${message.replace(/\s*[\r\n]+\s*/g, ' ')}\n`);
}

/** Rows in columns, without lines and without blanks at the end. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  }
  const lines = rows.map((row) => row.map((cell, i) => cell.padEnd(widths[i]!)).join('  '));
  return lines.map((line) => line.trimEnd()).join('\n');
}
