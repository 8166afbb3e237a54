/** Of the JSON of a model: some 20,000 layers. Who has more of it wants to keep a reader busy. */
export const MOST_JSON_BYTES = 16 * 1024 * 1024;
