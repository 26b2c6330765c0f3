/* ingest/quoting: what a byte means to somebody who goes over a record as libcsv does. */
#ifndef TL_INGEST_QUOTING_H
#define TL_INGEST_QUOTING_H

#include "ingest/record.h"

typedef enum tl_place { TL_AT_START, TL_UNQUOTED, TL_QUOTED, TL_CLOSED, TL_CLOSED_AND_BLANK } tl_place;

typedef struct tl_step {
  tl_place now;
  bool joint; /* the byte separates two fields */
  bool opens; /* it is the quote that a field begins with */
  bool stray; /* it is a quote inside an unquoted field */
  bool after; /* it is text after a closing quote: the field goes on */
} tl_step;

static inline bool tl_is_blank(char c) {
  return c == ' ' || c == '\t';
}

/* Line ends are not for this. quote: that of the dialect, or a byte that stands for none */
static inline tl_step tl_step_over(const tl_dialect *d, unsigned char quote, tl_place now, char c) {
  bool is_quote = (unsigned char)c == quote, blank = d->trim && tl_is_blank(c);
  if (now == TL_QUOTED) return (tl_step){.now = is_quote ? TL_CLOSED : TL_QUOTED};
  if (c == d->separator) return (tl_step){.now = TL_AT_START, .joint = true};
  if (now == TL_UNQUOTED) return (tl_step){.now = TL_UNQUOTED, .stray = is_quote};
  if (now == TL_AT_START) return (tl_step){.now = is_quote ? TL_QUOTED : blank ? TL_AT_START : TL_UNQUOTED, .opens = is_quote};
  if (blank) return (tl_step){.now = TL_CLOSED_AND_BLANK};
  if (is_quote && now == TL_CLOSED) return (tl_step){.now = TL_QUOTED};
  return (tl_step){.now = is_quote ? TL_CLOSED : TL_QUOTED, .after = true};
}

#endif
