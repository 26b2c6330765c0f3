/* base/status: filling the caller's error. The struct is fixed in size and on the caller's stack, so that nothing is lost when the
 * caller jumps away; texts that do not fit are cut at a whole UTF-8 character. */
#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

_Static_assert(sizeof(tally_error) == 512, "tally_error is frozen at 512 bytes");

static const char *const status_names[] = {
    [TALLY_OK] = "ok",      [TALLY_ENOMEM] = "memory", [TALLY_EIO] = "io",       [TALLY_ESYNTAX] = "syntax", [TALLY_ETYPE] = "type",
    [TALLY_ENAME] = "name", [TALLY_ESHAPE] = "shape",  [TALLY_ERANGE] = "range", [TALLY_ECANCEL] = "cancel",
};

const char *tally_status_name(tally_status status) {
  return (unsigned)status < sizeof status_names / sizeof *status_names ? status_names[status] : "unknown";
}

/* Cuts `text`, which vsnprintf filled up, before a character that is not whole. */
static void cut_whole(char *text, size_t size) {
  size_t end = size - 1;
  while (end > 0 && ((unsigned char)text[end - 1] & 0xC0) == 0x80) end--;
  if (end > 0 && (unsigned char)text[end - 1] >= 0xC0) end--;
  text[end] = '\0';
}

static void fill_text(tally_error *error, const char *format, va_list arguments) {
  int written = vsnprintf(error->text, sizeof error->text, format, arguments);
  if (written >= (int)sizeof error->text) cut_whole(error->text, sizeof error->text);
}

void tl_error_where(tally_error *error, const char *where) {
  if (!error || error->code == TALLY_OK || error->where[0] != '\0' || !where) return;
  size_t size = strlen(where), room = sizeof error->where - 1;
  if (size <= room) {
    memcpy(error->where, where, size + 1);
    return;
  }
  const char *tail = where + size - (room - 3);
  while (((unsigned char)*tail & 0xC0) == 0x80) tail++;
  snprintf(error->where, sizeof error->where, "...%s", tail);
}

tally_status tl_fail(tally_error *error, tally_status status, const char *format, ...) {
  if (!error || error->code != TALLY_OK) return status;
  va_list arguments;
  va_start(arguments, format);
  fill_text(error, format, arguments);
  va_end(arguments);
  error->code = status;
  return status;
}

tally_status tl_fail_at(tally_error *error, tally_status status, const char *where, int64_t line, int64_t column,
                        const char *format, ...) {
  if (!error || error->code != TALLY_OK) return status;
  va_list arguments;
  va_start(arguments, format);
  fill_text(error, format, arguments);
  va_end(arguments);
  error->code = status;
  error->line = line;
  error->column = column;
  tl_error_where(error, where);
  return status;
}

tally_status tl_no_memory(tally_error *error) {
  return tl_fail(error, TALLY_ENOMEM, "not enough memory: the system or the memory limit refused it");
}

void tl_error_clear(tally_error *error) {
  if (error) *error = (tally_error){0};
}

size_t tally_error_message(const tally_error *error, char *buffer, size_t size) {
  char place[64] = "";
  if (error->line > 0 && error->column > 0) {
    snprintf(place, sizeof place, ":%lld:%lld", (long long)error->line, (long long)error->column);
  } else if (error->line > 0) {
    snprintf(place, sizeof place, ":%lld", (long long)error->line);
  }
  const char *between = error->where[0] || place[0] ? ": " : "";
  int written = snprintf(buffer, size, "%s%s%s%s", error->where, place, between, error->text);
  if (written < 0) return 0;
  if ((size_t)written < size) return (size_t)written;
  if (size > 0) cut_whole(buffer, size);
  return size > 0 ? strlen(buffer) : 0;
}

#ifndef TALLY_VERSION
#define TALLY_VERSION "unknown"
#endif

const char *tally_version(void) {
  return TALLY_VERSION;
}
