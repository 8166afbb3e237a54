import { modelConfig } from './config';

/** The JSON of a model's config in the words of Keras 2.8. */
export const keras2Json = (json: string): string =>
  JSON.stringify(modelConfig(JSON.parse(json), 'modelFromJson'));
