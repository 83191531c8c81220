#include "perdure/native_tool.hpp"

namespace perdure::native {

namespace {

/// Options that were given.
class option_list {
public:
  option_list& add(const char* name, const std::string& value) {
    if (!value.empty())
      options_[name] = value;
    return *this;
  }

  template <class T>
  option_list& add(const char* name, const std::vector<T>& value) {
    if (!value.empty())
      options_[name] = value;
    return *this;
  }

  template <class T>
  option_list& add(const char* name, const std::optional<T>& value) {
    if (value)
      options_[name] = *value;
    return *this;
  }

  option_list& add(const char* name, const json& value) {
    if (!value.is_null())
      options_[name] = value;
    return *this;
  }

  [[nodiscard]] native_tool of(const char* kind, bool optional) const {
    return {kind, options_, optional};
  }

private:
  json options_ = json::object();
};

} // namespace

web_search::operator native_tool() const {
  return option_list{}
    .add("search_context_size", search_context_size)
    .add("user_location", user_location)
    .add("allowed_domains", allowed_domains)
    .add("blocked_domains", blocked_domains)
    .add("max_uses", max_uses)
    .add("external_web_access", external_web_access)
    .of("web_search", optional);
}

web_fetch::operator native_tool() const {
  return option_list{}
    .add("allowed_domains", allowed_domains)
    .add("blocked_domains", blocked_domains)
    .add("max_uses", max_uses)
    .add("enable_citations", enable_citations)
    .add("max_content_tokens", max_content_tokens)
    .of("web_fetch", optional);
}

code_execution::operator native_tool() const {
  return option_list{}.add("files", files).of("code_execution", optional);
}

image_generation::operator native_tool() const {
  return option_list{}
    .add("action", action)
    .add("background", background)
    .add("input_fidelity", input_fidelity)
    .add("moderation", moderation)
    .add("model", model)
    .add("output_compression", output_compression)
    .add("output_format", output_format)
    .add("partial_images", partial_images)
    .add("quality", quality)
    .add("size", size)
    .add("aspect_ratio", aspect_ratio)
    .of("image_generation", optional);
}

file_search::operator native_tool() const {
  return option_list{}
    .add("file_store_ids", file_store_ids)
    .add("max_num_results", max_num_results)
    .add("instructions", instructions)
    .add("retrieval_mode", retrieval_mode)
    .of("file_search", optional);
}

x_search::operator native_tool() const {
  return option_list{}
    .add("allowed_x_handles", allowed_x_handles)
    .add("excluded_x_handles", excluded_x_handles)
    .add("from_date", from_date)
    .add("to_date", to_date)
    .add("enable_image_understanding", enable_image_understanding)
    .add("enable_video_understanding", enable_video_understanding)
    .of("x_search", optional);
}

memory::operator native_tool() const {
  return option_list{}.of("memory", optional);
}

advisor::operator native_tool() const {
  return option_list{}
    .add("model", model)
    .add("max_uses", max_uses)
    .add("max_tokens", max_tokens)
    .add("caching", caching)
    .of("advisor", optional);
}

} // namespace perdure::native
