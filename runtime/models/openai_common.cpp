#include "runtime/models/openai_common.hpp"

#include "runtime/models/json_read.hpp"

#include <algorithm>
#include <cctype>

namespace perdure::runtime {

namespace {

bool is_header_name(std::string_view name) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !name.empty()
         && std::all_of(name.begin(), name.end(), [&](unsigned char letter) {
              return std::isalnum(letter) != 0
                     || marks.find(static_cast<char>(letter))
                          != std::string_view::npos;
            });
}

bool is_header_value(std::string_view value) {
  return std::none_of(value.begin(), value.end(), [](unsigned char letter) {
    return (letter < 0x20U && letter != '\t') || letter == 0x7FU;
  });
}

bool same_name(std::string_view left, std::string_view right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](unsigned char a, unsigned char b) {
                      return std::tolower(a) == std::tolower(b);
                    });
}

} // namespace

void element_pieces::add(const std::vector<json>& elements) {
  if (elements.empty())
    return;
  auto text = join_elements(elements);
  pieces_.push_back(make_piece(pieces_.empty() ? std::move(text) : "," + text));
}

void element_pieces::append_to(text_pieces& body, bool follows) const {
  static const auto comma = make_piece(",");
  if (follows && !pieces_.empty())
    body.push_back(comma);
  body.insert(body.end(), pieces_.begin(), pieces_.end());
}

std::string join_elements(const std::vector<json>& elements) {
  std::string text;
  for (const auto& element : elements) {
    if (!text.empty())
      text += ',';
    text += to_text(element);
  }
  return text;
}

std::shared_ptr<const std::string> make_piece(std::string text) {
  return std::make_shared<const std::string>(std::move(text));
}

bool is_reasoning_model(std::string_view model_name) {
  if (model_name.starts_with("gpt-5"))
    return !model_name.starts_with("gpt-5-chat");
  return model_name.starts_with("o1") || model_name.starts_with("o3")
         || model_name.starts_with("o4");
}

void copy_settings(
  json& body, const json& settings,
  const std::vector<std::pair<const char*, const char*>>& names) {
  for (const auto& [ours, theirs] : names)
    if (const auto* value = find_value(settings, ours))
      body[theirs] = *value;
}

json thinking_effort(const json& settings) {
  const auto* value = find_value(settings, "thinking");
  if (value == nullptr)
    return nullptr;
  if (value->is_boolean())
    return value->get<bool>() ? "medium" : "none";
  return *value;
}

void add_tool_settings(json& body, const json& settings, tool_choice choice) {
  switch (choice) {
    case tool_choice::automatic:
      body["tool_choice"] = "auto";
      break;
    case tool_choice::none:
      body["tool_choice"] = "none";
      break;
    case tool_choice::required:
      body["tool_choice"] = "required";
      break;
  }
  copy_settings(body, settings,
                {{"parallel_tool_calls", "parallel_tool_calls"}});
}

std::vector<std::string>
with_plan(std::vector<std::string> instructions, const request_plan& plan) {
  if (!plan.instructions.empty())
    instructions.push_back(plan.instructions);
  return instructions;
}

void merge_extra_body(json& body, const json& settings) {
  const auto* extra = find_object(settings, "extra_body");
  if (extra == nullptr)
    return;
  for (const auto& [key, value] : extra->items())
    if (key != "messages" && key != "input" && key != "instructions"
        && key != "stream")
      body[key] = value;
}

std::vector<std::pair<std::string, std::string>>
request_headers(const json& settings, bool stream) {
  std::vector<std::pair<std::string, std::string>> headers{
    {"content-type", "application/json"},
    {"accept", stream ? "text/event-stream" : "application/json"},
  };
  const auto* extra = find_object(settings, "extra_headers");
  if (extra == nullptr)
    return headers;
  for (const auto& [name, value] : extra->items()) {
    const auto* text = value.get_ptr<const std::string*>();
    if (text == nullptr || !is_header_name(name) || !is_header_value(*text))
      continue;
    const auto same = [&wanted = name](const auto& header) {
      return same_name(header.first, wanted);
    };
    headers.erase(std::remove_if(headers.begin(), headers.end(), same),
                  headers.end());
    headers.emplace_back(name, *text);
  }
  return headers;
}

std::string open_object(const json& object) {
  auto text = to_text(object);
  text.pop_back();
  return text;
}

} // namespace perdure::runtime
