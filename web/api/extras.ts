// What the host loads only where it is needed: training state, zip files, files in memory. A file of its own
// that imports nothing, so that a bundler may copy it wherever the worker goes.
export { Backup } from './state/backup';
export { MemoryBackend } from './storage/memoryBackend';
export { unzipEntries, zipEntries } from './storage/zip';
export { CheckpointFiles } from './storage/checkpointFiles';
