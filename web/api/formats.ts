// Formats of whole models, loaded where a model is saved or loaded. A file of its own that imports
// nothing, so that a bundler may copy it wherever the worker goes.
export { ModelFiles } from './formats/modelFiles';
export { keras2Json } from './formats/dialects/json';
