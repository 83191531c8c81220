#include "tools/bench/long_run.hpp"

#include "runtime/flow/cache_key.hpp"
#include "runtime/models/model.hpp"
#include "tools/bench/host.hpp"
#include "tools/bench/usage.hpp"

#include <nlohmann/json.hpp>

#include <cstdio>
#include <fstream>
#include <mutex>

namespace perdure::bench {

namespace {

using runtime::json;
using steady = std::chrono::steady_clock;
using seconds = std::chrono::duration<double>;

constexpr std::size_t windows = 10;

/// A moment of the run: one for each call of its tool.
struct sample {
  steady::time_point time = steady::now();
  seconds processor = processor_time();
};

class stopwatch {
public:
  /// In microseconds.
  [[nodiscard]] double lap() {
    const auto now = steady::now();
    const seconds took = now - std::exchange(last_, now);
    return took.count() * 1e6;
  }

private:
  steady::time_point last_ = steady::now();
};

struct recorder {
  std::mutex mutex;
  std::vector<sample> samples;

  void take() {
    const std::lock_guard guard{mutex};
    samples.emplace_back();
  }
};

std::string script_of(std::size_t steps) {
  auto responses = json::array();
  for (std::size_t n = 1; n < steps; ++n)
    responses.push_back(
      {{"tool_calls", {{{"tool", "step"}, {"args", {{"n", n}}}}}}});
  responses.push_back({{"text", "Done."}});
  return runtime::to_text({{"responses", std::move(responses)}});
}

std::string model_of(const long_run_options& options) {
  if (options.chat_port != 0)
    return "long:long";
  const auto path = options.directory / "long.json";
  std::ofstream{path} << script_of(options.steps);
  return "script:" + path.string();
}

actors::agent_deployment
agent_of(const long_run_options& options, recorder& record) {
  actors::agent_deployment out;
  out.definition.name = "long";
  out.definition.model = model_of(options);
  out.definition.model_policy = runtime::default_model_policy();
  out.definition.limits.request_limit.reset();
  runtime::tool_definition tool;
  tool.name = "step";
  tool.description = "Makes a step.";
  tool.parameters = json::parse(R"({"type": "object", "properties":
    {"n": {"type": "integer"}}, "required": ["n"]})");
  tool.policy = runtime::default_tool_policy();
  out.definition.tools.push_back(std::move(tool));
  out.code.tools["step"]
    = [&record](const runtime::tool_invocation& call) -> runtime::tool_reply {
    record.take();
    return json("step " + call.arguments["n"].dump() + " is made "
                + std::string(100, '.'));
  };
  return out;
}

/// What the entries of one step take in the journal.
std::size_t bytes_of(const runtime::entry& entry) {
  const auto encoded = storage::encode(entry);
  auto bytes = encoded.bytes.size();
  for (const auto& blob : encoded.blobs)
    bytes += blob.second.size();
  return bytes;
}

/// Figures of each window, per step.
struct window {
  double wall_us = 0;
  double cpu_us = 0;
  double journal_bytes = 0;
  double encode_us = 0;
  double request_bytes = 0;
  double key_us = 0;
};

class report {
public:
  explicit report(const long_run_options& options)
    : width_(std::max<std::size_t>(options.steps / windows, std::size_t{1})),
      rows_(windows) {}

  void add_times(const std::vector<sample>& samples) {
    // The n-th sample is taken in the n-th step; the last step has none.
    for (std::size_t i = 0; i < windows; ++i) {
      const auto from = i * width_;
      const auto to = std::min((i + 1) * width_, samples.size() - 1);
      const auto steps = static_cast<double>(to - from);
      const seconds wall = samples[to].time - samples[from].time;
      const auto cpu = samples[to].processor - samples[from].processor;
      rows_[i].wall_us = wall.count() * 1e6 / steps;
      rows_[i].cpu_us = cpu.count() * 1e6 / steps;
    }
  }

  void add_bytes(const std::vector<storage::stored_entry>& entries) {
    for (const auto& stored : entries)
      if (const auto* done
          = std::get_if<runtime::task_completed>(&stored.value))
        add(done->task.step, &window::journal_bytes,
            static_cast<double>(bytes_of(stored.value)));
  }

  /// Encodes the run's requests once more, with nothing besides.
  void add_encoding(const runtime::run_state& run) {
    const auto talk = runtime::codec_for("openai-chat")
                        ->converse({{"long", "http://localhost", "long"},
                                    run.definition,
                                    false,
                                    runtime::profile_of_model("long:long")});
    for (std::size_t i = 0; i < run.history.size(); ++i) {
      const auto step = i / 2 + 1;
      stopwatch watch;
      must(talk->add(*run.history[i]));
      if (i % 2 == 0)
        add_request(step, talk->request(run.instructions));
      add(step, &window::encode_us, watch.lap());
    }
  }

