#include "runtime/models/anthropic_blocks.hpp"

#include "runtime/messages/identifier.hpp"
#include "runtime/messages/model_text.hpp"
#include "runtime/models/json_read.hpp"
#include "runtime/models/tool_files.hpp"
#include "runtime/models/wire_settings.hpp"

#include <algorithm>

namespace perdure::runtime {

namespace {

constexpr std::string_view api = "Messages";

json source_block(const char* type, json source) {
  return {{"type", type}, {"source", std::move(source)}};
}

result<json> binary_block(const user_item& item) {
  const auto bytes = [&] {
    return json{
      {"type", "base64"}, {"media_type", item.media_type}, {"data", item.data}};
  };
  if (item.is_image())
    return source_block("image", bytes());
  if (item.media_type == "application/pdf")
    return source_block("document", bytes());
  if (item.media_type.starts_with("text/"))
    if (auto text = decode_base64(item.data))
      return source_block("document", {{"type", "text"},
                                       {"media_type", "text/plain"},
                                       {"data", std::move(*text)}});
  return unsendable(item, api);
}

result<json> item_block(const user_item& item, const block_context& with) {
  if (item.kind == "text")
    return json{{"type", "text"}, {"text", item.text}};
  if (item.kind == "binary")
    return binary_block(item);
  if (item.kind == "image-url")
    return source_block("image", {{"type", "url"}, {"url", item.url}});
  if (item.kind == "document-url")
    return source_block("document", {{"type", "url"}, {"url", item.url}});
  if (item.kind == "uploaded-file"
      && item.provider_name == with.to.provider_name) {
    with.betas.insert("files-api-2025-04-14");
    return source_block(item.is_image() ? "image" : "document",
                        {{"type", "file"}, {"file_id", item.file_id}});
  }
  return unsendable(item, api);
}

/// The API refuses texts without a letter in them.
bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

class request_blocks {
public:
  explicit request_blocks(const block_context& with) : with_(with) {
    // nop
  }

  result<unit> add(const request_part& part) {
    return std::visit([this](const auto& x) { return add(x); }, part);
  }

  std::vector<content_block> take() {
    results_.insert(results_.end(), std::make_move_iterator(rest_.begin()),
                    std::make_move_iterator(rest_.end()));
    return std::move(results_);
  }

private:
  result<unit> add(const system_prompt_part& part) {
    say("<system>" + part.content + "</system>");
    return ok();
  }

  result<unit> add(const user_prompt_part& part) {
    const auto items = read_user_content(part.content);
    if (!items)
      return items.error();
    for (const auto& item : *items) {
      if (item.kind == "cache-point") {
        auto& said = rest_.empty() ? results_ : rest_;
        if (said.empty())
          return failure{errc::invalid_message_history,
                         "a `cache-point` must follow what it is to cache"};
        said.back().mark = cache_mark(item.ttl);
      } else if (item.kind == "text") {
        say(item.text);
      } else {
        auto block = item_block(item, with_);
        if (!block)
          return block.error();
        rest_.push_back({std::move(*block), nullptr});
      }
    }
    return ok();
  }

  result<unit> add(const tool_return_part& part) {
    const auto shown = show(part);
    const auto is_error = part.outcome == tool_outcome::failed;
    // The API marks failures by itself.
    auto text = is_error && part.content.is_string()
                  ? part.content.get<std::string>()
                  : shown.text;
    json content = std::move(text);
    if (with_.profile.supports_files_in_results && !shown.files.empty()) {
      content = json::array({text_block(content.get<std::string>()).value});
      for (const auto& file : shown.files) {
        auto block = item_block(file, with_);
        if (!block)
          return block.error();
        content.push_back(std::move(*block));
      }
    } else {
      for (const auto& file : shown.files) {
        auto block = item_block(file, with_);
        if (!block)
          return block.error();
        say(introduction(file));
        rest_.push_back({std::move(*block), nullptr});
      }
    }
    add_result(part.tool_call_id, std::move(content), is_error);
    return ok();
  }

  result<unit> add(const retry_prompt_part& part) {
    if (part.tool_name)
      add_result(part.tool_call_id, text_of(part), true);
    else
      say(text_of(part));
    return ok();
  }

  result<unit> add(const tool_availability_part&) {
    return ok();
  }

  result<unit> add(const opaque_part& part) {
    if (const auto text = text_of(part)) {
      say(*text);
      return ok();
    }
    return failure{
      errc::invalid_argument,
      "the " + std::string{api} + " API has no form for a part of kind `"
        + std::string{text_or_empty(part.value, "part_kind")} + "`"};
  }

