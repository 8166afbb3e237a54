import {
  LAMBDA,
  functions,
  impossible,
  named,
  nested,
  smallConfig,
  type ModelJson,
} from './configs';
import { MARSHALLED, lists, rowsOf, type Row } from './row';

const rows = rowsOf<{ text: string }>(
  () => Promise.resolve({ text: JSON.stringify(smallConfig()) }),
  ({ text }) => ({ json: text }),
);
const parsedRows = rowsOf<ModelJson>(
  () => Promise.resolve(smallConfig()),
  (model) => ({ json: JSON.stringify(model) }),
);
const put = (text: string) => (of: { text: string }) => void (of.text = text);
const key = (name: string) => (of: { text: string }) =>
  void (of.text = of.text.replace('"units":2', `"units":2,"${name}":{"polluted":1}`));
const WRONG = 'INVALID_ARGUMENT';

/** Texts of models, for `modelFromJson`. */
export const jsonRows: readonly Row[] = [
  ...rows('a parser that fails other than by its own error, or has no bound on depth', [
    ['nothing', put(''), WRONG, 'JSON'],
    ['JSON that ends early', (of) => put(of.text.slice(0, -9))(of), WRONG, 'JSON'],
    ['null', put('null'), WRONG, 'expected { class_name, config'],
    ['a list', put('[]'), WRONG, 'expected { class_name, config'],
    ['lists 100,000 deep', put(lists(100_000)), WRONG, 'expected { class_name, config'],
    ['a key 10,000 records deep', put(`${'{"config":'.repeat(10_000)}1${'}'.repeat(10_000)}`), WRONG, 'expected { class_name, config'],
    ['models 120 deep', put(JSON.stringify(nested(120))), WRONG, 'deep'],
    ['models 20,000 deep', put(`${'{"class_name":"Sequential","config":{"layers":['.repeat(20_000)}${']}}'.repeat(20_000)}`), WRONG, 'deep'],
    ['a functional model', put('{"class_name": "Functional", "config": {"layers": []}}'), 'UNSUPPORTED', 'Functional'],
    ['no layers', put('{"class_name": "Sequential", "config": {"layers": []}}'), WRONG, 'at least one layer'],
    ['layers that are a record', put('{"class_name": "Sequential", "config": {"layers": {"length": 5}}}'), WRONG, 'layer'],
    ['layers of numbers', put('{"class_name": "Sequential", "config": {"layers": [1, 2]}}'), WRONG, 'layers'],
  ]), // prettier-ignore
  ...rows('a key of a config that reaches what all objects share', [
    ['the key __proto__', key('__proto__'), WRONG, '__proto__'],
    ['the key constructor', key('constructor'), WRONG, 'constructor'],
    ['the key toString', key('toString'), WRONG, 'toString'],
  ]),
  ...parsedRows('a config that names what is to be called', [...functions(WRONG), ...named]),
  ...parsedRows('a size that is computed before it is checked', impossible),
  ...parsedRows('code in a config', [
    ['Keras 2\'s Lambda in JSON', (m) => void (m.config.layers[1] = { class_name: 'Lambda', config: { function: { class_name: '__tuple__', items: [MARSHALLED, null, null] }, function_type: 'lambda' } }), 'UNKNOWN_CLASS', LAMBDA, 'CVE-2024-3660'],
  ]), // prettier-ignore
];