  /// What the key of each request in a cache costs.
  void add_keys(const runtime::run_state& run,
                const std::vector<storage::stored_entry>& entries) {
    runtime::run_state growing{run.definition, {}};
    runtime::cache_keys keys{[](std::string_view text) {
      return storage::hex(storage::hash_of(text));
    }};
    for (const auto& stored : entries) {
      growing.apply(stored.value);
      if (growing.phase != runtime::run_phase::requesting)
        continue;
      stopwatch watch;
      const auto key = keys.of(
        growing, {growing.step, runtime::task_kind::model_request, 0});
      add(growing.step, &window::key_us, watch.lap());
    }
  }

  json print() const {
    std::printf("%12s %12s %12s %14s %12s %14s %10s\n", "steps", "wall us",
                "cpu us", "journal bytes", "encode us", "request bytes",
                "key us");
    auto out = json::array();
    for (std::size_t i = 0; i < windows; ++i) {
      const auto& x = rows_[i];
      const auto name = std::to_string(i * width_ + 1) + '-'
                        + std::to_string((i + 1) * width_);
      std::printf("%12s %12.0f %12.0f %14.1f %12.2f %14.0f %10.2f\n",
                  name.c_str(), x.wall_us, x.cpu_us, x.journal_bytes,
                  x.encode_us, x.request_bytes, x.key_us);
      out.push_back({{"steps", name},
                     {"wall_us", x.wall_us},
                     {"cpu_us", x.cpu_us},
                     {"journal_bytes", x.journal_bytes},
                     {"encode_us", x.encode_us},
                     {"request_bytes", x.request_bytes},
                     {"key_us", x.key_us}});
    }
    return out;
  }

private:
  void add(std::size_t step, double window::*figure, double value) {
    const auto i = (step - 1) / width_;
    if (i < windows)
      rows_[i].*figure += value / static_cast<double>(width_);
  }

  void add_request(std::size_t step, const runtime::wire_request& request) {
    std::size_t bytes = 0;
    for (const auto& piece : request.body)
      bytes += piece->size();
    add(step, &window::request_bytes, static_cast<double>(bytes));
  }

  std::size_t width_;
  std::vector<window> rows_;
};

/// Brings the run back as a restarted node does. @returns the figures
json rehydrate(const storage::journal& journal, const std::string& run_id,
               const runtime::run_state& run) {
  stopwatch watch;
  const auto entries = must(journal.read(run_id));
  const auto read = watch.lap();
  runtime::run_state state{run.definition, {}};
  for (const auto& stored : entries)
    state.apply(stored.value);
  const auto fold = watch.lap();
  const auto talk = runtime::codec_for("openai-chat")
                      ->converse({{"long", "http://localhost", "long"},
                                  run.definition,
                                  false,
                                  runtime::profile_of_model("long:long")});
  for (const auto& message : state.history)
    must(talk->add(*message));
  const auto encode = watch.lap();
  const auto count = static_cast<double>(entries.size());
  std::printf("back from the journal: %zu entries, read and decoded in %.1f ms "
              "(%.2f us each), folded in %.1f ms (%.2f us each), encoded for "
              "the provider in %.1f ms\n\n",
              entries.size(), read / 1e3, read / count, fold / 1e3,
              fold / count, encode / 1e3);
  return {{"entries", entries.size()},
          {"read_us", read},
          {"fold_us", fold},
          {"encode_us", encode}};
}

} // namespace

json long_run(const long_run_options& options, load_process& callers) {
  recorder record;
  host::options settings{options.directory, {}, options.threads, options.sync};
  settings.agents.push_back(agent_of(options, record));
  if (options.chat_port != 0) {
    auto& provider = settings.providers["long"];
    provider.provider_name = "long";
    provider.wire = "openai-chat";
    provider.base_url = "http://127.0.0.1:" + std::to_string(options.chat_port);
    provider.stream = false;
  }
  const auto* model
    = options.chat_port != 0 ? "a provider on loopback" : "a script";
  std::printf("one run of %zu steps, answers of %s; all per step:\n",
              options.steps, model);
  const auto definition = std::make_shared<const runtime::agent_definition>(
    settings.agents.back().definition);
  host node{settings};
  load work;
  work.port = node.port();
  work.token = node.token();
  work.target = "/v1/runs?wait=300";
  work.requests = 1;
  work.body = R"({"agent": "long", "prompt": "Make all steps."})";
  const auto result = callers.run(work);
  if (result.errors > 0 || record.samples.size() + 1 != options.steps) {
    std::printf("  failed: %s\n", result.first_error.c_str());
    return nullptr;
  }
  const auto run_id = must(node.journal().runs({})).runs.at(0).run_id;
  const auto entries = must(node.journal().read(run_id));
  runtime::run_state run{definition, {}};
  for (const auto& stored : entries)
    run.apply(stored.value);
  report rows{options};
  rows.add_times(record.samples);
  rows.add_bytes(entries);
  rows.add_encoding(run);
  rows.add_keys(run, entries);
  return {{"model", model},
          {"steps", options.steps},
          {"windows", rows.print()},
          {"rehydration", rehydrate(node.journal(), run_id, run)}};
}

} // namespace perdure::bench
