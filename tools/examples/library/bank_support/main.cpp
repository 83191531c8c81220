// An agent with a typed output, a tool with typed arguments, and deps: what it
// has to know of the customer it talks to.
//
//   OPENAI_API_KEY=... bank_support
//   bank_support test

#include <boost/describe.hpp>
#include <iostream>
#include <perdure/durable_agent.hpp>

struct customer {
  int id = 0;
  std::string name;
};
BOOST_DESCRIBE_STRUCT(customer, (), (id, name))

struct balance_args {
  bool include_pending = false;
};
BOOST_DESCRIBE_STRUCT(balance_args, (), (include_pending))

inline perdure::docs perdure_docs(const balance_args*) {
  return {"",
          {{"include_pending", "Count transactions that are not settled."}}};
}

struct advice {
  std::string text;
  bool block_card = false;
  int risk = 0;
};
BOOST_DESCRIBE_STRUCT(advice, (), (text, block_card, risk))

inline perdure::docs perdure_docs(const advice*) {
  return {"What the customer is told, and what the bank does.",
          {{"text", "Advice for the customer."},
           {"block_card", "Whether to block the card of the customer."},
           {"risk", {{"minimum", 0}, {"maximum", 10}}}}};
}

/// Stands for the database of the bank.
double balance_of(int customer_id, bool include_pending) {
  return customer_id == 123 ? (include_pending ? 123.45 : 100.00) : 0;
}

perdure::agent support_agent(const char* model) {
  perdure::agent agent{{
    .name = "bank_support",
    .model = model,
    .instructions = {"You are a support agent of a bank. Advise the customer "
                     "and judge the risk of the request.",
                     "The name of the customer is {{name}}."},
  }};
  agent.tool("balance", "The balance of the customer's account.",
             [](const perdure::run_context& context, const balance_args& args) {
               const auto who = context.deps_as<customer>();
               return balance_of(who.id, args.include_pending);
             });
  agent.output<advice>();
  agent.output_validator([](const advice& given) -> perdure::output_reply {
    if (given.block_card && given.risk == 0)
      return perdure::retry{"A card is blocked only if there is a risk."};
    return given;
  });
  return agent;
}

int main(int argc, char** argv) {
  try {
    perdure::durable_agent support{
      support_agent(argc > 1 ? argv[1] : "openai:gpt-4o"),
      {.model_task_config = {.retries = 5}}};
    const auto result = support.run_sync(
      "I just lost my card!",
      {.run_id = "case-1", .deps = perdure::encode(customer{123, "John"})});
    const auto given = result.output_as<advice>();
    std::cout << given.text << "\nblock card: " << std::boolalpha
              << given.block_card << ", risk: " << given.risk << '\n';
  } catch (const perdure::error& reason) {
    std::cerr << reason.what() << '\n';
    return 1;
  }
}
