// Protobuf prints a line to stderr for each string that is not UTF-8. Tests send thousands.
#include <google/protobuf/stubs/logging.h>

namespace {

[[maybe_unused]] auto* const previous = google::protobuf::SetLogHandler(nullptr);

} // namespace
