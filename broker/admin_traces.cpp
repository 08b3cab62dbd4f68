#include "broker/admin_traces.hpp"

#include "broker/admin_walk.hpp"

#include <algorithm>
#include <memory>
#include <new>
#include <utility>

namespace ringdown {

namespace {

/// Does it on every loop, then `done(parts)` in the order of the loops. For want of memory whoever
/// asked hears nothing.
template <class Part, class Work>
void on_each(const std::vector<edge::edge_loop*>& loops, Work work,
             std::function<void(std::vector<Part>)> done) {
  using placed = std::pair<std::size_t, Part>;
  auto all = std::make_shared<gathering<placed>>(
    loops.size(), [done = std::move(done)](std::vector<placed> parts) {
      std::sort(parts.begin(), parts.end(), [](auto& a, auto& b) { return a.first < b.first; });
      std::vector<Part> in_order;
      for (auto& part : parts)
        in_order.push_back(std::move(part.second));
      done(std::move(in_order));
    });
  for (std::size_t i = 0; i < loops.size(); ++i)
    loops[i]->host().post([loop = loops[i], i, work, all] {
      try {
        all->put({i, work(*loop, i)});
      } catch (const std::bad_alloc&) { // an operator's question must not end the broker
      }
    });
}

} // namespace

admin::trace_page page_of(std::vector<trace_part> parts, const admin::trace_cursor& after,
                          std::size_t limit) {
  admin::trace_page page;
  struct place {
    std::size_t loop;
    std::size_t line;
  };
  std::vector<place> order;
  for (std::size_t i = 0; i < parts.size(); ++i)
    for (std::size_t j = 0; j < parts[i].lines.size(); ++j)
      order.push_back({i, j});
  // Those of a loop stay in their order, whatever the clock did.
  std::stable_sort(order.begin(), order.end(), [&](auto& a, auto& b) {
    return parts[a.loop].lines[a.line].time_us < parts[b.loop].lines[b.line].time_us;
  });
  order.resize(std::min(order.size(), limit));
  std::vector<std::size_t> taken(parts.size());
  for (auto& at : order)
    ++taken[at.loop];
  page.is_over = true;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    auto& part = parts[i];
    bool is_whole = part.is_whole && taken[i] == part.lines.size();
    auto next = is_whole        ? std::max(part.last, after[i])
                : taken[i] != 0 ? part.lines[taken[i] - 1].number
                                : after[i];
    page.lost += next - after[i] - taken[i];
    page.next.push_back(next);
    page.is_over = page.is_over && part.is_over && is_whole;
  }
  for (auto& at : order)
    page.lines.push_back(std::move(parts[at.loop].lines[at.line]));
  return page;
}

std::optional<std::chrono::seconds> admin_traces::open(trace_wanted wanted, time_point now,
                                                       std::function<void(std::uint64_t)> done) {
  forget_gone(now);
  if (open_.size() >= traces_max) {
    auto first = std::min_element(open_.begin(), open_.end(),
                                  [](auto& a, auto& b) { return a.gone < b.gone; });
    return std::chrono::ceil<std::chrono::seconds>(first->gone - now);
  }
  wanted.id = ++last_id_;
  open_.push_back({wanted.id, now + wanted.time + trace_grace});
  struct nothing {};
  on_each<nothing>(
    loops_,
    [wanted](edge::edge_loop& loop, std::size_t) {
      loop.traces().open(wanted, loop.time());
      return nothing{};
    },
    [id = wanted.id, done = std::move(done)](const std::vector<nothing>&) { done(id); });
  return std::nullopt;
}

void admin_traces::read(std::uint64_t id, const admin::trace_cursor& after, std::size_t limit,
                        std::function<void(std::optional<admin::trace_page>)> done) const {
  bool is_known = std::any_of(open_.begin(), open_.end(), [id](auto& one) { return one.id == id; });
  auto from = after.empty() ? admin::trace_cursor(loops_.size()) : after;
  if (!is_known || from.size() != loops_.size())
    return done(std::nullopt);
  on_each<trace_part>(
    loops_,
    [id, from, limit](edge::edge_loop& loop, std::size_t place) {
      loop.traces().look_at_clock(loop.time()); // without connections there is no sweep
      return loop.traces().read(id, from[place], limit);
    },
    [from, limit, done = std::move(done)](std::vector<trace_part> parts) {
      bool is_everywhere =
        std::all_of(parts.begin(), parts.end(), [](auto& one) { return one.is_known; });
      if (!is_everywhere)
        return done(std::nullopt);
      done(page_of(std::move(parts), from, limit));
    });
}

bool admin_traces::close(std::uint64_t id) {
  if (std::erase_if(open_, [id](auto& one) { return one.id == id; }) == 0)
    return false;
  for (auto* loop : loops_)
    loop->host().post([loop, id] { loop->traces().close(id); });
  return true;
}

std::size_t admin_traces::count(time_point now) {
  forget_gone(now);
  return open_.size();
}

void admin_traces::forget_gone(time_point now) {
  std::erase_if(open_, [now](auto& one) { return now >= one.gone; });
}

} // namespace ringdown
