#include "bench/tell/html.hpp"

#include <fmt/format.h>

namespace ringdown::bench {

namespace {

constexpr std::string_view style =
  "body{font:14px sans-serif;max-width:900px;margin:2em auto;padding:0 1em;color:#222}"
  "pre{background:#f4f4f4;padding:1em;overflow-x:auto}"
  "svg{display:block;margin:1.5em 0;width:100%;height:auto}svg text{font:12px sans-serif;fill:#444}"
  ".grid{stroke:#ddd}.value{font-size:10px}.bad{color:#b00}";

std::string page(const std::string& command, bool is_good, const std::string& figures,
                 const std::string& pictures) {
  auto out = fmt::format(
    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>ringdown-bench</title>"
    "<style>{}</style></head><body>\n<h1>ringdown-bench</h1>\n<p><code>{}</code></p>\n",
    style, html_escaped(command));
  if (!is_good)
    out += "<p class=\"bad\">Not verified: these figures do not count.</p>\n";
  return out + "<pre>" + html_escaped(figures) + "</pre>\n" + pictures + "</body></html>\n";
}

} // namespace

std::string html_report(const std::string& command, bool is_good, const std::string& figures,
                        const std::vector<named_plot>& plots) {
  std::string pictures;
  for (auto& p : plots)
    pictures += inline_svg(draw(p.what));
  return page(command, is_good, figures, pictures);
}

std::string html_report(const std::string& command, const comparison_result& c,
                        const std::string& after) {
  return page(command, true, text_of(c) + after,
              inline_svg(draw(cpu_chart(c)))); // failures stand in the text
}

} // namespace ringdown::bench
