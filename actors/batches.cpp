#include "actors/batches.hpp"

#include <optional>
#include <utility>

namespace ringdown {

void dn_batch::answer(std::string_view frame) {
  auto reference = front()->reference;
  ++done_;
  client_->answer(reference, frame);
}

void dn_batch::refuse(const fault& why, const error_context& context) {
  auto reference = front()->reference;
  ++done_;
  client_->refuse(reference, why, context);
}

void dn_batch::refuse_all(const fault& why, std::string_view this_dn) {
  while (front() != nullptr)
    refuse(why, {this_dn, {}, {}, time_us()});
}

void dn_batch::name(std::string_view dn) {
  if (control_ == nullptr)
    control_ = std::make_unique<control>(control{std::string{dn}, false, {}});
}

void dn_batch::await_report(std::string_view dn, report_function to) {
  name(dn);
  control_->awaited = true;
  control_->reporter = std::move(to);
}

void dn_batch::report(bool registered, registration_mode mode) {
  control_->awaited = false;
  control_->reporter({control_->dn, registered, mode, false});
}

dn_batch::~dn_batch() {
  while (auto* request = front()) {
    std::optional<std::string_view> dn;
    if (request->what == dn_request::kind::send)
      dn = request->event.this_dn;
    else if (control_ != nullptr)
      dn = control_->dn;
    refuse({error_code::internal_error, {}, {}, {}, {}}, {dn, {}, {}, time_us()});
  }
  if (report_awaited())
    report(false, {});
}

} // namespace ringdown
