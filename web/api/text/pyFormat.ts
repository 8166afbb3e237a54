import { floatRepr } from './pyNumber';
import { FormatError, formatFloat, formatInt, formatText, parseSpec } from './pySpec';

/** Values by name. Python tells integers from floats, and so do the format codes. */
export interface FormatValues {
  readonly ints: Readonly<Record<string, number>>;
  readonly floats: Readonly<Record<string, number>>;
}

/**
 * Python's `template.format(**values)` for integers and floats: `{epoch:04d}`, `{val_loss:.2f}`,
 * `{{`, `}}`, conversions `!r` `!s` `!a`, nested fields in the format spec.
 * Source: CPython 3, Objects/stringlib/unicode_format.h; the format specification mini-language.
 *
 * @throws FormatError with Python's message; for an unknown name `'name'`, as `str(KeyError)` prints.
 */
export function pyFormat(template: string, values: FormatValues, depth = 2): string {
  if (depth === 0) throw new FormatError('Max string recursion exceeded');
  let out = '';
  let at = 0;
  while (at < template.length) {
    const char = template[at]!;
    if (char !== '{' && char !== '}') {
      out += char;
      ++at;
    } else if (template[at + 1] === char) {
      out += char;
      at += 2;
    } else if (char === '}') {
      throw new FormatError("Single '}' encountered in format string");
    } else {
      const end = closingBrace(template, at);
      out += formatField(template.slice(at + 1, end), values, depth);
      at = end + 1;
    }
  }
  return out;
}

function closingBrace(template: string, open: number): number {
  let depth = 0;
  for (let i = open; i < template.length; ++i) {
    if (template[i] === '{') ++depth;
    if (template[i] === '}' && --depth === 0) return i;
  }
  if (open + 1 === template.length) {
    throw new FormatError("Single '{' encountered in format string");
  }
  throw new FormatError(
    /[:!]/.test(template.slice(open))
      ? "unmatched '{' in format spec"
      : "expected '}' before end of string",
  );
}

function formatField(field: string, values: FormatValues, depth: number): string {
  const [, path = '', tail = ''] = /^([^!:]*)([^]*)$/.exec(field)!;
  const { conversion, spec } = splitTail(tail);
  const { value, isInt } = lookUp(path, values);
  const expanded = /[{}]/.test(spec) ? pyFormat(spec, values, depth - 1) : spec;
  if (conversion !== '') {
    return formatText(isInt ? String(value) : floatRepr(value), parseSpec(expanded, 'str'));
  }
  const parsed = parseSpec(expanded, isInt ? 'int' : 'float');
  return isInt ? formatInt(value, parsed) : formatFloat(value, parsed);
}

/** `!r:spec`, either part optional. */
function splitTail(tail: string): { conversion: string; spec: string } {
  if (!tail.startsWith('!')) return { conversion: '', spec: tail.slice(1) };
  const [conversion = '', next] = tail.slice(1);
  if (conversion === '') throw new FormatError("unmatched '{' in format spec");
  if (next !== undefined && next !== ':') {
    throw new FormatError("expected ':' after conversion specifier");
  }
  if (!/[rsa]/.test(conversion)) {
    throw new FormatError(`Unknown conversion specifier ${conversion}`);
  }
  return { conversion, spec: tail.slice(3) };
}

/** A name, or the attributes `real` and `imag` of one, the only ones that are numbers. */
function lookUp(path: string, values: FormatValues): { value: number; isInt: boolean } {
  const [, name = '', rest = ''] = /^([^.[]*)([^]*)$/.exec(path)!;
  if (/^\d*$/.test(name)) {
    const index = Number(name);
    throw new FormatError(`Replacement index ${index} out of range for positional args tuple`);
  }
  const isInt = Object.hasOwn(values.ints, name);
  if (!isInt && !Object.hasOwn(values.floats, name)) throw new FormatError(`'${name}'`);
  const value = (isInt ? values.ints : values.floats)[name]!;
  if (rest === '' || rest === '.real') return { value, isInt };
  if (rest === '.imag') return { value: 0, isInt };
  const type = isInt ? 'int' : 'float';
  throw new FormatError(
    rest.startsWith('[')
      ? `'${type}' object is not subscriptable`
      : `'${type}' object has no attribute '${rest.slice(1)}'`,
  );
}

export { FormatError };
