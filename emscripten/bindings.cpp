// The only file that knows Emscripten: the engine as web/api/engine/engine.ts declares it.
//
// 1. The boundary knows no layer: config JSON in; handles, JSON and typed arrays out.
// 2. Whatever C++ throws arrives as a JavaScript Error with a `code`.
// 3. A typed array that is handed out is a view of the heap, valid until the next call.
#include <emscripten/bind.h>
#include <emscripten/heap.h>
#include <emscripten/val.h>

#include <limits>
#include <new>
#include <stdexcept>

#include "checkpoint/checkpoint_state.h"
#include "checkpoint/crc32c.h"
#include "layers/activations.h"
#include "model/model.h"
#include "model/summary.h"

namespace tabtrain {
namespace {

using emscripten::val;

constexpr const char* kVersion = TABTRAIN_VERSION;

[[noreturn]] void throwJs(ErrorCode code, const char* message) {
  val error = val::global("Error").new_(std::string(message));
  error.set("code", std::string(errorCodeName(code)));
  error.throw_();
}

/// `function` with rule 2; its parameters and result are the bound function's.
template <auto function>
struct Guard;

template <typename Function>
auto guarded(Function&& function) {
  try {
    return function();
  } catch (const Error& error) {
    throwJs(error.code(), error.what());
  } catch (const std::bad_alloc&) {
    throwJs(ErrorCode::OutOfMemory, "memory: the engine's heap cannot grow any further");
  } catch (const std::length_error&) {
    throwJs(ErrorCode::OutOfMemory, "memory: more at once than this engine can address");
  } catch (const std::exception& error) {
    throwJs(ErrorCode::Internal, error.what());
  }
}

template <typename Result, typename... Args, Result (*function)(Args...)>
struct Guard<function> {
  static Result call(Args... args) {
    return guarded([&]() -> Result { return function(std::forward<Args>(args)...); });
  }
};

template <typename Class, typename Result, typename... Args, Result (Class::*method)(Args...)>
struct Guard<method> {
  static Result call(Class& self, Args... args) {
    return guarded([&]() -> Result { return (self.*method)(std::forward<Args>(args)...); });
  }
};

template <typename Class, typename Result, typename... Args, Result (Class::*method)(Args...) const>
struct Guard<method> {
  static Result call(const Class& self, Args... args) {
    return guarded([&]() -> Result { return (self.*method)(std::forward<Args>(args)...); });
  }
};

template <auto function>
constexpr auto safe = &Guard<function>::call;

// Values across the border.

val view(std::span<const std::byte> bytes) {
  return val(
      emscripten::typed_memory_view(bytes.size(), reinterpret_cast<const uint8_t*>(bytes.data())));
}

template <typename Number>
val array(const std::vector<Number>& values) {
  val result = val::array();
  for (size_t i = 0; i < values.size(); ++i) result.set(i, static_cast<double>(values[i]));
  return result;
}

std::vector<int64_t> sizes(const val& shape) {
  std::vector<int64_t> result;
  for (double size : emscripten::convertJSArrayToNumberVector<double>(shape)) {
    result.push_back(static_cast<int64_t>(size));
  }
  return result;
}

Bytes copyBytes(const val& source) {
  Bytes bytes(source["length"].as<size_t>());
  view(bytes).call<void>("set", source);
  return bytes;
}

Json options(const std::string& json) { return parseJson(json, "options"); }

TensorPtr tensorOrNull(const val& tensor) {
  if (tensor.isNull() || tensor.isUndefined()) return nullptr;
  return tensor.as<std::shared_ptr<Tensor>>();
}

/// The one tensor of a list: models have one input and one output.
TensorPtr only(const val& list, const char* what) {
  const auto length = list["length"].as<size_t>();
  require(length == 1, [&] {
    return std::string(what) + ": expected one array, got " + std::to_string(length);
  });
  return tensorOrNull(list[0]);
}

StepData stepData(const val& x, const val& y, const val& weights) {
  // Without targets for predictions.
  const bool hasTargets = y["length"].as<size_t>() > 0;
  return {only(x, "x"), hasTargets ? only(y, "y") : nullptr, tensorOrNull(weights)};
}

// Tensor

std::shared_ptr<Tensor> makeTensor(std::string dtype, val shape) {
  return std::make_shared<Tensor>(dtypeFromName(dtype), sizes(shape));
}
val tensorBytes(const Tensor& tensor) { return view(tensor.bytes()); }
val tensorShape(const Tensor& tensor) { return array(tensor.sizes()); }
double tensorCrc32c(const Tensor& tensor, double crc) {
  return crc32c(tensor.bytes(), static_cast<uint32_t>(crc));
}
std::string tensorDType(const Tensor& tensor) { return dtypeName(tensor.dtype()); }

// Model

std::shared_ptr<Model> newModel(std::string configJson, double seed) {
  return std::make_shared<Model>(configJson, static_cast<uint64_t>(seed));
}
std::string configJson(const Model& model) { return pythonDumps(model.network().toJson()); }
std::string describe(const Model& model) { return model.describe().dump(); }
std::string summary(const Model& model, double lineLength) {
  return summarize(model.network(), static_cast<int64_t>(lineLength));
}
void build(Model& model, std::string inputShapeJson) {
  if (inputShapeJson.empty()) return model.build(std::nullopt);
  model.build(parseBatchShape(parseJson(inputShapeJson, "inputShape"), "inputShape"));
}
void compile(Model& model, std::string json) { model.compile(options(json)); }
std::string optimizerConfig(const Model& model) {
  return model.compiled()->optimizer().toJson().dump();
}
double learningRate(const Model& model) {
  return model.compiled()->optimizer().currentLearningRate();
}
void setLearningRate(Model& model, double value) {
  model.compiled()->optimizer().setHyper("learning_rate", value);
}
void adapt(Model& model, val path, val data) { model.adapt(sizes(path), *tensorOrNull(data)); }
void setTrainable(Model& model, val path, bool trainable) {
  model.setTrainable(sizes(path), trainable);
}
val weightBytes(const Model& model, int index) {
  return view(model.weights().at(static_cast<size_t>(index))->bytes());
}
std::vector<TensorPtr> tensorList(const val& tensors) {
  std::vector<TensorPtr> values;
  const auto count = tensors["length"].as<size_t>();
  for (size_t i = 0; i < count; ++i) values.push_back(tensorOrNull(tensors[i]));
  return values;
}
void setWeights(Model& model, val tensors) { model.setWeights(tensorList(tensors)); }

OptimizerLayout layoutOf(const Json& json) {
  ConfigReader reader("save_weights", json);
  const std::string name = reader.string("optimizer_layout", "auto");
  if (name == "auto") return OptimizerLayout::Auto;
  if (name == "legacy") return OptimizerLayout::Legacy;
  if (name == "new") return OptimizerLayout::New;
  if (name == "none") return OptimizerLayout::None;
  reader.fail("optimizer_layout", "\"auto\", \"legacy\", \"new\" or \"none\"");
}
std::shared_ptr<BundleFiles> saveCheckpoint(const Model& model, std::string json) {
  return std::make_shared<BundleFiles>(model.saveCheckpoint(layoutOf(options(json))));
}
std::string loadCheckpoint(Model& model, val index, val shards) {
  const Bytes indexBytes = copyBytes(index);
  std::vector<Bytes> shardBytes;
  const auto count = shards["length"].as<size_t>();
  for (size_t i = 0; i < count; ++i) shardBytes.push_back(copyBytes(shards[i]));
  const Bundle bundle(indexBytes, {shardBytes.begin(), shardBytes.end()});
  const RestorePlan plan = model.loadCheckpoint(bundle);
  return Json{{"restored", plan.restored},
              {"unusedInFile", plan.unusedInFile},
              {"missingInFile", plan.missingInFile},
              {"notes", plan.notes}}
      .dump();
}
std::string compileJson(const Model& model) { return model.compiled()->toJson().dump(); }
std::string forwardGraph(Model& model, val path, bool training) {
  return model.forwardGraph(sizes(path), training).dump();
}
OptimizerOrder orderOf(const std::string& name) {
  if (name == "legacy") return OptimizerOrder::Legacy;
  return name == "keras3" ? OptimizerOrder::Keras3 : OptimizerOrder::New;
}
val optimizerVariables(const Model& model, std::string order) {
  val list = val::array();
  for (const auto& [name, dtype, sizes, variable] : model.optimizerVariables(orderOf(order))) {
    val entry = val::object();
    entry.set("name", name);
    entry.set("dtype", std::string(dtypeName(dtype)));
    entry.set("shape", array(sizes));
    entry.set("bytes",
              variable == nullptr ? val::null() : view(variable->bytes()).call<val>("slice"));
    list.call<void>("push", entry);
  }
  return list;
}
void setOptimizerVariables(Model& model, std::string order, val tensors) {
  model.setOptimizerVariables(orderOf(order), tensorList(tensors));
}
val checkpointIndex(const BundleFiles& files) { return view(files.index); }
val checkpointData(const BundleFiles& files) { return view(files.data); }

// Runs

std::shared_ptr<FitRun> fit(Model& model, std::string json, val x, val y, val weights, val valX,
                            val valY, val valWeights) {
  std::optional<StepData> validation;
  if (valX["length"].as<size_t>() > 0) validation = stepData(valX, valY, valWeights);
  return model.fit(FitOptions(options(json)), stepData(x, y, weights), validation);
}
int fitPeek(const FitRun& run) { return static_cast<int>(run.peek()); }
int fitNext(FitRun& run) { return static_cast<int>(run.next()); }
void fitFeed(FitRun& run, val x, val y, val weights) { run.feed(stepData(x, y, weights)); }
val fitLogs(const FitRun& run) { return array(run.logs()); }
val fitValidationLogs(const FitRun& run) { return array(run.validationLogs()); }
std::string fitState(const FitRun& run) {
  Json list = Json::array();
  for (const Variable* each : run.variables()) {
    list.push_back(
        {{"path", each->path()}, {"dtype", dtypeName(each->dtype())}, {"shape", each->sizes()}});
  }
  return Json{{"place", run.place()}, {"variables", std::move(list)}}.dump();
}
val fitStateBytes(const FitRun& run, int index) {
  return view(run.variables().at(static_cast<size_t>(index))->bytes());
}
template <auto method, typename Run>
double number(const Run& run) {
  return static_cast<double>((run.*method)());
}

std::shared_ptr<InferenceRun> evaluate(Model& model, std::string json, val x, val y, val weights) {
  return model.evaluate(InferenceOptions(options(json), "evaluate"), stepData(x, y, weights));
}
std::shared_ptr<InferenceRun> predict(Model& model, std::string json, val x) {
  return model.predict(InferenceOptions(options(json), "predict"), only(x, "x"));
}
void inferenceFeed(InferenceRun& run, val x, val y, val weights) {
  run.feed(stepData(x, y, weights));
}
val inferenceLogs(const InferenceRun& run) { return array(run.logs()); }
int inferenceOutputs(const InferenceRun&) { return 1; }
val inferenceOutput(const InferenceRun& run, int) { return view(run.output()); }
val inferenceOutputShape(const InferenceRun& run, int) { return array(run.outputShape()); }

bool runOnBatch(Model& model, std::string json, val x, val y, val weights) {
  return model.runOnBatch(OnBatchOptions(options(json)), stepData(x, y, weights));
}
val onBatchLogs(const Model& model) { return array(model.onBatch().logs()); }
val onBatchOutput(const Model& model, int) { return view(model.onBatch().output(model)); }
val onBatchOutputShape(const Model& model, int) {
  return array(model.onBatch().outputShape(model));
}

// The engine

std::string engineInfo() {
  const auto maxHeap = static_cast<double>(emscripten_get_heap_max());
  return Json{{"version", kVersion},
              {"variant", TABTRAIN_VARIANT},
              {"threads", 1},
              {"liveBytes", AlignedBuffer::liveBytes()},
              {"heapBytes", emscripten_get_heap_size()},
              {"maxMemory", std::min(maxHeap, static_cast<double>(AlignedBuffer::maxBytes()))}}
      .dump();
}
std::string allClassNames() {
  Json json;
  const auto add = [&json](const char* kind, const std::vector<std::string>& names) {
    json[kind] = names;
  };
  add("layers", layerNames());
  add("activations", activationNames());
  add("losses", lossNames());
  add("metrics", metricNames());
  add("optimizers", optimizerNames());
  add("schedules", scheduleNames());
  add("initializers", initializerNames());
  add("regularizers", regularizerNames());
  add("constraints", constraintNames());
  return json.dump();
}
void setMaxMemory(double bytes) {
  constexpr auto kMost = static_cast<double>(std::numeric_limits<size_t>::max());
  AlignedBuffer::setMaxBytes(bytes >= kMost ? std::numeric_limits<size_t>::max()
                                            : static_cast<size_t>(bytes));
}
std::string listBundle(val index) {
  Json list = Json::array();
  for (const ListedVariable& each : listVariables(copyBytes(index))) {
    list.push_back({{"name", each.name}, {"dtype", each.dtype}, {"shape", each.shape}});
  }
  return list.dump();
}
double bundleShards(val index) {
  return static_cast<double>(readBundleIndex(copyBytes(index)).shardCount);
}
std::string latestPath(std::string text) { return latestCheckpointPath(text); }
std::string stateText(std::string name) { return checkpointStateText(name); }

}  // namespace

EMSCRIPTEN_BINDINGS(tabtrain) {
  using emscripten::class_;

  class_<Tensor>("Tensor")
      .smart_ptr_constructor("TensorPtr", safe<makeTensor>)
      .function("bytes", safe<tensorBytes>)
      .function("shape", safe<tensorShape>)
      .function("dtype", safe<tensorDType>)
      .function("crc32c", safe<tensorCrc32c>);

  class_<Model>("Model")
      .smart_ptr_constructor("ModelPtr", safe<newModel>)
      .function("configJson", safe<configJson>)
      .function("describe", safe<describe>)
      .function("summary", safe<summary>)
      .function("build", safe<build>)
      .function("compile", safe<compile>)
      .function("compiled", safe<&Model::isCompiled>)
      .function("optimizerConfig", safe<optimizerConfig>)
      .function("learningRate", safe<learningRate>)
      .function("setLearningRate", safe<setLearningRate>)
      .function("setTrainable", safe<setTrainable>)
      .function("adapt", safe<adapt>)
      .function("weightBytes", safe<weightBytes>)
      .function("setWeights", safe<setWeights>)
      .function("saveCheckpoint", safe<saveCheckpoint>)
      .function("loadCheckpoint", safe<loadCheckpoint>)
      .function("compileJson", safe<compileJson>)
      .function("forwardGraph", safe<forwardGraph>)
      .function("optimizerVariables", safe<optimizerVariables>)
      .function("setOptimizerVariables", safe<setOptimizerVariables>)
      .function("fit", safe<fit>)
      .function("evaluate", safe<evaluate>)
      .function("predict", safe<predict>)
      .function("runOnBatch", safe<runOnBatch>)
      .function("onBatchLogs", safe<onBatchLogs>)
      .function("onBatchOutput", safe<onBatchOutput>)
      .function("onBatchOutputShape", safe<onBatchOutputShape>);

  class_<BundleFiles>("Checkpoint")
      .smart_ptr<std::shared_ptr<BundleFiles>>("CheckpointPtr")
      .function("index", safe<checkpointIndex>)
      .function("data", safe<checkpointData>);

  class_<FitRun>("FitRun")
      .smart_ptr<std::shared_ptr<FitRun>>("FitRunPtr")
      .function("peek", safe<fitPeek>)
      .function("next", safe<fitNext>)
      .function("feed", safe<fitFeed>)
      .function("epoch", safe<number<&FitRun::epoch, FitRun>>)
      .function("batch", safe<number<&FitRun::batch, FitRun>>)
      .function("batchSize", safe<number<&FitRun::batchSize, FitRun>>)
      .function("steps", safe<number<&FitRun::steps, FitRun>>)
      .function("validationSteps", safe<number<&FitRun::validationSteps, FitRun>>)
      .function("validationBatch", safe<number<&FitRun::validationBatch, FitRun>>)
      .function("plannedBytes", safe<number<&FitRun::plannedBytes, FitRun>>)
      .function("logs", safe<fitLogs>)
      .function("validationLogs", safe<fitValidationLogs>)
      .function("insufficientData", safe<number<&FitRun::insufficientData, FitRun>>)
      .function("stop", safe<&FitRun::stop>)
      .function("drop", safe<&FitRun::drop>)
      .function("state", safe<fitState>)
      .function("stateBytes", safe<fitStateBytes>);

  class_<InferenceRun>("InferenceRun")
      .smart_ptr<std::shared_ptr<InferenceRun>>("InferenceRunPtr")
      .function("feed", safe<inferenceFeed>)
      .function("next", safe<&InferenceRun::next>)
      .function("batch", safe<number<&InferenceRun::batch, InferenceRun>>)
      .function("steps", safe<number<&InferenceRun::steps, InferenceRun>>)
      .function("rows", safe<number<&InferenceRun::rows, InferenceRun>>)
      .function("logs", safe<inferenceLogs>)
      .function("outputs", safe<inferenceOutputs>)
      .function("output", safe<inferenceOutput>)
      .function("outputShape", safe<inferenceOutputShape>);

  emscripten::function("engineInfo", safe<engineInfo>);
  emscripten::function("classNames", safe<allClassNames>);
  emscripten::function("setMaxMemory", safe<setMaxMemory>);
  emscripten::function("listVariables", safe<listBundle>);
  emscripten::function("bundleShards", safe<bundleShards>);
  emscripten::function("latestCheckpointPath", safe<latestPath>);
  emscripten::function("checkpointStateText", safe<stateText>);
}

}  // namespace tabtrain
