#include "actors/batches.hpp"

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

dn_batch::~dn_batch() {
  if (front() != nullptr)
    refuse_all({error_code::internal_error, {}, {}, {}, {}}, {});
}

} // namespace ringdown
