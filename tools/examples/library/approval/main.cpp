// An agent that asks before it deletes a file. The run waits for the answer on
// this terminal; it may as well wait for days, in another process, and be
// answered with `perdure approve`.
//
//   OPENAI_API_KEY=... approval
//   approval test

#include <boost/describe.hpp>
#include <iostream>
#include <perdure/durable_agent.hpp>

struct delete_args {
  std::string file;
};
BOOST_DESCRIBE_STRUCT(delete_args, (), (file))

perdure::agent cleaner(const char* model) {
  perdure::agent agent{{
    .name = "cleaner",
    .model = model,
    .instructions = {"You tidy up the folder of the user."},
  }};
  agent.tool("list_files", "The files of the folder.", [] {
    return perdure::json{"notes.txt", "old.log"};
  });
  // It only says so, since this is an example.
  agent.tool("delete_file", "Deletes a file.",
             [](const delete_args& args) { return "deleted " + args.file; },
             {.requires_approval = true});
  return agent;
}

bool ask(const perdure::approval& question) {
  std::cout << question.tool_name << ' ' << question.arguments
            << " - allow it? [y/n] " << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y";
}

int main(int argc, char** argv) {
  try {
    perdure::durable_agent durable{
      cleaner(argc > 1 ? argv[1] : "openai:gpt-4o")};
    auto& node = durable.node();
    const perdure::wait_options until_asked{.return_when_waiting = true};
    auto result = durable.run_sync("Delete what is old.",
                                   {.run_id = "tidy", .wait = until_asked});
    while (result.state == perdure::run_state::waiting) {
      for (const auto& question : result.approvals)
        node.answer(question, ask(question)
                                ? perdure::approve()
                                : perdure::deny("The user wants to keep it."));
      result = node.wait(result.run_id, until_asked);
    }
    std::cout << result.output_as<std::string>() << '\n';
  } catch (const perdure::error& reason) {
    std::cerr << reason.what() << '\n';
    return 1;
  }
}
