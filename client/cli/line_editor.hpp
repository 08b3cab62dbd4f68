// The line that a person types at a prompt, edited in place by libedit: with a history, completion
// of a script's words, and lines of the broker's that go by above it.
#pragma once

#include "client/cli/line_input.hpp"

#include <memory>
#include <optional>
#include <string>

struct editline;
struct history;

namespace ringdown::cli {

/// Standard input and output are terminals on which a line can be edited.
bool can_edit_lines();

class line_editor {
public:
  line_editor();
  ~line_editor();
  line_editor(const line_editor&) = delete;
  line_editor& operator=(const line_editor&) = delete;

  /// The next line; nothing at its end (control and D), or if nobody waits any more. What waits may
  /// print, between `hide` and `show`.
  std::optional<std::string> next(const line_input::waiter& wait);

  /// What stands between two \1 takes no room: colours. Shown at once.
  void set_prompt(std::string prompt);
  /// The cursor is at the beginning of a free line from now on.
  void hide();
  /// The prompt and what is half typed are there again.
  void show();

private:
  static char* prompt_of(editline* editor);
  static int read_one(editline* editor, wchar_t* into);
  static unsigned char complete(editline* editor, int key);
  static line_editor& self(editline* editor);
  std::size_t columns_before_cursor() const;
  bool has_room_for(wchar_t character) const;

  editline* editor_;
  struct history* history_;
  std::string prompt_;
  const line_input::waiter* wait_ = nullptr; // while a line is read
};

} // namespace ringdown::cli
