import { platform } from '../client/platform';

let line = '';

/**
 * Prints text that may redraw its last line, as Keras does: to the terminal as it is. Where there is
 * none (a page's console), whole lines, each as it looked at its end.
 */
export function print(text: string): void {
  const { terminal } = platform();
  if (terminal) {
    terminal(text);
    return;
  }
  line += text;
  const lines = line.split('\n');
  line = lines.pop()!;
  for (const each of lines) {
    const shown = each.slice(each.lastIndexOf('\r') + 1).trimEnd();
    if (shown !== '') console.log(shown);
  }
  line = line.slice(line.lastIndexOf('\r') + 1);
}
