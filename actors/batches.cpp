#include "actors/batches.hpp"
#include "messages/refusals.hpp"

#include <utility>

namespace ringdown {

// ---- frame_ahead ---------------------------------------------------------------------------

namespace {

bool is_send_of(const frame_view& frame) noexcept {
  auto number = static_cast<body_number>(frame.body_number);
  return number == body_number::request_send_event ||
         number == body_number::request_distribute_user_event;
}

send_event_view event_of(const frame_view& frame, const limits& bounds) noexcept {
  if (!is_send_of(frame))
    return {};
  auto is_usual = static_cast<body_number>(frame.body_number) == body_number::request_send_event;
  return parse_send_event(
    frame.body, bounds, is_usual ? request_form::send_event : request_form::distribute_user_event);
}

} // namespace

// Each part is made where it stays, not assigned: a copy of what was just written in parts waits
// until the parts have left the store buffer (docs/decisions/0006-the-path-of-an-event.md).
frame_ahead::frame_ahead(std::string_view whole, const limits& bounds) noexcept
  : frame(look(whole)), bytes(whole.size()), is_send(is_send_of(frame)),
    event(event_of(frame, bounds)) {}

// ---- dn_batch ------------------------------------------------------------------------------

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
    control_ = std::make_unique<control>();
  if (control_->dn.empty())
    control_->dn = dn;
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
    refuse(refused(error_code::internal_error), {dn, {}, {}, time_us()});
  }
  if (report_awaited())
    report(false, {});
}

// ---- batch_pool ----------------------------------------------------------------------------

dn_batch_ptr batch_pool::borrow() {
  if (spare_.empty())
    return std::make_shared<dn_batch>();
  auto batch = std::move(spare_.back());
  spare_.pop_back();
  return batch;
}

void batch_pool::give_back(dn_batch_ptr done) {
  if (spare_.size() >= spare_max)
    return;
  done->reset();
  spare_.push_back(std::move(done));
}

void dn_batch::add_own_send(reference_id reference, std::string request, const limits& bounds) {
  if (!control_)
    control_ = std::make_unique<control>();
  auto& own = control_->own.emplace_back(std::move(request));
  auto view = parse_send_event(own, bounds);
  auto& added = add();
  added.what = dn_request::kind::send;
  added.names_dn = true;
  added.reference = reference;
  added.event = view;
}

} // namespace ringdown
