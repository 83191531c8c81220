#include "runtime/models/turn_note.hpp"

#include "runtime/messages/history_json.hpp"
#include "runtime/models/json_read.hpp"

namespace perdure::runtime {

json to_json(const turn_note& note) {
  json out;
  if (!note.job.is_null())
    out["job"] = note.job;
  if (note.so_far) {
    out["so_far"] = to_json(message{*note.so_far}, json_style::compact);
    out["pauses"] = note.pauses;
  }
  return out;
}

bool names_work(const json& note) {
  return !note.is_null()
         && (find_value(note, "job") != nullptr
             || find_value(note, "so_far") == nullptr);
}

result<turn_note> turn_note_from_json(const json& value) {
  turn_note note;
  if (const auto* job = find_value(value, "job"))
    note.job = *job;
  const auto* said = find_value(value, "so_far");
  if (said == nullptr)
    return note;
  auto read = message_from_json(*said);
  if (!read)
    return read.error();
  auto* response = std::get_if<model_response>(&*read);
  if (response == nullptr)
    return failure{errc::internal,
                   "the note of a model request holds another request"};
  note.so_far = std::move(*response);
  note.pauses
    = static_cast<std::uint32_t>(find_integer(value, "pauses").value_or(1));
  return note;
}

} // namespace perdure::runtime
