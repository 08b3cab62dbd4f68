#include "messages/frame_cutter.hpp"

#include "messages/frame.hpp"

namespace ringdown {

stream_end frame_cutter::cut(std::string_view stream, std::size_t frame_bytes_max,
                             std::vector<std::string_view>& frames) {
  auto end = stream_end::open;
  std::size_t used = 0;
  wanted_ = 0;
  for (bool more = true; more;) {
    auto next = next_frame(stream.substr(used), frame_bytes_max);
    more = next.status == cut_status::complete;
    switch (next.status) {
    case cut_status::complete:
      frames.push_back(next.frame);
      used += next.consumed;
      break;
    case cut_status::need_more: wanted_ = next.needed; break;
    case cut_status::too_large: end = stream_end::frame_too_large; break;
    case cut_status::malformed: end = stream_end::malformed; break;
    }
  }
  ended_ = end != stream_end::open;
  if (ended_ || used == stream.size())
    std::string{}.swap(kept_); // an idle connection owns no buffer
  else
    kept_.assign(stream.substr(used));
  return end;
}

void frame_cutter::release() noexcept {
  std::string{}.swap(kept_);
  wanted_ = 0;
}

} // namespace ringdown
