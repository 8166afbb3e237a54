import type { KerasConfig } from '../config/spec';
import type { EngineModel } from '../engine/engine';
import type * as Hdf5 from '../hdf5';

/** A tensor as files hold it: little-endian, in C order. */
export interface StoredTensor {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

export interface WeightSnapshot extends StoredTensor {
  /** Structural, `layers/0/kernel`; what follows the layer's is the attribute, `inner/kernel` of an object in it. */
  readonly path: string;
  /** Whether `fit` changes it as the layer stands. */
  readonly trainable: boolean;
  /** Whether it would in a layer that is not frozen. */
  readonly trains: boolean;
}

/** A layer, and a model as a layer, without InputLayers. Shapes have null for the batch. */
export interface LayerSnapshot<Weight = WeightSnapshot> {
  readonly name: string;
  readonly className: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly inputShape: readonly (number | null)[];
  readonly outputShape: readonly (number | null)[];
  /** Its own, those of layers within not included; trainable ones first, as Keras's `layer.weights`. */
  readonly weights: readonly Weight[];
  readonly layers: readonly LayerSnapshot<Weight>[];
  /** Whether the class is the user's own. */
  readonly isOwn?: boolean;
  /** The arguments that are initializers of the user's own. */
  readonly ownInitializers?: readonly string[];
  /** Of a layer of the user's own: what its file said of the objects that it holds. */
  readonly held?: readonly HeldObject[];
  /** Of a layer of the user's own, where the format keeps it: its forward passes. */
  readonly graphs?: { readonly inference: GraphJson; readonly training: GraphJson };
}

/** What a layer whose class is elsewhere has in an attribute: a layer, or a list or record of them. */
export interface HeldObject {
  /** From the layer that holds it: `inner`, `blocks/0/dense`. */
  readonly path: string;
  /** TensorFlow's name of its kind. */
  readonly identifier: string;
  /** Of a layer, what Keras needs to make it anew. */
  readonly metadata: string | null;
}

/** By the place of the layer that holds them: `0,2` is the third of a model that is the first. */
export type HeldObjects = ReadonlyMap<string, readonly HeldObject[]>;

/** What `compile` chose, each object with all its arguments. */
export interface CompileConfig {
  readonly optimizer: KerasConfig | string;
  readonly loss: KerasConfig | string;
  readonly metrics: readonly (KerasConfig | string)[] | null;
  readonly weighted_metrics?: readonly (KerasConfig | string)[] | null;
  readonly loss_weights?: unknown;
  /** The optimizer as it is, where `optimizer` is it in the words of another generation. */
  readonly own?: KerasConfig;
  /** What was recorded of losses and metrics of the user's own, by name. */
  readonly recorded?: Readonly<Record<string, unknown>>;
}

/**
 * In which order the list of an optimizer's variables comes: that of OptimizerV2, of Keras 2.11 and
 * later, of Keras 3.
 */
export type OptimizerOrder = 'legacy' | 'new' | 'keras3';

export interface OptimizerVariables {
  readonly order: OptimizerOrder;
  readonly variables: readonly StoredTensor[];
}

/**
 * The engine's `graphToJson`: a forward pass as ops, by numbers of values. The first output is the layer's,
 * the others are penalties on its weights.
 */
export interface GraphJson {
  readonly values: readonly (readonly [dtype: string, shape: readonly number[]])[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly nodes: readonly GraphNode[];
}

export interface GraphNode {
  readonly op: string;
  readonly in: readonly number[];
  readonly out: readonly number[];
  readonly attrs: Readonly<Record<string, unknown>>;
  /** The path of the variable that it reads or assigns. */
  readonly variable?: string;
  /** Of a read: the numbers of what is no weight but a constant. */
  readonly tensor?: { readonly shape: readonly number[]; readonly values: readonly number[] };
}

/** What a format writes: a consistent copy of a model, taken between two steps. */
export interface ModelSnapshot {
  /** Of the whole model, in the words of Keras 2.8. */
  readonly config: KerasConfig;
  readonly name: string;
  /** With the bytes of weights, except where the format keeps a checkpoint. */
  readonly layers: readonly LayerSnapshot[];
  readonly input: { readonly name: string; readonly shape: readonly (number | null)[] };
  readonly output: { readonly name: string; readonly shape: readonly (number | null)[] };
  /** Null where the model is not compiled or the optimizer was not asked for. */
  readonly compile: CompileConfig | null;
  /** Null before the first step, and where it was not asked for. */
  readonly optimizer: OptimizerVariables | null;
  /** Where the format keeps a TensorFlow checkpoint. */
  readonly checkpoint: { readonly index: Uint8Array; readonly data: Uint8Array } | null;
  /** The forward passes, for inference and for training, where the format keeps them. */
  readonly graphs: { readonly inference: GraphJson; readonly training: GraphJson } | null;
}

/** What a format needs in a snapshot. */
export interface SnapshotNeeds {
  readonly optimizer?: OptimizerOrder | null;
  readonly checkpoint?: 'legacy' | 'new' | 'none';
  readonly graphs?: boolean;
}

/** The names of what the engine has. */
export interface KnownClasses {
  readonly layers: readonly string[];
  readonly activations: readonly string[];
  readonly initializers: readonly string[];
}

/** How the state of the optimizer is to be kept; see {@link Model.save}. */
export type OptimizerLayout = 'auto' | 'legacy' | 'new' | 'keras3' | 'none';

export interface SaveRequest {
  /** Who asks, for sentences. */
  readonly where: string;
  readonly includeOptimizer: boolean;
  readonly optimizerLayout: OptimizerLayout;
}

/** A file to write, its name relative to what is saved; '' is that path itself. */
export interface NewFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** What a reader is given: one file, or the files of a directory. */
export interface FileSource {
  /** For sentences. */
  readonly label: string;
  /** Relative to the directory; of a single file its own name. */
  readonly names: readonly string[];
  /** Whether the source is one file. */
  readonly single: boolean;
  /** @param most of the file's bytes that make sense; a file from elsewhere that has more is not read on. */
  read(name: string, most?: number): Promise<Uint8Array | null>;
}

/** Gives the model's turn of the engine to a function, and what `compile` was given. */
export type AtRest = <T>(take: (model: EngineModel, compileJson: string) => T) => Promise<T>;

/** What formats may use besides the file. */
export interface Tools {
  /** Loads HDF5. */
  hdf5(): Promise<typeof Hdf5>;
  /** Bytes that a model may have. */
  readonly room: number;
}

/** How the weights of a file find their places. */
export interface MatchOptions {
  /** By the names of layers; else by their order. */
  readonly byName: boolean;
  /** Whether what does not fit is left as it is. */
  readonly skipMismatch: boolean;
}

/** The weights of a file. */
export interface WeightStore {
  /**
   * For each weight of `layers`, in their order, its tensor as it is in the file; null where it is to stay
   * as it is, which only the options allow.
   * @throws TabtrainError `SHAPE_MISMATCH`.
   */
  match(
    layers: readonly LayerSnapshot<WeightSlot>[],
    options: MatchOptions,
  ): readonly (StoredTensor | null)[];
  readonly tensors: readonly StoredTensor[];
}

/** A model as a file holds it, checked, in the engine's words. */
export interface LoadedModel {
  /** What it was written by, as far as the file says. */
  readonly version: string;
  readonly config: KerasConfig;
  readonly compile: CompileConfig | null;
  readonly weights:
    | {
        readonly checkpoint: { readonly index: Uint8Array; readonly shards: readonly Uint8Array[] };
      }
    | WeightStore;
  readonly optimizer: OptimizerVariables | null;
  /**
   * What the file says that the layer at a place in the model does, for classes that nobody here has:
   * what the engine takes as `recorded`, and the layers that it holds; null where it does not say.
   */
  recorded?(
    place: readonly number[],
    layer: KerasConfig,
  ): { readonly recorded: object; readonly held: readonly HeldObject[] } | null;
  /** Sentences about what was converted or left out. */
  readonly notes: readonly string[];
}

/** A weight that waits for its tensor. */
export type WeightSlot = Omit<WeightSnapshot, 'bytes'>;

/** One way to keep a whole model; a new one is one more row of the registry. */
export type Format = (OneFile | DirectoryOfFiles) & {
  /** As `model.save`'s option has it. */
  readonly name: 'tf' | 'h5' | 'keras' | 'tfjs';
  /** Whether the source is of this format, by its bytes or, of a directory, by its files. */
  sniff(source: FileSource): Promise<boolean>;
  needs(compile: CompileConfig | null, request: SaveRequest): SnapshotNeeds;
  write(model: ModelSnapshot, request: SaveRequest, tools: Tools): Promise<NewFile[]>;
  /** @throws TabtrainError `CORRUPT_FILE`, `UNSUPPORTED`, `OUT_OF_MEMORY`. */
  read(source: FileSource, tools: Tools): Promise<LoadedModel>;
};

interface OneFile {
  readonly directory: false;
}

interface DirectoryOfFiles {
  readonly directory: true;
  /** Of a directory that is also named by a file in it: that file. */
  readonly mainFile?: string;
  /** Whether a file is a model's; a newer one may remove it. All others are the user's. */
  isPart(name: string): boolean;
}
