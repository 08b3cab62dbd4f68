#include "docs/generate/metrics_page.hpp"

#include "actors/meters.hpp"
#include "docs/generate/table.hpp"

#include <string_view>

namespace ringdown::docs {
namespace {

constexpr std::string_view introduction = R"(# Metrics

<!-- Made by ringdown-docs from actors/meters.def: do not edit. -->

What a broker tells Prometheus at `/metrics` of its admin port (`admin.*` in
[configuration.md](configuration.md)). A scrape takes nothing from the loops but a look at what
waits for each client, 256 of them in a turn. No number is told apart by a DN, a client or a
principal: there is no end of those; [openapi.json](openapi.json) has the pages that tell of them.

`packaging/prometheus-rules.yml` has alerts, `packaging/grafana-dashboard.json` a dashboard.

```yaml
scrape_configs:
  - job_name: ringdown
    authorization: {credentials_file: /etc/prometheus/ringdown.token}
    static_configs: [{targets: ["127.0.0.1:7481"]}]
```

## Numbers

| name | kind | unit | labels | what |
|---|---|---|---|---|
)";

constexpr std::string_view values_title = R"(
## Values of labels

| label | of | values |
|---|---|---|
)";

std::string_view kind_word(meter_kind kind) {
  switch (kind) {
  case meter_kind::counter: return "counter";
  case meter_kind::gauge: return "gauge";
  case meter_kind::histogram: return "histogram";
  }
  return {};
}

std::string labels_of(const meter_info& row) {
  std::string all = row.is_of_loop ? "`loop`" : "";
  for (auto& label : row.labels)
    all.append(all.empty() ? "`" : ", `").append(label.name).append("`");
  return all;
}

std::string values_of(const label_info& label) {
  if (label.size == 0)
    return std::string{label.name == "loop"      ? "0 to `runtime.loops` - 1"
                       : label.name == "resumed" ? "`yes`, `no`"
                       : label.name == "cause"   ? "a word for each sentence of the log"
                                                 : "of what runs"};
  std::string all;
  for (std::size_t i = 0; i < label.size; ++i)
    all.append(all.empty() ? "`" : ", `").append(label.value(i)).append("`");
  return all;
}

} // namespace

std::string metrics_page() {
  std::string out{introduction};
  for (auto& row : meter_catalog()) {
    out += '|';
    add_cell(out, "`" + std::string{row.name} + "`");
    add_cell(out, kind_word(row.kind));
    add_cell(out, row.unit);
    add_cell(out, labels_of(row));
    add_cell(out, row.help);
    out += '\n';
  }
  out += values_title;
  for (auto& row : meter_catalog())
    for (auto& label : row.labels) {
      out += '|';
      add_cell(out, "`" + std::string{label.name} + "`");
      add_cell(out, "`" + std::string{row.name} + "`");
      add_cell(out, values_of(label));
      out += '\n';
    }
  return out;
}

} // namespace ringdown::docs
