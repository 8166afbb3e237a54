/** The public surface, the same in browsers and in Node. */
export { TabtrainError, type ErrorCode } from './errors';
export { init, engineInfo } from './client/engine';
export type { InitOptions } from './client/platform';
export type { EngineInfo } from './host/protocol';
export type { Variant } from './engine/variants';
export { setSeed } from './client/seed';
export { latestCheckpoint, listVariables, storage, type ImportSource } from './client/files';
export type { StorageKind, StoredFile } from './storage/backend';

export { sequential, modelFromJson, Sequential } from './model/sequential';
export { Model } from './model/model';
export type { LoadedFrom } from './model/weights';
export type { LoadWeightsOptions, SaveOptions, SaveWeightsOptions } from './model/weightsOptions';
export { Layer } from './model/layer';
export { LoadStatus } from './model/loadStatus';
export type { CompileOptions } from './model/compile';
export type { MetricRecord, TestOnBatchOptions, TrainOnBatchOptions } from './model/onBatch';
export type {
  EvaluateOptions,
  FitOptions,
  PredictOptions,
  ValidationData,
  Verbose,
} from './model/options';

export * from './config/layers';
export type * from './config/layerOptions';
export * from './config/initializers';
export { optimizers, Optimizer } from './config/optimizers';
export type {
  AdadeltaOptions,
  AdagradOptions,
  AdamOptions,
  AdamWOptions,
  BetaOptions,
  FtrlOptions,
  LionOptions,
  NadamOptions,
  OptimizerOptions,
  RmspropOptions,
  SgdOptions,
} from './config/optimizers';
export { Schedule } from './config/schedules';
export type {
  CosineDecayOptions,
  CosineDecayRestartsOptions,
  PiecewiseConstantDecayOptions,
  PolynomialDecayOptions,
  RateDecayOptions,
  ScheduleOptions,
} from './config/schedules';
export * from './config/losses';
export * from './config/metrics';
export * from './config/regularizers';
export type { Identifier, KerasConfig, Spec } from './config/spec';

export { callbacks } from './callbacks/index';
export { Callback, type Logs, type Params, type Progress } from './callbacks/callback';
export { BackupAndRestore, type BackupAndRestoreOptions, type InterruptedRun } from './callbacks/backupAndRestore'; // prettier-ignore
export { CsvLogger, type CsvLoggerOptions } from './callbacks/csvLogger';
export { EarlyStopping, type EarlyStoppingOptions } from './callbacks/earlyStopping';
export { History } from './callbacks/history';
export { LambdaCallback, type LambdaHooks } from './callbacks/lambdaCallback';
export { LearningRateScheduler, type LearningRateSchedule } from './callbacks/learningRateScheduler'; // prettier-ignore
export { ReduceLROnPlateau, type ReduceLROnPlateauOptions } from './callbacks/reduceLROnPlateau';
export { TerminateOnNaN } from './callbacks/terminateOnNaN';
export { ModelCheckpoint, type ModelCheckpointOptions } from './callbacks/modelCheckpoint';
export type { CallbackLike, CallbacksOption } from './callbacks/list';

export { datasets } from './datasets/index';
export type { Mnist, MnistOptions, MnistPart } from './datasets/mnist';
export type { Batch, Dataset, StatefulDataset } from './data/dataset';
export { NamedTensor, Tensor } from './data/tensor';
export type {
  Data,
  DType,
  Nested,
  NestedArray,
  TypedArray,
  TypedArrayWithShape,
} from './data/tensor';

export { loadModel, type LoadModelOptions, type ModelFile } from './model/loadModel';
export { registerSerializable } from './custom/objects';
export type {
  CustomActivation,
  CustomFunction,
  CustomLoss,
  CustomObject,
  CustomObjects,
} from './custom/objects';
export type { GraphBuilder, Operand, Value, Weight } from './custom/graph';
export type { CustomInitializer, InitializerFunction } from './custom/initializer';
export type { AddWeightOptions, CustomLayer, CustomLayerConfig } from './custom/layer';
export { input, model } from './missing';
