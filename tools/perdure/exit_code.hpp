#pragma once

/// Exit codes of the client tool; documented in docs/client.md.
namespace perdure::client::exit_code {

inline constexpr int completed = 0;
inline constexpr int failed = 1;
inline constexpr int usage = 2;
inline constexpr int unreachable = 3;
inline constexpr int cancelled = 4;

} // namespace perdure::client::exit_code
