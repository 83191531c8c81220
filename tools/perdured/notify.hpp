#pragma once

#include <string_view>

namespace perdure::perdured {

/// Tells the service manager about this process (`READY=1`, `STOPPING=1`), as
/// `sd_notify` does. Does nothing when no manager listens.
void notify_manager(std::string_view state) noexcept;

} // namespace perdure::perdured
