import { exponential, fixed, floatRepr, general } from './pyNumber';

/** A failure of Python's `str.format`, with the text of Python's own message. */
export class FormatError extends Error {}

/** `[[fill]align][sign][#][0][width][grouping][.precision][type]`. */
export interface Spec {
  readonly fill: string;
  readonly align: string;
  readonly sign: string;
  readonly alternate: boolean;
  readonly width: number;
  readonly grouping: string;
  readonly precision: number | null;
  readonly type: string;
}

const SPEC = /^(?:([^])?([<>=^]))?([-+ ])?(#)?(0)?(\d+)?([,_]*)(?:(\.)(\d+)?)?([^]*)$/u;

/** Bounds what a template from a file can make us allocate. */
const MAX_WIDTH = 1024;

/** Throws FormatError for what no `type` (`int`, `float`, `str`) could take. */
export function parseSpec(text: string, objectType: string): Spec {
  const [, fill, align, sign, alternate, zero, width, grouping = '', point, precision, type = ''] =
    SPEC.exec(text)!;
  if (grouping.length > 1) {
    const both = grouping.includes(',') && grouping.includes('_');
    throw new FormatError(
      both
        ? "Cannot specify both ',' and '_'."
        : `Cannot specify '${grouping[0]}' with '${grouping[0]}'.`,
    );
  }
  if (point !== undefined && precision === undefined) {
    throw new FormatError('Format specifier missing precision');
  }
  if (Number(width ?? 0) > MAX_WIDTH || Number(precision ?? 0) > MAX_WIDTH) {
    throw new FormatError('Too many decimal digits in format string');
  }
  if ([...type].length > 1) throw new FormatError('Invalid format specifier');
  if (type !== '' && !/[bcdeEfFgGnosxX%]/.test(type)) unknownCode(type, objectType);
  if (grouping !== '' && /[ncs]/.test(type)) {
    throw new FormatError(`Cannot specify '${grouping}' with '${type}'.`);
  }
  return {
    fill: fill ?? (zero && align === undefined ? '0' : zero ? '0' : ' '),
    align: align ?? (zero ? '=' : ''),
    sign: sign ?? '-',
    alternate: alternate !== undefined,
    width: Number(width ?? 0),
    grouping,
    precision: precision === undefined ? null : Number(precision),
    type,
  };
}

const RADIX: Readonly<Record<string, number>> = { b: 2, o: 8, x: 16, X: 16, d: 10, n: 10, '': 10 };

export function formatInt(value: number, spec: Spec): string {
  if (/[eEfFgG%]/.test(spec.type)) return formatFloat(value, spec);
  if (spec.type === 's') unknownCode(spec.type, 'int');
  if (spec.precision !== null) {
    throw new FormatError('Precision not allowed in integer format specifier');
  }
  if (spec.type === 'c')
    return pad('', String.fromCodePoint(value), '', { ...spec, align: spec.align || '<' });
  const radix = RADIX[spec.type]!;
  let digits = Math.abs(value).toString(radix);
  if (spec.type === 'X') digits = digits.toUpperCase();
  const prefix = spec.alternate && radix !== 10 ? `0${spec.type}` : '';
  const every = radix === 10 ? 3 : 4;
  if (spec.grouping === ',' && radix !== 10) {
    throw new FormatError(`Cannot specify ',' with '${spec.type}'.`);
  }
  return pad(signOf(value, spec) + prefix, digits, '', spec, every);
}

export function formatFloat(value: number, spec: Spec): string {
  if (/[bcdosxX]/.test(spec.type)) unknownCode(spec.type, 'float');
  const magnitude = Math.abs(value);
  const precision = spec.precision ?? 6;
  let body: string;
  switch (spec.type.toLowerCase()) {
    case 'f':
      body = fixed(magnitude, precision) + pointIf(spec.alternate && precision === 0);
      break;
    case 'e':
      body = exponential(magnitude, precision);
      break;
    case '%':
      body = `${fixed(magnitude * 100, precision)}%`;
      break;
    case 'g':
    case 'n':
      body = general(magnitude, precision, spec.alternate);
      break;
    default:
      body = spec.precision === null ? floatRepr(magnitude) : reprLike(magnitude, spec.precision);
  }
  if (/[EFG]/.test(spec.type)) body = body.toUpperCase();
  const split = /^(\d*)(.*)$/s.exec(body)!;
  return pad(signOf(value, spec), split[1]!, split[2]!, spec);
}

const pointIf = (condition: boolean) => (condition ? '.' : '');

/** No type but a precision: as `g`, with at least one digit after the point. */
function reprLike(value: number, precision: number): string {
  const text = general(value, precision);
  return /[.en]/.test(text) ? text : `${text}.0`;
}

export function formatText(text: string, spec: Spec): string {
  if (spec.type !== '' && spec.type !== 's') unknownCode(spec.type, 'str');
  if (spec.align === '=')
    throw new FormatError("'=' alignment not allowed in string format specifier");
  const cut = spec.precision === null ? text : text.slice(0, spec.precision);
  return pad('', cut, '', { ...spec, align: spec.align || '<', grouping: '' });
}

function unknownCode(code: string, type: string): never {
  throw new FormatError(`Unknown format code '${code}' for object of type '${type}'`);
}

function signOf(value: number, spec: Spec): string {
  if (value < 0 || Object.is(value, -0)) return '-';
  return spec.sign === '-' ? '' : spec.sign;
}

function pad(lead: string, digits: string, tail: string, spec: Spec, every = 3): string {
  const group = (text: string) =>
    spec.grouping === '' || !/^[0-9a-f]+$/i.test(text)
      ? text
      : text.replace(new RegExp(`\\B(?=(?:.{${every}})+$)`, 'g'), spec.grouping);
  let body = group(digits);
  const room = () => spec.width - [...(lead + body + tail)].length;
  if (spec.align === '=' && spec.fill === '0' && spec.grouping !== '') {
    for (let zeros = digits; room() > 0; body = group(zeros)) zeros = `0${zeros}`;
    return lead + body + tail;
  }
  if (room() <= 0) return lead + body + tail;
  const filling = spec.fill.repeat(room());
  switch (spec.align) {
    case '<':
      return lead + body + tail + filling;
    case '=':
      return lead + filling + body + tail;
    case '^': {
      const left = filling.slice(0, Math.floor(room() / 2) * spec.fill.length);
      return left + lead + body + tail + filling.slice(left.length);
    }
    default:
      return filling + lead + body + tail;
  }
}
