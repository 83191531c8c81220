#include "perdure/binary_image.hpp"

#include "perdure/prompt.hpp"
#include "runtime/messages/identifier.hpp"

namespace perdure {

json perdure_schema(const binary_image*) {
  return {{"type", "object"},
          {"properties",
           {{"kind", {{"const", "binary"}}},
            {"data", {{"type", "string"}, {"contentEncoding", "base64"}}},
            {"media_type", {{"type", "string"}}}}},
          {"required", {"kind", "data", "media_type"}}};
}

void to_json(json& into, const binary_image& from) {
  into = file(from.bytes, from.media_type);
}

void from_json(const json& from, binary_image& into) {
  into.media_type = from.at("media_type").get<std::string>();
  // What is no base64 was refused when the model's response was read.
  into.bytes
    = runtime::decode_base64(from.at("data").get_ref<const std::string&>())
        .value_or(std::string{});
}

} // namespace perdure
