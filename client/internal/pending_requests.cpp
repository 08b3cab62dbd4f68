#include "client/internal/pending_requests.hpp"

namespace ringdown::client {

namespace {

std::size_t bytes_of(const std::vector<user_data_pair>& pairs) noexcept {
  std::size_t bytes = 0;
  for (auto& pair : pairs) {
    bytes += sizeof(user_data_pair) + pair.key.size();
    if (auto* text = std::get_if<std::string>(&pair.value))
      bytes += text->size();
    else if (auto* binary = std::get_if<binary_value>(&pair.value))
      bytes += binary->bytes.size();
    else if (auto* list = std::get_if<std::vector<user_data_pair>>(&pair.value))
      bytes += bytes_of(*list);
  }
  return bytes;
}

bool is_right(const event& e, pending_requests::kind what) {
  switch (what) {
  case pending_requests::kind::send: return std::holds_alternative<event_ack>(e);
  case pending_requests::kind::query: return std::holds_alternative<event_address_info>(e);
  case pending_requests::kind::list: return std::holds_alternative<event_address_list>(e);
  }
  return false;
}

/// The DN that an answer to one of many names; null: none.
const std::string* dn_in(const event& e) {
  if (auto* ack = std::get_if<event_ack>(&e))
    return ack->this_dn.empty() ? nullptr : &ack->this_dn;
  auto* error = std::get_if<event_error>(&e);
  return error != nullptr && error->this_dn ? &*error->this_dn : nullptr;
}

/// What an answer makes of a request that was sent so often.
completion judged(const event& e, pending_requests::kind what, std::size_t times_sent) {
  completion c;
  c.answer = e;
  if (auto* error = std::get_if<event_error>(&e)) {
    c.status = request_status::unknown_outcome;
    if (error->retry == retry_class::unknown_outcome)
      c.doubt = doubt_reason::broker_fault;
    else if (times_sent > 1)
      c.doubt = doubt_reason::refused_again;
    else
      c.status = request_status::refused;
    return c;
  }
  bool right = is_right(e, what);
  c.status = right ? request_status::acknowledged : request_status::unknown_outcome;
  if (!right)
    c.doubt = doubt_reason::wrong_answer;
  return c;
}

} // namespace

std::size_t content_bytes(const user_data& data) noexcept {
  return bytes_of(data.pairs);
}

send_status pending_requests::room(std::size_t kept_bytes) const noexcept {
  if (requests_.size() >= limits_.requests_max)
    return send_status::window_full;
  if (kept_bytes > 0 && kept_bytes_ + kept_bytes > limits_.request_bytes_max)
    return send_status::buffer_full;
  return send_status::accepted;
}

request_id pending_requests::add(request r, reference_id reference) {
  auto id = enter(std::move(r), reference.value, false);
  by_reference_[reference.value] = id.value;
  return id;
}

request_id pending_requests::add_each(std::vector<request> all, reference_id reference) {
  request_id first{last_id_ + 1};
  for (auto& r : all) {
    auto dn = r.this_dn;
    auto id = enter(std::move(r), reference.value, true);
    by_dn_.emplace(std::pair{reference.value, std::move(dn)}, id.value);
  }
  return first;
}

request_id pending_requests::enter(request r, std::uint32_t reference, bool by_dn) {
  auto id = ++last_id_;
  entry e{std::move(r), reference, by_dn, 1, 0};
  if (e.r.again)
    e.bytes = content_bytes(e.r.again->data) + e.r.again->this_dn.size();
  kept_bytes_ += e.bytes;
  deadlines_.emplace(e.r.deadline, id);
  requests_.emplace(id, std::move(e));
  return {id};
}

finished_request pending_requests::finish(entries::iterator which, completion what) {
  auto& [id, e] = *which;
  what.request = {id};
  what.this_dn = e.r.this_dn;
  what.times_sent = e.times_sent;
  finished_request done{std::move(e.r.done), std::move(what)};
  unlist(e, id);
  deadlines_.erase({e.r.deadline, id});
  again_.erase(id);
  kept_bytes_ -= e.bytes;
  requests_.erase(which);
  return done;
}

/// Its reference says nothing of it any more.
void pending_requests::unlist(const entry& e, std::uint64_t id) {
  if (!e.by_dn) { // a reference belongs to the newest request that carries it
    auto found = by_reference_.find(e.reference);
    if (found != by_reference_.end() && found->second == id)
      by_reference_.erase(found);
    return;
  }
  auto [first, last] = by_dn_.equal_range({e.reference, e.r.this_dn});
  for (auto i = first; i != last; ++i)
    if (i->second == id) {
      by_dn_.erase(i);
      return;
    }
}

finished_request pending_requests::doubt(entries::iterator which, doubt_reason why) {
  completion what;
  what.doubt = why;
  return finish(which, std::move(what));
}

std::vector<finished_request> pending_requests::on_answer(const event& e) {
  auto reference = reference_of(e);
  if (!reference)
    return {};
  auto end = [&](std::uint64_t id) {
    auto which = requests_.find(id);
    return finish(which, judged(e, which->second.r.what, which->second.times_sent));
  };
  std::vector<finished_request> ended;
  if (auto found = by_reference_.find(reference.value); found != by_reference_.end()) {
    ended.push_back(end(found->second));
    return ended;
  }
  if (auto* dn = dn_in(e)) {
    if (auto found = by_dn_.find({reference.value, *dn}); found != by_dn_.end())
      ended.push_back(end(found->second));
    return ended;
  }
  for (auto next = by_dn_.lower_bound({reference.value, {}});
       next != by_dn_.end() && next->first.first == reference.value;
       next = by_dn_.lower_bound({reference.value, {}}))
    ended.push_back(end(next->second));
  return ended;
}

const std::string* pending_requests::dn_of(reference_id reference) const {
  auto found = by_reference_.find(reference.value);
  return found == by_reference_.end() ? nullptr : &requests_.at(found->second).r.this_dn;
}

std::vector<finished_request> pending_requests::on_link_lost() {
  std::vector<finished_request> ended;
  by_reference_.clear();
  by_dn_.clear();
  for (auto i = requests_.begin(); i != requests_.end();) {
    auto which = i++;
    which->second.reference = 0;
    if (which->second.r.again)
      again_.insert(which->first);
    else
      ended.push_back(doubt(which, doubt_reason::link_lost));
  }
  return ended;
}

bool pending_requests::waits_again(const std::string& dn) const {
  for (auto id : again_)
    if (requests_.at(id).r.this_dn == dn)
      return true;
  return false;
}

void pending_requests::sent_again(request_id id, reference_id reference) {
  again_.erase(id.value);
  auto& e = requests_.at(id.value);
  e.reference = reference.value;
  ++e.times_sent;
  by_reference_[reference.value] = id.value;
}

finished_request pending_requests::not_sent_again(request_id id) {
  return doubt(requests_.find(id.value), doubt_reason::link_lost);
}

std::vector<finished_request> pending_requests::on_time(steady_time now) {
  std::vector<finished_request> ended;
  while (!deadlines_.empty() && deadlines_.begin()->first <= now)
    ended.push_back(doubt(requests_.find(deadlines_.begin()->second), doubt_reason::timed_out));
  return ended;
}

std::vector<finished_request> pending_requests::end_all(doubt_reason why) {
  std::vector<finished_request> ended;
  while (!requests_.empty())
    ended.push_back(doubt(requests_.begin(), why));
  return ended;
}

steady_time pending_requests::next_deadline() const {
  return deadlines_.empty() ? steady_time::max() : deadlines_.begin()->first;
}

} // namespace ringdown::client
