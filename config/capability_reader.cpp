#include "config/capability_reader.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <set>

namespace perdure::config {

namespace {

using runtime::json;

const std::vector<std::string> supported{"AnthropicCompaction",
                                         "Approval",
                                         "Command",
                                         "DeferredTools",
                                         "Durability",
                                         "EventHandler",
                                         "External",
                                         "Fallback",
                                         "ImageGeneration",
                                         "IncludeToolReturnSchemas",
                                         "Limits",
                                         "MCP",
                                         "NativeTool",
                                         "OpenAICompaction",
                                         "Output",
                                         "PrefixTools",
                                         "RaiseContentFilterError",
                                         "ReinjectSystemPrompt",
                                         "SetToolMetadata",
                                         "Thinking",
                                         "WebFetch",
                                         "WebSearch",
                                         "XSearch"};

/// May be there more than once.
constexpr auto repeatable = std::to_array<std::string_view>(
  {"Approval", "Command", "EventHandler", "External",
   "IncludeToolReturnSchemas", "MCP", "NativeTool", "PrefixTools",
   "SetToolMetadata"});

/// Bring tools.
constexpr auto toolsets
  = std::to_array<std::string_view>({"Command", "External", "MCP"});

/// May have one argument without a name.
constexpr auto positional = std::to_array<std::string_view>(
  {"DeferredTools", "IncludeToolReturnSchemas", "ReinjectSystemPrompt",
   "Thinking"});

/// Names that mean something to Pydantic AI, but not to this version.
constexpr auto unsupported
  = std::to_array<std::string_view>({"Instrumentation", "ToolSearch"});

/// Names that need Python code.
constexpr auto code_only = std::to_array<std::string_view>(
  {"Capability", "HandleDeferredToolCalls", "Hooks", "PrepareOutputTools",
   "PrepareTools", "ProcessEventStream", "ProcessHistory", "ResolveModelId",
   "SelectModel", "Toolset", "UseThreadExecutor"});

template <class Names>
bool holds(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// One entry of the list, whatever its form.
struct capability {
  std::string name;
  file_place name_place;
  /// Null for none. Named arguments are an object, unless `is_positional`.
  file_place arguments;
  bool is_positional = false;
  /// Of its tools; what the PrefixTools around it say.
  std::string prefix;
};

/// The arguments of a capability that got none.
const document no_arguments = [] {
  document empty;
  empty.type = document::kind::object;
  return empty;
}();

class capability_list {
public:
  capability_list(const reading& with, agent_draft& draft)
    : with_(with), draft_(draft) {
    // nop
  }

  void read(const file_place& list) {
    if (list.node->type != document::kind::array)
      return add(list, "must be a list");
    std::vector<capability> entries;
    for (std::size_t i = 0; i < list.node->items.size(); ++i)
      if (auto entry = read_entry(list.at(i)); entry && is_usable(*entry))
        if (auto inner = unwrap(std::move(*entry)))
          entries.push_back(std::move(*inner));
    // What is about tools and handlers comes after them, wherever it stands in
    // the file.
    for (const auto& entry : entries) {
      draft_.prefix = entry.prefix;
      if (entry.name == "MCP")
        read_mcp(entry.arguments, with_, draft_);
      else if (entry.name == "Command")
        read_command(entry.arguments, with_, draft_);
      else if (entry.name == "External")
        read_external(entry.arguments, with_, draft_);
      else if (entry.name == "EventHandler")
        read_event_handler(entry.arguments, with_, draft_);
    }
    draft_.prefix.clear();
    for (const auto& entry : entries)
      apply(entry);
    for (const auto& entry : entries)
      apply_last(entry);
    check_native_tools(list, with_, draft_);
  }

private:
  void add(const file_place& place, std::string_view message) {
    with_.problems.add(place.node->position, place.path, message);
  }

  static bool is_null(const document& node) {
    return node.type == document::kind::scalar && node.scalar.is_null();
  }

  std::optional<capability> read_entry(const file_place& place) {
    const auto& node = *place.node;
    if (node.type == document::kind::scalar && node.scalar.is_string())
      return capability{node.scalar.get<std::string>(),
                        place,
                        {&no_arguments, place.path},
                        false,
                        {}};
    if (node.type == document::kind::object && node.find("name") != nullptr)
      return read_long_form(place);
    if (node.type != document::kind::object || node.members.size() != 1) {
      add(place, "a capability is a name, an object with one name as its only "
                 "key, or {name: ..., arguments: ...}");
      return std::nullopt;
    }
    const auto& only = node.members.front();
    capability entry;
    entry.name = only.key;
    entry.name_place = place;
    set_arguments(entry, place.at(only.key, only.value),
                  only.value.type != document::kind::object);
    return entry;
  }

  std::optional<capability> read_long_form(const file_place& place) {
    const field_reader fields{place, with_, {"name", "arguments"}};
    auto name = fields.text("name");
    if (!name)
      return std::nullopt;
    capability entry;
    entry.name = std::move(*name);
    entry.name_place = *fields.find("name");
    entry.arguments = {&no_arguments, place.path};
    const auto arguments = fields.find("arguments");
    if (!arguments)
      return entry;
    if (arguments->node->type == document::kind::object) {
      set_arguments(entry, *arguments, false);
    } else if (arguments->node->type == document::kind::array
               && arguments->node->items.size() == 1) {
      set_arguments(entry, arguments->at(0), true);
    } else {
      add(*arguments, "must be null, a list of one value or an object");
      return std::nullopt;
    }
    return entry;
  }

  /// What PrefixTools are around; any other entry is itself.
  std::optional<capability> unwrap(capability entry) {
    if (entry.name != "PrefixTools")
      return entry;
    const field_reader fields{entry.arguments, with_, {"prefix", "capability"}};
    const auto prefix = fields.required_text("prefix");
    const auto place = fields.find("capability");
    if (!place)
      fields.add("'capability' is missing");
    if (!prefix || !place)
      return std::nullopt;
    auto inner = read_entry(*place);
    if (!inner || !is_usable(*inner))
      return std::nullopt;
    if (inner->name != "PrefixTools" && !holds(toolsets, inner->name)) {
      add(*place, inner->name + " brings no tools that could have a prefix");
      return std::nullopt;
    }
    inner->prefix
      = entry.prefix.empty() ? *prefix : entry.prefix + '_' + *prefix;
    return unwrap(std::move(*inner));
  }

  void
  set_arguments(capability& entry, file_place arguments, bool is_positional) {
    if (is_null(*arguments.node)) {
      entry.arguments = {&no_arguments, arguments.path};
      return;
    }
    entry.arguments = std::move(arguments);
    entry.is_positional = is_positional;
  }

  /// Whether the capability is one that this version knows, and is well-formed
  /// so far; adds a problem otherwise.
  bool is_usable(const capability& entry) {
    if (!holds(supported, entry.name)) {
      add(entry.name_place, refusal(entry.name));
      return false;
    }
    if (!holds(repeatable, entry.name) && !seen_.insert(entry.name).second) {
      add(entry.name_place, entry.name + " is there twice");
      return false;
    }
    if (entry.is_positional && !holds(positional, entry.name)) {
      add(entry.arguments, entry.name + " takes named arguments");
      return false;
    }
    return true;
  }

  static std::string refusal(const std::string& name) {
    std::string list;
    for (const auto& item : supported)
      list += (list.empty() ? "" : ", ") + item;
    if (holds(unsupported, name))
      return "the capability " + name
             + " is not supported by this version; supported: " + list;
    if (holds(code_only, name))
      return "the capability " + name
             + " needs code and cannot stand in a file; supported: " + list;
    return "unknown capability '" + name + "'; " + name_hint(name, supported);
  }

  void apply(const capability& entry) {
    if (entry.name == "Thinking")
      read_thinking(entry);
    else if (entry.name == "RaiseContentFilterError")
      read_filter_error(entry);
    else if (const auto read = readers().find(entry.name);
             read != readers().end())
      read->second(entry, with_, draft_);
  }

  using reader
    = std::function<void(const capability&, const reading&, agent_draft&)>;

  /// Of those that are about the agent as a whole.
  static const std::map<std::string_view, reader>& readers() {
    const auto named = [](auto read) -> reader {
      return [read](const capability& entry, const reading& with,
                    agent_draft& draft) { read(entry.arguments, with, draft); };
    };
    const auto either = [](auto read) -> reader {
      return [read](const capability& entry, const reading& with,
                    agent_draft& draft) {
        read(entry.arguments, entry.is_positional, with, draft);
      };
    };
    const auto native = [](std::string_view kind) -> reader {
      return [kind](const capability& entry, const reading& with,
                    agent_draft& draft) {
        read_native_capability(kind, entry.arguments, with, draft);
      };
    };
    static const std::map<std::string_view, reader> all{
      {"DeferredTools", either(read_deferred)},
      {"Durability", named(read_durability)},
      {"Fallback", named(read_fallback)},
      {"ImageGeneration", native("image_generation")},
      {"Limits", named(read_limits)},
      {"NativeTool", named(read_native_tool)},
      {"Output", named(read_output)},
      {"ReinjectSystemPrompt", either(read_system_prompts)},
      {"SetToolMetadata", named(read_tool_metadata)},
      {"WebFetch", native("web_fetch")},
      {"WebSearch", native("web_search")},
      {"XSearch", native("x_search")},
    };
    return all;
  }

  /// What looks at tools and models by what others said of them.
  void apply_last(const capability& entry) {
    if (entry.name == "Approval")
      read_approval(entry.arguments, with_, draft_);
    else if (entry.name == "IncludeToolReturnSchemas")
      read_return_schemas(entry.arguments, entry.is_positional, with_, draft_);
    else if (entry.name == "OpenAICompaction")
      read_openai_compaction(entry.arguments, with_, draft_);
    else if (entry.name == "AnthropicCompaction")
      read_anthropic_compaction(entry.arguments, with_, draft_);
  }

  void read_filter_error(const capability& entry) {
    const field_reader none{entry.arguments, with_,
                            std::span<const std::string_view>{}};
    draft_.definition.fails_when_filtered = true;
  }

  void read_thinking(const capability& entry) {
    auto place = std::optional{entry.arguments};
    if (!entry.is_positional)
      place = field_reader{entry.arguments, with_, {"effort"}}.find("effort");
    auto& settings = draft_.definition.model_settings;
    if (!place) {
      settings["thinking"] = true;
      return;
    }
    const auto value = to_json(*place, with_);
    static const json efforts{"minimal", "low", "medium", "high", "xhigh"};
    const auto is_effort
      = std::find(efforts.begin(), efforts.end(), value) != efforts.end();
    if (!value.is_boolean() && !is_effort)
      return add(*place, "must be true, false, minimal, low, medium, high or "
                         "xhigh");
    settings["thinking"] = value;
  }

  const reading& with_;
  agent_draft& draft_;
  std::set<std::string> seen_;
};

} // namespace

void read_capabilities(const file_place& list, const reading& with,
                       agent_draft& draft) {
  capability_list{with, draft}.read(list);
}

} // namespace perdure::config
