/*
 * Numbers as Python prints them. Python rounds the exact binary value half to even; JavaScript's
 * `toFixed` rounds exact ties up and gives up at 1e21, hence the exact decimals here.
 */

/** |x| = 0.d1d2d3... * 10^point, all digits exact, no leading zero; digits empty for 0. */
interface Decimal {
  readonly digits: string;
  readonly point: number;
}

function exactDecimal(x: number): Decimal {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, Math.abs(x));
  const bits = view.getBigUint64(0);
  const biased = Number(bits >> 52n);
  const fraction = bits & 0xfffffffffffffn;
  let mantissa = biased === 0 ? fraction : fraction | 0x10000000000000n;
  if (mantissa === 0n) return { digits: '', point: 0 };
  const exponent = (biased || 1) - 1075;
  // m * 2^-k = m * 5^k * 10^-k
  if (exponent >= 0) mantissa <<= BigInt(exponent);
  else mantissa *= 5n ** BigInt(-exponent);
  const digits = mantissa.toString();
  return { digits, point: digits.length + Math.min(exponent, 0) };
}

/** Rounds half to even after `count` digits (may be 0 or less). */
function roundDecimal({ digits, point }: Decimal, count: number): Decimal {
  if (count >= digits.length) return { digits, point };
  if (count < 0) return { digits: '', point: 0 };
  const kept = digits.slice(0, count);
  const rest = digits.slice(count);
  const half = `5${'0'.repeat(rest.length - 1)}`;
  const lastOdd = count > 0 && Number(kept[count - 1]) % 2 === 1;
  if (rest < half || (rest === half && !lastOdd)) {
    return kept === '' ? { digits: '', point: 0 } : { digits: kept, point };
  }
  const up = (BigInt(kept || '0') + 1n).toString();
  return { digits: up, point: point + up.length - kept.length };
}

function special(x: number): string | null {
  if (Number.isNaN(x)) return 'nan';
  return Number.isFinite(x) ? null : x < 0 ? '-inf' : 'inf';
}

function sign(x: number): string {
  return x < 0 || Object.is(x, -0) ? '-' : '';
}

/** `'%.{places}f' % x`. */
export function fixed(x: number, places: number): string {
  return special(x) ?? sign(x) + fixedDigits(exactDecimal(x), places);
}

function fixedDigits(exact: Decimal, places: number): string {
  const { digits, point } = roundDecimal(exact, exact.point + places);
  const padded = digits.padEnd(Math.max(point, 0) + places, '0');
  const whole = point > 0 ? padded.slice(0, point) : '0';
  const fraction = point > 0 ? padded.slice(point) : '0'.repeat(-point) + padded;
  return places > 0 ? `${whole}.${fraction.slice(0, places).padEnd(places, '0')}` : whole;
}

/** `'%.{places}e' % x`. */
export function exponential(x: number, places: number): string {
  return special(x) ?? sign(x) + exponentialDigits(exactDecimal(x), places);
}

function exponentialDigits(exact: Decimal, places: number): string {
  const { digits, point } = roundDecimal(exact, places + 1);
  const padded = digits.padEnd(places + 1, '0');
  const exponent = digits === '' ? 0 : point - 1;
  const mantissa = places > 0 ? `${padded[0]}.${padded.slice(1, places + 1)}` : padded[0]!;
  return `${mantissa}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
}

/** `'%.{precision}g' % x`; with `alternate` trailing zeros stay. */
export function general(x: number, precision: number, alternate = false): string {
  const text = special(x);
  if (text !== null) return text;
  const significant = precision === 0 ? 1 : precision;
  const exact = exactDecimal(x);
  const { digits, point } = roundDecimal(exact, significant);
  const exponent = digits === '' ? 0 : point - 1;
  const scientific = exponent < -4 || exponent >= significant;
  const body = scientific
    ? exponentialDigits(exact, significant - 1)
    : fixedDigits(exact, significant - 1 - exponent);
  if (alternate) return sign(x) + body;
  const [mantissa, tail] = body.split('e');
  const trimmed = mantissa!.includes('.') ? mantissa!.replace(/\.?0+$/, '') : mantissa!;
  return sign(x) + trimmed + (tail === undefined ? '' : `e${tail}`);
}

/** `repr(x)` of a Python float: the shortest digits that give the same double. */
export function floatRepr(x: number): string {
  const text = special(x);
  if (text !== null) return text;
  const magnitude = Math.abs(x);
  if (magnitude !== 0 && (magnitude < 1e-4 || magnitude >= 1e16)) {
    const [mantissa, exponent] = magnitude.toExponential().split('e');
    const power = Number(exponent);
    const digits = String(Math.abs(power)).padStart(2, '0');
    return `${sign(x)}${mantissa}e${power < 0 ? '-' : '+'}${digits}`;
  }
  const plain = String(magnitude);
  return sign(x) + (plain.includes('.') ? plain : `${plain}.0`);
}

/** `str(x)` of a numpy float32: the shortest digits that give the same float32. */
export function float32Repr(x: number): string {
  let digits = 1;
  while (digits < 9 && Math.fround(Number(x.toPrecision(digits))) !== x) ++digits;
  return floatRepr(Number(x.toPrecision(digits)));
}
