#include "actors/batches.hpp"

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
    refuse(why, {this_dn, {}, {}, bytes_->time_us});
}

void dn_batch::report(bool registered, registration_mode mode) {
  auto made = std::exchange(report_, nullptr);
  made->to({std::move(made->dn), registered, mode, false});
}

dn_batch::~dn_batch() {
  if (front() != nullptr)
    refuse_all({error_code::internal_error, {}, {}, {}, {}}, {});
  if (report_awaited())
    report(false, {});
}

} // namespace ringdown
