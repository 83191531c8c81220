#pragma once

#include "runtime/json.hpp"
#include "runtime/time.hpp"

#include <cstddef>
#include <string>

/// What the API says, in words for people. Pure.
namespace perdure::client {

/// A run, one field per line.
std::string run_text(const runtime::json& run, runtime::timestamp now);

/// What a run waits for.
std::string why_text(const runtime::json& why, runtime::timestamp now);

/// Tables; `width` as in `table::text`.
std::string
runs_text(const runtime::json& runs, runtime::timestamp now, std::size_t width);
std::string tasks_text(const runtime::json& tasks, runtime::timestamp now,
                       std::size_t width);
std::string agents_text(const runtime::json& agents, std::size_t width);

/// One line per event: when, what, and what about.
std::string event_text(const runtime::json& envelope, std::size_t width);

} // namespace perdure::client
