// What the host loads only where it is needed: training state and zip files. A file of its own that
// imports nothing, so that a bundler may copy it wherever the worker goes.
export { Backup } from './state/backup';
export { unzipEntries, zipEntries } from './storage/zip';
