// The smallest durable agent. Kill it while it thinks and start it again: it
// goes on where it was. When it is done, it knows the answer.
//
//   OPENAI_API_KEY=... geography
//   geography test          a model without a network

#include <iostream>
#include <perdure/durable_agent.hpp>

int main(int argc, char** argv) {
  try {
    perdure::agent geographer{{
      .name = "geographer",
      .model = argc > 1 ? argv[1] : "openai:gpt-4o",
      .instructions = {"Answer in one sentence."},
    }};
    geographer.tool("home_country", "The country where the user lives.",
                    [] { return "Mexico"; });

    perdure::durable_agent durable{geographer};
    const auto result = durable.run_sync("What is the capital of my country?",
                                         {.run_id = "capital"});
    std::cout << result.output_as<std::string>() << '\n';
  } catch (const perdure::error& reason) {
    std::cerr << reason.what() << '\n';
    return 1;
  }
}