  void say(const std::string& text) {
    if (!is_blank(text))
      rest_.push_back(text_block(text));
  }

  void add_result(const std::string& id, json content, bool is_error) {
    results_.push_back({{{"type", "tool_result"},
                         {"tool_use_id", id},
                         {"content", std::move(content)},
                         {"is_error", is_error}},
                        nullptr});
  }

  const block_context& with_;
  std::vector<content_block> results_;
  std::vector<content_block> rest_;
};

/// The arguments as an object, whatever the model sent.
json input_of(const tool_call_part& call) {
  return parse_or_discard(arguments_text(call));
}

/// How a block of the provider's own was called when it came.
std::string block_type(const provider_data& from, const std::string& fallback) {
  const auto type = text_or_empty(from.provider_details, "block_type");
  return type.empty() ? fallback : std::string{type};
}

/// How a tool of the provider's own was called when it came.
std::string
tool_name_of(const std::string& tool_name, const provider_data& from) {
  const auto name = text_or_empty(from.provider_details, "anthropic_tool_name");
  return name.empty() ? tool_name : std::string{name};
}

void add_caller(json& block, const provider_data& from) {
  if (const auto* caller
      = find_object(from.provider_details, "anthropic_caller"))
    block["caller"] = *caller;
}

class response_blocks {
public:
  explicit response_blocks(const block_context& with) : with_(with) {
    // nop
  }

  std::vector<content_block> blocks;

  void operator()(const text_part& part) {
    if (!is_blank(part.content))
      blocks.push_back(text_block(part.content));
  }

  void operator()(const thinking_part& part) {
    if (is_own(part.provider) && part.signature) {
      if (part.provider.id == "redacted_thinking")
        add({{"type", "redacted_thinking"}, {"data", *part.signature}});
      else
        add({{"type", "thinking"},
             {"thinking", part.content},
             {"signature", *part.signature}});
    } else if (!part.content.empty()
               && with_.profile.thoughts != thoughts_return::never) {
      blocks.push_back(text_block(tagged_thought(part.content, with_.profile)));
    }
  }

  void operator()(const tool_call_part& part) {
    if (part.builtin && !is_own(part.provider))
      return;
    json block{{"type", part.builtin
                          ? block_type(part.provider, "server_tool_use")
                          : "tool_use"},
               {"id", part.tool_call_id},
               {"name", tool_name_of(part.tool_name, part.provider)},
               {"input", input_of(part)}};
    add_caller(block, part.provider);
    if (const auto* server
        = find_text(part.provider.provider_details, "server_name"))
      block["server_name"] = *server;
    add(std::move(block));
  }

  void operator()(const builtin_tool_return_part& part) {
    if (!is_own(part.provider))
      return;
    const auto name = tool_name_of(part.tool_name, part.provider);
    json block{{"type", block_type(part.provider, name + "_tool_result")},
               {"tool_use_id", part.tool_call_id},
               {"content", part.content}};
    add_caller(block, part.provider);
    add(std::move(block));
  }

  void operator()(const compaction_part& part) {
    if (is_own(part.provider) && part.content)
      add({{"type", "compaction"}, {"content", *part.content}});
  }

  void operator()(const file_part&) {
    // The API takes no files from its model.
  }

  void operator()(const opaque_part&) {
    // Of another version; what it would mean here is not known.
  }

private:
  [[nodiscard]] bool is_own(const provider_data& from) const {
    return from.provider_name == with_.to.provider_name;
  }

  void add(json block) {
    blocks.push_back({std::move(block), nullptr});
  }

  const block_context& with_;
};

} // namespace

json cache_mark(std::string_view ttl) {
  return {{"type", "ephemeral"}, {"ttl", ttl.empty() ? "5m" : ttl}};
}

content_block text_block(std::string text) {
  return {{{"type", "text"}, {"text", std::move(text)}}, nullptr};
}

result<std::vector<content_block>>
blocks_of(const std::vector<const request_part*>& parts,
          const block_context& with) {
  request_blocks made{with};
  for (const auto* part : parts)
    if (auto added = made.add(*part); !added)
      return added.error();
  return made.take();
}

std::vector<content_block>
blocks_of(const model_response& response, const block_context& with) {
  response_blocks made{with};
  for (const auto& part : response.parts)
    std::visit(made, part);
  return std::move(made.blocks);
}

} // namespace perdure::runtime
