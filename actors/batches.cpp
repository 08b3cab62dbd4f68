#include "actors/batches.hpp"

#include <optional>
#include <utility>

namespace ringdown {

void dn_batch::answer(std::string_view frame) {
  auto reference = front()->reference;
  ++done_;
  client()->answer(reference, frame);
}

void dn_batch::refuse(const fault& why, const error_context& context) {
  auto reference = front()->reference;
  ++done_;
  client()->refuse(reference, why, context);
}

void dn_batch::refuse_all(const fault& why, std::string_view this_dn) {
  while (front() != nullptr)
    refuse(why, {this_dn, {}, {}, time_us()});
}

void dn_batch::name(std::string_view dn) {
  if (control_ == nullptr)
    control_ = std::make_unique<control>(control{std::string{dn}, false});
}

void dn_batch::await_report(std::string_view dn) {
  name(dn);
  control_->awaited = true;
}

void dn_batch::report(bool registered, registration_mode mode) {
  control_->awaited = false;
  client()->report({control_->dn, registered, mode, false});
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

// ---- batch_pool ----------------------------------------------------------------------------

dn_batch_ptr batch_pool::take() {
  if (spare_.empty())
    return std::make_shared<dn_batch>();
  auto batch = std::move(spare_.back());
  spare_.pop_back();
  return batch;
}

void batch_pool::keep(dn_batch_ptr done) {
  if (spare_.size() >= spare_max)
    return;
  done->reset();
  spare_.push_back(std::move(done));
}

} // namespace ringdown
