/** Of the JSON of a model: some 80,000 layers. Who has more of it wants to keep a reader busy. */
export const MOST_JSON_BYTES = 64 * 1024 * 1024;
