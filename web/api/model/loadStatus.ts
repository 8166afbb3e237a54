import { TabtrainError } from '../errors';
import type { LoadReport } from '../host/protocol';

/** What `loadWeights` restored, as TensorFlow's load status. */
export class LoadStatus {
  /** Names of what was restored. */
  readonly restored: readonly string[];
  /** Keys of the file that the model has no place for. */
  readonly unusedInFile: readonly string[];
  /** Variables of the model, the optimizer's among them, that the file does not have. */
  readonly missingInFile: readonly string[];
  /** Sentences about what was converted. */
  readonly notes: readonly string[];

  constructor({ restored, unusedInFile, missingInFile, notes = [] }: LoadReport) {
    this.restored = restored;
    this.unusedInFile = unusedInFile;
    this.missingInFile = missingInFile;
    this.notes = notes;
  }

  /** Throws `INVALID_ARGUMENT` unless the file and the model hold the same variables. */
  assertConsumed(): this {
    this.assertExistingObjectsMatched();
    return this.#assert(
      'assertConsumed',
      'the file has values that nothing took',
      this.unusedInFile,
    );
  }

  /** Throws `INVALID_ARGUMENT` unless every variable of the model was in the file. */
  assertExistingObjectsMatched(): this {
    return this.#assert(
      'assertExistingObjectsMatched',
      'the file has no values for',
      this.missingInFile,
    );
  }

  /** Says that a partial match is meant; for TensorFlow's idiom, it changes nothing here. */
  expectPartial(): this {
    return this;
  }

  #assert(method: string, what: string, names: readonly string[]): this {
    if (names.length === 0) return this;
    const shown = names.slice(0, 5).join(', ') + (names.length > 5 ? ', ...' : '');
    throw new TabtrainError(
      'INVALID_ARGUMENT',
      `loadStatus.${method}: ${what} (${names.length}): ${shown}`,
    );
  }
}
