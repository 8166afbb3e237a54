// The table of classes in README.md, from the engine's registries, what the golden files test and the names that Keras has.
// `node tests/classes.mjs` writes it, with `--check` only compares. Needs a build (dist/).
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = new URL('../', import.meta.url);
const readme = new URL('README.md', root);
const golden = new URL('tests/golden/', root);

/** Of Keras's classes, what has no place in a model of dense layers on float vectors. */
const BEYOND_DENSE = [
  /Conv|Pooling|Cropping|UpSampling|ZeroPadding|SpatialDropout|LocallyConnected|GroupNormalization/, // images and sequences
  /RNN|GRU|LSTM|Bidirectional|TimeDistributed|Attention|Masking|Embedding|EinsumDense/, // sequences
  /^(Random|Center|Resizing)(?!Normal|Uniform)/, // augmentation
  /Hash|Lookup|TextVectorization|CategoryEncoding|Discretization/, // preprocessing of categories
  /^(Add|Average|Concatenate|Dot|Maximum|Minimum|Multiply|Subtract)$/, // several inputs
  /^(BaseLogger|SidecarEvaluatorModelExport|RemoteMonitor|TensorBoard)$/, // Keras's own plumbing, other programs
  /^RadialConstraint$/,
];

/** Everything in a JSON value that names a class, and every name of an activation. */
function collect(value, into) {
  if (Array.isArray(value)) {
    for (const each of value) collect(each, into);
  } else if (value !== null && typeof value === 'object') {
    if (typeof value.class_name === 'string') into.add(value.class_name);
    if (typeof value.activation === 'string') into.add(value.activation);
    if (Array.isArray(value.callbacks)) for (const [name] of value.callbacks) into.add(name);
    for (const each of Object.values(value)) collect(each, into);
  }
}

const FILES = {
  layers: /^layers\.json$/,
  activations: /^layers\.json$/,
  losses: /^losses\.json$/,
  metrics: /^metrics\.json$/,
  optimizers: /^trajectories/,
  schedules: /^trajectories/,
  initializers: /^initializers\.json$/,
  regularizers: /^regularizers\.json$/,
  constraints: /^regularizers\.json$/,
  callbacks: /^callbacks\.json$/,
};

/** Compared with Keras in cases of kinds of their own: which callback a case of text.json, loop.json or callbacks.json is about. */
const BY_KIND = {
  callbacks: ['History', 'LambdaCallback', 'ModelCheckpoint', 'ProgbarLogger', 'TerminateOnNaN'],
};

function testedNames(pattern) {
  const found = new Set();
  for (const file of readdirSync(golden, { recursive: true })) {
    if (!file.endsWith('.json') || !pattern.test(file)) continue;
    collect(JSON.parse(readFileSync(new URL(file, golden), 'utf8')).cases, found);
  }
  return found;
}

/** Callbacks live in the package, not in the engine. */
const camel = (name) => name[0].toLowerCase() + name.slice(1);

async function registries() {
  const { callbacks } = await import(new URL('dist/node.js', root));
  const { default: createEngine } = await import(new URL('dist/tabtrain-simd.mjs', root));
  const wasmBinary = readFileSync(new URL('dist/tabtrain-simd.wasm', root));
  const engine = await createEngine({ wasmBinary });
  return { engine: JSON.parse(engine.classNames()), callbacks };
}

function hasCallback(callbacks, name) {
  if (name === 'ProgbarLogger') return true; // what `verbose` makes
  try {
    const factory = callbacks[camel(name)] ?? callbacks[camel(name.replace('CSV', 'csv'))];
    if (!factory) return false;
    factory({});
    return true;
  } catch (error) {
    return error.code !== 'UNSUPPORTED';
  }
}

export async function classTable() {
  const { engine, callbacks } = await registries();
  const keras = JSON.parse(readFileSync(new URL('classes.json', golden), 'utf8')).cases;
  const lines = [
    '| Kind | Tested against Keras | Not tested against Keras | Missing |',
    '| --- | --- | --- | --- |',
  ];
  const beyondDense = [];
  for (const [kind, pattern] of Object.entries(FILES)) {
    const known = keras.filter((each) => each.kind === kind).map((each) => each.class);
    const ours =
      kind === 'callbacks' ? known.filter((name) => hasCallback(callbacks, name)) : engine[kind];
    const tested = new Set([...testedNames(pattern), ...(BY_KIND[kind] ?? [])]);
    const missing = known.filter((name) => !ours.includes(name));
    const beyond = missing.filter((name) => BEYOND_DENSE.some((each) => each.test(name)));
    const cells = [
      ours.filter((name) => tested.has(name)),
      ours.filter((name) => !tested.has(name)),
      missing.filter((name) => !beyond.includes(name)),
    ];
    beyondDense.push(...beyond);
    lines.push(`| ${kind} | ${cells.map((cell) => [...cell].sort().join(', ')).join(' | ')} |`);
  }
  lines.push('', `Missing, beyond dense models: ${beyondDense.sort().join(', ')}.`);
  return lines.join('\n');
}

const MARKS = /(<!-- classes -->\n)[^]*?(<!-- \/classes -->)/;

/** README with the table that is due. */
export async function readmeWithTable() {
  const { format } = await import('prettier');
  const text = readFileSync(readme, 'utf8');
  if (!MARKS.test(text)) throw new Error('README.md has no <!-- classes --> marks');
  const table = await format(await classTable(), { parser: 'markdown', proseWrap: 'preserve' });
  return { text, due: text.replace(MARKS, (_, begin, end) => `${begin}\n${table}\n${end}`) };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { text, due } = await readmeWithTable();
  if (process.argv.includes('--check')) {
    if (text !== due)
      throw new Error('the table of classes is out of date: node tests/classes.mjs');
  } else {
    writeFileSync(readme, due);
  }
}
