#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

// The file named `checkpoint` that tells which checkpoint of a directory is the newest: text format
// of CheckpointState (tensorflow/python/checkpoint/checkpoint_management.py)
//   file   := field*
//   field  := model_checkpoint_path ":" string | all_model_checkpoint_paths ":" string
//           | all_model_checkpoint_timestamps ":" number | last_preserved_timestamp ":" number
//   string := one or more quoted literals with C escapes, joined

namespace tabtrain {

struct CheckpointState {
  std::string newest;            ///< model_checkpoint_path
  std::vector<std::string> all;  ///< oldest first
  /// Seconds since 1970, as the file writes them; only tf.train.CheckpointManager keeps them.
  std::vector<std::string> timestamps;
  std::optional<std::string> lastPreservedTimestamp;
};

/// Nothing for text that is not in the format, as TensorFlow treats it.
std::optional<CheckpointState> parseCheckpointState(std::string_view text);

std::string formatCheckpointState(const CheckpointState& state);

/// The file that `save_weights` writes: one checkpoint, the newest.
std::string checkpointStateText(std::string_view name);

/// `model_checkpoint_path`, or "" where there is none or the text is malformed.
std::string latestCheckpointPath(std::string_view text);

/// The prefix that a path of the state file means: relative ones are relative to `directory`.
std::string resolveCheckpointPath(std::string_view directory, std::string_view path);

}  // namespace tabtrain
