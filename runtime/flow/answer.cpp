#include "runtime/flow/answer.hpp"

#include "runtime/flow/screening.hpp"
#include "runtime/messages/content_items.hpp"
#include "runtime/messages/identifier.hpp"
#include "runtime/models/json_read.hpp"

#include <algorithm>
#include <cctype>
#include <utility>

namespace perdure::runtime {

namespace {

bool is_image(const json& content) {
  const auto* kind = find_text(content, "kind");
  const auto* type = find_text(content, "media_type");
  return kind != nullptr && *kind == "binary" && type != nullptr
         && type->starts_with("image/")
         && find_text(content, "data") != nullptr;
}

/// What may stand in a header: it comes from a provider.
std::string safe_media_type(const std::string& name) {
  const auto is_plain = [](unsigned char sign) {
    return std::isalnum(sign) != 0 || sign == '/' || sign == '-' || sign == '+'
           || sign == '.';
  };
  return std::all_of(name.begin(), name.end(), is_plain)
           ? name
           : "application/octet-stream";
}

/// Bytes that padded base64 stands for.
std::size_t decoded_size(std::string_view base64) {
  const auto padding
    = base64.size() - base64.substr(0, base64.find('=')).size();
  return base64.size() / 4 * 3 - std::min<std::size_t>(padding, 2);
}

/// Reads JSON that the model was asked for in text.
answer_reading
read_structured(const output_definition& output, std::string_view text) {
  auto value = read_output_text(output, text);
  if (auto* invalid = std::get_if<invalid_value>(&value))
    return std::move(*invalid);
  auto& good = std::get<output_value>(value);
  const auto& type = output.types[good.type];
  return answer{answer_kind::structured, std::move(good.value), type.name,
                output.has_validator || type.has_function};
}

} // namespace

answer_reading read_answer(const agent_definition& definition, output_mode mode,
                           const model_response& response) {
  const auto& output = definition.output;
  if (output.allow_image)
    if (auto image = image_in(response))
      return answer{answer_kind::image, std::move(*image),
                    std::string{image_type_name}, output.has_validator};
  auto text = output_text(response);
  if (!text)
    return {};
  if (output.is_structured() && mode != output_mode::tool)
    return read_structured(output, *text);
  if (!output.takes_text())
    return {};
  return answer{answer_kind::text, std::move(*text), {}, output.has_validator};
}

std::optional<json> image_in(const model_response& response) {
  for (const auto& part : response.parts) {
    const auto* file = std::get_if<file_part>(&part);
    if (file == nullptr || !is_image(file->content))
      continue;
    auto item = written_user_content(file->content, item_fields::all);
    if (item["identifier"].is_null())
      if (const auto bytes
          = decode_base64(item["data"].get_ref<const std::string&>()))
        item["identifier"] = default_identifier(*bytes);
    return item;
  }
  return std::nullopt;
}

bool is_image_output(const agent_definition& definition, const json& output) {
  return definition.output.allow_image && is_image(output);
}

output_content
output_content_of(const agent_definition& definition, const json& output) {
  if (const auto* text = output.get_ptr<const std::string*>())
    return {"text/plain; charset=utf-8", *text};
  if (is_image_output(definition, output))
    if (auto bytes
        = decode_base64(output["data"].get_ref<const std::string&>()))
      return {
        safe_media_type(output["media_type"].get_ref<const std::string&>()),
        std::move(*bytes)};
  return {"application/json", to_text(output)};
}

json shown_output(const agent_definition& definition, const json& output) {
  if (!is_image_output(definition, output))
    return output;
  return {
    {"kind", "binary"},
    {"media_type", output["media_type"]},
    {"identifier", output.value("identifier", json())},
    {"size_bytes", decoded_size(output["data"].get_ref<const std::string&>())}};
}

} // namespace perdure::runtime
