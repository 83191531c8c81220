#pragma once

#include <cstdint>
#include <optional>
#include <perdure/json.hpp>
#include <string>
#include <vector>

namespace perdure {

/// A tool that the model's provider runs itself, by its kind: what an agent
/// file says under `NativeTool`. The kinds have types of their own in
/// `perdure::native`.
///
///     agent.native_tool(perdure::native::web_search{.max_uses = 3});
struct native_tool {
  /// E.g. `web_search`.
  std::string kind;
  /// By the names that docs/agent-files.md has; an object.
  json options = json::object();
  /// Left out where a model has no such tool; otherwise that is an error.
  bool optional = false;
};

/// What is empty or absent is left to the provider. `optional` is that of
/// `native_tool`.
namespace native {

struct web_search {
  /// `low`, `medium` or `high`.
  std::string search_context_size = {};
  /// `city`, `country`, `region`, `timezone`.
  json user_location = {};
  std::vector<std::string> allowed_domains = {};
  std::vector<std::string> blocked_domains = {};
  std::optional<std::uint32_t> max_uses = {};
  std::optional<bool> external_web_access = {};
  bool optional = false;

  operator native_tool() const;
};

struct web_fetch {
  std::vector<std::string> allowed_domains = {};
  std::vector<std::string> blocked_domains = {};
  std::optional<std::uint32_t> max_uses = {};
  std::optional<bool> enable_citations = {};
  std::optional<std::uint32_t> max_content_tokens = {};
  bool optional = false;

  operator native_tool() const;
};

struct code_execution {
  /// Uploaded files: `file_id` and `provider_name` of each.
  std::vector<json> files = {};
  bool optional = false;

  operator native_tool() const;
};

struct image_generation {
  /// `generate`, `edit` or `auto`.
  std::string action = {};
  /// `transparent`, `opaque` or `auto`.
  std::string background = {};
  /// `high` or `low`.
  std::string input_fidelity = {};
  /// `auto` or `low`.
  std::string moderation = {};
  std::string model = {};
  std::optional<std::uint32_t> output_compression = {};
  /// `png`, `webp` or `jpeg`.
  std::string output_format = {};
  std::optional<std::uint32_t> partial_images = {};
  /// `low`, `medium`, `high` or `auto`.
  std::string quality = {};
  /// E.g. `1024x1024` or `2K`.
  std::string size = {};
  /// E.g. `3:2`.
  std::string aspect_ratio = {};
  bool optional = false;

  operator native_tool() const;
};

struct file_search {
  std::vector<std::string> file_store_ids = {};
  std::optional<std::uint32_t> max_num_results = {};
  std::string instructions = {};
  /// `hybrid`, `semantic` or `keyword`.
  std::string retrieval_mode = {};
  bool optional = false;

  operator native_tool() const;
};

/// Posts on X, searched by xAI.
struct x_search {
  /// Of these or of all but those; 20 at most.
  std::vector<std::string> allowed_x_handles = {};
  std::vector<std::string> excluded_x_handles = {};
  /// `2026-01-31`.
  std::string from_date = {};
  std::string to_date = {};
  std::optional<bool> enable_image_understanding = {};
  std::optional<bool> enable_video_understanding = {};
  bool optional = false;

  operator native_tool() const;
};

/// Wants a tool of the agent named `memory` that keeps what the model writes.
struct memory {
  bool optional = false;

  operator native_tool() const;
};

/// A stronger model that is asked for advice.
struct advisor {
  std::string model = {};
  std::optional<std::uint32_t> max_uses = {};
  std::optional<std::uint32_t> max_tokens = {};
  /// `5m` or `1h`.
  std::string caching = {};
  bool optional = false;

  operator native_tool() const;
};

} // namespace native

} // namespace perdure
