const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** 60000 -> "60,000" */
export function count(value: number): string {
  return whole.format(value);
}

/** A loss or an accuracy, four decimals as Keras prints them. */
export function score(value: number | undefined): string {
  return value === undefined || Number.isNaN(value) ? '–' : value.toFixed(4);
}

/** Bytes in decimal units, as file managers and browsers show them. */
export function fileSize(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(1)} kB`;
  if (bytes < 1e9) return `${(bytes / 1e6).toFixed(1)} MB`;
  return `${(bytes / 1e9).toFixed(1)} GB`;
}

/** Seconds as m:ss or h:mm:ss. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '–';
  const rounded = Math.max(0, Math.round(seconds));
  const minutes = Math.floor(rounded / 60);
  const tail = String(rounded % 60).padStart(2, '0');
  if (minutes < 60) return `${minutes}:${tail}`;
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}:${tail}`;
}

const two = (value: number): string => String(value).padStart(2, '0');

/** Local clock time, "14:03:22". */
export function clock(milliseconds: number): string {
  const date = new Date(milliseconds);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':');
}

/** Local date and time, "2026-02-03 14:03:22". */
export function dateTime(milliseconds: number): string {
  const date = new Date(milliseconds);
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-');
  return `${day} ${clock(milliseconds)}`;
}

/** "epoch 5" or "epochs 5 to 10" */
export function epochRange(first: number, last: number): string {
  return first === last ? `epoch ${first}` : `epochs ${first} to ${last}`;
}

/** A learning rate as it was meant: 0.001, of which float32 has 0.0010000000474974513. */
export function shortRate(rate: number): string {
  return String(Number(rate.toPrecision(6)));
}
