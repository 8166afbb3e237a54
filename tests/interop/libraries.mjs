// The environments that files are exchanged with, and what each of them can do.

/** Whether its Keras has the newer optimizers, which came with 2.11. */
export const hasNewOptimizers = (label) => !['tf2.8', 'tf2.10'].includes(label);

/** Optimizers of ours that its Keras does not have: Lion came with 2.13. */
export const lacks = (label) => (label === 'tf2.12' ? ['lion'] : []);

/** Formats that it writes and we read, but the other way round not: Keras 2.12 to 2.14 look for layers in another group. */
export const writesOnly = (label) => (label === 'tf2.12' ? ['keras', 'weights_h5'] : []);

const tensorFlow = (label) => ({
  label,
  writes: hasNewOptimizers(label) ? ['legacy', 'new'] : ['legacy'],
  reads: ['legacy', 'new'],
  // TensorFlow 2.8 has no edge from the root to itself in what save_weights writes; the package writes it.
  rootEdge: label !== 'tf2.8',
});

/** Exchanged with in every run, and with `--all`. */
export const everyRun = ['tf2.8', 'tf2.21'].map(tensorFlow);
export const withAll = ['tf2.10', 'tf2.12', 'tf2.15'].map(tensorFlow);

/** Who exchanges HDF5 and archives with the TensorFlows of a run: Keras 3 is in the environment of TensorFlow 2.21. */
export const fileReaders = (environments) => [
  ...environments.map(({ label }) => ({ label, environment: label, variables: {} })),
  { label: 'keras3', environment: 'tf2.21', variables: { TABTRAIN_KERAS: '3' } },
];
