#pragma once

#include "actors/edges/http_server.hpp"
#include "actors/messages.hpp"
#include "actors/runs/gateway_api.hpp"
#include "actors/services.hpp"

#include <caf/event_based_actor.hpp>

/// The inbox: what runs ask of people, and the decisions.
namespace perdure::actors {

/// `{approvals: [...], cursor}`: open questions of all runs, or of those of one
/// agent (`agent=`), newest run first. Errors: errc::invalid_argument.
runtime::result<runtime::json>
list_approvals(const services& node, const server_request& request);

/// Open questions of one run.
runtime::result<runtime::json>
approvals_of_run(const services& node, const std::string& run_id);

struct decision_session_options {
  services_ptr services;
  gateway_actor gateway;
  std::shared_ptr<server_exchange> exchange;
  answer_question request;
};

/// Puts one decision to its run and answers the caller once it is durable, or
/// refused.
caf::behavior decision_session(caf::event_based_actor* self,
                               decision_session_options options);

/// The decision in the body of a request. @param id of the question; empty when
/// the body names it. Errors: errc::invalid_argument, errc::run_not_found.
runtime::result<answer_question>
parse_decision(const std::string& id, const std::string& body);

} // namespace perdure::actors
