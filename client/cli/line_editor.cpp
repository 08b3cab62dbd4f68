#include "client/cli/line_editor.hpp"

#include "client/script.hpp"

#include <histedit.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <cwchar>
#include <cwctype>
#include <stdexcept>
#include <utility>

namespace ringdown::cli {

namespace {

constexpr char invisible = '\1';

std::size_t terminal_columns() {
  winsize size{};
  constexpr std::size_t usual = 80;
  return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : usual;
}

/// Characters of UTF-8 that are seen.
std::size_t width_of(const std::string& prompt) {
  std::size_t width = 0;
  bool is_seen = true;
  for (char c : prompt) {
    if (c == invisible)
      is_seen = !is_seen;
    else if (is_seen && (static_cast<unsigned char>(c) & 0xc0) != 0x80)
      ++width;
  }
  return width;
}

std::string common_beginning(const std::vector<std::string_view>& words) {
  auto common = words.front();
  for (auto word : words) {
    auto differs = std::mismatch(common.begin(), common.end(), word.begin(), word.end()).first;
    common = common.substr(0, static_cast<std::size_t>(differs - common.begin()));
  }
  return std::string{common};
}

} // namespace

bool can_edit_lines() {
  auto* terminal = std::getenv("TERM");
  bool is_able = terminal != nullptr && *terminal != '\0' && std::string_view{terminal} != "dumb";
  return is_able && ::isatty(STDIN_FILENO) != 0 && ::isatty(STDOUT_FILENO) != 0;
}

line_editor::line_editor() {
  std::setlocale(LC_CTYPE, ""); // how characters are written
  editor_ = ::el_init("ringdown", stdin, stdout, stderr);
  history_ = ::history_init();
  if (editor_ == nullptr || history_ == nullptr)
    throw std::runtime_error{"no memory for the prompt"};
  constexpr int lines_kept = 500;
  HistEvent event{};
  ::history(history_, &event, H_SETSIZE, lines_kept);
  ::history(history_, &event, H_SETUNIQUE, 1);
  ::el_set(editor_, EL_CLIENTDATA, this);
  ::el_set(editor_, EL_EDITOR, "emacs");
  ::el_set(editor_, EL_PROMPT_ESC, &line_editor::prompt_of, invisible);
  ::el_set(editor_, EL_HIST, &::history, history_);
  ::el_set(editor_, EL_GETCFN, &line_editor::read_one);
  // Wide: the other keeps copies of both texts that it never frees.
  ::el_wset(editor_, EL_ADDFN, L"ringdown-complete", L"Completes a word", &line_editor::complete);
  ::el_set(editor_, EL_BIND, "^I", "ringdown-complete", nullptr);
  ::el_set(editor_, EL_BIND, "^R", "em-inc-search-prev", nullptr);
}

line_editor::~line_editor() {
  ::el_end(editor_); // the terminal is as it was
  ::history_end(history_);
}

line_editor& line_editor::self(editline* editor) {
  void* data = nullptr;
  ::el_get(editor, EL_CLIENTDATA, &data);
  return *static_cast<line_editor*>(data);
}

char* line_editor::prompt_of(editline* editor) {
  return self(editor).prompt_.data();
}

std::optional<std::string> line_editor::next(const line_input::waiter& wait) {
  wait_ = &wait;
  int count = 0;
  auto* got = ::el_gets(editor_, &count);
  wait_ = nullptr;
  if (got == nullptr || count <= 0) {
    std::fputs("\n", stdout); // behind the prompt
    return std::nullopt;
  }
  std::string line{got, static_cast<std::size_t>(count)};
  while (line.ends_with('\n') || line.ends_with('\r'))
    line.pop_back();
  HistEvent event{};
  if (line.find_first_not_of(' ') != std::string::npos)
    ::history(history_, &event, H_ENTER, line.c_str());
  return line;
}

/// libedit asks for a character here, and here the broker is heard meanwhile.
int line_editor::read_one(editline* editor, wchar_t* into) {
  auto& me = self(editor);
  std::mbstate_t state{};
  while ((*me.wait_)()) {
    char byte = 0;
    auto got = ::read(STDIN_FILENO, &byte, 1);
    if (got < 0 && (errno == EINTR || errno == EAGAIN))
      continue;
    if (got <= 0)
      return 0;
    auto length = std::mbrtowc(into, &byte, 1, &state);
    if (length == 1 && me.has_room_for(*into))
      return 1;
    if (length != static_cast<std::size_t>(-2)) // else it goes on
      state = {};
  }
  return 0;
}

bool line_editor::has_room_for(wchar_t character) const {
  auto* line = ::el_wline(editor_);
  auto length = static_cast<std::size_t>(line->lastchar - line->buffer);
  return std::iswprint(static_cast<std::wint_t>(character)) == 0 ||
         length < client::script_bytes_max;
}

void line_editor::set_prompt(std::string prompt) {
  if (prompt == prompt_)
    return;
  hide();
  prompt_ = std::move(prompt);
  show();
}

std::size_t line_editor::columns_before_cursor() const {
  auto* line = ::el_wline(editor_);
  return width_of(prompt_) + static_cast<std::size_t>(line->cursor - line->buffer);
}

void line_editor::hide() {
  if (wait_ == nullptr)
    return;
  std::fputs("\r", stdout);
  if (auto rows = columns_before_cursor() / terminal_columns(); rows != 0)
    std::fprintf(stdout, "\033[%zuA", rows);
  std::fputs("\033[J", stdout);
}

void line_editor::show() {
  if (wait_ == nullptr)
    return;
  ::el_resize(editor_);
  ::el_set(editor_, EL_REFRESH);
}

unsigned char line_editor::complete(editline* editor, int) {
  auto& me = self(editor);
  auto* line = ::el_line(editor);
  auto found =
    client::complete_script({line->buffer, static_cast<std::size_t>(line->cursor - line->buffer)});
  if (found.words.empty())
    return CC_ERROR;
  auto more = common_beginning(found.words).substr(found.begun);
  if (found.words.size() == 1 && !found.words.front().ends_with('='))
    more += ' ';
  if (!more.empty())
    return ::el_insertstr(editor, more.c_str()) == 0 ? CC_REFRESH : CC_ERROR;
  me.hide();
  for (auto word : found.words)
    std::fprintf(stdout, "%.*s  ", static_cast<int>(word.size()), word.data());
  std::fputs("\n", stdout);
  me.show();
  return CC_NORM;
}

} // namespace ringdown::cli
