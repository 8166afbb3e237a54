// HDF5, loaded where such a file is read or written. A file of its own that imports nothing, so that a
// bundler may copy it wherever the worker goes.
export { openHdf5 } from './formats/hdf5/read';
export { createHdf5 } from './formats/hdf5/write';
