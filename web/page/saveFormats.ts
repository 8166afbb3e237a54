/** A way to save a model: what it is called, and who reads it. */
export interface SaveFormat {
  readonly name: 'keras' | 'h5' | 'tf' | 'tfjs';
  readonly readers: string;
  /** What `toFile` is given. */
  path(stem: string): string;
  /** The name of the download. */
  file(stem: string): string;
}

const formats: readonly SaveFormat[] = [
  {
    name: 'keras',
    readers: 'Keras 3 and 2.12 or newer read it with load_model(…), optimizer included.',
    path: (stem) => `${stem}.keras`,
    file: (stem) => `${stem}.keras`,
  },
  {
    name: 'h5',
    readers: 'Every Keras reads it with load_model(…); Keras 2 with the optimizer.',
    path: (stem) => `${stem}.h5`,
    file: (stem) => `${stem}.h5`,
  },
  {
    name: 'tf',
    readers:
      'A zip: unpacked, TensorFlow, Keras 2 (optimizer included), Serving and TensorFlow Lite read it.',
    path: (stem) => stem,
    file: (stem) => `${stem}.savedmodel.zip`,
  },
  {
    name: 'tfjs',
    readers: 'A zip: unpacked, TensorFlow.js reads it with tf.loadLayersModel(‘…/model.json’).',
    path: (stem) => `${stem}/model.json`,
    file: (stem) => `${stem}.tfjs.zip`,
  },
];

export function saveFormat(name: string): SaveFormat {
  const found = formats.find((format) => format.name === name);
  if (!found) throw new Error(`there is no format ${name}`);
  return found;
}

/** A file's name without what says its format. */
export function stemOf(name: string): string {
  const [first = ''] = name.split(' and ');
  const bare = first
    .replace(/(^|\/)model\.json$/, '')
    .replace(/(\.(savedmodel|tfjs))?\.(zip|h5|hdf5|keras|json)$/i, '');
  return bare.replace(/[^\w.-]+/g, '_') || 'model';
}
